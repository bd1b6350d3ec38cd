"""aws.perimeter.resource and aws.least-privilege, over HTTP: audit fails, harden --apply, audit passes, --undo, audit fails again.

moto has the organisation, its RCPs, s3control and IAM's policies; the settings of EC2 and what was last used are front.py's.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.audit.test_aws_real import client, exclave
from tests.inventory import moto

from .front import URL, front
from .test_aws_real import REGIONS

pytestmark = pytest.mark.real


@pytest.fixture
def url(monkeypatch):
    yesterday = (datetime.now(UTC) - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    with moto.server() as behind, front(behind, yesterday) as proxy:
        for name in ("HTTP_PROXY", "http_proxy"):
            monkeypatch.setenv(name, proxy)
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.setenv(name, "")
        yield URL


def audited(folder, number, *more, wanted):
    into = folder / str(number)
    exclave(
        URL,
        "collect",
        "aws",
        "-q",
        "--rate",
        "0",
        "-o",
        str(into),
        "--no-exposures",
        *wanted,
        *REGIONS,
        *more,
    )
    done = exclave(URL, "audit", str(into), "-f", "jsonl", "--no-exposures", *wanted, cwd=folder)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return {x["account"]: (x["status"], *x["why"]) for x in lines if x["type"] == "control"}


def member_of(url):
    organizations = client(url, "organizations")
    organizations.create_organization(FeatureSet="ALL")
    made = organizations.create_account(AccountName="data", Email="d@example.com")
    return made["CreateAccountStatus"]["AccountId"]


def test_the_resource_perimeter_is_made_and_taken_back(url, tmp_path):
    member = member_of(url)
    wanted, into = ("--control", "aws.perimeter.resource"), ("--role-name", "audit")
    before = audited(tmp_path, 1, *into, wanted=wanted)
    assert before[member][0] == "fail"
    assert len(before[member]) > 5  # the RCP, S3, snapshots, images, VPCs
    undo = tmp_path / "undo.jsonl"
    done = exclave(
        url, "harden", "aws", "-q", "--rate", "0", *REGIONS, *into, *wanted, "--break-glass", "arn:aws:iam::*:role/break-glass",
        "--set", "vpc-block-public-access=yes", "--apply", "--limit", "60", "--undo-file", str(undo), cwd=tmp_path,
    )  # fmt: skip
    assert "applied" in done.stdout, done.stdout + done.stderr
    after = audited(tmp_path, 2, *into, wanted=wanted)
    assert after[member] == ("pass",)
    (why,) = after["123456789012"][1:]
    assert "management account" in why  # nothing can bind it
    exclave(url, "harden", "--undo", str(undo), *into, status=0, cwd=tmp_path)
    assert audited(tmp_path, 3, *into, wanted=wanted) == before


HOLES = {
    "a stranger's role of the same name": {"ArnNotLikeIfExists": {"aws:PrincipalArn": "arn:aws:iam::*:role/break-glass"}},
    "another organisation": {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": ["OURS", "o-another0000"]}},
    "a wildcard": {"StringNotLikeIfExists": {"aws:PrincipalOrgID": "o-*"}},
    "accounts in none": {"StringNotEquals": {"aws:PrincipalOrgID": "OURS"}, "Null": {"aws:PrincipalOrgID": "false"}},
    "an address": {"NotIpAddressIfExists": {"aws:SourceIp": "203.0.113.0/24"}},
}  # fmt: skip


def test_rcps_with_a_hole_or_attached_elsewhere_fail(url, tmp_path):
    member = member_of(url)
    organizations = client(url, "organizations")
    organization = organizations.describe_organization()["Organization"]["Id"]
    root = organizations.list_roots()["Roots"][0]["Id"]
    organizations.enable_policy_type(RootId=root, PolicyType="RESOURCE_CONTROL_POLICY")
    unit = organizations.create_organizational_unit(ParentId=root, Name="other")["OrganizationalUnit"]["Id"]
    wanted, into = ("--control", "aws.perimeter.resource"), ("--role-name", "audit")

    def why(number, condition, target):
        known = {
            "StringNotEqualsIfExists": {"aws:PrincipalOrgID": organization},
            "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
        }
        text = json.dumps(known | condition).replace("OURS", organization)
        statement = {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "*",
            "Resource": "*",
            "Condition": json.loads(text),
        }
        content = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        made = organizations.create_policy(
            Name=f"p{number}", Description="p", Type="RESOURCE_CONTROL_POLICY", Content=content
        )
        policy = made["Policy"]["PolicySummary"]["Id"]
        organizations.attach_policy(PolicyId=policy, TargetId=target)
        found = audited(tmp_path, number, *into, wanted=wanted)[member]
        organizations.detach_policy(PolicyId=policy, TargetId=target)
        organizations.delete_policy(PolicyId=policy)
        return [w for w in found if "RCP" in w]  # fmt: skip

    assert why(1, {}, root) == []
    assert why(2, {}, unit)
    for number, (name, condition) in enumerate(HOLES.items(), 3):
        assert why(number, condition, root), name


def test_rights_that_nobody_used_are_taken_away_and_given_back(url, tmp_path):
    iam = client(url, "iam")
    trust = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]})  # fmt: skip
    iam.create_role(RoleName="worker", AssumeRolePolicyDocument=trust)
    allowed = {"Effect": "Allow", "Action": ["ec2:ModifySnapshotAttribute", "ec2:ModifyImageAttribute", "s3:GetObject"], "Resource": "*"}  # fmt: skip
    held = {"Version": "2012-10-17", "Statement": [allowed]}
    iam.put_role_policy(RoleName="worker", PolicyName="work", PolicyDocument=json.dumps(held))
    made = iam.create_policy(PolicyName="shared", PolicyDocument=json.dumps(held))["Policy"]["Arn"]
    iam.create_user(UserName="ann")
    iam.attach_user_policy(UserName="ann", PolicyArn=made)
    wanted = ("--control", "aws.least-privilege")
    before = audited(tmp_path, 1, wanted=wanted)["123456789012"]
    assert before[0] == "fail"
    assert all("ec2:ModifySnapshotAttribute" in w and "ModifyImageAttribute" not in w for w in before[1:])
    undo = tmp_path / "undo.jsonl"
    exclave(
        url,
        "harden",
        "aws",
        "-q",
        "--rate",
        "0",
        *REGIONS,
        *wanted,
        "--apply",
        "--undo-file",
        str(undo),
        status=0,
        cwd=tmp_path,
    )
    assert audited(tmp_path, 2, wanted=wanted)["123456789012"] == ("pass",)
    smaller = iam.get_role_policy(RoleName="worker", PolicyName="work")["PolicyDocument"]
    assert smaller["Statement"][0]["Action"] == ["ec2:ModifyImageAttribute", "s3:GetObject"]
    exclave(url, "harden", "--undo", str(undo), status=0, cwd=tmp_path)
    assert iam.get_role_policy(RoleName="worker", PolicyName="work")["PolicyDocument"] == held
    assert audited(tmp_path, 3, wanted=wanted)["123456789012"] == before
