"""What ends a way that an event opened: the call that names the same grant, proposal or attachment, and no other."""

import json
import shlex

import pytest

from tests.aws_commands import problems
from tests.correlate.build import OURS, THIEF, record, told

NETWORK = f"arn:aws:vpc-lattice:eu-west-1:{THIEF}:servicenetwork/sn-1"
CORE = f"arn:aws:networkmanager::{OURS}:core-network/core-network-1"
TO_THIEF = json.dumps({"Statement": [{"Effect": "Allow", "Principal": {"AWS": THIEF}, "Action": "*"}]})
KEY = f"arn:aws:kms:eu-west-1:{OURS}:key/0aa1"


def _grant(minute):
    return record(
        minute,
        "CreateGrant",
        {"keyId": KEY, "granteePrincipal": f"arn:aws:iam::{THIEF}:role/eve", "operations": ["Decrypt"]},
        {"grantId": "g-1"},
        service="kms.amazonaws.com",
    )


def _retired(grant, **who):
    identity = {"type": "AWSAccount", "accountId": THIEF, "principalId": "AROAEXAMPLE:eve"} | who
    return record(
        9, "RetireGrant", service="kms.amazonaws.com",
        requestParameters=None, responseElements={"keyId": KEY},
        additionalEventData={"grantId": grant}, userIdentity=identity,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("end", "still"),
    [
        (_retired("g-1"), False),
        (_retired("g-2"), True),
        (_retired("g-1", type="AWSService", invokedBy="rds.amazonaws.com"), True),
        (record(9, "RevokeGrant", {"keyId": KEY, "grantId": "g-1"}, service="kms.amazonaws.com"), False),
    ],
    ids=["retired by its holder", "another grant", "a service's own", "revoked"],
)
def test_a_grant_of_a_key_ends_when_it_is_retired_or_revoked(end, still):
    (found,) = [s for s in told(_grant(1), end).signals if s.method == "aws.kms.grant"]
    assert found.state.open is still


# service, the call that opens, its request and answer, the call that ends, its request, another's, its answers
WAYS = {
    "aws.directconnect.proposal": (
        "directconnect",
        ("CreateDirectConnectGatewayAssociationProposal", {"directConnectGatewayId": "dx-1", "directConnectGatewayOwnerAccount": THIEF, "gatewayId": "tgw-1"},
         {"directConnectGatewayAssociationProposal": {"proposalId": "p-1"}}),
        ("DeleteDirectConnectGatewayAssociationProposal", {"proposalId": "p-1"}, {"proposalId": "p-2"}),
    ),
    "aws.directconnect.association": (
        "directconnect",
        ("AcceptDirectConnectGatewayAssociationProposal", {"directConnectGatewayId": "dx-1", "proposalId": "p-1", "associatedGatewayOwnerAccount": THIEF},
         {"directConnectGatewayAssociation": {"associationId": "a-1"}}),
        ("DeleteDirectConnectGatewayAssociation", {"associationId": "a-1"}, {"associationId": "a-2"},
         {"directConnectGatewayAssociation": {"associationId": "a-1"}}, {"directConnectGatewayAssociation": {"associationId": "a-2"}}),
    ),
    "aws.directconnect.interface": (
        "directconnect",
        ("AllocateTransitVirtualInterface", {"connectionId": "c-1", "ownerAccount": THIEF}, {"virtualInterface": {"virtualInterfaceId": "v-1"}}),
        ("DeleteVirtualInterface", {"virtualInterfaceId": "v-1"}, {"virtualInterfaceId": "v-2"}),
    ),
    "aws.directconnect.hosted-connection": (
        "directconnect",
        ("AllocateHostedConnection", {"connectionId": "c-1", "ownerAccount": THIEF}, {"connectionId": "c-2", "ownerAccount": THIEF}),
        ("DeleteConnection", {"connectionId": "c-2"}, {"connectionId": "c-1"}),
    ),
    "aws.lattice.vpc-joined": (
        "vpc-lattice",
        ("CreateServiceNetworkVpcAssociation", {"serviceNetworkIdentifier": NETWORK, "vpcIdentifier": "vpc-1"}, {"id": "snva-1"}),
        ("DeleteServiceNetworkVpcAssociation", {"serviceNetworkVpcAssociationIdentifier": "snva-1"}, {"serviceNetworkVpcAssociationIdentifier": "snva-2"}),
    ),
    "aws.lattice.service-joined": (
        "vpc-lattice",
        ("CreateServiceNetworkServiceAssociation", {"serviceNetworkIdentifier": NETWORK, "serviceIdentifier": "svc-1"}, {"id": "snsa-1"}),
        ("DeleteServiceNetworkServiceAssociation", {"serviceNetworkServiceAssociationIdentifier": "snsa-1"}, {"serviceNetworkServiceAssociationIdentifier": "snsa-2"}),
    ),
    "aws.lattice.resource-joined": (
        "vpc-lattice",
        ("CreateServiceNetworkResourceAssociation", {"serviceNetworkIdentifier": NETWORK, "resourceConfigurationIdentifier": "rcfg-1"}, {"id": "snra-1"}),
        ("DeleteServiceNetworkResourceAssociation", {"serviceNetworkResourceAssociationIdentifier": "snra-1"}, {"serviceNetworkResourceAssociationIdentifier": "snra-2"}),
    ),
    "aws.cloudwan.shared": (
        "networkmanager",
        ("PutResourcePolicy", {"resourceArn": CORE, "policyDocument": TO_THIEF}, None),
        ("DeleteResourcePolicy", {"resourceArn": CORE}, {"resourceArn": CORE + "2"}),
    ),
    "aws.cloudwan.attachment": (
        "networkmanager",
        ("AcceptAttachment", {"AttachmentId": "at-1"}, {"Attachment": {"AttachmentId": "at-1", "OwnerAccountId": THIEF}}),
        ("DeleteAttachment", {"AttachmentId": "at-1"}, {"AttachmentId": "at-2"}),
    ),
    "aws.cloudwan.peering": (
        "networkmanager",
        ("CreateTransitGatewayPeering", {"CoreNetworkId": "c-1", "TransitGatewayArn": f"arn:aws:ec2:eu-west-1:{THIEF}:transit-gateway/tgw-1"},
         {"TransitGatewayPeering": {"Peering": {"PeeringId": "pe-1"}}}),
        ("DeletePeering", {"PeeringId": "pe-1"}, {"PeeringId": "pe-2"}),
    ),
    "aws.gamelift.peering-authorised": (
        "gamelift",
        ("CreateVpcPeeringAuthorization", {"gameLiftAwsAccountId": THIEF, "peerVpcId": "vpc-1"}, None),
        ("DeleteVpcPeeringAuthorization", {"gameLiftAwsAccountId": THIEF, "peerVpcId": "vpc-1"}, {"gameLiftAwsAccountId": OURS, "peerVpcId": "vpc-1"}),
    ),
    "aws.vpc.address-given": (
        "ec2",
        ("EnableAddressTransfer", {"EnableAddressTransferRequest": {"AllocationId": "eipalloc-1", "TransferAccountId": THIEF}}, None),
        ("DisableAddressTransfer", {"DisableAddressTransferRequest": {"AllocationId": "eipalloc-1"}}, {"DisableAddressTransferRequest": {"AllocationId": "eipalloc-2"}}),
    ),
    "aws.globalaccelerator.attachment": (
        "globalaccelerator",
        ("CreateCrossAccountAttachment", {"name": "a", "principals": [THIEF]}, {"crossAccountAttachment": {"attachmentArn": "arn:x/1"}}),
        ("DeleteCrossAccountAttachment", {"attachmentArn": "arn:x/1"}, {"attachmentArn": "arn:x/2"}),
    ),
}  # fmt: skip


@pytest.mark.parametrize("method", WAYS)
def test_a_way_to_another_account_ends_with_its_own_deletion_and_says_which_call_that_is(method):
    service, opens, (ends, mine, others, *answers) = WAYS[method]
    source = f"{service}.amazonaws.com"
    mine_answer, others_answer = answers or (None, None)
    begun = record(1, *opens, service=source)

    def standing(*after):
        (found,) = [s for s in told(begun, *after).signals if s.method == method]
        return found

    assert standing(record(9, ends, others, others_answer, service=source)).state.open
    assert not standing(record(9, ends, mine, mine_answer, service=source)).state.open
    assert list(problems(shlex.split(standing().revoke.command))) == []
