from __future__ import annotations

from copy import deepcopy

import pytest

from exclave.audit.checks.aws.privilege import rights
from exclave.harden.makers.aws.smaller import smaller
from tests.audit.build import OURS

from .cloud import Account
from .effects import make

CONTROL = "aws.least-privilege"
SHARE, OTHER = "ec2:ModifySnapshotAttribute", "ec2:DescribeInstances"
ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"
MANAGED = f"arn:aws:iam::{OURS}:policy/mine"


def allow(*actions):
    return {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": "*"}],
    }


def account(*roles, policies=()):
    made = Account()
    made.details["RoleDetailList"] = list(roles)
    made.details["Policies"] = list(policies)
    return made


def role(name="worker", inline=(), managed=()):
    return {
        "Arn": f"arn:aws:iam::{OURS}:role/{name}", "RoleName": name, "Path": "/",
        "RolePolicyList": [{"PolicyName": f"p{n}", "PolicyDocument": d} for n, d in enumerate(inline)],
        "AttachedManagedPolicies": [{"PolicyArn": a} for a in managed],
    }  # fmt: skip


def policy(*actions):
    return {
        "Arn": MANAGED,
        "PolicyVersionList": [{"VersionId": "v1", "IsDefaultVersion": True, "Document": allow(*actions)}],
    }


CASES = {
    "inline, by name": account(role(inline=[allow(SHARE, OTHER)])),
    "inline, by wildcard": account(role(inline=[allow("ec2:*")])),
    "managed": account(role(managed=[MANAGED]), policies=[policy(SHARE, OTHER)]),
    "managed, of two": account(
        role("a", managed=[MANAGED]), role("b", managed=[MANAGED]), policies=[policy(SHARE, OTHER)]
    ),
    "AWS's own": account(role(managed=[ADMIN])),
    "both": account(role(inline=[allow(SHARE)], managed=[ADMIN, MANAGED]), policies=[policy(SHARE)]),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_unused_is_taken_away_and_nothing_else(name):
    cloud = deepcopy(CASES[name])  # it changes
    assert cloud.status(CONTROL)[0][0] == "fail"
    made = cloud.harden(CONTROL)
    make(cloud, made.steps)
    assert cloud.status(CONTROL)[0][0] in ("pass", "partial")
    if "by name" in name:
        assert cloud.details["RoleDetailList"][0]["RolePolicyList"][0]["PolicyDocument"] == allow(OTHER)
        (diff,) = [a.text for a in made.artefacts if a.format == "diff"]
        assert f'-        "{SHARE}",' in diff
        assert f'+        "{OTHER}"' not in diff


def test_a_policy_that_somebody_else_needs_stays_and_a_deny_is_attached():
    cloud = account(role("idle", managed=[MANAGED]), policies=[policy(SHARE, OTHER)])
    cloud.details["GroupDetailList"] = [
        {"Arn": "arn:g", "GroupName": "g", "AttachedManagedPolicies": [{"PolicyArn": MANAGED}]}
    ]
    steps = cloud.harden(CONTROL).steps
    assert {r.call for s in steps for r in s.change} == {"iam:CreatePolicy", "iam:AttachRolePolicy"}
    make(cloud, steps)
    assert cloud.status(CONTROL)[0][0] == "pass"


def test_break_glass_keeps_its_rights():
    cloud = account(role("break-glass", managed=[ADMIN]))
    assert cloud.harden(CONTROL).steps == ()


@pytest.mark.parametrize(
    ("document", "left"),
    [
        (allow(SHARE, OTHER), {OTHER}),
        (allow("ec2:Modify*"), {"ec2:ModifyImageAttribute"}),
        (
            {"Statement": {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}},
            {OTHER, "ec2:ModifyImageAttribute"},
        ),
        (allow(SHARE), set()),
    ],
)
def test_the_smaller_document_grants_all_but_what_was_taken(document, left):
    asked = [SHARE, OTHER, "ec2:ModifyImageAttribute"]
    after = rights(smaller(document, [SHARE]), asked)
    assert after.allowed - after.denied == left


@pytest.mark.parametrize("document", ["{", None, 7, {"Statement": [1]}, allow(OTHER)])
def test_a_document_that_grants_nothing_of_it_or_cant_be_read_is_left(document):
    assert smaller(document, [SHARE]) is None
