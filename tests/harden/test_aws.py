"""On an account where nothing is in place: audit fails, what harden makes is made, audit passes."""

from __future__ import annotations

import json
import subprocess

import pytest
from ruamel.yaml import YAML

from exclave.harden.folder import place
from exclave.harden.makers.aws import MAKERS
from tests.audit.build import OURS, REGION, doc

from .cloud import ACL, BREAK_GLASS, SUBNET, Account
from .effects import deploy, make
from .terraform import problems

TEMPLATES = (
    "aws.network.acl", "aws.perimeter.identity", "aws.perimeter.resource", "aws.logging.trail-all-regions", "aws.logging.services",
    "aws.alarm.iam-policy-changes", "aws.alarm.cloudtrail-changes", "aws.alarm.data-sharing",
)  # fmt: skip
STEPS = (
    "aws.network.source-restriction", "aws.perimeter.identity", "aws.perimeter.resource", "aws.credentials.password-policy",
    "aws.credentials.key-rotation", "aws.credentials.temporary",
)  # fmt: skip


@pytest.mark.parametrize("identifier", TEMPLATES)
def test_the_templates_put_a_control_in_place(identifier):
    account = Account()
    assert account.status(identifier)[0][0] == "fail"
    if identifier.startswith("aws.alarm"):  # as its note says, the trail comes first
        for artefact in account.harden(
            "aws.logging.trail-all-regions", formats=frozenset({"cloudformation"})
        ).artefacts:
            deploy(account, artefact.text)
    made = account.harden(identifier)
    for artefact in made.artefacts:
        if artefact.format == "cloudformation" and "eventbridge" not in artefact.name:
            deploy(account, artefact.text)
    if identifier == "aws.perimeter.identity":  # a resource share is closed by its step only
        account.shares[0]["allowExternalPrincipals"] = False
    if (
        identifier == "aws.logging.services"
    ):  # its notes: the trail's artefact, and Terraform for buckets that are there
        for artefact in account.harden(
            "aws.logging.trail-all-regions", formats=frozenset({"cloudformation"})
        ).artefacts:
            deploy(account, artefact.text)
        logging = next(json.loads(a.text) for a in made.artefacts if a.format == "terraform")["resource"][
            "aws_s3_bucket_logging"
        ]
        for block in logging.values():
            account.buckets[block["bucket"]]["logging"] = {"TargetBucket": block["target_bucket"]}
    assert account.status(identifier) == [("pass",)]


def test_rules_of_eventbridge_alone_make_the_sharing_alarm():
    account = Account()
    made = account.harden("aws.alarm.data-sharing", formats=frozenset({"cloudformation"}))
    deploy(account, next(a.text for a in made.artefacts if "eventbridge" in a.name))
    # without a trail that logs EventBridge is told of no call
    assert account.status("aws.alarm.data-sharing")[0][0] == "fail"
    for artefact in account.harden(
        "aws.logging.trail-all-regions", formats=frozenset({"cloudformation"})
    ).artefacts:
        deploy(account, artefact.text)
    assert account.status("aws.alarm.data-sharing") == [("pass",)]


def test_what_is_published_is_not_dropped_for_a_condition_that_eventbridge_never_meets():
    """It gives no context to a topic's policy nor to its key's; alarms do."""
    made = Account().harden("aws.alarm.data-sharing", formats=frozenset({"cloudformation"})).artefacts
    for artefact in made:
        resources = YAML(typ="safe", pure=True).load(artefact.text)["Resources"]
        for policy in (
            resources["TopicPolicy"]["Properties"]["PolicyDocument"],
            resources["AlarmKey"]["Properties"]["KeyPolicy"],
        ):
            (publisher,) = [s for s in policy["Statement"] if "Service" in s["Principal"]]
            rules = "eventbridge" in artefact.name
            assert publisher["Principal"]["Service"] == f"{'events' if rules else 'cloudwatch'}.amazonaws.com"
            assert ("Condition" in publisher) is not rules


@pytest.mark.parametrize("organization", [True, False])
def test_no_stack_takes_the_place_of_another(organization):
    """Deployed together, all stand side by side: one name of a stack, and of whatever has one, for each."""
    account = Account(organization=organization)
    made = account.harden(*MAKERS, formats=frozenset({"cloudformation"})).artefacts
    stacks = [a.deploy.partition("--stack-name ")[2] for a in made]
    assert len({*stacks}) == len(stacks) > 5
    named = [
        (r["Type"], key, value)
        for a in made
        for r in YAML(typ="safe", pure=True).load(a.text)["Resources"].values()
        for key, value in r.get("Properties", {}).items()
        if key in ("Name", f"{r['Type'].rpartition('::')[2]}Name")
    ]
    assert len({*map(str, named)}) == len(named) > 5


def test_a_policy_that_a_bucket_has_is_given_back_as_it_was():
    """A stack can't take on a policy that is there, and Terraform would delete it: it goes by a file, as does the one before."""
    account = Account(organization=False, bucket="data-1")
    account.buckets["data-2"] = {}
    held = '{"Version":"2012-10-17",\n "Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"*"}]}'
    account.policies_of["data-1"] = held
    made = {
        a.name: a for a in account.harden("aws.network.source-restriction").artefacts if "bucket" in a.name
    }
    for name, artefact in made.items():
        if artefact.format in ("cloudformation", "terraform"):
            assert "data-2" in artefact.text
            assert "data-1" not in artefact.text, name
    (changed,) = [a for a in made.values() if a.undo.startswith("aws s3api")]
    put = "aws s3api put-bucket-policy --region eu-west-1 --bucket data-1 --policy file://"
    assert changed.deploy == put + changed.name
    assert made[changed.undo.removeprefix(put)].text == held


def test_what_was_half_set_is_half_set_again_when_it_is_undone():
    account = Account()
    account.snapshots, account.s3_block = "block-new-sharing", {"BlockPublicAcls": True}
    account.password = {"MinimumPasswordLength": 6, "ExpirePasswords": False}
    made = account.harden("aws.perimeter.resource", "aws.credentials.password-policy").artefacts
    undo = {a.name: a.undo for a in made if a.undo}
    ebs = 'aws ec2 enable-snapshot-block-public-access --region eu-west-1 --cli-input-json \'{"State": "block-new-sharing"}\''
    s3 = "aws s3control put-public-access-block --cli-input-json"
    settings = undo["aws.perimeter.resource.123456789012.settings.tf.json"]
    assert settings.startswith("terraform destroy && ")
    assert ebs in settings
    assert s3 in settings
    assert "disable" not in settings
    stack = undo["aws.perimeter.resource.123456789012.eu-west-1.cloudformation.yaml"]
    assert stack.endswith(f"&& {ebs}")
    assert '"MinimumPasswordLength": 6' in undo["aws.credentials.password-policy.123456789012.tf.json"]


def test_the_policy_of_an_endpoint_is_given_back():
    account = Account()

    def made():
        found = account.harden("aws.network.source-restriction").artefacts
        return {a.name: a for a in found if "vpce" in a.name}

    default = made()
    assert {a.format for a in default.values()} == {"policy", "terraform"}
    assert all(a.undo.endswith(("--reset-policy", "terraform destroy")) for a in default.values())
    account.endpoint_policy = account.endpoint_policy.replace('"Action": "*"', '"Action": "s3:*"')
    own = made()
    (changed,) = [a for a in own.values() if a.undo]
    assert {a.format for a in own.values()} == {"policy"}
    assert own[changed.undo.rpartition("file://")[2]].text == account.endpoint_policy


def test_the_subnets_of_an_acl_are_given_back_to_it():
    for artefact in Account().harden("aws.network.acl").artefacts:
        assert f"for subnet in {SUBNET}; do" in artefact.undo
        assert f"--network-acl-id {ACL} " in artefact.undo
        done = subprocess.run(
            ["bash", "-n"], input=artefact.undo, text=True, capture_output=True, check=False
        )
        assert done.stderr == ""


def test_rules_tell_whoever_is_to_be_told_and_say_when_that_is_nobody():
    queue, topic = "arn:aws:sqs:eu-west-1:123456789012:q", "arn:aws:sns:eu-west-1:123456789012:t"

    def rules(*notify):
        made = Account().harden(
            "aws.alarm.data-sharing", notify=notify, formats=frozenset({"cloudformation"})
        )
        (artefact,) = [a for a in made.artefacts if "eventbridge" in a.name]
        resources = YAML(typ="safe", pure=True).load(artefact.text)["Resources"].values()
        told = [r["Properties"]["Endpoint"] for r in resources if r["Type"] == "AWS::SNS::Subscription"]
        return told, any("tells nobody" in n for n in artefact.notes)

    assert rules("a@example.com", queue, topic) == (["a@example.com", queue], False)
    assert rules(topic) == ([], True)


@pytest.mark.parametrize("identifier", STEPS)
def test_the_steps_put_a_control_in_place(identifier):
    account = Account()
    assert account.status(identifier)[0][0] == "fail"
    make(account, account.harden(identifier).steps)
    assert account.status(identifier) == [("pass",)]
    assert account.harden(identifier).missing == {}


def test_without_an_organisation_each_bucket_is_bound_by_its_own_policy():
    account = Account(organization=False)
    held = {
        "Version": "2012-10-17",
        "Statement": {
            "Sid": "Theirs",
            "Effect": "Allow",
            "Principal": "*",
            "Action": "s3:GetObject",
            "Resource": "*",
        },
    }
    account.policies_of["data-1"] = json.dumps(held)
    make(account, account.harden("aws.network.source-restriction").steps)
    assert account.status("aws.network.source-restriction") == [("pass",)]
    statements = json.loads(account.policies_of["data-1"])["Statement"]
    assert statements[0] == held["Statement"]
    assert "s3:PutBucketPolicy" not in statements[1]["Action"]  # whoever may change the policy still can


def test_nobody_is_locked_out_by_a_policy_of_unknown_ranges():
    from exclave.perimeter import Perimeter

    made = Account().harden("aws.network.source-restriction", perimeter=Perimeter())
    assert not any("perimeter" in s.title for s in made.steps)
    assert not any(a.format == "cloudformation" for a in made.artefacts)
    assert any("lock everybody out" in n for n in made.notes["aws.network.source-restriction"])


def test_the_resource_perimeter_spares_no_role_of_any_account():
    """A stranger would name his own role like it; ours are of the organisation."""
    named = "arn:aws:iam::111122223333:role/auditor"
    for spared, expected in (((BREAK_GLASS,), None), ((BREAK_GLASS, named), named)):
        steps = Account().harden("aws.perimeter.resource", break_glass=spared).steps
        (content,) = [r.args["Content"] for s in steps for r in s.change if "Content" in r.args]
        (statement,) = json.loads(content)["Statement"]
        assert statement["Condition"].get("ArnNotLikeIfExists", {}).get("aws:PrincipalArn") == expected


@pytest.mark.parametrize("identifier", ["aws.network.source-restriction", "aws.perimeter.identity"])
def test_every_deny_spares_break_glass_and_fits_into_a_policy(identifier):
    account = Account()
    made = [
        r.args
        for s in account.harden(identifier).steps
        for r in s.change
        if r.call == "organizations:CreatePolicy"
    ]
    assert made
    for args in made:
        assert len(args["Content"]) <= 5120
        for statement in json.loads(args["Content"])["Statement"]:
            assert statement["Effect"] == "Deny"
            assert statement["Condition"]["ArnNotLikeIfExists"]["aws:PrincipalArn"] == BREAK_GLASS
    said = account.harden(identifier, break_glass=()).notes[identifier]
    assert any("break-glass" in n for n in said)


def test_a_region_in_which_something_runs_is_not_cut_off_unasked():
    account = Account()
    account.used_addresses = 3
    made = account.harden("aws.perimeter.resource")
    assert not any("VPC" in s.title for s in made.steps)
    assert any("cut running machines off" in n for n in made.notes["aws.perimeter.resource"])
    asked = account.harden("aws.perimeter.resource", values={"vpc-block-public-access": "yes"})
    assert any("VPC" in s.title for s in asked.steps)


def test_the_key_of_who_records_is_left_alone():
    account = Account()
    account.keys["auditor"] = [{**account.keys["ann"][0], "AccessKeyId": "AKIAMINE", "UserName": "auditor"}]
    account.details["UserDetailList"].append(
        {"UserName": "auditor", "Arn": "arn:aws:iam::123456789012:user/auditor", "Path": "/"}
    )
    made = account.harden("aws.credentials.key-rotation")
    assert [s.resource.split()[-1] for s in made.steps] == ["AKIAOLD"]
    assert any("lock you out" in n for n in made.notes["aws.credentials.key-rotation"])
    assert "2025\\-02\\-01" in next(a.text for a in made.artefacts)


def test_of_two_keys_that_are_only_one_too_many_the_newer_stays():
    account = Account()
    young = {"Status": "Active", "UserName": "ann", "CreateDate": "2026-03-01T00:00:00Z"}
    account.keys["ann"] = [
        {**young, "AccessKeyId": "AKIA1", "CreateDate": "2026-02-20T00:00:00Z"},
        {**young, "AccessKeyId": "AKIA2"},
    ]
    documents = account.documents()
    for d in documents:
        if d["call"] == "iam.GetAccessKeyLastUsed":
            d["answer"]["AccessKeyLastUsed"]["LastUsedDate"] = "2026-03-02T00:00:00Z"
    account.documents = lambda: documents
    steps = account.harden("aws.credentials.key-rotation").steps
    assert [s.resource.split()[-1] for s in steps] == ["AKIA1"]


def test_an_acl_keeps_what_its_denies_take_away():
    account = Account()
    account.acls[ACL]["Entries"][:0] = [
        {
            "RuleNumber": 50,
            "RuleAction": "deny",
            "CidrBlock": "10.1.9.0/24",
            "Egress": False,
            "Protocol": "-1",
        },
        {
            "RuleNumber": 102,
            "RuleAction": "deny",
            "CidrBlock": "203.0.113.9/32",
            "Egress": False,
            "Protocol": "-1",
        },
    ]
    (step,) = account.harden("aws.network.acl").steps
    made = {
        (r.call.partition(":")[2], r.args["Egress"], r.args["RuleNumber"], r.args.get("CidrBlock"))
        for r in step.change
    }
    assert made == {
        ("ReplaceNetworkAclEntry", False, 100, "10.1.0.0/16"), ("CreateNetworkAclEntry", False, 101, "203.0.113.0/24"),
        ("ReplaceNetworkAclEntry", True, 100, "10.1.0.0/16"), ("CreateNetworkAclEntry", True, 101, "203.0.113.0/24"),
    }  # fmt: skip
    assert len(step.undo) == len(step.change)
    account.acls[ACL]["Entries"].append(
        {
            "RuleNumber": 101,
            "RuleAction": "deny",
            "CidrBlock": "203.0.113.8/32",
            "Egress": False,
            "Protocol": "-1",
        }
    )
    full = account.harden("aws.network.acl")
    assert full.steps == ()
    assert any("renumber" in n for n in full.notes["aws.network.acl"])


def test_what_is_stricter_in_a_password_policy_stays():
    account = Account()
    account.password = {"MinimumPasswordLength": 20, "MaxPasswordAge": 30, "RequireNumbers": True}
    (step,) = account.harden("aws.credentials.password-policy").steps
    assert {k: step.change[0].args[k] for k in ("MinimumPasswordLength", "MaxPasswordAge", "PasswordReusePrevention")} == {
        "MinimumPasswordLength": 20, "MaxPasswordAge": 30, "PasswordReusePrevention": 24,
    }  # fmt: skip
    assert step.undo[0].args == account.password


def test_what_was_made_is_the_same_every_time_and_each_file_stands_alone():
    identifiers = sorted({*TEMPLATES, *STEPS})
    first, second = (Account().harden(*identifiers) for _ in range(2))
    assert first == second
    places = [place(a) for a in first.artefacts]
    assert len(places) == len(set(places))
    assert all(a.undo and a.deploy for a in first.artefacts if a.format in ("cloudformation", "terraform"))
    assert len({s.id for s in first.steps}) == len(first.steps)


def test_access_logs_that_go_to_a_bucket_that_is_gone_are_turned_and_their_undo_turns_them_back():
    account = Account()
    lost = {"TargetBucket": "gone", "TargetPrefix": "x/"}
    account.buckets["data-1"]["logging"] = lost
    (step,) = [s for s in account.harden("aws.logging.services").steps if "data-1" in s.resource]
    assert step.before == {"LoggingEnabled": lost}
    assert step.undo[0].args["BucketLoggingStatus"] == {"LoggingEnabled": lost}


def test_a_recorder_of_all_but_iam_takes_iam_in():
    account = Account()
    account.recorder = {
        "name": "own",
        "roleARN": "arn:aws:iam::123456789012:role/c",
        "recordingGroup": {"allSupported": True, "includeGlobalResourceTypes": False},
    }
    account.channel = {"name": "default", "s3BucketName": "data-1"}
    steps = [s for s in account.harden("aws.logging.services").steps if "Config" in s.title]
    put = next(
        r.args["ConfigurationRecorder"]
        for s in steps
        for r in s.change
        if r.call == "config:PutConfigurationRecorder"
    )
    assert put == account.recorder | {
        "recordingGroup": {"allSupported": True, "includeGlobalResourceTypes": True}
    }


def test_a_recorder_that_looks_once_a_day_records_all_the_time_and_is_not_stopped_by_the_undo():
    account = Account()
    account.recorder = {
        "name": "default",
        "roleARN": "arn:aws:iam::123456789012:role/c",
        "recordingGroup": {"allSupported": True, "includeGlobalResourceTypes": True},
        "recordingMode": {"recordingFrequency": "DAILY"},
    }
    account.channel = {"name": "default", "s3BucketName": "data-1"}
    (step,) = [s for s in account.harden("aws.logging.services").steps if "Config" in s.title]
    assert "recordingMode" not in step.change[0].args["ConfigurationRecorder"]
    assert step.undo[0].args == {"ConfigurationRecorder": account.recorder}


def test_a_trail_that_can_be_mended_is_mended():
    account = Account()
    arn = "arn:aws:cloudtrail:eu-west-1:123456789012:trail/old"
    account.trails[arn] = {
        "trail": {"TrailARN": arn, "Name": "old", "HomeRegion": "eu-west-1", "S3BucketName": "data-1", "IsMultiRegionTrail": False},
        "logging": False, "selectors": {"EventSelectors": [{"ReadWriteType": "WriteOnly", "IncludeManagementEvents": True}]},
    }  # fmt: skip
    made = account.harden("aws.logging.trail-all-regions")
    calls = [r.call for s in made.steps for r in s.change]
    assert "cloudtrail:CreateTrail" not in calls
    assert {"cloudtrail:UpdateTrail", "cloudtrail:StartLogging", "cloudtrail:PutEventSelectors"} <= set(calls)
    account.trails[arn]["trail"]["S3BucketName"] = "somebody-elses"
    assert "cloudtrail:CreateTrail" in [
        r.call for s in account.harden("aws.logging.trail-all-regions").steps for r in s.change
    ]


def running(account, **trail):
    arn = "arn:aws:cloudtrail:eu-west-1:123456789012:trail/old"
    held = {
        "TrailARN": arn, "Name": "old", "HomeRegion": "eu-west-1", "S3BucketName": "data-1", "IsMultiRegionTrail": True,
        "IncludeGlobalServiceEvents": True, "LogFileValidationEnabled": True,
        "CloudWatchLogsLogGroupArn": "arn:aws:logs:eu-west-1:123456789012:log-group:theirs:*",
    }  # fmt: skip
    account.trails[arn] = {
        "trail": held | trail,
        "logging": True,
        "selectors": {"EventSelectors": [{"ReadWriteType": "All", "IncludeManagementEvents": True}]},
    }
    return account.trails[arn]


def watched(account):
    made = account.harden("aws.alarm.iam-policy-changes")
    calls = [r for s in made.steps for r in s.change]
    return {r.args["logGroupName"] for r in calls if r.call == "logs:PutMetricFilter"}, {
        r.call for r in calls if r.call.startswith("cloudtrail:")
    }


def test_an_alarm_watches_the_log_group_that_is_there_and_mends_what_is_before_it():
    account = Account()
    trail = running(account)
    assert watched(account) == ({"theirs"}, set())
    trail["logging"] = False
    assert watched(account) == ({"theirs"}, {"cloudtrail:StartLogging"})
    trail |= {
        "logging": True,
        "selectors": {"EventSelectors": [{"ReadWriteType": "ReadOnly", "IncludeManagementEvents": True}]},
    }
    assert watched(account) == ({"theirs"}, {"cloudtrail:PutEventSelectors"})
    running(account, CloudWatchLogsLogGroupArn=None)
    assert watched(account) == ({"/exclave/trail"}, {"cloudtrail:UpdateTrail"})


class Further(Account):
    """An account with some further answers."""

    further = ()

    def documents(self):
        return [*super().documents(), *self.further]


def test_a_trail_whose_key_can_not_be_used_is_not_the_one_to_mend():
    account = Further()
    key = f"arn:aws:kms:{REGION}:{OURS}:key/k1"
    running(account, KmsKeyId=key)

    def calls(state):
        account.further = (
            doc("kms.ListKeys", {"Keys": [{"KeyId": "k1"}]}, region=REGION),
            doc("kms.DescribeKey", {"KeyMetadata": {"KeyState": state}}, key="k1", region=REGION),
        )
        return {r.call for s in account.harden("aws.logging.trail-all-regions").steps for r in s.change}

    assert "cloudtrail:CreateTrail" not in calls("Enabled")
    assert "cloudtrail:CreateTrail" in calls("PendingDeletion")


def test_what_is_excluded_from_the_block_of_vpcs_is_left_to_a_person():
    account = Further()
    account.vpc_mode = "block-bidirectional"
    one = {"ExclusionId": "vpcbpa-exclude-1", "State": "create-complete", "ResourceArn": f"arn:aws:ec2:{REGION}:{OURS}:vpc/vpc-1", "InternetGatewayExclusionMode": "allow-egress"}  # fmt: skip
    account.further = (
        doc(
            "ec2.DescribeVpcBlockPublicAccessExclusions",
            {"VpcBlockPublicAccessExclusions": [one]},
            key="block-bidirectional",
            region=REGION,
        ),
    )
    made = account.harden("aws.perimeter.resource")
    (note,) = [n for n in made.notes["aws.perimeter.resource"] if "excluded" in n]
    assert "DeleteVpcBlockPublicAccessExclusion vpcbpa-exclude-1" in note
    assert not any("vpcbpa" in s.title for s in made.steps)


QUEUE, FUNCTION = f"arn:aws:sqs:{REGION}:{OURS}:soc", f"arn:aws:lambda:{REGION}:{OURS}:function:soc"
URL = f"https://sqs.{REGION}.amazonaws.com/{OURS}/soc"
OTHERS = '{"Version":"2012-10-17","Statement":[{"Sid":"Others","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":"sqs:*","Resource":"*"}]}'


@pytest.mark.parametrize("held", ["", OTHERS])
def test_a_queue_that_is_told_lets_the_topic_in_and_keeps_the_rest(held):
    account = Further()
    attributes = {"QueueArn": QUEUE} | ({"Policy": held} if held else {})
    account.further = (
        doc("sqs.ListQueues", {"QueueUrls": [URL]}, region=REGION),
        doc("sqs.GetQueueAttributes", {"Attributes": attributes}, key=URL, region=REGION),
    )
    (step,) = [s for s in account.harden("aws.alarm.iam-policy-changes", notify=(QUEUE,)).steps if s.resource == QUEUE]  # fmt: skip
    (change,), (undo,) = step.change, step.undo
    policy = json.loads(change.args["Attributes"]["Policy"])
    *rest, ours = policy["Statement"]
    assert rest == (json.loads(held)["Statement"] if held else [])
    assert ours["Condition"]["ArnEquals"]["aws:SourceArn"].startswith(f"arn:aws:sns:{REGION}:{OURS}:")
    assert undo.args["Attributes"] == {"Policy": held}
    account.further = (account.further[0], doc("sqs.GetQueueAttributes", {"Attributes": attributes | {"Policy": json.dumps(policy)}}, key=URL, region=REGION))  # fmt: skip
    assert not [s for s in account.harden("aws.alarm.iam-policy-changes", notify=(QUEUE,)).steps if s.resource == QUEUE]  # fmt: skip


@pytest.mark.parametrize(("held", "expected"), [("", 1), (OTHERS, 0)])
def test_the_templates_let_the_topic_in_where_there_is_no_policy_yet(held, expected):
    account = Further()
    attributes = {"QueueArn": QUEUE} | ({"Policy": held} if held else {})
    account.further = (
        doc("sqs.ListQueues", {"QueueUrls": [URL]}, region=REGION),
        doc("sqs.GetQueueAttributes", {"Attributes": attributes}, key=URL, region=REGION),
        doc("lambda.ListFunctions", {"Functions": [{"FunctionName": "soc"}]}, region=REGION),
        doc("lambda.GetPolicy", key="soc", region=REGION, absent="ResourceNotFoundException"),
    )
    made = account.harden("aws.alarm.data-sharing", "aws.alarm.iam-policy-changes", notify=(QUEUE, FUNCTION))
    policies = []
    for artefact in made.artefacts:
        if artefact.format == "cloudformation":
            template = YAML(typ="safe").load(artefact.text)
            resources = list(template["Resources"].values())
            queues = [r for r in resources if r["Type"] == "AWS::SQS::QueuePolicy"]
            functions = [r for r in resources if r["Type"] == "AWS::Lambda::Permission"]
            assert [(len(queues), len(functions))] == [(expected, 1)]
            assert functions[0]["Properties"]["SourceArn"] == {"Ref": "Topic"}
            # rules are of every region, a queue is of one
            assert all(("Condition" in r) == ("eventbridge" in artefact.name) for r in (*queues, *functions))
            assert {r["Condition"] for r in (*queues, *functions) if "Condition" in r} <= set(
                template.get("Conditions", ())
            )
            policies += [r["Properties"]["PolicyDocument"] for r in queues]
        else:
            resources = json.loads(artefact.text)["resource"]
            assert len(resources.get("aws_sqs_queue_policy", ())) == expected
            assert len(resources["aws_lambda_permission"]) == 1
            assert list(problems(artefact.text)) == []
            policies += [json.loads(r["policy"]) for r in resources.get("aws_sqs_queue_policy", {}).values()]
    # one artefact must not take away what another one gave
    assert all(p == policies[0] for p in policies)
    assert len(policies) == 6 * expected


def test_a_function_that_is_told_lets_the_topic_in():
    account = Further()
    account.further = (
        doc("lambda.ListFunctions", {"Functions": [{"FunctionName": "soc"}]}, region=REGION),
        doc("lambda.GetPolicy", key="soc", region=REGION, absent="ResourceNotFoundException"),
    )
    (step,) = [s for s in account.harden("aws.alarm.iam-policy-changes", notify=(FUNCTION,)).steps if s.resource == FUNCTION]  # fmt: skip
    assert [r.call for r in (*step.change, *step.undo)] == ["lambda:AddPermission", "lambda:RemovePermission"]
    assert step.change[0].args["Principal"] == "sns.amazonaws.com"
