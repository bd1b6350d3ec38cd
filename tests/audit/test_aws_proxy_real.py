"""The unmodified client against moto's proxy: no endpoint is set, hosts are AWS's own (s3control's account among them)."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.inventory import moto

pytestmark = pytest.mark.real

OURS, THEIRS, REGION = "123456789012", "111122223333", "eu-west-1"


@contextlib.contextmanager
def proxy():
    server = moto.program()
    assert server, "moto_server not found: set MOTO_SERVER"
    program = Path(server).with_name("moto_proxy")
    assert program.exists() or shutil.which("moto_proxy"), "moto_proxy is not beside moto_server"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [str(program), "-H", "127.0.0.1", "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env={**os.environ, "MOTO_EC2_LOAD_DEFAULT_AMIS": "false"},
    )  # fmt: skip
    try:
        for _ in range(200):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            assert process.poll() is None, "moto_proxy ended at once"
            time.sleep(0.1)
        python = program.with_name("python")
        found = subprocess.run(
            [str(python), "-c", "import moto.moto_proxy as p; print(p.__path__[0])"], capture_output=True, text=True, check=True,
        )  # fmt: skip
        yield f"http://127.0.0.1:{port}", Path(found.stdout.strip()) / "ca.crt"
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(scope="module")
def environment():
    with proxy() as (url, authority):
        plain = {k: v for k, v in os.environ.items() if not k.startswith("AWS_") and "proxy" not in k.lower()}
        settings = moto.environment("")
        del settings["AWS_ENDPOINT_URL"]
        yield plain | settings | {"HTTPS_PROXY": url, "HTTP_PROXY": url, "AWS_CA_BUNDLE": str(authority)}


PLANT = f"""
import boto3, json
control = boto3.client("s3control", region_name="{REGION}")
s3 = boto3.client("s3", region_name="{REGION}")
s3.create_bucket(Bucket="data", CreateBucketConfiguration={{"LocationConstraint": "{REGION}"}})
control.create_access_point(AccountId="{OURS}", Name="door", Bucket="data")
policy = {{"Version": "2012-10-17", "Statement": [{{"Effect": "Allow", "Principal": {{"AWS": "arn:aws:iam::{THEIRS}:root"}},
  "Action": "s3:GetObject", "Resource": "arn:aws:s3:{REGION}:{OURS}:accesspoint/door/object/*"}}]}}
control.put_access_point_policy(AccountId="{OURS}", Name="door", Policy=json.dumps(policy))
control.put_public_access_block(AccountId="{OURS}", PublicAccessBlockConfiguration=dict.fromkeys(
  ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True))
"""


def test_settings_and_access_points_of_s3control_are_read_without_an_endpoint(environment, tmp_path):
    subprocess.run([sys.executable, "-c", PLANT], env=environment, check=True, timeout=120)
    done = subprocess.run(
        [
            sys.executable, "-m", "exclave", "audit", "aws", "-q", "--rate", "0", "--region", REGION, "--control", "aws.perimeter.resource",
            "-f", "jsonl", "--keep", str(tmp_path / "i"),
        ],
        env=environment, capture_output=True, text=True, timeout=280, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    shared = [
        (x["method"], x["source"]["id"], x["destination"]["id"]) for x in lines if x["type"] == "exposure"
    ]
    assert ("aws.s3.access-point-policy", "door", THEIRS) in shared
    (control,) = [x for x in lines if x["type"] == "control"]
    # the account's block of public access is on, so nothing is wrong with it
    assert not [w for w in control["why"] if "of S3" in w]
    blocks = json.loads(next((tmp_path / "i").rglob("s3control.GetPublicAccessBlock.json")).read_text())
    assert blocks["answer"]["PublicAccessBlockConfiguration"]["RestrictPublicBuckets"] is True
