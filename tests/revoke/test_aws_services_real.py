"""Services that send or show data elsewhere, one after the other against a moto server: taken back and put back."""

from __future__ import annotations

import io
import json
import zipfile

import pytest

from tests.audit.test_aws_real import client
from tests.inventory import moto
from tests.revoke.planted import OTHER, OWN, REGION, THEIRS
from tests.revoke.real import environment, taken_back_and_put_back
from tests.revoke.test_aws_real import line

pytestmark = pytest.mark.real
ACCOUNT, PUBLIC = {"kind": "account", "id": THEIRS}, {"kind": "public", "id": "*"}
ONCE = {
    "aws.tgw.vpc-attachment",
    "aws.tgw.peering",
    "aws.firehose.bucket",
    "aws.dms.target",
    "aws.logs.delivery",
}  # can't be undone


@pytest.fixture(scope="module")
def url():
    with moto.server() as found:
        yield found


def code():
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("f.py", "def f(e, c): pass")
    return {"ZipFile": made.getvalue()}


def role(url, service="lambda.amazonaws.com"):
    iam = client(url, "iam")
    trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    name = service.partition(".")[0]
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))
    return f"arn:aws:iam::{OWN}:role/{name}"


def layer(url):
    functions = client(url, "lambda")
    functions.publish_layer_version(LayerName="layer", Content=code())
    of = {"LayerName": "layer", "VersionNumber": 1}
    for sid, account in (("theirs", THEIRS), ("others", OTHER)):
        functions.add_layer_version_permission(
            StatementId=sid, Action="lambda:GetLayerVersion", Principal=account, **of
        )
    return line("aws.lambda.layer-share", "layer", ACCOUNT, version="1"), lambda: json.loads(
        functions.get_layer_version_policy(**of)["Policy"]
    )["Statement"]


def function_url(url):
    functions = client(url, "lambda")
    functions.create_function(
        FunctionName="open", Runtime="python3.11", Role=role(url), Handler="f.f", Code=code()
    )
    functions.create_function_url_config(FunctionName="open", AuthType="NONE")
    return line("aws.lambda.public-url", "open", PUBLIC), lambda: functions.get_function_url_config(
        FunctionName="open"
    )["AuthType"]


def trail(url):
    s3, trails = client(url, "s3"), client(url, "cloudtrail")
    s3.create_bucket(Bucket="elsewhere", CreateBucketConfiguration={"LocationConstraint": REGION})
    trails.create_trail(Name="trail", S3BucketName="elsewhere")
    trails.start_logging(Name="trail")
    return line("aws.cloudtrail.trail-elsewhere", "trail", ACCOUNT), lambda: trails.get_trail_status(
        Name="trail"
    )["IsLogging"]


def pipe(url):
    pipes = client(url, "pipes")
    pipes.create_pipe(
        Name="pipe", DesiredState="RUNNING", Source=f"arn:aws:sqs:{REGION}:{OWN}:q", Target=f"arn:aws:sqs:{REGION}:{OWN}:t",
        RoleArn=f"arn:aws:iam::{OWN}:role/r",
    )  # fmt: skip
    return line("aws.pipes.target", "pipe", ACCOUNT), lambda: pipes.describe_pipe(Name="pipe")["DesiredState"]


def gateway_attachment(url):
    ec2 = client(url, "ec2")
    vpc = ec2.create_vpc(CidrBlock="10.3.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.3.1.0/24")["Subnet"]["SubnetId"]
    gateway = ec2.create_transit_gateway()["TransitGateway"]["TransitGatewayId"]
    made = ec2.create_transit_gateway_vpc_attachment(
        TransitGatewayId=gateway, VpcId=vpc, SubnetIds=[subnet]
    )["TransitGatewayVpcAttachment"]["TransitGatewayAttachmentId"]  # fmt: skip
    return line("aws.tgw.vpc-attachment", made, ACCOUNT), lambda: [
        a["State"]
        for a in ec2.describe_transit_gateway_vpc_attachments()["TransitGatewayVpcAttachments"]
        if a["TransitGatewayAttachmentId"] == made
    ]


def gateway_peering(url):
    ec2 = client(url, "ec2")
    one, two = (ec2.create_transit_gateway()["TransitGateway"]["TransitGatewayId"] for _ in range(2))
    made = ec2.create_transit_gateway_peering_attachment(
        TransitGatewayId=one, PeerTransitGatewayId=two, PeerAccountId=OWN, PeerRegion=REGION
    )["TransitGatewayPeeringAttachment"]["TransitGatewayAttachmentId"]  # fmt: skip
    ec2.accept_transit_gateway_peering_attachment(TransitGatewayAttachmentId=made)
    return line("aws.tgw.peering", one, ACCOUNT, attachment=made), lambda: [
        a["State"]
        for a in ec2.describe_transit_gateway_peering_attachments()["TransitGatewayPeeringAttachments"]
        if a["TransitGatewayAttachmentId"] == made
    ]


def lake(resource):
    def plant(url):
        formation = client(url, "lakeformation")
        for account in (THEIRS, OTHER):
            formation.grant_permissions(
                Principal={"DataLakePrincipalIdentifier": account}, Resource=resource, Permissions=["DESCRIBE"]
            )  # fmt: skip
        (kind, of), *_ = resource.items()
        facts = {"database": of["DatabaseName"]} if kind == "Table" else {}
        return line("aws.lakeformation.grant", of["Name"], ACCOUNT, **facts), lambda: [
            [p["Principal"], p["Permissions"]]
            for p in formation.list_permissions(Resource=resource)["PrincipalResourcePermissions"]
        ]

    return plant


def cluster_snapshot(receiver, *values):
    def plant(url):
        rds = client(url, "rds")
        name = f"c{len(values[0])}"
        rds.create_db_cluster(
            DBClusterIdentifier=name, Engine="aurora-postgresql", MasterUsername="u", MasterUserPassword="password1"
        )  # fmt: skip
        rds.create_db_cluster_snapshot(DBClusterIdentifier=name, DBClusterSnapshotIdentifier=f"s-{name}")
        of = {"DBClusterSnapshotIdentifier": f"s-{name}"}
        rds.modify_db_cluster_snapshot_attribute(AttributeName="restore", ValuesToAdd=list(values), **of)
        return line("aws.rds.cluster-snapshot-share", f"s-{name}", receiver), lambda: rds.describe_db_cluster_snapshot_attributes(
            **of
        )["DBClusterSnapshotAttributesResult"]["DBClusterSnapshotAttributes"][0]["AttributeValues"]  # fmt: skip

    return plant


def desktop_image(url):
    desktops, ec2, directories = (client(url, s) for s in ("workspaces", "ec2", "ds"))
    vpc = ec2.create_vpc(CidrBlock="10.4.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.4.{n}.0/24", AvailabilityZone=f"{REGION}{z}")["Subnet"]["SubnetId"]
        for n, z in enumerate("ab")
    ]  # fmt: skip
    directory = directories.create_directory(
        Name="d.example", Password="Password-1", Size="Small", VpcSettings={"VpcId": vpc, "SubnetIds": subnets}
    )["DirectoryId"]  # fmt: skip
    desktops.register_workspace_directory(DirectoryId=directory, EnableSelfService=False)
    desktop = desktops.create_workspaces(
        Workspaces=[{"DirectoryId": directory, "UserName": "u", "BundleId": "wsb-92tn3b7gx"}]
    )["PendingRequests"][0]["WorkspaceId"]  # fmt: skip
    image = desktops.create_workspace_image(Name="i", Description="d", WorkspaceId=desktop)["ImageId"]
    for account in (THEIRS, OTHER):
        desktops.update_workspace_image_permission(
            ImageId=image, AllowCopyImage=True, SharedAccountId=account
        )
    return line(
        "aws.workspaces.image-share", image, ACCOUNT
    ), lambda: desktops.describe_workspace_image_permissions(ImageId=image)["ImagePermissions"]


def portfolio(url):
    catalog = client(url, "servicecatalog")
    made = catalog.create_portfolio(DisplayName="p", ProviderName="p", IdempotencyToken="t")[
        "PortfolioDetail"
    ]["Id"]
    for account in (THEIRS, OTHER):
        catalog.create_portfolio_share(PortfolioId=made, AccountId=account)
    return line(
        "aws.servicecatalog.portfolio-share", made, ACCOUNT
    ), lambda: catalog.describe_portfolio_shares(PortfolioId=made, Type="ACCOUNT")["PortfolioShareDetails"]


def log_subscription(url):
    logs, streams = client(url, "logs"), client(url, "kinesis")
    logs.create_log_group(logGroupName="/app")
    streams.create_stream(StreamName="out", ShardCount=1)
    logs.put_subscription_filter(
        logGroupName="/app", filterName="f", filterPattern="ERROR", destinationArn=f"arn:aws:kinesis:{REGION}:{OWN}:stream/out",
        roleArn=f"arn:aws:iam::{OWN}:role/r",
    )  # fmt: skip
    return line("aws.logs.subscription", "/app", ACCOUNT, filter="f"), lambda: [
        [f["filterName"], f["filterPattern"], f["destinationArn"]]
        for f in logs.describe_subscription_filters(logGroupName="/app")["subscriptionFilters"]
    ]


def bus(url):
    events = client(url, "events")
    events.create_event_bus(Name="bus")
    arn = f"arn:aws:events:{REGION}:{OWN}:event-bus/bus"
    statement = {"Sid": "in", "Effect": "Allow", "Principal": {"AWS": [THEIRS, OTHER]}, "Action": "events:PutEvents", "Resource": arn}  # fmt: skip
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    events.put_permission(EventBusName="bus", Policy=text)
    return line("aws.events.bus-permission", "bus", ACCOUNT), lambda: json.loads(
        events.describe_event_bus(Name="bus")["Policy"]
    )


def delivery_stream(url):
    firehose = client(url, "firehose")
    firehose.create_delivery_stream(
        DeliveryStreamName="stream",
        ExtendedS3DestinationConfiguration={"RoleARN": f"arn:aws:iam::{OWN}:role/r", "BucketARN": "arn:aws:s3:::theirs"},
    )  # fmt: skip
    return line("aws.firehose.bucket", "stream", ACCOUNT), lambda: firehose.list_delivery_streams()[
        "DeliveryStreamNames"
    ]


def history(url):
    config, s3 = client(url, "config"), client(url, "s3")
    s3.create_bucket(Bucket="history", CreateBucketConfiguration={"LocationConstraint": REGION})
    config.put_configuration_recorder(
        ConfigurationRecorder={"name": "default", "roleARN": f"arn:aws:iam::{OWN}:role/r"}
    )
    config.put_delivery_channel(DeliveryChannel={"name": "default", "s3BucketName": "history"})
    config.start_configuration_recorder(ConfigurationRecorderName="default")
    return line("aws.config.delivery-elsewhere", OWN, ACCOUNT, channel="default"), lambda: [
        *config.describe_delivery_channels()["DeliveryChannels"],
        *(
            r["recording"]
            for r in config.describe_configuration_recorder_status()["ConfigurationRecordersStatus"]
        ),
    ]


def migration(url):
    dms = client(url, "dms")
    made = dms.create_endpoint(
        EndpointIdentifier="target", EndpointType="target", EngineName="postgres", ServerName="db.theirs.example"
    )["Endpoint"]["EndpointArn"]  # fmt: skip
    return line("aws.dms.target", made, ACCOUNT), lambda: [
        e["EndpointArn"] for e in dms.describe_endpoints()["Endpoints"]
    ]


def log_delivery(url):
    logs, s3 = client(url, "logs"), client(url, "s3")
    s3.create_bucket(Bucket="logs-of-ours", CreateBucketConfiguration={"LocationConstraint": REGION})
    arn = logs.put_delivery_destination(
        name="to", deliveryDestinationConfiguration={"destinationResourceArn": "arn:aws:s3:::logs-of-ours"}
    )["deliveryDestination"]["arn"]  # fmt: skip
    source = f"arn:aws:cloudfront::{OWN}:distribution/E1Q5O5EXAMPLE"
    logs.put_delivery_source(name="from", resourceArn=source, logType="ACCESS_LOGS")
    made = logs.create_delivery(deliverySourceName="from", deliveryDestinationArn=arn)["delivery"]["id"]
    return line("aws.logs.delivery", made, ACCOUNT), lambda: [
        d["id"] for d in logs.describe_deliveries()["deliveries"]
    ]


@pytest.mark.parametrize(
    "plant",
    [
        layer, function_url, trail, pipe, gateway_attachment, gateway_peering, desktop_image, portfolio, log_subscription, bus, delivery_stream, history, migration, log_delivery,
        pytest.param(lake({"Table": {"DatabaseName": "sales", "Name": "orders"}}), id="lake_table"),
        pytest.param(lake({"Database": {"Name": "sales"}}), id="lake_database"),
        pytest.param(cluster_snapshot(ACCOUNT, THEIRS, OTHER), id="cluster_snapshot"),
        pytest.param(cluster_snapshot({"kind": "public", "id": "*"}, "all"), id="cluster_snapshot_public"),
    ],
)  # fmt: skip
def test_it_is_taken_back_and_put_back(url, tmp_path, monkeypatch, plant):
    monkeypatch.setattr("exclave.change.apply.PATIENCE", 0)
    with environment(url):
        found, look = plant(url)
        taken_back_and_put_back(tmp_path, found, look, undone=found["method"] not in ONCE)
