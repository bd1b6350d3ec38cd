"""What ends a way that an event opened: the call that names the same grant, proposal or attachment, and no other."""

import json
import shlex

import pytest

from tests.aws_commands import problems
from tests.correlate.build import OURS, THIEF, record, told

NETWORK = f"arn:aws:vpc-lattice:eu-west-1:{THIEF}:servicenetwork/sn-1"
CORE = f"arn:aws:networkmanager::{OURS}:core-network/core-network-1"
TO_THIEF = json.dumps({"Statement": [{"Effect": "Allow", "Principal": {"AWS": THIEF}, "Action": "*"}]})
QUEUE = f"https://sqs.eu-west-1.amazonaws.com/{OURS}/orders"
TOPIC = f"arn:aws:sns:eu-west-1:{OURS}:orders"
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
    "aws.sqs.permission": (
        "sqs",
        ("AddPermission", {"queueUrl": QUEUE, "label": "x", "aWSAccountIds": [THIEF], "actions": ["ReceiveMessage"]}, None),
        ("RemovePermission", {"queueUrl": QUEUE, "label": "x"}, {"queueUrl": QUEUE, "label": "y"}),
    ),
    "aws.sns.permission": (
        "sns",
        ("AddPermission", {"topicArn": TOPIC, "label": "x", "aWSAccountId": [THIEF], "actionName": ["Subscribe"]}, None),
        ("RemovePermission", {"topicArn": TOPIC, "label": "x"}, {"topicArn": TOPIC, "label": "y"}),
    ),
    "aws.sns.subscription": (
        "sns",
        ("Subscribe", {"topicArn": TOPIC, "protocol": "sqs", "endpoint": f"arn:aws:sqs:eu-west-1:{THIEF}:q"}, {"subscriptionArn": f"{TOPIC}:1"}),
        ("Unsubscribe", {"subscriptionArn": f"{TOPIC}:1"}, {"subscriptionArn": f"{TOPIC}:2"}),
    ),
    "aws.lambda.code-share": (
        "lambda",
        ("AddPermission20150331v2", {"functionName": "f", "statementId": "s", "action": "lambda:GetFunction", "principal": THIEF}, None),
        ("RemovePermission20150331v2", {"functionName": "f", "statementId": "s"}, {"functionName": "f", "statementId": "t"}),
    ),
    "aws.lambda.invoke-permission": (
        "lambda",
        ("AddPermission20150331v2", {"functionName": "f", "statementId": "s", "action": "lambda:InvokeFunction", "principal": THIEF}, None),
        ("RemovePermission20150331v2", {"functionName": "f", "statementId": "s"}, {"functionName": "g", "statementId": "s"}),
    ),
    "aws.lambda.layer-share": (
        "lambda",
        ("AddLayerVersionPermission20181031", {"layerName": "l", "versionNumber": 1, "statementId": "s", "action": "lambda:GetLayerVersion", "principal": THIEF}, None),
        ("RemoveLayerVersionPermission20181031", {"layerName": "l", "versionNumber": 1, "statementId": "s"}, {"layerName": "l", "versionNumber": 2, "statementId": "s"}),
    ),
    "aws.events.bus-permission": (
        "events",
        ("PutPermission", {"eventBusName": "b", "action": "events:PutEvents", "principal": THIEF, "statementId": "x"}, None),
        ("RemovePermission", {"eventBusName": "b", "statementId": "x"}, {"eventBusName": "b", "statementId": "y"}),
    ),
    "aws.logs.subscription": (
        "logs",
        ("PutSubscriptionFilter", {"logGroupName": "g", "filterName": "f", "filterPattern": "", "destinationArn": f"arn:aws:logs:eu-west-1:{THIEF}:destination:d"}, None),
        ("DeleteSubscriptionFilter", {"logGroupName": "g", "filterName": "f"}, {"logGroupName": "g", "filterName": "other"}),
    ),
    "aws.s3.inventory-export": (
        "s3",
        ("PutBucketAnalyticsConfiguration", {"bucketName": "b", "AnalyticsConfiguration": {"Id": "a", "StorageClassAnalysis": {"DataExport": {"Destination": {"S3BucketDestination": {"BucketAccountId": THIEF}}}}}}, None),
        ("DeleteBucketAnalyticsConfiguration", {"bucketName": "b", "id": "a"}, {"bucketName": "b", "id": "c"}),
    ),
    "aws.services.review-share": (
        "wellarchitected",
        ("CreateLensShare", {"LensAlias": "l", "SharedWith": THIEF}, {"ShareId": "s-1"}),
        ("DeleteLensShare", {"LensAlias": "l", "ShareId": "s-1"}, {"LensAlias": "l", "ShareId": "s-2"}),
    ),
}  # fmt: skip


@pytest.mark.parametrize("method", WAYS)
def test_a_way_to_another_account_ends_with_its_own_deletion_and_says_which_call_that_is(method):
    service, opens, (ends, mine, others, *answers) = WAYS[method]
    source = f"{service}.amazonaws.com"
    mine_answer, others_answer = answers or (None, None)
    begun = record(1, *opens, service=source)

    def standing(*after):
        made = told(begun, *after)
        (found,) = [f for f in (*made.signals, *made.transfers) if f.method == method]
        return found

    assert standing(record(9, ends, others, others_answer, service=source)).state.open
    assert not standing(record(9, ends, mine, mine_answer, service=source)).state.open
    assert list(problems(shlex.split(standing().revoke.command))) == []


def test_an_offer_whose_record_lacks_what_the_end_names_still_stands():
    policy = json.dumps(
        {"Statement": [{"Effect": "Allow", "Principal": {"AWS": THIEF}, "Action": "lambda:GetFunction"}]}
    )
    function = f"arn:aws:lambda:eu-west-1:{OURS}:function:f"
    offered = record(
        1, "PutResourcePolicy", {"resourceArn": function, "policy": policy}, service="lambda.amazonaws.com"
    )
    ended = record(
        9,
        "RemovePermission20150331v2",
        {"functionName": function, "statementId": "s"},
        service="lambda.amazonaws.com",
    )
    (found,) = told(offered, ended).transfers
    assert found.state.open


@pytest.mark.parametrize(
    "end",
    [
        ("DeleteDBSnapshot", {"dBSnapshotIdentifier": "nightly"}),
        (
            "ModifyDBSnapshotAttribute",
            {"dBSnapshotIdentifier": "NIGHTLY", "attributeName": "restore", "valuesToRemove": [THIEF]},
        ),
    ],
)
def test_a_database_snapshots_name_counts_without_case(end):
    offer = {"dBSnapshotIdentifier": "Nightly", "attributeName": "restore", "valuesToAdd": [THIEF]}
    shared = record(1, "ModifyDBSnapshotAttribute", offer, service="rds.amazonaws.com")
    found = told(shared, record(9, *end, service="rds.amazonaws.com"))
    (share,) = [t for t in found.transfers if t.outcome == "offered"]
    assert not share.state.open
