"""A large account planted on a moto server: snapshots, buckets, and some of everything that checks look at."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

REGION, THEIRS = "eu-west-1", "111122223333"
EVERY = 100  # one snapshot and one bucket of so many is shared


@contextmanager
def server(program: str) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [program, "-H", "127.0.0.1", "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env={**os.environ, "MOTO_EC2_LOAD_DEFAULT_AMIS": "false"},
    )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(200):
            try:
                urllib.request.urlopen(f"{url}/moto-api/data.json", timeout=5).read()
                break
            except OSError:
                if process.poll() is not None:
                    raise
                time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait(10)


def environment(url: str) -> dict[str, str]:
    """For both tools the same. Nothing of this machine's own credentials."""
    plain = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
    return plain | {
        "AWS_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull, "AWS_MAX_ATTEMPTS": "2",
    }  # fmt: skip


def plant(url: str, *, snapshots: int, buckets: int, threads: int = 8) -> None:
    """The same account each time."""
    import boto3
    from botocore.config import Config

    config = Config(max_pool_connections=threads, retries={"max_attempts": 2})
    keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing", "region_name": REGION}
    ec2 = boto3.client("ec2", endpoint_url=url, config=config, **keys)
    s3 = boto3.client("s3", endpoint_url=url, config=config, **keys)
    volume = ec2.create_volume(AvailabilityZone=f"{REGION}a", Size=1)["VolumeId"]

    def snapshot(number: int) -> None:
        made = ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
        if number % EVERY == 0:
            share = {"SnapshotId": made, "Attribute": "createVolumePermission", "OperationType": "add"}
            to = {"GroupNames": ["all"]} if number % (2 * EVERY) == 0 else {"UserIds": [THEIRS]}
            ec2.modify_snapshot_attribute(**share, **to)

    def bucket(number: int) -> None:
        name = f"planted-{number:06}"
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
        if number % EVERY == 0:
            to = "*" if number % (2 * EVERY) == 0 else {"AWS": f"arn:aws:iam::{THEIRS}:root"}
            statement = {"Effect": "Allow", "Principal": to, "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{name}/*"}  # fmt: skip
            s3.put_bucket_policy(
                Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]})
            )

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(snapshot, range(snapshots)))
        list(pool.map(bucket, range(buckets)))
