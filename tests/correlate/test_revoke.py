"""The commands that take shares back: as the AWS CLI knows them, with values that a shell can't misread."""

import json
import shlex

import pytest

from exclave.catalogue.loader import Catalogue
from exclave.correlate.revoke import revoke_call
from exclave.detect.match import index, match
from exclave.formats import azure_activity
from exclave.model import Evidence
from tests.correlate.build import CATALOGUE, OURS, THIEF, record, share, told


def test_a_hostile_name_stays_one_word_of_the_command():
    hostile = "snap-1; rm -rf / #$(x)'\""
    found = told(share(0, hostile, THIEF)).transfers[0]
    words = shlex.split(found.revoke.command)
    assert hostile in words
    assert words[:3] == ["aws", "ec2", "modify-snapshot-attribute"]


def test_the_argument_filled_in_is_the_destination_of_the_finding():
    found = told(share(0, "snap-1", THIEF)).transfers[0]
    assert found.revoke.args["UserIds"] == [THIEF]
    assert found.revoke.call == "ec2:ModifySnapshotAttribute"


def test_every_entry_that_offers_and_has_a_rule_for_a_destination_fills_it():
    found = told(share(0, "snap-1", "all")).transfers[0]
    assert found.revoke.args["GroupNames"] == ["all"]


def test_what_was_taken_back_or_failed_needs_no_call():
    method = CATALOGUE.method("aws.ebs.snapshot-share")
    for one in told(
        share(0, "snap-1", THIEF, remove=True), share(1, "snap-2", THIEF, errorCode="x")
    ).transfers:
        assert revoke_call(one, method) is None


PEERING = {"vpcPeeringConnection": {"vpcPeeringConnectionId": "pcx-1"}}


def peering(minute, owner=THIEF, **more):
    request = {"vpcId": "vpc-1", "peerVpcId": "vpc-2", "peerOwnerId": owner}
    return record(minute, "CreateVpcPeeringConnection", request, PEERING, **more)


def test_a_peering_with_a_stranger_stands_open_and_says_how_it_is_closed():
    incident = told(peering(0)).incidents[0]
    (signal,) = incident.signals
    assert signal.state.open
    assert signal.state.opened_at == signal.time
    assert signal.revoke.command == (
        "aws ec2 delete-vpc-peering-connection --region eu-west-1 --vpc-peering-connection-id pcx-1"
    )


@pytest.mark.parametrize("name", ["DeleteVpcPeeringConnection", "RejectVpcPeeringConnection"])
def test_a_peering_that_was_ended_needs_no_call(name):
    found = told(peering(0), record(40, name, {"vpcPeeringConnectionId": "pcx-1"}))
    (signal,) = [s for s in found.signals if s.method == "aws.vpc.peering-request"]
    assert not signal.state.open
    assert signal.state.seconds == 40 * 60
    assert signal.revoke is None


def test_another_peerings_end_leaves_it_open():
    found = told(peering(0), record(40, "DeleteVpcPeeringConnection", {"vpcPeeringConnectionId": "pcx-2"}))
    assert next(s for s in found.signals if s.method == "aws.vpc.peering-request").state.open


def test_a_failed_or_own_path_has_no_state():
    for one in told(peering(0, errorCode="UnauthorizedOperation"), peering(1, owner=OURS)).signals:
        assert one.state is None
        assert one.revoke is None


def grant(minute, number, **more):
    request = {
        "keyId": f"arn:aws:kms:eu-west-1:{OURS}:key/k",
        "granteePrincipal": f"arn:aws:iam::{THIEF}:root",
    }
    return record(minute, "CreateGrant", request, {"grantId": number}, service="kms.amazonaws.com", **more)


def test_of_two_grants_the_one_that_was_revoked_is_closed_by_its_own_id():
    end = record(9, "RevokeGrant", {"keyId": "k", "grantId": "g-1"}, service="kms.amazonaws.com")
    found = told(grant(0, "g-1"), grant(1, "g-2"), end)
    assert {dict(s.facts)["grant"]: s.state.open for s in found.signals} == {"g-1": False, "g-2": True}


def test_an_end_that_names_no_grant_ends_none():
    end = record(9, "RevokeGrant", {"keyId": "k"}, service="kms.amazonaws.com")
    assert all(s.state.open for s in told(grant(0, "g-1"), end).signals)


def test_a_transit_gateways_attachment_that_is_taken_off_is_no_new_path():
    answer = {"transitGatewayVpcAttachment": {"transitGatewayAttachmentId": "a-1", "vpcOwnerId": THIEF}}
    request = {"transitGatewayAttachmentId": "a-1"}
    made = record(0, "AcceptTransitGatewayVpcAttachment", request, answer)
    ended = record(5, "DeleteTransitGatewayVpcAttachment", request, answer)
    opened, closed = told(made, ended).signals
    assert not opened.state.open
    assert closed.state is None
    assert closed.judgement is None


SUBSCRIPTION = "11111111-1111-4111-8111-111111111111"
STRANGER = "99999999-9999-4999-8999-999999999999"


def approved(resource):
    """The signal of a stranger's private endpoint that was let in to a resource."""
    method = CATALOGUE.method("azure.network.private-endpoint-approved")
    there = (
        f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/{resource}/privateEndpointConnections/c"
    )
    endpoint = f"/subscriptions/{STRANGER}/resourceGroups/x/providers/Microsoft.Network/privateEndpoints/e"
    body = {
        "properties": {
            "privateEndpoint": {"id": endpoint},
            "privateLinkServiceConnectionState": {"status": "Approved"},
        }
    }
    namespace, kind, _ = resource.split("/")
    event = azure_activity.event(
        {
            "operationName": f"{namespace}/{kind}/privateEndpointConnections/write",
            "resourceId": there,
            "status": "Succeeded",
            "properties": {"requestbody": json.dumps(body)},
        },
        Evidence(file="f", record=1),
    )
    (signal,) = match(event, index(Catalogue(methods=(method,), lineage=(), files=())))
    return signal, method, there


@pytest.mark.parametrize(
    ("resource", "version"),
    [
        ("Microsoft.Storage/storageAccounts/a", "2023-05-01"),
        ("Microsoft.Sql/servers/s", "2021-11-01"),
        ("Microsoft.KeyVault/vaults/v", "2023-07-01"),
    ],
)
def test_a_private_endpoint_is_closed_by_the_version_of_its_resources_service(resource, version):
    signal, method, there = approved(resource)
    call = revoke_call(signal, method)
    assert call.call == f"DELETE https://management.azure.com{there}?api-version={version}"


def test_a_service_whose_version_is_not_known_gets_no_call():
    signal, method, _ = approved("Microsoft.Search/searchServices/s")
    assert revoke_call(signal, method) is None
