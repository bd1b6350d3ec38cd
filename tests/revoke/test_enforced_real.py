"""Against an emulator that enforces bucket policies: the stranger reads, then can't, then can again."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.inventory.ministack import ministack
from tests.revoke.planted import OTHER, OWN, REGION, THEIRS

pytestmark = pytest.mark.real
TEXT = (
    '{"Version":"2012-10-17",\n\t"Statement":[{"Effect":"Allow","Principal":{"AWS":["arn:aws:iam::%s:root", "arn:aws:iam::%s:root"]},'
    '"Action":"s3:GetObject","Resource":"arn:aws:s3:::data/*"}]}'
)


def client(url, account):
    import boto3
    from botocore.config import Config

    return boto3.client(
        "s3", endpoint_url=url, region_name=REGION, aws_access_key_id=account, aws_secret_access_key="x",
        config=Config(s3={"addressing_style": "path"}),
    )  # fmt: skip


def reads(url, account, **version):
    from botocore.exceptions import ClientError

    try:
        return client(url, account).get_object(Bucket="data", Key="k", **version)["Body"].read() == b"secret"
    except ClientError as error:
        if error.response["Error"]["Code"] != "AccessDenied":
            raise
        return False


EVERYBODY = {"Type": "Group", "URI": "http://acs.amazonaws.com/groups/global/AllUsers"}


def revoker(url, folder, method, receiver, **facts):
    """Runs `exclave revoke` on one finding of the bucket, as its owner."""
    finding = {
        "schema": "exclave/1", "type": "exposure", "id": "x-1", "method": method, "cloud": "aws", "account": OWN, "region": "",
        "source": {"kind": "s3-bucket", "id": "data"}, "destination": receiver, "facts": [{"name": k, "value": v} for k, v in facts.items()],
    }  # fmt: skip
    (folder / "f.jsonl").write_text(json.dumps(finding) + "\n")
    environment = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")} | {
        "AWS_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": OWN, "AWS_SECRET_ACCESS_KEY": "x", "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }  # fmt: skip

    def exclave(*arguments):
        subprocess.run(
            [sys.executable, "-m", "exclave", "revoke", *arguments], cwd=folder, env=environment, check=True, timeout=120
        )  # fmt: skip

    return exclave


def test_a_stranger_is_shut_out_and_a_partner_is_not(tmp_path):
    with ministack() as url:
        ours = client(url, OWN)
        ours.create_bucket(Bucket="data", CreateBucketConfiguration={"LocationConstraint": REGION})
        ours.put_object(Bucket="data", Key="k", Body=b"secret")
        text = TEXT % (THEIRS, OTHER)
        ours.put_bucket_policy(Bucket="data", Policy=text)
        assert reads(url, THEIRS)
        assert reads(url, OTHER)
        receiver = {"kind": "account", "id": THEIRS, "verdict": "external"}
        exclave = revoker(url, tmp_path, "aws.s3.bucket-policy", receiver)
        exclave("f.jsonl", "--apply", "--undo-file", "u")
        assert not reads(url, THEIRS)
        assert reads(url, OTHER)
        assert ours.get_bucket_policy(Bucket="data")["Policy"] == text.replace(
            f'"arn:aws:iam::{THEIRS}:root", ', ""
        )
        exclave("--undo", "u")
        assert reads(url, THEIRS)
        assert ours.get_bucket_policy(Bucket="data")["Policy"] == text


def opened(url):
    """The owner's client, and a bucket whose objects have lists that count."""
    ours = client(url, OWN)
    ours.create_bucket(
        Bucket="data", CreateBucketConfiguration={"LocationConstraint": REGION}, ObjectOwnership="ObjectWriter"
    )  # fmt: skip
    ours.delete_public_access_block(Bucket="data")
    return ours


def test_an_older_version_of_an_object_is_closed_by_its_own_list(tmp_path):
    with ministack() as url:
        ours = opened(url)
        ours.put_bucket_versioning(Bucket="data", VersioningConfiguration={"Status": "Enabled"})
        old, new = (
            {"VersionId": ours.put_object(Bucket="data", Key="k", Body=b"secret", ACL="public-read")["VersionId"]}
            for _ in range(2)
        )  # fmt: skip
        receiver = {"kind": "public", "id": "*", "verdict": "public"}
        exclave = revoker(url, tmp_path, "aws.s3.object-acl", receiver, key="k", version=old["VersionId"])
        exclave("f.jsonl", "--apply", "--undo-file", "u")
        assert (reads(url, THEIRS, **old), reads(url, THEIRS, **new)) == (False, True)
        exclave("--undo", "u")
        assert reads(url, THEIRS, **old)


def test_an_object_is_closed_to_everybody_by_its_own_list(tmp_path):
    """Here since moto does not read the list that is put on an object."""
    with ministack() as url:
        ours = opened(url)
        ours.put_object(Bucket="data", Key="k", Body=b"secret")
        of = {"Bucket": "data", "Key": "k"}
        first = ours.get_object_acl(**of)
        logs = {"Type": "Group", "URI": "http://acs.amazonaws.com/groups/s3/LogDelivery"}
        grants = [{"Grantee": g, "Permission": "READ"} for g in (EVERYBODY, logs)]
        ours.put_object_acl(
            AccessControlPolicy={"Owner": first["Owner"], "Grants": [*first["Grants"], *grants]}, **of
        )
        assert reads(url, THEIRS)
        receiver = {"kind": "public", "id": "*", "verdict": "public"}
        exclave = revoker(url, tmp_path, "aws.s3.object-acl", receiver, key="k")
        exclave("f.jsonl", "--apply", "--undo-file", "u")
        assert not reads(url, THEIRS)
        assert ours.get_object_acl(**of)["Grants"] == [*first["Grants"], grants[1]]
        exclave("--undo", "u")
        assert reads(url, THEIRS)
        assert ours.get_object_acl(**of)["Grants"] == [*first["Grants"], *grants]
