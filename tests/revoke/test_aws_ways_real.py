"""Ways of AWS one by one against a moto server: planted, planned, taken back, looked at, put back."""

from __future__ import annotations

import json
import os

import pytest

from tests.audit.test_aws_real import client
from tests.inventory import moto
from tests.revoke.planted import OTHER, OWN, REGION, THEIRS
from tests.revoke.real import environment, taken_back_and_put_back
from tests.revoke.test_aws_real import line

pytestmark = pytest.mark.real
ACCOUNT, PUBLIC = {"kind": "account", "id": THEIRS}, {"kind": "public", "id": "*"}
ORG = f"arn:aws:organizations::{THEIRS}:organization/o-theirs0000"
UNIT = f"arn:aws:organizations::{THEIRS}:ou/o-theirs0000/ou-abcd-12345678"
ONCE = {"aws.sns.subscription", "aws.datasync.task", "aws.vpc.peering-accept"}  # can't be undone


@pytest.fixture(scope="module")
def url():
    with moto.server() as found:
        yield found


def text(principal=None, action="x:*", resource="*"):
    both = {"AWS": [f"arn:aws:iam::{THEIRS}:root", f"arn:aws:iam::{OTHER}:root"]}
    statement = {"Effect": "Allow", "Principal": principal or both, "Action": action, "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=2)


def image(url, **more):
    ec2 = client(url, "ec2")
    found = ec2.register_image(Name="i" + os.urandom(4).hex(), RootDeviceName="/dev/sda1")["ImageId"]
    ec2.modify_image_attribute(ImageId=found, Attribute="launchPermission", OperationType="add", **more)
    return found, lambda: ec2.describe_image_attribute(ImageId=found, Attribute="launchPermission")[
        "LaunchPermissions"
    ]


def ami_public(url):
    found, look = image(url, UserGroups=["all"])
    return line("aws.ami.share", found, PUBLIC), look


def ami_organization(url):
    found, look = image(url, OrganizationArns=[ORG])
    return line(
        "aws.ami.share", found, {"kind": "organization", "id": "o-theirs0000"}, organization_arn=ORG
    ), look


def ami_unit(url):
    found, look = image(url, OrganizationalUnitArns=[UNIT])
    return line("aws.ami.share", found, {"kind": "org-unit", "id": "ou-abcd-12345678"}, unit_arn=UNIT), look


def ecr_registry(url):
    ecr = client(url, "ecr")
    arn = f"arn:aws:ecr:{REGION}:{OWN}:repository/*"
    ecr.put_registry_policy(
        policyText=text(action=["ecr:ReplicateImage", "ecr:CreateRepository"], resource=arn)
    )
    return line("aws.ecr.registry-policy", OWN, ACCOUNT), lambda: json.loads(
        ecr.get_registry_policy()["policyText"]
    )


def role_trust(url):
    iam = client(url, "iam")
    trust = json.loads(text(action="sts:AssumeRole"))
    del trust["Statement"][0]["Resource"]
    iam.create_role(RoleName="trusting", AssumeRolePolicyDocument=json.dumps(trust))
    return line("aws.iam.role-trust", "trusting", ACCOUNT), lambda: iam.get_role(RoleName="trusting")["Role"][
        "AssumeRolePolicyDocument"
    ]


def sns_subscription(url):
    sns = client(url, "sns")
    topic = sns.create_topic(Name="subscribed")["TopicArn"]
    made = sns.subscribe(
        TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:{REGION}:{THEIRS}:q", ReturnSubscriptionArn=True
    )["SubscriptionArn"]  # fmt: skip
    return line("aws.sns.subscription", topic, ACCOUNT, subscription=made), lambda: [
        s["Endpoint"] for s in sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    ]


def event_target(url):
    events = client(url, "events")
    events.put_rule(Name="rule", EventPattern='{"source":["aws.s3"]}')
    targets = [{"Id": a, "Arn": f"arn:aws:events:{REGION}:{a}:event-bus/b"} for a in (THEIRS, OTHER)]
    events.put_targets(Rule="rule", Targets=targets)
    return line("aws.events.target", "rule", ACCOUNT, target=THEIRS), lambda: sorted(
        t["Id"] for t in events.list_targets_by_rule(Rule="rule")["Targets"]
    )


def aggregation(url):
    config = client(url, "config")
    config.put_aggregation_authorization(AuthorizedAccountId=THEIRS, AuthorizedAwsRegion=REGION)
    return line("aws.config.aggregation", OWN, ACCOUNT, region=REGION), lambda: [
        a["AuthorizedAccountId"]
        for a in config.describe_aggregation_authorizations()["AggregationAuthorizations"]
    ]


def peering(url, *, accepted=True):
    ec2 = client(url, "ec2")
    one, two = (ec2.create_vpc(CidrBlock=f"10.{n}.0.0/16")["Vpc"]["VpcId"] for n in (1, 2))
    made = ec2.create_vpc_peering_connection(VpcId=one, PeerVpcId=two)["VpcPeeringConnection"]
    identifier = made["VpcPeeringConnectionId"]
    if accepted:
        ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=identifier)
    return line("aws.vpc.peering-accept", identifier, ACCOUNT, type="signal"), lambda: [
        c["Status"]["Code"]
        for c in ec2.describe_vpc_peering_connections()["VpcPeeringConnections"]
        if c["VpcPeeringConnectionId"] == identifier
    ]


def peering_that_waits(url):
    return peering(url, accepted=False)


def bucket_inventory(url):
    s3 = client(url, "s3")
    s3.create_bucket(Bucket="listed", CreateBucketConfiguration={"LocationConstraint": REGION})
    for name, account in (("theirs", THEIRS), ("others", OTHER)):
        to = {
            "S3BucketDestination": {"AccountId": account, "Bucket": f"arn:aws:s3:::{name}", "Format": "CSV"}
        }
        s3.put_bucket_inventory_configuration(
            Bucket="listed", Id=name,
            InventoryConfiguration={"Id": name, "IsEnabled": True, "Destination": to, "IncludedObjectVersions": "All", "Schedule": {"Frequency": "Daily"}},
        )  # fmt: skip
    found = line("aws.s3.inventory-export", "listed", ACCOUNT)
    found["facts"] = [{"name": "inventory", "value": "theirs"}]
    return found, lambda: [
        c["Destination"]["S3BucketDestination"]["AccountId"]
        for c in s3.list_bucket_inventory_configurations(Bucket="listed")["InventoryConfigurationList"]
        if c["IsEnabled"]
    ]


def notification(url):
    s3 = client(url, "s3")
    s3.create_bucket(Bucket="told", CreateBucketConfiguration={"LocationConstraint": REGION})
    told = [
        {"Id": a, "LambdaFunctionArn": f"arn:aws:lambda:{REGION}:{a}:function:f", "Events": ["s3:ObjectCreated:*"]}
        for a in (THEIRS, OTHER)
    ]  # fmt: skip
    s3.put_bucket_notification_configuration(
        Bucket="told",
        NotificationConfiguration={"LambdaFunctionConfigurations": told},
        SkipDestinationValidation=True,
    )
    return line("aws.s3.event-notification", "told", ACCOUNT), lambda: s3.get_bucket_notification_configuration(
        Bucket="told"
    )["LambdaFunctionConfigurations"]  # fmt: skip


def bus_statement(url):
    events = client(url, "events")
    events.create_event_bus(Name="stated")
    for sid, account in (("theirs", THEIRS), ("others", OTHER)):
        events.put_permission(
            EventBusName="stated", StatementId=sid, Action="events:PutEvents", Principal=account
        )
    return line("aws.events.bus-permission", "stated", ACCOUNT), lambda: json.loads(
        events.describe_event_bus(Name="stated")["Policy"]
    )["Statement"]  # fmt: skip


def endpoint_service(url):
    ec2, balancers = client(url, "ec2"), client(url, "elbv2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.1.0/24")["Subnet"]["SubnetId"]
    balancer = balancers.create_load_balancer(Name="n", Type="network", Subnets=[subnet])["LoadBalancers"][0]
    service = ec2.create_vpc_endpoint_service_configuration(
        NetworkLoadBalancerArns=[balancer["LoadBalancerArn"]]
    )["ServiceConfiguration"]["ServiceId"]
    arns = [f"arn:aws:iam::{a}:root" for a in (THEIRS, OTHER)]
    ec2.modify_vpc_endpoint_service_permissions(ServiceId=service, AddAllowedPrincipals=arns)
    return line("aws.privatelink.service-permission", service, ACCOUNT), lambda: sorted(
        p["Principal"]
        for p in ec2.describe_vpc_endpoint_service_permissions(ServiceId=service)["AllowedPrincipals"]
    )


def copy_task(url):
    datasync = client(url, "datasync")
    role = {"BucketAccessRoleArn": f"arn:aws:iam::{OWN}:role/r"}
    locations = [
        datasync.create_location_s3(S3BucketArn=f"arn:aws:s3:::{b}", S3Config=role)["LocationArn"]
        for b in ("data", "theirs")
    ]
    task = datasync.create_task(SourceLocationArn=locations[0], DestinationLocationArn=locations[1])[
        "TaskArn"
    ]
    return line("aws.datasync.task", task, {"kind": "unknown", "id": "x"}), lambda: [
        t["TaskArn"] for t in datasync.list_tasks()["Tasks"] if t["TaskArn"] == task
    ]


@pytest.mark.parametrize(
    "plant",
    [
        ami_public, ami_organization, ami_unit, ecr_registry, role_trust, sns_subscription, event_target, aggregation, peering, peering_that_waits, bucket_inventory, notification, bus_statement, endpoint_service, copy_task,
    ],
)  # fmt: skip
def test_it_is_taken_back_and_put_back(url, tmp_path, monkeypatch, plant):
    monkeypatch.setattr("exclave.change.apply.PATIENCE", 0)
    with environment(url):
        found, look = plant(url)
        taken_back_and_put_back(tmp_path, found, look, undone=found["method"] not in ONCE)
