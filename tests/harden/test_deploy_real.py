"""The templates are deployed as the index says, on servers that make of them what they can; the audit then looks."""

from __future__ import annotations

import json
import re
import time

import pytest

from tests.audit.test_aws_real import REGION, client, exclave
from tests.inventory import moto
from tests.inventory.ministack import ministack

from .by_calls import rest

pytestmark = pytest.mark.real

OURS = "000000000000"  # of ministack, for a key that is no account number
DEPLOY = re.compile(
    r"aws cloudformation deploy --template-file (\S+) --stack-name (\S+) --region ([a-z0-9-]+|REGION)"
)
ALARMS = ("aws.alarm.iam-policy-changes", "aws.alarm.cloudtrail-changes", "aws.alarm.data-sharing")
HERE = ("-q", "--rate", "0", "--no-exposures", "--region", REGION)


def judged(url, folder, controls):
    """Control → status, the reasons, and the things that pass."""
    wanted = [x for c in controls for x in ("--control", c)]
    done = exclave(url, "audit", "aws", *HERE, *wanted, "-f", "jsonl", cwd=folder)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return {x["control"]: x for x in lines if x["type"] == "control"}


def written(url, folder, controls, *more):
    """Region and stack → its template, as the index has it deployed."""
    wanted = [x for c in controls for x in ("--control", c)]
    exclave(
        url, "harden", "aws", *(h for h in HERE if h != "--no-exposures"), *wanted, "--set", f"region={REGION}",
        "-o", str(folder), *more, cwd=folder.parent,
    )  # fmt: skip
    found = DEPLOY.findall((folder / "plan.md").read_text())
    stacks = {(region, stack): (folder / file).read_text() for file, stack, region in found}
    assert len(stacks) == len(found) == len(list(folder.glob("*.cloudformation.yaml")))
    return stacks


def deployed(url, stacks):
    for (region, stack), text in stacks.items():
        cloud = client(url, "cloudformation", region=region)
        cloud.create_stack(StackName=stack, TemplateBody=text, Capabilities=["CAPABILITY_NAMED_IAM"])
        for _ in range(100):
            (found,) = cloud.describe_stacks(StackName=stack)["Stacks"]
            if not found["StackStatus"].endswith("IN_PROGRESS"):
                break
            time.sleep(0.1)
        events = cloud.describe_stack_events(StackName=stack)["StackEvents"]
        why = [e.get("ResourceStatusReason") for e in events if "FAILED" in e["ResourceStatus"]]
        assert found["StackStatus"] == "CREATE_COMPLETE", (stack, why)


def deleted(url, stacks):
    for region, stack in reversed(stacks):
        cloud = client(url, "cloudformation", region=region)
        cloud.delete_stack(StackName=stack)
        for _ in range(100):
            there = {s["StackName"]: s["StackStatus"] for s in cloud.list_stacks()["StackSummaries"]}
            if there.get(stack, "DELETE_COMPLETE") == "DELETE_COMPLETE":
                break
            time.sleep(0.1)
        assert there.get(stack, "DELETE_COMPLETE") == "DELETE_COMPLETE"


def trail(url):
    """A trail of all regions that delivers to a log group: what the alarms' artefacts presuppose."""
    group = f"arn:aws:logs:{REGION}:{OURS}:log-group:trail"
    client(url, "s3").create_bucket(Bucket="trail", CreateBucketConfiguration={"LocationConstraint": REGION})
    client(url, "logs").create_log_group(logGroupName="trail")
    cloudtrail = client(url, "cloudtrail")
    cloudtrail.create_trail(
        Name="t", S3BucketName="trail", IsMultiRegionTrail=True, IncludeGlobalServiceEvents=True, EnableLogFileValidation=True,
    )  # fmt: skip
    # ministack takes the log group of an update only
    cloudtrail.update_trail(
        Name="t", CloudWatchLogsLogGroupArn=f"{group}:*", CloudWatchLogsRoleArn=f"arn:aws:iam::{OURS}:role/t"
    )
    cloudtrail.start_logging(Name="t")


def test_the_alarms_stacks_side_by_side_make_whole_chains_and_leave_nothing(tmp_path):
    with ministack() as url:
        trail(url)
        client(url, "sqs").create_queue(QueueName="alarms")
        before = judged(url, tmp_path, ALARMS)
        assert {c: x["status"] for c, x in before.items()} == dict.fromkeys(ALARMS, "fail")
        stacks = written(url, tmp_path / "out", ALARMS, "--notify", f"arn:aws:sqs:{REGION}:{OURS}:alarms")
        assert len(stacks) == 4
        deployed(url, stacks)
        after = judged(url, tmp_path, ALARMS)
        assert {c: (x["status"], x["why"]) for c, x in after.items()} == dict.fromkeys(ALARMS, ("pass", []))
        # one link less, and the chain is broken
        client(url, "cloudwatch").disable_alarm_actions(AlarmNames=["exclave-iam-policy-changes"])
        assert judged(url, tmp_path, ALARMS)["aws.alarm.iam-policy-changes"]["status"] == "fail"
        deleted(url, stacks)
        undone = judged(url, tmp_path, ALARMS)
        assert {c: (x["status"], x["why"]) for c, x in undone.items()} == {
            c: (x["status"], x["why"]) for c, x in before.items()
        }
        assert client(url, "sns").list_topics()["Topics"] == []


def test_a_bucket_without_a_policy_gets_one_from_a_stack_and_loses_it_with_it(tmp_path):
    (tmp_path / "perimeter.toml").write_text('[[cidr]]\nid = "203.0.113.0/24"\n')
    control = "aws.network.source-restriction"
    with ministack() as url:
        s3 = client(url, "s3")
        for bucket in ("bare", "read"):
            s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        held = '{"Version": "2012-10-17", "Statement": [{"Sid": "Theirs", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::read/*"}]}'
        s3.put_bucket_policy(Bucket="read", Policy=held)
        assert judged(url, tmp_path, [control])[control]["status"] == "fail"
        stacks = written(url, tmp_path / "out", [control])
        deployed(url, stacks)
        # what has a policy is in no template: as the index says, its file is put, and then the one before
        puts = re.findall(
            r"put-bucket-policy \S+ \S+ --bucket read --policy file://([^` ]+)",
            (tmp_path / "out" / "plan.md").read_text(),
        )
        assert len(puts) == 2
        s3.put_bucket_policy(Bucket="read", Policy=(tmp_path / "out" / puts[0]).read_text())
        assert judged(url, tmp_path, [control])[control]["status"] == "pass"
        s3.put_bucket_policy(Bucket="read", Policy=(tmp_path / "out" / puts[1]).read_text())
        deleted(url, stacks)
        assert s3.get_bucket_policy(Bucket="read")["Policy"] == held
        with pytest.raises(s3.exceptions.ClientError, match="NoSuchBucketPolicy"):
            s3.get_bucket_policy(Bucket="bare")
        assert judged(url, tmp_path, [control])[control]["status"] == "fail"


def test_flow_logs_are_made_by_their_stack(tmp_path):
    """On moto, which makes those and the bucket that they go to, but not Config."""
    control = "aws.logging.services"
    with moto.server() as url:
        assert "no flow log" in str(judged(url, tmp_path, [control])[control]["why"])
        stacks = written(url, tmp_path / "out", [control])
        deployed(url, stacks)
        after = judged(url, tmp_path, [control])[control]
        assert "no flow log" not in str(after["why"])
        assert {b["Name"] for b in client(url, "s3").list_buckets()["Buckets"]} == {
            f"exclave-logs-123456789012-{REGION}"
        }


@pytest.mark.parametrize(
    ("control", "words"),
    [
        ("aws.logging.trail-all-regions", ""),
        ("aws.network.acl", ""),
        ("aws.logging.services", "no recorder"),
    ],
)
def test_what_no_peer_makes_of_a_template_is_made_by_its_calls(tmp_path, control, words):
    """Trails, network ACLs and Config: moto's CloudFormation passes them over."""
    (tmp_path / "perimeter.toml").write_text('[[cidr]]\nid = "203.0.113.0/24"\n')
    with moto.server() as url:
        before = judged(url, tmp_path, [control])[control]
        assert (before["status"], words in str(before["why"])) == ("fail", True)
        stacks = written(url, tmp_path / "out", [control])
        deployed(url, stacks)
        for (region, stack), text in stacks.items():
            rest(url, text, stack, region)
        after = judged(url, tmp_path, [control])[control]
        # a distribution's or a trail's logs to CloudWatch are another template's
        assert not [w for w in after["why"] if "CloudWatch Logs" not in w], after["why"]


@pytest.mark.parametrize("kind", ["SCP", "RCP"])
def test_the_organisations_policies_of_a_template_bind_the_member(tmp_path, kind):
    """Their stack is of the management account; moto's CloudFormation passes them over, and it takes no declarative ones."""
    control = {"SCP": "aws.perimeter.identity", "RCP": "aws.perimeter.resource"}[kind]
    with moto.server() as url:
        organizations = client(url, "organizations")
        organizations.create_organization(FeatureSet="ALL")
        organizations.create_account(AccountName="data", Email="d@example.com")
        root = organizations.list_roots()["Roots"][0]["Id"]
        for each in ("SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"):
            organizations.enable_policy_type(RootId=root, PolicyType=each)
        into = ("--role-name", "audit")
        looked = ("audit", "aws", *HERE, *into, "--control", control, "-f", "jsonl")
        assert f"no {kind} " in exclave(url, *looked, cwd=tmp_path).stdout
        stacks = written(url, tmp_path / "out", [control], *into)
        policies = {k: t for k, t in stacks.items() if "_CONTROL_POLICY" in t}
        deployed(url, policies)
        for (region, stack), text in policies.items():
            rest(url, text, stack, region)
        assert f"no {kind} " not in exclave(url, *looked, cwd=tmp_path).stdout
