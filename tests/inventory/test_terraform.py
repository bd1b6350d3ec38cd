"""`terraform show -json` as an inventory: what it holds is audited, what it lacks could not be looked at."""

from __future__ import annotations

import copy
import json
import tomllib
from importlib import resources
from pathlib import Path

import pytest

from exclave.audit.exposures import exposures
from exclave.audit.loader import check_of, control
from exclave.audit.model import Settings
from exclave.audit.ours import seen
from exclave.catalogue.loader import load
from exclave.inventory import Inventory
from exclave.inventory.table import load as load_table
from exclave.inventory.template import slots
from exclave.model import Cloud
from exclave.perimeter import Perimeter

OURS, THEIRS, REGION = "123456789012", "111122223333", "eu-west-1"
TRAIL = f"arn:aws:cloudtrail:{REGION}:{OURS}:trail/main"


def resource(type_, name="x", module="", mode="managed", **values):
    address = f"{module}{type_}.{name}"
    return {
        "address": address, "mode": mode, "type": type_, "name": name, "values": values,
        "provider_name": "registry.terraform.io/hashicorp/aws",
    }  # fmt: skip


def state(*found, child=()):
    root = {"resources": list(found), "child_modules": [{"address": "module.m", "resources": list(child)}]}
    return {"format_version": "1.0", "terraform_version": "1.9.0", "values": {"root_module": root}}


IDENTITY = resource("aws_caller_identity", mode="data", account_id=OURS)


def loaded(tmp_path, content, name="show.json"):
    file = tmp_path / name
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    return Inventory.load(file)


def told(inventory):
    found, _ = exposures(inventory, Perimeter(seen=seen(inventory)), load())
    return {(e.method, e.source.id, e.destination.id) for e in found}


def status(inventory, identifier):
    (check,) = check_of(control(identifier))(inventory, Perimeter(seen=seen(inventory)), Settings())
    return check.status.value, "; ".join(check.why)


def allow(action, to=THEIRS):
    return json.dumps(
        {"Statement": [{"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{to}:root"}, "Action": action, "Resource": "*"}]}
    )  # fmt: skip


SHARES = {
    "aws.s3.bucket-policy": [resource("aws_s3_bucket_policy", bucket="b", policy=allow("s3:GetObject"))],
    "aws.s3.bucket-acl": [resource("aws_s3_bucket_acl", bucket="b", acl="public-read")],
    "aws.s3.replication": [resource("aws_s3_bucket_replication_configuration", bucket="b", rule=[{"status": "Enabled", "destination": [{"bucket": "arn:aws:s3:::theirs", "account": THEIRS}]}])],
    "aws.ebs.snapshot-share": [resource("aws_snapshot_create_volume_permission", snapshot_id="snap-1", account_id=THEIRS)],
    "aws.ami.share": [resource("aws_ami_launch_permission", image_id="ami-1", group="all")],
    "aws.rds.snapshot-share": [resource("aws_db_snapshot", db_snapshot_identifier="s", shared_accounts=[THEIRS])],
    "aws.rds.cluster-snapshot-share": [resource("aws_db_cluster_snapshot", db_cluster_snapshot_identifier="s", shared_accounts=["all"])],
    "aws.kms.key-policy": [resource("aws_kms_key", key_id="k", policy=allow("kms:Decrypt"))],
    "aws.kms.grant": [resource("aws_kms_grant", key_id="k", grant_id="g", grantee_principal=f"arn:aws:iam::{THEIRS}:role/x", operations=["Decrypt"])],
    "aws.ecr.repository-policy": [resource("aws_ecr_repository_policy", repository="r", policy=allow("ecr:*"))],
    "aws.ecr.registry-policy": [resource("aws_ecr_registry_policy", policy=allow("ecr:BatchGetImage"))],
    "aws.ecr.replication": [resource("aws_ecr_replication_configuration", replication_configuration=[{"rule": [{"destination": [{"region": REGION, "registry_id": THEIRS}]}]}])],
    "aws.secretsmanager.policy": [resource("aws_secretsmanager_secret_policy", secret_arn="s", policy=allow("secretsmanager:*"))],
    "aws.lambda.code-share": [resource("aws_lambda_permission", function_name="f", principal=THEIRS, action="lambda:GetFunction")],
    "aws.sqs.policy": [resource("aws_sqs_queue_policy", queue_url="q", policy=allow("sqs:ReceiveMessage"))],
    "aws.sns.policy": [resource("aws_sns_topic", arn=f"arn:aws:sns:{REGION}:{OURS}:t", policy=allow("sns:Subscribe"))],
    "aws.sns.subscription": [resource("aws_sns_topic_subscription", topic_arn="t", arn="s", endpoint=f"arn:aws:sqs:{REGION}:{THEIRS}:q")],
    "aws.backup.vault-policy": [resource("aws_backup_vault_policy", backup_vault_name="v", policy=allow("backup:CopyFromBackupVault"))],
    "aws.ram.share": [resource("aws_ram_principal_association", resource_share_arn="arn:share", principal=THEIRS)],
    "aws.efs.file-system-policy": [resource("aws_efs_file_system_policy", file_system_id="fs-1", policy=allow("elasticfilesystem:ClientMount"))],
    "aws.opensearch.domain-policy": [resource("aws_opensearch_domain", domain_name="d", access_policies=allow("es:ESHttpGet"))],
    "aws.glacier.vault-policy": [resource("aws_glacier_vault", name="v", access_policy=allow("glacier:InitiateJob"))],
    "aws.logs.policy": [resource("aws_cloudwatch_log_resource_policy", policy_name="p", policy_document=allow("logs:GetLogEvents"))],
    "aws.logs.subscription": [resource("aws_cloudwatch_log_subscription_filter", log_group_name="g", name="f", destination_arn=f"arn:aws:logs:{REGION}:{THEIRS}:destination:d")],
    "aws.redshift.datashare": [resource("aws_redshift_data_share_authorization", data_share_arn="arn:d", consumer_identifier=THEIRS)],
}  # fmt: skip


@pytest.mark.parametrize("method", SHARES)
def test_a_share_that_terraform_manages_is_an_exposure_also_in_a_module(tmp_path, method):
    inventory = loaded(tmp_path, state(IDENTITY, child=SHARES[method]))
    assert method in {m for m, _, _ in told(inventory)}
    assert inventory.accounts(Cloud.AWS) == (OURS,)


def test_every_row_names_a_call_of_the_table_with_its_key_and_arguments():
    table = load_table(Cloud.AWS)
    for package in ("terraform", "config"):
        for file in Path(str(resources.files(f"exclave.inventory.{package}"))).glob("*.toml"):
            for row in tomllib.loads(file.read_text("utf-8"))["row"]:
                call = table[row["call"]]
                assert bool(row.get("key")) == (call.each is not None), row
                assert set(row.get("args", {})) <= set(call.args), row
                first = next(iter(row["answer"]))
                assert not call.items or call.items.partition(".")[0] == first, row
                assert list(slots(row["answer"])) or "{" in str(row["answer"]), row


def test_what_terraform_does_not_hold_could_not_be_looked_at_and_never_passes(tmp_path):
    inventory = loaded(tmp_path, state(IDENTITY, resource("aws_s3_bucket", bucket="b", id="b")))
    assert status(inventory, "aws.credentials.password-policy")[0] == "could-not-look"
    assert "not in Terraform" in status(inventory, "aws.credentials.password-policy")[1]
    _, looked = exposures(inventory, Perimeter(seen=seen(inventory)), load())
    (bucket,) = [k for k in looked if k.method == "aws.s3.bucket-policy"]
    assert (bucket.of, bucket.failed) == (0, 1)
    assert any("1 AWS resources" in p.what for p in inventory.problems)


def test_the_password_policy_in_a_state_is_judged_as_the_accounts(tmp_path):
    strong = {
        "minimum_password_length": 14, "require_symbols": True, "require_numbers": True, "require_uppercase_characters": True,
        "require_lowercase_characters": True, "allow_users_to_change_password": True, "max_password_age": 90, "password_reuse_prevention": 24, "hard_expiry": True,
    }  # fmt: skip
    policy = resource("aws_iam_account_password_policy", **strong)
    assert status(loaded(tmp_path, state(IDENTITY, policy)), "aws.credentials.password-policy")[0] == "pass"
    weak = copy.deepcopy(policy)
    weak["values"]["hard_expiry"] = False
    assert status(loaded(tmp_path, state(IDENTITY, weak)), "aws.credentials.password-policy")[0] == "fail"


def acl(*rules):
    return [
        resource("aws_vpc", id="vpc-1", cidr_block="10.0.0.0/16"),
        resource("aws_subnet", id="subnet-1", vpc_id="vpc-1"),
        resource(
            "aws_network_acl", id="acl-1", vpc_id="vpc-1", subnet_ids=["subnet-1"], ingress=[], egress=[]
        ),
        *rules,
    ]


def rule(number, action, cidr, name):
    return resource(
        "aws_network_acl_rule", name, network_acl_id="acl-1", rule_number=number, rule_action=action, cidr_block=cidr, protocol="tcp",
        from_port=443, to_port=443, egress=False,
    )  # fmt: skip


def test_rules_of_a_network_acl_are_read_in_their_order(tmp_path):
    wide = loaded(tmp_path, state(IDENTITY, *acl(rule(100, "allow", "0.0.0.0/0", "a"))))
    assert status(wide, "aws.network.acl") == (
        "fail",
        "ACL acl-1: rule 100 lets TCP 443 in from 0.0.0.0/0",
    )
    shadowed = acl(rule(100, "allow", "0.0.0.0/0", "a"), rule(90, "deny", "0.0.0.0/0", "d"))
    assert status(loaded(tmp_path, state(IDENTITY, *shadowed)), "aws.network.acl")[0] == "pass"


def trail(**values):
    plain = {
        "arn": TRAIL, "name": "main", "s3_bucket_name": "b", "is_multi_region_trail": True, "include_global_service_events": True,
        "enable_log_file_validation": True, "enable_logging": True, "event_selector": [], "advanced_event_selector": [],
    }  # fmt: skip
    return [
        IDENTITY,
        resource("aws_s3_bucket", bucket="b", id="b"),
        resource("aws_cloudtrail", **plain | values),
    ]


def test_whether_a_trail_delivers_terraform_does_not_know(tmp_path):
    data = [{"read_write_type": "All", "include_management_events": True, "data_resource": [{"type": "AWS::S3::Object", "values": ["arn:aws:s3"]}]}]  # fmt: skip
    control_ = "aws.logging.trail-all-regions"
    said, why = status(loaded(tmp_path, state(*trail(event_selector=data))), control_)
    assert (said, "GetTrailStatus" in why) == ("could-not-look", True)
    assert "data events" in status(loaded(tmp_path, state(*trail())), control_)[1]
    assert "does not log" in status(loaded(tmp_path, state(*trail(enable_logging=False))), control_)[1]


def test_of_a_plan_the_planned_values_count_and_what_is_not_known_yet_is_said(tmp_path):
    known = resource("aws_snapshot_create_volume_permission", "a", snapshot_id="snap-1", account_id=THEIRS)
    unknown = resource("aws_s3_bucket_policy", "p", bucket="b")
    plan = {
        "format_version": "1.2", "terraform_version": "1.9.0", "planned_values": {"root_module": {"resources": [known, unknown]}},
        "prior_state": state(IDENTITY),
        "configuration": {"provider_config": {"aws": {"expressions": {"region": {"constant_value": "eu-central-1"}}}}},
    }  # fmt: skip
    inventory = loaded(tmp_path, plan)
    assert told(inventory) == {("aws.ebs.snapshot-share", "snap-1", THEIRS)}
    assert inventory.regions(Cloud.AWS, OURS) == ("eu-central-1",)
    (answer,) = inventory.answers("s3.GetBucketPolicy")[:1]
    assert "policy of aws_s3_bucket_policy.p" in answer.error.message
    assert any("aws_s3_bucket_policy.p" in p.where for p in inventory.problems)


def test_what_the_cloud_itself_answered_counts_before_terraform(tmp_path):
    file = tmp_path / "show.json"
    file.write_text(json.dumps(state(IDENTITY, *SHARES["aws.ebs.snapshot-share"])))
    folder = tmp_path / "inventory"
    folder.mkdir()
    args = {"SnapshotId": "snap-1"}
    document = {
        "schema": "exclave-inventory/1", "cloud": "aws", "call": "ec2.DescribeSnapshotAttribute", "scope": {"account": OURS, "region": REGION},
        "args": args, "key": "snap-1", "answer": {"CreateVolumePermissions": []},
    }  # fmt: skip
    (folder / "a.jsonl").write_text(json.dumps(document) + "\n")
    region = resource("aws_subnet", id="s", region=REGION)
    file.write_text(json.dumps(state(IDENTITY, region, *SHARES["aws.ebs.snapshot-share"])))
    assert told(Inventory.load(file))
    assert not told(Inventory.load(folder, file))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "no JSON"),
        ("[]", "neither an inventory"),
        ('{"a": 1}', "neither an inventory"),
        ('{"format_version": "2.0", "values": {}}', "format_version"),
        ("[" * 200_000, "no JSON"),
    ],
)
def test_a_file_that_is_nothing_known_is_a_problem_never_a_crash(tmp_path, content, said):
    inventory = loaded(tmp_path, content)
    assert inventory.documents == 0
    assert said in inventory.problems[0].what


def test_hostile_shapes_are_left_out(tmp_path):
    odd = [
        resource(
            "aws_network_acl", id="a", ingress="no", egress=[1, None, {"rule_no": "x"}], subnet_ids={"a": 1}
        ),
        resource("aws_cloudtrail", arn=5, event_selector={"data_resource": 7}),
        resource("aws_lambda_permission", function_name=None, principal={"a": "b"}),
        {"type": "aws_vpc", "values": None, "mode": "managed"},
        {"type": None, "values": {}, "mode": "managed"},
        "text",
    ]
    content = state()
    content["values"]["root_module"] = {"resources": odd, "child_modules": [{"child_modules": [1]}, None]}
    inventory = loaded(tmp_path, content)
    for identifier in ("aws.network.acl", "aws.logging.trail-all-regions"):
        check_of(control(identifier))(inventory, Perimeter(), Settings())
    told(inventory)
