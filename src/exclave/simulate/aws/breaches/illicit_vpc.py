"""A network of the intruder's own inside the victim's account, joined to one outside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exclave.model import Cloud, Kind
from exclave.simulate.aws import acts, ids
from exclave.simulate.breach import Breach

if TYPE_CHECKING:
    from exclave.simulate.aws.scene import Scene, Who

_AGENT = "APN/1.0 HashiCorp/1.0 Terraform/1.3.2 (+https://www.terraform.io) terraform-provider-aws/4.40.0"
_GIB = 900
_COLLECTOR, _FLOW_GIB, _FLOW_HOURS = "172.29.1.23", 420, 2.5
_CIDR, _OUTSIDE_CIDR = "172.29.0.0/16", "172.30.0.0/16"


def tell(scene: Scene) -> None:
    """VPC → subnet → peering inside and outside → routes → a machine with a copy of the data."""
    thief = scene.session("network-admin", "tf", _AGENT)
    scene.look(
        thief,
        ("ec2", "DescribeVpcs", {"vpcSet": {}, "filterSet": {}}),
        ("ec2", "DescribeRouteTables", {"routeTableIdSet": {}, "filterSet": {}}),
        (
            "ec2",
            "DescribeVpcPeeringConnections",
            {"DescribeVpcPeeringConnectionsRequest": {"MaxResults": 100}},
        ),
    )
    vpc = scene.id("vpc")
    scene.call(
        thief,
        "ec2",
        "CreateVpc",
        {"cidrBlock": _CIDR, "instanceTenancy": "default", "amazonProvidedIpv6CidrBlock": False},
        {
            "requestId": ids.uuid(scene.rng),
            "vpc": {
                "vpcId": vpc,
                "state": "pending",
                "ownerId": scene.victim.id,
                "cidrBlock": _CIDR,
                "instanceTenancy": "default",
                "isDefault": False,
                "tagSet": {},
            },
        },
        after=12,
        phase="network",
    )
    scene.offered_to(Kind.VPC, vpc)
    subnet = scene.id("subnet")
    scene.call(
        thief,
        "ec2",
        "CreateSubnet",
        {"vpcId": vpc, "cidrBlock": "172.29.1.0/24", "availabilityZone": f"{scene.region}a"},
        {
            "requestId": ids.uuid(scene.rng),
            "subnet": {
                "subnetId": subnet,
                "vpcId": vpc,
                "ownerId": scene.victim.id,
                "cidrBlock": "172.29.1.0/24",
                "state": "available",
                "availabilityZone": f"{scene.region}a",
            },
        },
    )
    inside = _peer(scene, thief, vpc, scene.victim.vpc, scene.victim.id)
    scene.call(
        thief,
        "ec2",
        "AcceptVpcPeeringConnection",
        {"vpcPeeringConnectionId": inside},
        acts.ok(scene),
        phase="network",
    )
    outside = _peer(scene, thief, vpc, scene.id("vpc"), scene.outsider)
    scene.offered_to(Kind.ACCOUNT, scene.outsider)
    table = scene.id("rtb")
    for cidr, peering in (("10.0.0.0/8", inside), (_OUTSIDE_CIDR, outside)):
        scene.call(
            thief,
            "ec2",
            "CreateRoute",
            {"routeTableId": table, "destinationCidrBlock": cidr, "vpcPeeringConnectionId": peering},
            acts.ok(scene),
            phase="network",
        )
    _machine_with_data(scene, thief, subnet)
    scene.bulk_flow(_COLLECTOR, _FLOW_GIB, _FLOW_HOURS, after=10)


def _peer(scene: Scene, thief: Who, vpc: str, other: str, owner: str) -> str:
    peering = scene.id("pcx")
    answer: dict[str, Any] = {
        "vpcPeeringConnectionId": peering,
        "requesterVpcInfo": {
            "ownerId": scene.victim.id,
            "vpcId": vpc,
            "cidrBlock": _CIDR,
            "region": scene.region,
        },
        "accepterVpcInfo": {"ownerId": owner, "vpcId": other, "region": scene.region},
        "status": {"code": "initiating-request", "message": f"Initiating Request to {owner}"},
        "tagSet": {},
    }
    scene.call(
        thief,
        "ec2",
        "CreateVpcPeeringConnection",
        {"vpcId": vpc, "peerVpcId": other, "peerOwnerId": owner},
        {"requestId": ids.uuid(scene.rng), "vpcPeeringConnection": answer},
        after=3,
        phase="network",
    )
    return peering


def _machine_with_data(scene: Scene, thief: Who, subnet: str) -> None:
    snapshot = acts.create_snapshot(
        scene, thief, scene.victim.volumes[5], _GIB, name="files-prod", encrypted=False
    )
    volume, instance = scene.id("vol"), scene.id("i")
    scene.call(
        thief,
        "ec2",
        "RunInstances",
        {
            "instancesSet": {"items": [{"imageId": scene.id("ami"), "minCount": 1, "maxCount": 1}]},
            "instanceType": "c6in.4xlarge",
            "subnetId": subnet,
            "monitoring": {"enabled": False},
        },
        {
            "requestId": ids.uuid(scene.rng),
            "reservationId": scene.id("r"),
            "ownerId": scene.victim.id,
            "instancesSet": {
                "items": [
                    {
                        "instanceId": instance,
                        "subnetId": subnet,
                        "instanceState": {"code": 0, "name": "pending"},
                    }
                ]
            },
        },
        after=20,
    )
    scene.call(
        thief,
        "ec2",
        "CreateVolume",
        {"snapshotId": snapshot, "zone": f"{scene.region}a", "volumeType": "gp3"},
        {
            "requestId": ids.uuid(scene.rng),
            "volumeId": volume,
            "size": str(_GIB),
            "snapshotId": snapshot,
            "zone": f"{scene.region}a",
            "status": "creating",
        },
        after=15,
    )
    scene.thing("ebs-volume", volume, parent=snapshot, size=_GIB)
    scene.call(
        thief,
        "ec2",
        "AttachVolume",
        {"volumeId": volume, "instanceId": instance, "device": "/dev/sdf", "deleteOnTermination": False},
        {"requestId": ids.uuid(scene.rng), "volumeId": volume, "instanceId": instance, "status": "attaching"},
        after=3,
    )


BREACH = Breach(
    name="illicit-vpc",
    title="A new VPC in our own account, peered with production and with a foreign account",
    cloud=Cloud.AWS,
    description="A network administrator's session makes a VPC, peers it with the production VPC and with"
    " one of a foreign account, and starts a machine in it with a copy of the file server's "
    "volume. Where flow logs are written, they show what the file server sends to that machine.",
    hours=6,
    tell=tell,
)
