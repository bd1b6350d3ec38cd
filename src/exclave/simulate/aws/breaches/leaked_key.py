"""A deployment key in a public repository, and a volume's snapshot shared with the finder's account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exclave.model import Cloud, Kind
from exclave.simulate.aws import acts, ids
from exclave.simulate.breach import Breach

if TYPE_CHECKING:
    from exclave.simulate.aws.scene import Scene

_AGENT = "aws-cli/2.15.30 Python/3.11.8 Linux/6.6.15-amd64 exe/x86_64.kali.2024 prompt/off command/ec2.{}"
_VOLUME_GIB = 500


def tell(scene: Scene) -> None:
    """Leaked key → second key for another user → snapshot, re-encrypted → share → copied → traces removed."""
    found = scene.user("svc-deploy", _AGENT.format("describe-volumes"))
    acts.look_around(scene, found)
    spare = ids.unique_id(scene.rng, "AKIA")
    made = {
        "userName": "backup-admin",
        "accessKeyId": spare,
        "status": "Active",
        "createDate": scene.now.strftime("%b %d, %Y %I:%M:%S %p"),
    }
    scene.iam(
        found, "CreateAccessKey", {"userName": "backup-admin"}, {"accessKey": made}, after=12, phase="prepare"
    )
    scene.wait(20)
    admin = scene.user("backup-admin", _AGENT.format("create-snapshot"), key=spare)
    scene.look(admin, ("sts", "GetCallerIdentity", None), ("kms", "ListKeys", {"limit": 100}))
    volume, key = scene.victim.volumes[0], scene.victim.keys[0]
    snapshot = acts.create_snapshot(scene, admin, volume, _VOLUME_GIB, name="db-prod-1")
    scene.wait(35)
    copy = acts.copy_snapshot(scene, admin, snapshot, _VOLUME_GIB, key)
    scene.wait(25)
    acts.grant_key(scene, admin, key, scene.outsider)
    acts.share_snapshot(scene, admin, copy, scene.outsider)
    scene.offered_to(Kind.ACCOUNT, scene.outsider)
    scene.wait(9)
    acts.use_key(scene, key, scene.outsider, {"aws:ebs:id": copy})
    acts.take_snapshot(scene, copy, scene.outsider)
    detector = f"{scene.rng.getrandbits(128):032x}"
    scene.call(
        admin,
        "guardduty",
        "UpdateDetector",
        {"detectorId": detector, "enable": False},
        after=30,
        phase="tamper",
    )
    old = {"userName": "svc-deploy", "accessKeyId": found.identity["accessKeyId"]}
    scene.iam(admin, "DeleteAccessKey", old)


BREACH = Breach(
    name="snapshot-share-after-leaked-key",
    title="EBS snapshot shared with a foreign account after an access key leaked",
    cloud=Cloud.AWS,
    description="A deployment user's key is found in public. Its finder makes a second key, snapshots the"
    " volume of a production database, copies it under a key of which he grants the use, "
    "shares it with his account, and switches GuardDuty off.",
    hours=4,
    tell=tell,
)
