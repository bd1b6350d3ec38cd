"""Every artefact of AWS: of an account in an organisation and one in none, and with names that want to break out."""

from __future__ import annotations

import json

from exclave.harden.makers.aws import MAKERS

from .cloud import OURS as ACCOUNT
from .cloud import Account

HOSTILE = "x\"'`$(id)${jsonencode(1)}%{if true}\n  - evil: [*a]\n{{ .x }} --\u202e</script>"

READ = {"Sid": "Theirs", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data-1/*"}  # fmt: skip


def everything():
    found = [a for org in (True, False) for a in account(organization=org).harden(*MAKERS).artefacts]
    found += half().harden(*MAKERS, notify=(), values=CHOSEN).artefacts
    return [*found, *hostile().harden(*MAKERS).artefacts]


# What `--set` changes of artefacts.
CHOSEN = {
    "region": "us-east-1",
    "log-bucket": "central-logs",
    "policy-target": ACCOUNT,
    "source-restriction": "buckets",
    "vpc-block-public-access": "yes",
}


def half():
    """An account in which everything is in place by half, so that an undo must give back what was there."""
    found = account(organization=True)
    found.snapshots, found.images = "block-new-sharing", "unblocked"
    found.s3_block = {
        "BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": False, "RestrictPublicBuckets": False,
    }  # fmt: skip
    found.password = {"MinimumPasswordLength": 8, "RequireSymbols": True, "AllowUsersToChangePassword": True}
    found.policies_of = {
        bucket: json.dumps({"Version": "2012-10-17", "Statement": [READ]}) for bucket in found.buckets
    }
    return found


def account(*, organization):
    """One that has of everything that an artefact is made for."""
    found = Account(organization=organization)
    found.distributions = ["E2QWRUHAPOMQZL"]
    return found


def hostile():
    """An account in which whatever somebody may name is named by an attacker."""
    account = Account(organization=False, bucket=HOSTILE)
    account.keys = {HOSTILE: [{**account.keys["ann"][0], "AccessKeyId": HOSTILE, "UserName": HOSTILE}]}
    arn = f"arn:aws:iam::123456789012:role/{HOSTILE}"
    statement = {
        "Sid": HOSTILE,
        "Effect": "Allow",
        "Action": ["ec2:ModifySnapshotAttribute", HOSTILE],
        "Resource": "*",
    }
    account.details["RoleDetailList"] = [
        {"RoleName": HOSTILE, "Arn": arn, "Path": "/", "RolePolicyList": [{"PolicyName": HOSTILE, "PolicyDocument": {"Statement": [statement]}}]}
    ]  # fmt: skip
    account.details["UserDetailList"] = [
        {"UserName": HOSTILE, "Arn": f"arn:aws:iam::123456789012:user/{HOSTILE}", "Path": "/"}
    ]
    return account
