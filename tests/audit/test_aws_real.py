"""Collect and audit against a moto server over HTTP: two accounts of one organisation, as a user would run it."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.inventory import moto

pytestmark = pytest.mark.real

MANAGEMENT, THEIRS, REGION = "123456789012", "111122223333", "eu-west-1"


@pytest.fixture(scope="module")
def url():
    with moto.server() as found:
        yield found


@pytest.fixture
def clean(url):
    import urllib.request

    urllib.request.urlopen(urllib.request.Request(f"{url}/moto-api/reset", method="POST"), timeout=10).read()
    return url


def exclave(url, *arguments, status=None, cwd=None):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")} | moto.environment(url)
    done = subprocess.run(
        [sys.executable, "-m", "exclave", *arguments],
        capture_output=True,
        text=True,
        env=environment,
        cwd=cwd,
        timeout=300,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    if status is not None:
        assert done.returncode == status, done.stdout[-2000:] + done.stderr[-2000:]
    return done


def client(url, service, *, role="", region=REGION):
    import boto3

    keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
    if role:
        given = boto3.client("sts", endpoint_url=url, region_name=region, **keys).assume_role(
            RoleArn=role, RoleSessionName="test"
        )["Credentials"]
        keys = {
            "aws_access_key_id": given["AccessKeyId"],
            "aws_secret_access_key": given["SecretAccessKey"],
            "aws_session_token": given["SessionToken"],
        }
    return boto3.client(service, endpoint_url=url, region_name=region, **keys)


def audited(url, folder, *more):
    """The findings of an audit of a folder, by type."""
    done = exclave(url, "audit", str(folder), "-f", "jsonl", *more)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return {
        kind: [x for x in lines if x["type"] == kind]
        for kind in ("control", "exposure", "looked", "coverage")
    }, done.returncode


def control(found, identifier):
    (line,) = [c for c in found["control"] if c["control"] == identifier]
    return line


def chain(url, *, confirmed=True):
    logs, s3, trail, sns, cloudwatch = (
        client(url, s) for s in ("logs", "s3", "cloudtrail", "sns", "cloudwatch")
    )
    s3.create_bucket(Bucket="trail-logs", CreateBucketConfiguration={"LocationConstraint": REGION})
    logs.create_log_group(logGroupName="trail")
    group = logs.describe_log_groups()["logGroups"][0]["arn"]
    trail.create_trail(
        Name="main", S3BucketName="trail-logs", IsMultiRegionTrail=True, IncludeGlobalServiceEvents=True, EnableLogFileValidation=True,
        CloudWatchLogsLogGroupArn=group if group.endswith(":*") else f"{group}:*", CloudWatchLogsRoleArn=f"arn:aws:iam::{MANAGEMENT}:role/t",
    )  # fmt: skip
    trail.start_logging(Name="main")
    trail.put_event_selectors(
        TrailName="main",
        EventSelectors=[
            {
                "ReadWriteType": "All",
                "IncludeManagementEvents": True,
                "DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}],
            }
        ],
    )
    topic = sns.create_topic(Name="alarms")["TopicArn"]
    if confirmed:
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:{REGION}:{MANAGEMENT}:q")
    for name, pattern in (
        ("iam", '{ $.eventSource = "iam.amazonaws.com" }'),
        ("trail", '{ $.eventSource = "cloudtrail.amazonaws.com" }'),
    ):
        logs.put_metric_filter(
            logGroupName="trail", filterName=name, filterPattern=pattern,
            metricTransformations=[{"metricName": name, "metricNamespace": "CIS", "metricValue": "1"}],
        )  # fmt: skip
        cloudwatch.put_metric_alarm(
            AlarmName=name, MetricName=name, Namespace="CIS", Statistic="Sum", Period=300, EvaluationPeriods=1, Threshold=1,
            ComparisonOperator="GreaterThanOrEqualToThreshold", AlarmActions=[topic], ActionsEnabled=True,
        )  # fmt: skip
    return topic


CHAIN = (
    "--control",
    "aws.alarm.iam-policy-changes",
    "--control",
    "aws.alarm.cloudtrail-changes",
    "--control",
    "aws.logging.trail-all-regions",
    "--no-exposures",
)


def collected(url, folder, *more):
    exclave(url, "collect", "aws", "-q", "--rate", "0", "-o", str(folder), "--region", REGION, *more)
    return folder


def test_an_empty_account_fails_and_the_whole_chain_passes(clean, tmp_path):
    found, _ = audited(clean, collected(clean, tmp_path / "before", *CHAIN), *CHAIN)
    assert {c["status"] for c in found["control"]} == {"fail"}
    chain(clean)
    found, _ = audited(clean, collected(clean, tmp_path / "after", *CHAIN), *CHAIN)
    assert {c["control"]: (c["status"], c["why"]) for c in found["control"]} == {
        c["control"]: ("pass", []) for c in found["control"]
    }


def _alarm(url, topic, **changes):
    cloudwatch = client(url, "cloudwatch")
    cloudwatch.delete_alarms(AlarmNames=["iam"])
    same = {
        "AlarmName": "iam", "MetricName": "iam", "Namespace": "CIS", "Statistic": "Sum", "Period": 300, "EvaluationPeriods": 1, "Threshold": 1,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold", "AlarmActions": [topic],
    }  # fmt: skip
    cloudwatch.put_metric_alarm(**same | changes)


def _filter(url, pattern, **metric):
    logs = client(url, "logs")
    logs.delete_metric_filter(logGroupName="trail", filterName="iam")
    transformation = {"metricName": "iam", "metricNamespace": "CIS", "metricValue": "1", **metric}
    logs.put_metric_filter(
        logGroupName="trail", filterName="iam", filterPattern=pattern, metricTransformations=[transformation]
    )


def _policy(url, topic, principal):
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sns:Publish", "Resource": topic}
    value = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    client(url, "sns").set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=value)


def _watching(url, topic, expression):
    client(url, "cloudwatch").delete_alarms(AlarmNames=["iam"])
    metric = {"Namespace": "CIS", "MetricName": "iam"}
    queries = [
        {"Id": "e1", "Expression": expression, "ReturnData": True},
        {"Id": "m1", "MetricStat": {"Metric": metric, "Period": 300, "Stat": "Sum"}, "ReturnData": False},
    ]
    client(url, "cloudwatch").put_metric_alarm(
        AlarmName="iam", Metrics=queries, EvaluationPeriods=1, Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold", AlarmActions=[topic],
    )  # fmt: skip


def _hears(url, policy, scope):
    sns = client(url, "sns")
    (subscription,) = sns.list_subscriptions()["Subscriptions"]
    for name, value in (("FilterPolicyScope", scope), ("FilterPolicy", json.dumps(policy))):
        sns.set_subscription_attributes(
            SubscriptionArn=subscription["SubscriptionArn"], AttributeName=name, AttributeValue=value
        )


def _locked(url, topic, *services):
    key = client(url, "kms").create_key()["KeyMetadata"]["KeyId"]
    statements = [
        {"Effect": "Allow", "Principal": p, "Action": "kms:*", "Resource": "*"}
        for p in ({"AWS": f"arn:aws:iam::{MANAGEMENT}:root"}, *({"Service": s} for s in services))
    ]
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    client(url, "kms").put_key_policy(KeyId=key, PolicyName="default", Policy=policy)
    client(url, "kms").create_alias(AliasName="alias/alarms", TargetKeyId=key)
    client(url, "sns").set_topic_attributes(
        TopicArn=topic, AttributeName="KmsMasterKeyId", AttributeValue="alias/alarms"
    )


_IAM = '$.eventSource = "iam.amazonaws.com"'
# What is done to a whole chain, and what is said then; "" where it is still whole.
BROKEN = {
    "another metric": (lambda u, t: _alarm(u, t, MetricName="other"), "no alarm is on metric"),
    "stopped": (lambda u, _: client(u, "cloudtrail").stop_logging(Name="main"), "does not log"),
    "actions off": (lambda u, t: _alarm(u, t, ActionsEnabled=False), "switched off"),
    "60 of 60": (lambda u, t: _alarm(u, t, EvaluationPeriods=60, Period=60), "waits for 60 periods"),
    "1 of 60": (lambda u, t: _alarm(u, t, EvaluationPeriods=60, Period=60, DatapointsToAlarm=1), ""),
    "when it is over": (lambda u, t: _alarm(u, t, AlarmActions=[], OKActions=[t]), "no SNS topic"),
    "always raised": (lambda u, _: _filter(u, f"{{ {_IAM} }}", defaultValue=1), "without any event"),
    "without one user": (
        lambda u, _: _filter(u, f'{{ {_IAM} && $.userIdentity.arn != "arn:aws:iam::{MANAGEMENT}:user/ci" }}'), "user/ci",
    ),
    "successes": (lambda u, _: _filter(u, f"{{ {_IAM} && $.errorCode NOT EXISTS }}"), ""),
    "topic shut": (lambda u, t: _policy(u, t, {"AWS": f"arn:aws:iam::{THEIRS}:root"}), "does not let cloudwatch"),
    "topic gone": (lambda u, t: client(u, "sns").delete_topic(TopicArn=t), "does not exist"),
    "an expression": (lambda u, t: _watching(u, t, "FILL(m1, 0)"), ""),
    "a tenth of it": (lambda u, t: _watching(u, t, "m1 / 10"), "one event does not raise it"),
    "told of alarms": (lambda u, _: _hears(u, {"NewStateValue": ["ALARM"]}, "MessageBody"), ""),
    "told of what is over": (lambda u, _: _hears(u, {"NewStateValue": ["OK"]}, "MessageBody"), "filter policy"),
    "told by attributes": (lambda u, _: _hears(u, {"severity": ["high"]}, "MessageAttributes"), "filter policy"),
    "key for alarms": (lambda u, t: _locked(u, t, "cloudwatch.amazonaws.com"), ""),
    "key for the account alone": (_locked, "key of topic"),
}  # fmt: skip


@pytest.mark.parametrize("name", ["unconfirmed", *BROKEN])
def test_a_chain_with_one_broken_link_fails_and_says_which(clean, tmp_path, name):
    topic = chain(clean, confirmed=name != "unconfirmed")
    change, words = BROKEN.get(name, (lambda *_: None, "no subscription"))
    change(clean, topic)
    line = control(
        audited(clean, collected(clean, tmp_path / "i", *CHAIN), *CHAIN)[0], "aws.alarm.iam-policy-changes"
    )
    assert line["status"] == ("fail" if words else "pass")
    assert words in " ".join(line["why"])


def test_shares_planted_through_the_api_are_found_and_gone_when_taken_back(clean, tmp_path):
    ec2, s3, kms = (client(clean, s) for s in ("ec2", "s3", "kms"))
    volume = ec2.create_volume(AvailabilityZone=f"{REGION}a", Size=1)["VolumeId"]
    snapshots = [ec2.create_snapshot(VolumeId=volume)["SnapshotId"] for _ in range(3)]
    share = {"SnapshotId": snapshots[0], "Attribute": "createVolumePermission", "UserIds": [THEIRS]}
    ec2.modify_snapshot_attribute(OperationType="add", **share)
    s3.create_bucket(Bucket="data", CreateBucketConfiguration={"LocationConstraint": REGION})
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{THEIRS}:root"},
        "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::data/*",
    }
    s3.put_bucket_policy(
        Bucket="data", Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    )
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.create_grant(KeyId=key, GranteePrincipal=f"arn:aws:iam::{THEIRS}:role/x", Operations=["Decrypt"])
    before = tmp_path / "before.jsonl"
    found, code = audited(
        clean, collected(clean, tmp_path / "one"), "-o", str(before), "--control", "aws.network.acl"
    )
    assert code == 1
    assert {(e["method"], e["destination"]["id"]) for e in found["exposure"]} == {
        ("aws.ebs.snapshot-share", THEIRS), ("aws.s3.bucket-policy", THEIRS), ("aws.kms.grant", f"arn:aws:iam::{THEIRS}:role/x"),
    }  # fmt: skip
    looked = {x["method"]: (x["exposed"], x["of"]) for x in found["looked"]}
    assert looked["aws.ebs.snapshot-share"] == (1, 3)
    # with a baseline nothing is new
    assert (
        exclave(
            clean, "audit", str(tmp_path / "one"), "--control", "aws.network.acl", "--baseline", str(before)
        ).returncode
        == 3
    )
    ec2.modify_snapshot_attribute(OperationType="remove", **share)
    s3.delete_bucket_policy(Bucket="data")
    after = tmp_path / "after.jsonl"
    found, _ = audited(
        clean, collected(clean, tmp_path / "two"), "-o", str(after), "--control", "aws.network.acl"
    )
    assert {e["method"] for e in found["exposure"]} == {"aws.kms.grant"}
    difference = exclave(clean, "diff", str(before), str(after), "--format", "jsonl", status=1)
    gone = [json.loads(x) for x in difference.stdout.splitlines()]
    assert {x["line"]["method"] for x in gone if x["change"] == "gone"} == {
        "aws.ebs.snapshot-share",
        "aws.s3.bucket-policy",
    }


def test_every_account_of_the_organisation_is_recorded_and_its_perimeter_read(clean, tmp_path):
    organizations = client(clean, "organizations")
    organization = organizations.create_organization(FeatureSet="ALL")["Organization"]["Id"]
    member = organizations.create_account(AccountName="data", Email="d@example.com")["CreateAccountStatus"][
        "AccountId"
    ]
    role = f"arn:aws:iam::{member}:role/audit"
    ec2 = client(clean, "ec2", role=role)
    snapshot = ec2.create_snapshot(
        VolumeId=ec2.create_volume(AvailabilityZone=f"{REGION}a", Size=1)["VolumeId"]
    )["SnapshotId"]
    ec2.modify_snapshot_attribute(
        SnapshotId=snapshot,
        Attribute="createVolumePermission",
        OperationType="add",
        UserIds=[THEIRS, MANAGEMENT],
    )
    wanted = ("--control", "aws.perimeter.*")
    folder = collected(clean, tmp_path / "one", "--role-name", "audit")
    found, _ = audited(clean, folder, *wanted)
    assert [(e["account"], e["destination"]["id"]) for e in found["exposure"]] == [(member, THEIRS)]
    identity = {c["account"]: c for c in found["control"] if c["control"] == "aws.perimeter.identity"}
    assert set(identity) == {MANAGEMENT, member}
    assert {c["status"] for c in identity.values()} == {"fail"}
    # a policy at the root binds the member, never the management account
    from exclave.audit.checks.aws.perimeter import sharing_actions

    root = organizations.list_roots()["Roots"][0]["Id"]
    organizations.enable_policy_type(RootId=root, PolicyType="SERVICE_CONTROL_POLICY")
    statements = [
        {"Effect": "Deny", "Action": list(sharing_actions()), "Resource": "*"},
        {
            "Effect": "Deny",
            "Action": "*",
            "Resource": "*",
            "Condition": {"StringNotEqualsIfExists": {"aws:ResourceOrgID": organization}},
        },
    ]
    made = organizations.create_policy(
        Name="p",
        Description="p",
        Type="SERVICE_CONTROL_POLICY",
        Content=json.dumps({"Version": "2012-10-17", "Statement": statements}),
    )
    organizations.attach_policy(PolicyId=made["Policy"]["PolicySummary"]["Id"], TargetId=root)
    folder = collected(
        clean,
        tmp_path / "two",
        "--role-name",
        "audit",
        "--control",
        "aws.perimeter.identity",
        "--no-exposures",
    )
    found, _ = audited(clean, folder, "--control", "aws.perimeter.identity", "--no-exposures")
    identity = {c["account"]: c for c in found["control"]}
    assert (identity[member]["status"], identity[member]["why"]) == ("pass", [])
    assert identity[MANAGEMENT]["status"] == "fail"


def test_another_account_than_expected_is_refused_before_anything_is_asked(clean, tmp_path):
    done = exclave(
        clean, "collect", "aws", "-o", str(tmp_path / "i"), "--expect-account", "999999999999", status=3
    )
    assert "999999999999" in done.stderr
    assert not list((tmp_path / "i").rglob("*.json"))


def test_the_password_policy_fails_when_missing_or_weak_and_passes_when_set(clean, tmp_path):
    iam, wanted = client(clean, "iam"), ("--control", "aws.credentials.password-policy", "--no-exposures")
    seen = []
    strong = {
        "MinimumPasswordLength": 14, "RequireSymbols": True, "RequireNumbers": True, "RequireUppercaseCharacters": True,
        "RequireLowercaseCharacters": True, "AllowUsersToChangePassword": True, "MaxPasswordAge": 90, "PasswordReusePrevention": 24, "HardExpiry": True,
    }  # fmt: skip
    for number, policy in enumerate((None, strong | {"MinimumPasswordLength": 8}, strong)):
        if policy:
            iam.update_account_password_policy(**policy)
        found, _ = audited(clean, collected(clean, tmp_path / str(number), *wanted), *wanted)
        seen.append(control(found, "aws.credentials.password-policy")["status"])
    assert seen == ["fail", "fail", "pass"]


def test_a_network_acl_that_only_lets_the_perimeter_through_passes(clean, tmp_path):
    ec2, wanted = client(clean, "ec2"), ("--control", "aws.network.acl", "--no-exposures")
    (tmp_path / "perimeter.toml").write_text('[[cidr]]\nid = "203.0.113.0/24"\n')
    more = ("-p", str(tmp_path / "perimeter.toml"))
    for acl in ec2.describe_network_acls()["NetworkAcls"]:
        for egress in (False, True):
            ec2.replace_network_acl_entry(
                NetworkAclId=acl["NetworkAclId"],
                RuleNumber=100,
                Protocol="-1",
                RuleAction="allow",
                Egress=egress,
                CidrBlock="203.0.113.0/24",
            )
    found, _ = audited(clean, collected(clean, tmp_path / "one", *wanted), *wanted, *more)
    assert control(found, "aws.network.acl")["status"] == "pass"
    # the wide allow stands before the deny that is meant to stop it
    entry = {"NetworkAclId": acl["NetworkAclId"], "Protocol": "-1", "Egress": False, "CidrBlock": "0.0.0.0/0"}
    ec2.create_network_acl_entry(RuleNumber=50, RuleAction="allow", **entry)
    ec2.create_network_acl_entry(RuleNumber=60, RuleAction="deny", **entry)
    found, _ = audited(clean, collected(clean, tmp_path / "two", *wanted), *wanted, *more)
    assert control(found, "aws.network.acl")["status"] == "fail"
    assert "rule 50" in " ".join(control(found, "aws.network.acl")["why"])
