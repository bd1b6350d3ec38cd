"""Every artefact of AWS: of an account in an organisation and one in none, and with names that want to break out."""

from __future__ import annotations

from exclave.harden.makers.aws import MAKERS

from .cloud import Account

HOSTILE = "x\"'`$(id)${jsonencode(1)}%{if true}\n  - evil: [*a]\n{{ .x }} --\u202e</script>"


def everything():
    found = [a for org in (True, False) for a in account(organization=org).harden(*MAKERS).artefacts]
    return [*found, *hostile().harden(*MAKERS).artefacts]


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
