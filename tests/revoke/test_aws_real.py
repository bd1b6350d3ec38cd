"""Shares of many kinds planted in a moto server over HTTP are found, taken back, gone, and put back by an undo."""

from __future__ import annotations

import json

import pytest

from tests.audit.test_aws_real import client, exclave
from tests.inventory import moto
from tests.revoke.planted import OTHER, OWN, REGION, THEIRS, Planted

pytestmark = pytest.mark.real
PERIMETER = "".join(f'[[account]]\nid = "{a}"\nwhy = "test"\nowner = "test"\n' for a in (OWN, OTHER))
# moto writes these policies anew, as JSON of its own
REWRITTEN = {"aws.sqs.policy", "aws.sns.policy"}
AFTER = {
    "snapshot": {OTHER},
    "public": set(),
    "image": {OTHER},
    "restore": {OTHER},
    "acl": {"owner"},
    "replication": {"r2"},
    "registry": {OTHER},
    "grants": {OTHER},
    "function": {"ours"},
}


@pytest.fixture(scope="module")
def url():
    with moto.server() as found:
        yield found


def exposed(url, folder, name):
    """The audit's lines of what stands open, recorded now."""
    exclave(url, "collect", "aws", "-o", f"inv-{name}", "--region", REGION, "-q", cwd=folder)
    exclave(url, "audit", f"inv-{name}", "-o", f"{name}.jsonl", "--control", "aws.network.acl", cwd=folder)
    lines = [json.loads(line) for line in (folder / f"{name}.jsonl").read_text().splitlines()]
    return [x for x in lines if x["type"] == "exposure"]


def check_policies(planted, which):
    for method, (get, left, whole) in planted.policies.items():
        expected = left if which == "left" else whole
        if method in REWRITTEN:
            assert json.loads(get()) == json.loads(expected), method
        else:
            assert get() == expected, method  # to the byte


def test_everything_planted_is_taken_back_and_can_be_put_back(url, tmp_path):
    (tmp_path / "perimeter.toml").write_text(PERIMETER)
    planted = Planted(lambda service: client(url, service))
    before = planted.shares()
    found = exposed(url, tmp_path, "before")
    methods = {e["method"] for e in found}
    assert set(planted.policies) <= methods
    assert len(found) == 17

    # a plan changes nothing
    plan = exclave(url, "revoke", "before.jsonl", "--plan", "plan.json", cwd=tmp_path, status=0)
    assert "17 resources would be changed" in plan.stderr
    assert planted.shares() == before
    # more than the limit: nothing at all
    refused = exclave(url, "revoke", "plan.json", "--apply", cwd=tmp_path, status=2)
    assert "the limit is 10: nothing was changed" in refused.stderr
    # another account than expected: nothing at all
    wrong = exclave(
        url,
        "revoke",
        "plan.json",
        "--apply",
        "--limit",
        "50",
        "--expect-account",
        THEIRS,
        cwd=tmp_path,
        status=3,
    )
    assert f"not of {THEIRS}" in wrong.stderr
    assert planted.shares() == before
    check_policies(planted, "whole")

    # only one, by its id
    one = next(e["id"] for e in found if e["method"] == "aws.ami.share")
    exclave(
        url, "revoke", "before.jsonl", "--exposure", one, "--apply", "--undo-file", "one.jsonl", cwd=tmp_path, status=0
    )  # fmt: skip
    assert planted.shares() == {**before, "image": {OTHER}}

    # all of it, by the plan that was reviewed: what is done already is left alone
    applied = exclave(
        url, "revoke", "plan.json", "--apply", "--limit", "17", "--undo-file", "undo.jsonl", cwd=tmp_path, status=0
    )  # fmt: skip
    assert "16 applied, 1 already so" in applied.stderr
    assert planted.shares() == AFTER
    check_policies(planted, "left")
    assert exposed(url, tmp_path, "after") == []

    # and back
    exclave(url, "revoke", "--undo", "undo.jsonl", cwd=tmp_path, status=0)
    exclave(url, "revoke", "--undo", "one.jsonl", cwd=tmp_path, status=0)
    assert planted.shares() == before
    check_policies(planted, "whole")
    assert "nothing to do" in exclave(url, "revoke", "--undo", "undo.jsonl", cwd=tmp_path, status=0).stderr


def line(method, source, destination, **more):
    return {
        "schema": "exclave/1", "type": "transfer", "id": more.pop("id", f"t-{method}"), "method": method, "cloud": "aws",
        "account": more.pop("account", OWN), "region": REGION, "outcome": "offered", "open": True, "incident": "i-1",
        "source": {"kind": "x", "id": source}, "destination": {"verdict": "external", **destination},
        "facts": [{"name": k, "value": v} for k, v in more.items()], "revoke": None,
    }  # fmt: skip


def test_what_a_hunt_found_in_the_logs_is_taken_back_in_the_account_it_is_in(url, tmp_path):
    """Shares that only the logs show, one of them in another account, reached by a role."""
    glue, dynamodb, kinesis, ssm = (client(url, s) for s in ("glue", "dynamodb", "kinesis", "ssm"))
    statement = {"Effect": "Allow", "Principal": {"AWS": [THEIRS, OTHER]}, "Action": "x:*", "Resource": "*"}
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=3)
    glue.put_resource_policy(PolicyInJson=text)
    table = dynamodb.create_table(
        TableName="t", KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}], BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
    )["TableDescription"]["TableArn"]  # fmt: skip
    only = json.dumps({"Statement": [{**statement, "Principal": {"AWS": THEIRS}}]})
    dynamodb.put_resource_policy(ResourceArn=table, Policy=only)
    kinesis.create_stream(StreamName="s", ShardCount=1)
    stream = kinesis.describe_stream(StreamName="s")["StreamDescription"]["StreamARN"]
    kinesis.put_resource_policy(ResourceARN=stream, Policy=text)
    ssm.create_document(Content='{"schemaVersion":"2.2","mainSteps":[]}', Name="doc", DocumentType="Command")
    ssm.modify_document_permission(Name="doc", PermissionType="Share", AccountIdsToAdd=[THEIRS, OTHER])
    there = f"arn:aws:iam::{OTHER}:role/admin"
    ec2 = client(url, "ec2", role=there)
    volume = ec2.create_volume(AvailabilityZone=f"{REGION}a", Size=1)["VolumeId"]
    snapshot = ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
    permission = {"SnapshotId": snapshot, "Attribute": "createVolumePermission"}
    ec2.modify_snapshot_attribute(OperationType="add", UserIds=[THEIRS], **permission)

    account = {"kind": "account", "id": THEIRS}
    lines = [
        line("aws.glue.catalog-policy", OWN, account),
        line("aws.dynamodb.table-policy", table, account),
        line("aws.kinesis.stream-policy", stream, account),
        line("aws.ssm.document-share", "doc", account),
        line("aws.ebs.snapshot-share", snapshot, account, account=OTHER),
        {**line("aws.ebs.snapshot-share", "snap-closed", account, id="t-closed"), "open": False},
        {**line("aws.ebs.snapshot-share", "snap-gone", account, id="t-gone"), "incident": "i-2"},
        {
            **line("aws.rds.export-to-s3", "snap", account, id="t-no-way"),
            "incident": "i-3",
            "outcome": "taken",
        },
        {"schema": "exclave/1", "type": "coverage"},
    ]
    (tmp_path / "hunt.jsonl").write_text("".join(json.dumps(x) + "\n" for x in lines))

    # without a role the other account can't be looked at, and the rest goes on being planned
    alone = exclave(url, "revoke", "hunt.jsonl", "--incident", "i-1", cwd=tmp_path, status=3)
    assert f"it is in account {OTHER}" in " ".join(alone.stdout.split())
    done = exclave(
        url, "revoke", "hunt.jsonl", "--incident", "i-1", "--role-name", "admin", "--apply", "--undo-file", "u.jsonl",
        cwd=tmp_path, status=0,
    )  # fmt: skip
    assert "5 applied" in done.stderr
    assert glue.get_resource_policy()["PolicyInJson"] == text.replace(f'"{THEIRS}",\n               ', "", 1)
    assert THEIRS not in kinesis.get_resource_policy(ResourceARN=stream)["Policy"]
    assert ssm.describe_document_permission(Name="doc", PermissionType="Share")["AccountIds"] == [OTHER]
    with pytest.raises(dynamodb.exceptions.PolicyNotFoundException):
        dynamodb.get_resource_policy(ResourceArn=table)
    assert ec2.describe_snapshot_attribute(**permission)["CreateVolumePermissions"] == []

    exclave(url, "revoke", "--undo", "u.jsonl", "--role-name", "admin", cwd=tmp_path, status=0)
    assert glue.get_resource_policy()["PolicyInJson"] == text
    assert json.loads(dynamodb.get_resource_policy(ResourceArn=table)["Policy"]) == json.loads(only)
    assert ec2.describe_snapshot_attribute(**permission)["CreateVolumePermissions"] == [{"UserId": THEIRS}]

    # what is not there any more is no failure; what the program can't do is said, with 1
    gone = exclave(url, "revoke", "hunt.jsonl", "--incident", "i-2", cwd=tmp_path)
    assert gone.returncode in (0, 3)  # moto says that there is no such snapshot by another code than AWS
    left = exclave(url, "revoke", "hunt.jsonl", "--incident", "i-3", "--apply", cwd=tmp_path, status=1)
    assert "it can't be taken back: cancel the job if it still runs" in " ".join(left.stdout.split())


def test_a_change_by_somebody_else_in_between_is_not_written_over(url, tmp_path):
    sns = client(url, "sns")
    topic = sns.create_topic(Name="between")["TopicArn"]
    statement = {
        "Sid": "a",
        "Effect": "Allow",
        "Principal": {"AWS": [THEIRS, OTHER]},
        "Action": "SNS:Subscribe",
        "Resource": topic,
    }

    def put(*statements):
        document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
        sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=document)

    put(statement)
    found = line("aws.sns.policy", topic, {"kind": "account", "id": THEIRS})
    (tmp_path / "f.jsonl").write_text(json.dumps(found) + "\n")
    exclave(url, "revoke", "f.jsonl", "--plan", "plan.json", cwd=tmp_path, status=0)
    put(statement, {**statement, "Sid": "b", "Principal": {"AWS": OWN}})
    done = exclave(url, "revoke", "plan.json", "--apply", "--undo-file", "u", cwd=tmp_path, status=1)
    assert "changed since the plan" in " ".join(done.stdout.split())
    # planned anew it goes, and the undo refuses once it was changed again
    exclave(url, "revoke", "f.jsonl", "--apply", "--undo-file", "u2", cwd=tmp_path, status=0)
    put({**statement, "Principal": {"AWS": OWN}})
    undone = exclave(url, "revoke", "--undo", "u2", cwd=tmp_path, status=1)
    assert "changed since" in " ".join(undone.stdout.split())
    assert THEIRS not in sns.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"]
