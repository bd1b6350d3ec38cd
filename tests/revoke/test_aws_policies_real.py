"""Resource policies of one service after the other against a moto server: the text stays to the byte, there and back."""

from __future__ import annotations

import json
import socket

import pytest
from botocore.exceptions import ClientError

from tests.audit.test_aws_real import client
from tests.inventory import moto
from tests.revoke.planted import OTHER, OWN, REGION, THEIRS
from tests.revoke.real import environment, revoke
from tests.revoke.test_aws_real import line

pytestmark = pytest.mark.real
# white space and order that no program would write: it must stay
SHARED = """{ "Statement" : [
\t{"Resource":"*","Sid":"","Principal":{ "AWS" : ["arn:aws:iam::%(theirs)s:role/r" ,"%(other)s", "%(theirs)s"]},  "Effect":"Allow","Action":%(actions)s},
 {"Sid":"é","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::%(theirs)s:root"},"Action":%(actions)s,"Resource":"*"} ],
 "Version":"2012-10-17" }"""
LEFT = """{ "Statement" : [
\t{"Resource":"*","Sid":"","Principal":{ "AWS" : ["%(other)s"]},  "Effect":"Allow","Action":%(actions)s} ],
 "Version":"2012-10-17" }"""
ONLY = (
    '{"Statement":{"Effect":"Allow","Principal":{"AWS":"%(theirs)s"},"Action":%(actions)s,"Resource":"*"}}\n'
)


@pytest.fixture(scope="module")
def url():
    with moto.server() as found:
        yield found


def access_point(url):
    s3, control = client(url, "s3"), client(url, "s3control")
    s3.create_bucket(Bucket="pointed", CreateBucketConfiguration={"LocationConstraint": REGION})
    control.create_access_point(AccountId=OWN, Name="point", Bucket="pointed")
    of = {"AccountId": OWN, "Name": "point"}
    return (
        ("aws.s3.access-point-policy", "point", {}),
        lambda text: control.put_access_point_policy(Policy=text, **of),
        lambda: control.get_access_point_policy(**of)["Policy"],
    )


def vectors(url):
    vectors = client(url, "s3vectors")
    vectors.create_vector_bucket(vectorBucketName="vectors")
    return (
        ("aws.s3vectors.policy", f"arn:aws:s3vectors:{REGION}:{OWN}:bucket/vectors", {}),
        lambda text: vectors.put_vector_bucket_policy(vectorBucketName="vectors", policy=text),
        lambda: vectors.get_vector_bucket_policy(vectorBucketName="vectors")["policy"],
    )


def search(url):
    search = client(url, "opensearch")
    search.create_domain(DomainName="search")
    return (
        ("aws.opensearch.domain-policy", f"arn:aws:es:{REGION}:{OWN}:domain/search", {}),
        lambda text: search.update_domain_config(DomainName="search", AccessPolicies=text),
        lambda: search.describe_domain(DomainName="search")["DomainStatus"].get("AccessPolicies"),
    )


def network_auth(url):
    lattice = client(url, "vpc-lattice")
    network = lattice.create_service_network(name="network", authType="AWS_IAM")["id"]
    return (
        ("aws.lattice.auth-policy", network, {}),
        lambda text: lattice.put_auth_policy(resourceIdentifier=network, policy=text),
        lambda: lattice.get_auth_policy(resourceIdentifier=network)["policy"],
    )


def network_share(url):
    lattice = client(url, "vpc-lattice")
    arn = f"arn:aws:vpc-lattice:{REGION}:{OWN}:servicenetwork/sn-0123456789abcdef0"
    return (
        ("aws.lattice.resource-policy", arn, {}),
        lambda text: lattice.put_resource_policy(resourceArn=arn, policy=text),
        lambda: lattice.get_resource_policy(resourceArn=arn)["policy"],
    )


def model(url):
    comprehend = client(url, "comprehend")
    arn = f"arn:aws:comprehend:{REGION}:{OWN}:document-classifier/c"
    return (
        ("aws.comprehend.model-policy", arn, {}),
        lambda text: comprehend.put_resource_policy(ResourceArn=arn, ResourcePolicy=text),
        lambda: comprehend.describe_resource_policy(ResourceArn=arn)["ResourcePolicy"],
    )


def cluster(url):
    kafka = client(url, "kafka")

    def version(arn):
        try:
            return {"CurrentVersion": kafka.get_cluster_policy(ClusterArn=arn)["CurrentVersion"]}
        except ClientError:
            return {}

    arn = kafka.create_cluster_v2(
        ClusterName="c", Serverless={"VpcConfigs": [{"SubnetIds": ["subnet-1"]}]}
    )["ClusterArn"]  # fmt: skip
    return (
        ("aws.msk.cluster-policy", arn, {}),
        lambda text: kafka.put_cluster_policy(ClusterArn=arn, Policy=text, **version(arn)),
        lambda: kafka.get_cluster_policy(ClusterArn=arn)["Policy"],
    )


def many_regions(url):
    s3, control = client(url, "s3"), client(url, "s3control", region="us-west-2")
    s3.create_bucket(Bucket="spread", CreateBucketConfiguration={"LocationConstraint": REGION})
    details = {"Name": "spread", "Regions": [{"Bucket": "spread"}]}
    control.create_multi_region_access_point(AccountId=OWN, ClientToken="t", Details=details)
    return (
        ("aws.s3.multi-region-access-point-policy", "spread", {}),
        lambda text: control.put_multi_region_access_point_policy(
            AccountId=OWN, ClientToken="t", Details={"Name": "spread", "Policy": text}
        ),
        lambda: control.get_multi_region_access_point_policy(AccountId=OWN, Name="spread")["Policy"][
            "Established"
        ]["Policy"],
    )


def hardware(url):
    modules = client(url, "cloudhsmv2")
    arn = f"arn:aws:cloudhsm:{REGION}:{OWN}:backup/backup-0123456789a"
    return (
        ("aws.cloudhsm.backup-policy", arn, {}),
        lambda text: modules.put_resource_policy(ResourceArn=arn, Policy=text),
        lambda: modules.get_resource_policy(ResourceArn=arn)["Policy"],
    )


def media(url):
    media = client(url, "mediastore")
    media.create_container(ContainerName="media")
    return (
        ("aws.mediastore.container-policy", "media", {}),
        lambda text: media.put_container_policy(ContainerName="media", Policy=text),
        lambda: media.get_container_policy(ContainerName="media")["Policy"],
    )


def inbound_logs(url):
    logs = client(url, "logs")
    logs.put_destination(
        destinationName="in", targetArn=f"arn:aws:kinesis:{REGION}:{OWN}:stream/s", roleArn=f"arn:aws:iam::{OWN}:role/r"
    )  # fmt: skip
    return (
        ("aws.logs.inbound-policy", "in", {}),
        lambda text: logs.put_destination_policy(destinationName="in", accessPolicy=text),
        lambda: logs.describe_destinations(DestinationNamePrefix="in")["destinations"][0]["accessPolicy"],
    )


WHOLE = [access_point, vectors, network_auth, network_share, model, cluster]
# there must always be one, or the server has no call that takes it away
STAYS = [many_regions, hardware, media, inbound_logs, search]
ACTIONS = {"aws.mediastore.container-policy": "mediastore:GetObject", "aws.s3vectors.policy": "s3vectors:*"}


def filled(text, method):
    return text % {
        "theirs": THEIRS,
        "other": OTHER,
        "actions": json.dumps([ACTIONS.get(method, "x:Get*"), "x:List*"]),
    }


def text_of(get):
    try:
        return get() or ""
    except ClientError as error:
        code = error.response["Error"]["Code"]
        return "" if code.startswith("NoSuch") or "NotFound" in code else code


def run(folder, found, *expected):
    """Taken back, nothing left to do, put back: what stands there is each time what was expected."""
    look, left, whole = expected
    file, notes = folder / "f.jsonl", folder / "u"
    notes.unlink(missing_ok=True)
    file.write_text(json.dumps(found) + "\n")
    done = revoke(file, "--apply", "--undo-file", notes)
    assert done.exit_code == 0, done.output
    assert look() == left
    assert "nothing to take back" in revoke(file).output
    back = revoke("--undo", notes)
    assert back.exit_code == 0, back.output
    assert look() == whole


@pytest.mark.parametrize("plant", [*WHOLE, *STAYS])
def test_a_policy_is_cut_and_stays_to_the_byte(url, tmp_path, monkeypatch, plant):
    monkeypatch.setattr("exclave.change.apply.PATIENCE", 0)
    # S3 control's clients put the account before the host
    resolve = socket.getaddrinfo
    monkeypatch.setattr(
        "socket.getaddrinfo",
        lambda host, *more, **named: resolve(host.removeprefix(f"{OWN}."), *more, **named),
    )
    with environment(url):
        (method, resource, facts), put, get = plant(url)
        found = line(method, resource, {"kind": "account", "id": THEIRS}, **facts)
        shared, only = (filled(t, method) for t in (SHARED, ONLY))
        put(shared)
        run(tmp_path, found, lambda: text_of(get), filled(LEFT, method), shared)
        put(only)
        if plant in STAYS:
            return
        run(tmp_path, found, lambda: text_of(get), "", only)
