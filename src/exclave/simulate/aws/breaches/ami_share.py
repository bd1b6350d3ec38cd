"""An image made of a server's disk, launchable by a whole foreign organisation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exclave.model import Cloud, Kind
from exclave.simulate.aws import acts, ids
from exclave.simulate.breach import Breach

if TYPE_CHECKING:
    from exclave.simulate.aws.scene import Scene

_AGENT = "Boto3/1.34.84 md/Botocore#1.34.84 ua/2.0 os/windows#10 lang/python#3.11.4 md/pyimpl#CPython"
_GIB = 80


def tell(scene: Scene) -> None:
    """Snapshot of the disk → image → a foreign organisation may launch it → it does."""
    thief = scene.session("ops-admin", "patching", _AGENT, mfa=True)
    instance, volume = scene.victim.instances[1], scene.victim.volumes[1]
    scene.look(
        thief,
        (
            "ec2",
            "DescribeInstances",
            {"instancesSet": {"items": [{"instanceId": instance}]}, "filterSet": {}},
        ),
        ("ec2", "DescribeInstanceAttribute", {"instanceId": instance, "attribute": "blockDeviceMapping"}),
        ("ec2", "GetImageBlockPublicAccessState", {"GetImageBlockPublicAccessStateRequest": {}}),
    )
    snapshot = acts.create_snapshot(scene, thief, volume, _GIB, name="build-server", encrypted=False)
    image = scene.id("ami")
    disk = {
        "deviceName": "/dev/xvda",
        "ebs": {"snapshotId": snapshot, "deleteOnTermination": True, "volumeType": "gp3"},
    }
    scene.call(
        thief,
        "ec2",
        "RegisterImage",
        {
            "name": "base-2026.01",
            "architecture": "x86_64",
            "rootDeviceName": "/dev/xvda",
            "enaSupport": True,
            "virtualizationType": "hvm",
            "blockDeviceMapping": {"items": [disk]},
        },
        {"requestId": ids.uuid(scene.rng), "imageId": image},
        after=22,
        phase="prepare",
    )
    scene.thing("ami", image, parent=snapshot, size=_GIB)
    foreign = ids.organisation_id(scene.rng)
    arn = f"arn:aws:organizations::{scene.outsider}:organization/{foreign}"
    scene.call(
        thief,
        "ec2",
        "ModifyImageAttribute",
        {
            "imageId": image,
            "attributeType": "launchPermission",
            "launchPermission": {"add": {"items": [{"organizationArn": arn}]}},
        },
        acts.ok(scene),
        after=4,
        phase="offer",
    )
    scene.offered_to(Kind.ORGANIZATION, foreign)
    scene.wait(45)
    launcher = scene.another_outsider()
    acts.take_snapshot(scene, snapshot, launcher, name="SharedSnapshotVolumeCreated")
    scene.offered_to(Kind.ACCOUNT, launcher)


BREACH = Breach(
    name="ami-to-organisation",
    title="Machine image launchable by a foreign organisation",
    cloud=Cloud.AWS,
    description="An operator's session registers an image from the disk of a build server and gives "
    "launch permission to a foreign organisation by its ARN; an account in it starts a "
    "machine.",
    hours=3,
    tell=tell,
)
