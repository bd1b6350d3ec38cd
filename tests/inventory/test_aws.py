from __future__ import annotations

import re
import threading

import pytest

from exclave.audit.loader import load as load_controls
from exclave.audit.needs import needs, permissions
from exclave.catalogue.loader import load as load_catalogue
from exclave.inventory import table as tables
from exclave.inventory.aws.errors import reply_for
from exclave.inventory.engine import StoppedError, Unit
from exclave.inventory.model import Call, Scope
from exclave.inventory.rate import Limiter
from exclave.inventory.table import BadTableError, chosen, load, load_all
from exclave.model import Cloud

botocore = pytest.importorskip("botocore.session")

READING = re.compile(r"[\w-]+\.(Describe|Get|List|BatchGet|GenerateServiceLastAccessedDetails)")
# Where IAM's action is not the operation's name: service authorization reference,
# https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
SPELT = {
    "s3.ListBuckets": "s3:ListAllMyBuckets", "s3.GetBucketReplication": "s3:GetReplicationConfiguration",
    "s3.GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock", "s3control.GetPublicAccessBlock": "s3:GetAccountPublicAccessBlock",
    "efs.DescribeFileSystems": "elasticfilesystem:DescribeFileSystems", "efs.DescribeFileSystemPolicy": "elasticfilesystem:DescribeFileSystemPolicy",
    "opensearch.ListDomainNames": "es:ListDomainNames", "opensearch.DescribeDomain": "es:DescribeDomain",
    "opensearch.ListVpcEndpointAccess": "es:ListVpcEndpointAccess", "opensearch.DescribeInboundConnections": "es:DescribeInboundConnections",
    "opensearchserverless.ListAccessPolicies": "aoss:ListAccessPolicies", "opensearchserverless.GetAccessPolicy": "aoss:GetAccessPolicy",
    "efs.DescribeReplicationConfigurations": "elasticfilesystem:DescribeReplicationConfigurations",
    "amp.ListWorkspaces": "aps:ListWorkspaces", "amp.DescribeResourcePolicy": "aps:DescribeResourcePolicy",
    "s3.ListBucketInventoryConfigurations": "s3:GetInventoryConfiguration", "s3.GetBucketNotificationConfiguration": "s3:GetBucketNotification",
    "s3.ListDirectoryBuckets": "s3express:ListAllMyDirectoryBuckets",
} | {f"s3control.{name}": f"s3:{name}" for name in (
    "ListAccessPoints", "GetAccessPointPolicy", "ListAccessPointsForObjectLambda", "GetAccessPointConfigurationForObjectLambda",
    "ListMultiRegionAccessPoints", "GetMultiRegionAccessPointPolicy", "GetAccessGrantsInstanceResourcePolicy", "ListAccessGrants",
)}  # fmt: skip


def test_every_call_reads_and_is_one_of_the_sdks_with_these_arguments():
    session = botocore.Session()
    for call in load(Cloud.AWS).values():
        service, _, operation = call.does.partition(".")
        assert READING.match(call.does), call.name
        model = session.get_service_model(service).operation_model(operation)
        known = set(model.input_shape.members) if model.input_shape else set()
        assert set(call.args) <= known, call.name
        shape = model.output_shape
        for part in call.items.split(".") if call.items else ():
            while shape.type_name == "list":
                shape = shape.member
            assert part in shape.members, call.name
            shape = shape.members[part]


def test_every_permission_is_the_operations_name_or_spelt_as_iam_does():
    for call in load(Cloud.AWS).values():
        spelt = SPELT.get(call.does, call.does.replace(".", ":", 1))
        if call.name == "s3.GetBucketPolicy.directory":
            spelt = "s3express:GetBucketPolicy"
        assert call.needs == spelt, call.name


def test_the_printed_policy_is_exactly_what_the_calls_need():
    table = load(Cloud.AWS)
    names = needs(Cloud.AWS)
    assert permissions(Cloud.AWS) == sorted({c.needs for c in chosen(table, names).values()})
    assert set(permissions(Cloud.AWS, ("aws.credentials.password-policy",), exposures=False)) < set(
        permissions(Cloud.AWS)
    )


def test_no_call_of_the_table_is_there_for_nothing():
    assert set(chosen(load(Cloud.AWS), needs(Cloud.AWS))) == set(load(Cloud.AWS))


def test_every_need_of_a_control_and_every_exposure_is_in_the_table():
    for cloud in (Cloud.AWS,):
        table = load(cloud)
        for control in load_controls():
            if control.cloud is cloud:
                chosen(table, control.needs)
        for method in load_catalogue().methods:
            if method.cloud is cloud:
                chosen(table, [c for s in method.inventory for c in (s.call, *(b.call for b in s.blocked))])
    with pytest.raises(BadTableError):
        chosen(load(Cloud.AWS), ["s3.DeleteBucket"])


def access(table):
    from exclave.inventory.aws.access import Access

    session = botocore.Session()
    session.set_credentials("a", "b")
    return Access(
        session, "1", "eu-west-1", table, Limiter(0, 1, threading.Event()), workers=1, stop=threading.Event()
    )


def unit(name):
    return Unit(
        call=Call(name=name),
        scope=Scope(cloud=Cloud.AWS, account="1", region="eu-west-1"),
        args={},
        region="eu-west-1",
    )


def test_a_call_outside_the_table_can_not_be_made():
    from exclave.inventory.aws.access import ForbiddenCallError

    guarded = access(load(Cloud.AWS))
    with pytest.raises(ForbiddenCallError):
        guarded.ask(unit("s3.DeleteBucket"))
    client = guarded._client("s3", "eu-west-1")
    with pytest.raises(ForbiddenCallError):
        client.delete_bucket(Bucket="x")


class Refused(Exception):  # noqa: N818
    def __init__(self, code):
        super().__init__(code)
        self.response = {"Error": {"Code": code, "Message": "no\nwhy"}}


def test_errors_are_sorted_into_absent_denied_ended_and_the_rest():
    call = Call(name="s3.GetBucketPolicy", absent=("NoSuchBucketPolicy",))
    assert reply_for(Refused("NoSuchBucketPolicy"), call).absent == "NoSuchBucketPolicy"
    for code in (
        "AccessDenied",
        "UnauthorizedOperation",
        "AuthorizationErrorException",
        "AccessDeniedException",
        "403",
    ):
        assert reply_for(Refused(code), call).error.permission == "s3:GetBucketPolicy"
    assert reply_for(Refused("Throttling"), call).error.permission == ""
    assert "clock" in reply_for(Refused("RequestTimeTooSkewed"), call).error.message
    for code in ("ExpiredToken", "ExpiredTokenException", "RequestExpired"):
        with pytest.raises(StoppedError):
            reply_for(Refused(code), call)


def test_no_two_clouds_have_a_call_of_one_name(monkeypatch):
    """An inventory holds answers by the name of the call: the later table would have taken the earlier one's place."""
    assert len(load_all()) == sum(len(load(c)) for c in Cloud)
    monkeypatch.setattr(tables, "load", lambda _cloud: {"iam.ListRoles": load(Cloud.AWS)["iam.ListRoles"]})
    with pytest.raises(BadTableError, match=r"iam\.ListRoles is in another cloud's table"):
        tables.load_all()
