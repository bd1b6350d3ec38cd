"""Acts that several stories share: looking around, making and offering a snapshot, the taker's traces."""

from __future__ import annotations

from typing import Any

from exclave.simulate.aws import ids
from exclave.simulate.aws.scene import SERVICE_ITSELF, Scene, Who

_OK = "_return"


def look_around(scene: Scene, who: Who, *, account: str = "") -> None:
    """What somebody does who doesn't know where he is."""
    scene.look(
        who,
        ("sts", "GetCallerIdentity", None),
        ("ec2", "DescribeInstances", {"instancesSet": {}, "filterSet": {}}),
        ("ec2", "DescribeVolumes", {"volumeSet": {}, "filterSet": {}}),
        ("rds", "DescribeDBInstances", {"maxRecords": 100}),
        account=account,
    )
    scene.refused(who, "iam", "ListUsers", {"maxItems": 1000}, account=account)
    scene.refused(who, "organizations", "ListAccounts", None, account=account)


def create_snapshot(
    scene: Scene, who: Who, volume: str, size: int, *, name: str = "", encrypted: bool = True
) -> str:
    """CreateSnapshot of a volume; both are noted as resources."""
    snapshot = scene.id("snap")
    scene.thing("ebs-volume", volume, size=size, name=name)
    scene.call(
        who,
        "ec2",
        "CreateSnapshot",
        {
            "volumeId": volume,
            "description": f"backup of {name or volume}",
            "tagSpecificationSet": {
                "items": [{"resourceType": "snapshot", "tags": [{"key": "Name", "value": "nightly"}]}]
            },
        },
        {
            "requestId": ids.uuid(scene.rng),
            "snapshotId": snapshot,
            "volumeId": volume,
            "status": "pending",
            "startTime": int(scene.now.timestamp() * 1000),
            "progress": "",
            "ownerId": scene.victim.id,
            "volumeSize": str(size),
            "description": f"backup of {name or volume}",
            "encrypted": encrypted,
        },
        phase="prepare",
    )
    return scene.thing("ebs-snapshot", snapshot, parent=volume, size=size)


def copy_snapshot(scene: Scene, who: Who, snapshot: str, size: int, key: str) -> str:
    """CopySnapshot inside the account, under a key that can be shared."""
    copy = scene.id("snap")
    scene.call(
        who,
        "ec2",
        "CopySnapshot",
        {
            "sourceRegion": scene.region,
            "sourceSnapshotId": snapshot,
            "description": "",
            "encrypted": True,
            "kmsKeyId": scene.key_arn(key),
            "destinationRegion": scene.region,
        },
        {"requestId": ids.uuid(scene.rng), "snapshotId": copy},
        phase="prepare",
    )
    return scene.thing("ebs-snapshot", copy, parent=snapshot, size=size)


def grant_key(scene: Scene, who: Who, key: str, account: str) -> None:
    """CreateGrant on a key to another account, without which an encrypted copy is worth nothing to it."""
    scene.call(
        who,
        "kms",
        "CreateGrant",
        {
            "keyId": scene.key_arn(key),
            "granteePrincipal": f"arn:aws:iam::{account}:root",
            "operations": ["Decrypt", "ReEncryptFrom", "CreateGrant", "DescribeKey"],
        },
        {"grantId": f"{scene.rng.getrandbits(256):064x}", "keyId": scene.key_arn(key)},
        phase="prepare",
        resources=scene.key_resource(key),
    )


def share_snapshot(scene: Scene, who: Who, snapshot: str, *accounts: str, verb: str = "add") -> None:
    """ModifySnapshotAttribute; `verb` remove takes the share back."""
    scene.call(
        who,
        "ec2",
        "ModifySnapshotAttribute",
        {
            "snapshotId": snapshot,
            "attributeType": "CREATE_VOLUME_PERMISSION",
            "createVolumePermission": {verb: {"items": [{"userId": account} for account in accounts]}},
        },
        ok(scene),
        phase="offer" if verb == "add" else "revoke",
    )


def take_snapshot(
    scene: Scene, snapshot: str, account: str, *, name: str = "SharedSnapshotCopyInitiated"
) -> None:
    """The service event by which EBS tells the owner that a shared snapshot was used.

    Shape after "Determine the use of snapshots that you share" (Amazon EBS user guide).
    """
    who = Who(
        {"accountId": account, "invokedBy": "ec2.amazonaws.com"}, "ec2.amazonaws.com", "ec2.amazonaws.com"
    )
    scene.call(
        who,
        "ec2",
        name,
        kind="AwsServiceEvent",
        details={"snapshotId": snapshot},
        phase="take",
        shared_id=ids.uuid(scene.rng),
    )
    scene.story.taken = True


def use_key(scene: Scene, key: str, account: str, context: dict[str, str]) -> None:
    """The taker's KMS calls on the owner's key: they stand in both trails, joined by sharedEventID."""
    who = scene.taker(account, invoked_by=SERVICE_ITSELF, ip=SERVICE_ITSELF, agent=SERVICE_ITSELF)
    grant: dict[str, Any] = {
        "keyId": scene.key_arn(key),
        "constraints": {"encryptionContextSubset": context},
        "granteePrincipal": f"arn:aws:iam::{account}:root",
        "retiringPrincipal": f"arn:aws:iam::{account}:root",
        "operations": ["Decrypt", "DescribeKey"],
    }
    scene.call(
        who,
        "kms",
        "CreateGrant",
        grant,
        {"grantId": f"{scene.rng.getrandbits(256):064x}", "keyId": scene.key_arn(key)},
        phase="take",
        resources=scene.key_resource(key),
        shared_id=ids.uuid(scene.rng),
    )
    scene.call(
        who,
        "kms",
        "Decrypt",
        {"encryptionAlgorithm": "SYMMETRIC_DEFAULT", "encryptionContext": context},
        phase="take",
        read=True,
        resources=scene.key_resource(key),
        shared_id=ids.uuid(scene.rng),
    )
    scene.story.taken = True


def ok(scene: Scene) -> dict[str, Any]:
    """What most EC2 calls answer."""
    return {"requestId": ids.uuid(scene.rng), _OK: True}
