"""A database snapshot shared with a foreign account from a hijacked pipeline, then deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exclave.model import Cloud, Kind
from exclave.simulate.aws import acts
from exclave.simulate.breach import Breach

if TYPE_CHECKING:
    from exclave.simulate.aws.scene import Scene

_AGENT = "Boto3/1.34.84 md/Botocore#1.34.84 ua/2.0 os/linux#6.5.0-1018-azure lang/python#3.12.3"
_GIB = 1200


def tell(scene: Scene) -> None:
    """Snapshot → copy under a shared key → key policy → restore attribute → key used → both deleted."""
    pipeline = scene.session("deploy", "GitHubActions", _AGENT)
    database, key = scene.victim.databases[0], scene.victim.keys[1]
    scene.look(
        pipeline,
        ("sts", "GetCallerIdentity", None),
        ("rds", "DescribeDBInstances", {"maxRecords": 100}),
        ("rds", "DescribeDBSnapshots", {"dBInstanceIdentifier": database, "includeShared": False}),
        ("kms", "GetKeyPolicy", {"keyId": key, "policyName": "default"}),
    )
    scene.thing("rds-instance", database, size=_GIB, name=database)
    first, second = f"{database}-tmp", f"{database}-tmp-c"
    scene.call(
        pipeline,
        "rds",
        "CreateDBSnapshot",
        {"dBInstanceIdentifier": database, "dBSnapshotIdentifier": first},
        _snapshot(scene, first, database),
        after=8,
        phase="prepare",
    )
    scene.thing("rds-snapshot", first, parent=database, size=_GIB)
    scene.call(
        pipeline,
        "rds",
        "CopyDBSnapshot",
        {
            "sourceDBSnapshotIdentifier": first,
            "targetDBSnapshotIdentifier": second,
            "kmsKeyId": scene.key_arn(key),
            "copyTags": False,
        },
        _snapshot(scene, second, database),
        after=25,
        phase="prepare",
    )
    scene.thing("rds-snapshot", second, parent=first, size=_GIB)
    scene.call(
        pipeline,
        "kms",
        "PutKeyPolicy",
        {
            "keyId": scene.key_arn(key),
            "policyName": "default",
            "bypassPolicyLockoutSafetyCheck": False,
            "policy": _key_policy(scene),
        },
        after=10,
        phase="prepare",
        resources=scene.key_resource(key),
    )
    attributes = [{"attributeName": "restore", "attributeValues": [scene.outsider]}]
    scene.call(
        pipeline,
        "rds",
        "ModifyDBSnapshotAttribute",
        {"dBSnapshotIdentifier": second, "attributeName": "restore", "valuesToAdd": [scene.outsider]},
        {"dBSnapshotIdentifier": second, "dBSnapshotAttributes": attributes},
        phase="offer",
    )
    scene.offered_to(Kind.ACCOUNT, scene.outsider)
    scene.wait(17)
    acts.use_key(scene, key, scene.outsider, {"aws:rds:dbsnapshot-id": second})
    scene.wait(70)
    for name in (second, first):
        scene.call(
            pipeline,
            "rds",
            "DeleteDBSnapshot",
            {"dBSnapshotIdentifier": name},
            _snapshot(scene, name, database) | {"status": "deleted"},
            phase="close",
        )
    scene.story.open = False


def _snapshot(scene: Scene, name: str, database: str) -> dict[str, Any]:
    return {
        "dBSnapshotIdentifier": name,
        "dBSnapshotArn": f"arn:aws:rds:{scene.region}:{scene.victim.id}:snapshot:{name}",
        "dBInstanceIdentifier": database,
        "engine": "postgres",
        "engineVersion": "16.3",
        "allocatedStorage": _GIB,
        "status": "creating",
        "port": 5432,
        "masterUsername": "postgres",
        "snapshotType": "manual",
        "encrypted": True,
        "storageType": "gp3",
        "snapshotTarget": "region",
    }


def _key_policy(scene: Scene) -> str:
    return (
        '{\n  "Version": "2012-10-17",\n  "Statement": [\n    {"Sid": "Own", "Effect": "Allow", "Principal": '
        f'{{"AWS": "arn:aws:iam::{scene.victim.id}:root"}}, "Action": "kms:*", "Resource": "*"}},\n    '
        f'{{"Sid": "b", "Effect": "Allow", "Principal": {{"AWS": "arn:aws:iam::{scene.outsider}:root"}}, '
        '"Action": ["kms:Decrypt", "kms:CreateGrant", "kms:DescribeKey"], "Resource": "*"}\n  ]\n}'
    )


BREACH = Breach(
    name="rds-snapshot-share",
    title="RDS snapshot shared with a foreign account from a hijacked pipeline",
    cloud=Cloud.AWS,
    description="A pipeline's session snapshots a database, copies it under a key whose policy it opens, "
    "lets a foreign account restore it, and deletes both snapshots after that account has "
    "used the key.",
    hours=4,
    tell=tell,
)
