"""On a moto server over HTTP, as a user would: collect, audit fails, harden --apply, audit passes, --undo, audit fails again.

moto lacks block public access of EBS, AMIs and VPCs, the account's of S3 (by an IP address) and last-accessed information:
aws.perimeter.resource and aws.least-privilege are tried with what front.py puts before it (test_aws_front_real.py).
"""

from __future__ import annotations

import json

import pytest

from tests.audit.test_aws_real import REGION, client, exclave
from tests.inventory import moto

pytestmark = pytest.mark.real

QUEUE = f"arn:aws:sqs:{REGION}:123456789012:alarms"
REGIONS = ("--region", REGION, "--region", "us-east-1")
CONTROLS = (
    "aws.network.acl", "aws.network.source-restriction", "aws.credentials.password-policy", "aws.credentials.key-rotation",
    "aws.credentials.temporary", "aws.alarm.iam-policy-changes", "aws.alarm.cloudtrail-changes", "aws.alarm.data-sharing",
    "aws.logging.trail-all-regions", "aws.logging.services",
)  # fmt: skip
WANTED = [x for c in CONTROLS for x in ("--control", c)]


@pytest.fixture(scope="module")
def url():
    with moto.server() as found:
        yield found


@pytest.fixture
def clean(url, tmp_path):
    import urllib.request

    urllib.request.urlopen(urllib.request.Request(f"{url}/moto-api/reset", method="POST"), timeout=10).read()
    (tmp_path / "perimeter.toml").write_text('[[cidr]]\nid = "203.0.113.0/24"\n')
    return url


def statuses(url, folder, number, *more, wanted=WANTED):
    into = folder / f"inventory-{number}"
    exclave(
        url,
        "collect",
        "aws",
        "-q",
        "--rate",
        "0",
        "-o",
        str(into),
        "--no-exposures",
        *REGIONS,
        *more,
        cwd=folder,
    )
    done = exclave(url, "audit", str(into), "-f", "jsonl", "--no-exposures", *wanted, cwd=folder)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return {(x["account"], x["control"]): (x["status"], *x["why"]) for x in lines if x["type"] == "control"}


def seed(url):
    """An account with something of everything that a control looks at, and nothing in place."""
    client(url, "s3").create_bucket(Bucket="data-1", CreateBucketConfiguration={"LocationConstraint": REGION})
    client(url, "sqs").create_queue(QueueName=QUEUE.rpartition(":")[2])
    iam, ec2 = client(url, "iam"), client(url, "ec2")
    iam.create_user(UserName="ann")
    for _ in range(2):
        iam.create_access_key(UserName="ann")
    iam.create_role(RoleName="long", AssumeRolePolicyDocument="{}", MaxSessionDuration=43200)
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=f"com.amazonaws.{REGION}.s3")
    behaviour = {
        "TargetOriginId": "o", "ViewerProtocolPolicy": "https-only", "MinTTL": 0,
        "ForwardedValues": {"QueryString": False, "Cookies": {"Forward": "none"}},
    }  # fmt: skip
    origin = {"Id": "o", "DomainName": "x.s3.amazonaws.com", "S3OriginConfig": {"OriginAccessIdentity": ""}}
    config = {"CallerReference": "a", "Comment": "c", "Enabled": True, "DefaultCacheBehavior": behaviour}
    client(url, "cloudfront").create_distribution(
        DistributionConfig={**config, "Origins": {"Quantity": 1, "Items": [origin]}}
    )


def test_an_account_in_which_nothing_is_in_place_is_hardened_and_taken_back(clean, tmp_path):
    seed(clean)
    before = statuses(clean, tmp_path, 1)
    assert {s[0] for s in before.values()} == {"fail"}
    undo, out = tmp_path / "undo.jsonl", tmp_path / "out"
    # moto doesn't say in which region a bucket is, so home is where it is
    options = (
        *WANTED,
        "--notify",
        QUEUE,
        "--set",
        f"region={REGION}",
        "-o",
        str(out),
        "--undo-file",
        str(undo),
    )
    made = ("harden", "aws", "-q", "--rate", "0", *REGIONS, *options)
    refused = exclave(clean, *made, "--apply", status=2, cwd=tmp_path)
    assert "nothing was changed" in refused.stderr
    assert not undo.exists()
    assert statuses(clean, tmp_path, 2) == before
    done = exclave(
        clean,
        "harden",
        str(out / "plan.json"),
        "--apply",
        "--limit",
        "60",
        "--undo-file",
        str(undo),
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    after = statuses(clean, tmp_path, 3)
    assert {c: s for c, s in after.items() if s != ("pass",)} == {}
    again = exclave(clean, *made, "--apply", "--limit", "60", cwd=tmp_path)
    assert again.returncode == 0, again.stdout + again.stderr
    assert "controls: 0 missing" in again.stdout
    # by now there are logs in one of the buckets: it stays, and the rest is taken back
    undone = exclave(clean, "harden", "--undo", str(undo), status=1, cwd=tmp_path)
    assert "BucketNotEmpty" in undone.stdout
    assert "1 failed" in undone.stderr
    restored = statuses(clean, tmp_path, 4)
    assert {c: s[0] for c, s in restored.items()} == {c: s[0] for c, s in before.items()}
    names = {b["Name"] for b in client(clean, "s3").list_buckets()["Buckets"]}
    assert names == {"data-1", f"exclave-logs-123456789012-{REGION}"}


def test_policies_of_the_organisation_bind_the_member_and_are_taken_back(clean, tmp_path):
    organizations = client(clean, "organizations")
    organizations.create_organization(FeatureSet="ALL")
    status = organizations.create_account(AccountName="data", Email="d@example.com")["CreateAccountStatus"]
    member = status["AccountId"]
    role = f"arn:aws:iam::{member}:role/audit"
    client(clean, "ram", role=role).create_resource_share(name="s", allowExternalPrincipals=True)
    wanted = ["--control", "aws.perimeter.identity", "--control", "aws.network.source-restriction"]
    into = ("--role-name", "audit")
    assert {s[0] for s in statuses(clean, tmp_path, 1, *into, wanted=wanted).values()} == {"fail"}
    undo = tmp_path / "undo.jsonl"
    done = exclave(
        clean, "harden", "aws", "-q", "--rate", "0", *REGIONS, *into, *wanted, "--break-glass", "arn:aws:iam::*:role/break-glass",
        "--apply", "--undo-file", str(undo), cwd=tmp_path,
    )  # fmt: skip
    assert "applied" in done.stdout
    assert done.returncode in (0, 1)  # 1: nothing can bind the management account
    after = statuses(clean, tmp_path, 2, *into, wanted=wanted)
    assert after[member, "aws.perimeter.identity"] == ("pass",)
    assert after[member, "aws.network.source-restriction"] == ("pass",)
    names = {p["Name"] for p in organizations.list_policies(Filter="SERVICE_CONTROL_POLICY")["Policies"]}
    assert "exclave-identity-perimeter-1" in names
    exclave(clean, "harden", "--undo", str(undo), *into, status=0, cwd=tmp_path)
    left = {p["Name"] for p in organizations.list_policies(Filter="SERVICE_CONTROL_POLICY")["Policies"]}
    assert "exclave-identity-perimeter-1" not in left
    assert statuses(clean, tmp_path, 3, *into, wanted=wanted)[member, "aws.perimeter.identity"][0] == "fail"


def test_what_changed_since_the_plan_is_left_alone(clean, tmp_path):
    out = tmp_path / "out"
    wanted = ("--control", "aws.credentials.password-policy")
    exclave(clean, "harden", "aws", "-q", *REGIONS, *wanted, "-o", str(out), status=1, cwd=tmp_path)
    client(clean, "iam").update_account_password_policy(MinimumPasswordLength=8)
    done = exclave(
        clean,
        "harden",
        str(out / "plan.json"),
        "--apply",
        "--undo-file",
        str(tmp_path / "u"),
        status=1,
        cwd=tmp_path,
    )
    assert "changed since the plan" in " ".join(done.stdout.split())
    assert client(clean, "iam").get_account_password_policy()["PasswordPolicy"]["MinimumPasswordLength"] == 8


def test_the_wrong_account_is_refused_before_anything_is_changed(clean, tmp_path):
    out = tmp_path / "out"
    wanted = ("--control", "aws.credentials.password-policy")
    exclave(clean, "harden", "aws", "-q", *REGIONS, *wanted, "-o", str(out), status=1, cwd=tmp_path)
    done = exclave(
        clean,
        "harden",
        str(out / "plan.json"),
        "--apply",
        "--expect-account",
        "999999999999",
        status=3,
        cwd=tmp_path,
    )
    assert "999999999999" in done.stderr
