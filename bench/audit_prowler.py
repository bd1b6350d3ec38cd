"""exclave's collect and audit beside Prowler's equivalent checks, on one moto server with a large account.

    python bench/audit_prowler.py --moto PATH/moto_server --prowler PATH/prowler [--snapshots 10000 --buckets 2000]

Each tool is a fresh process on the same account and the same region, by turns; printed are wall seconds, the
process's own CPU seconds and its peak resident memory. What the server costs is in the wall time of both.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from audit_account import EVERY, REGION, environment, plant, server

# What exclave's AWS controls and exposures look at, as Prowler names it.
CHECKS = (
    "ec2_ebs_public_snapshot", "ec2_ami_public", "ec2_ebs_snapshot_account_block_public_access", "ec2_ami_account_block_public_access",
    "ec2_networkacl_allow_ingress_any_port", "vpc_flow_logs_enabled", "vpc_endpoint_connections_trust_boundaries",
    "s3_bucket_policy_public_write_access", "s3_bucket_public_access", "s3_bucket_cross_account_access", "s3_bucket_acl_prohibited",
    "s3_bucket_server_access_logging_enabled", "s3_bucket_level_public_access_block", "s3_account_level_public_access_blocks",
    "rds_snapshots_public_access", "kms_key_not_publicly_accessible", "ecr_repositories_not_publicly_accessible",
    "secretsmanager_not_publicly_accessible", "awslambda_function_not_publicly_accessible", "sqs_queues_not_publicly_accessible",
    "sns_topics_not_publicly_accessible", "efs_not_publicly_accessible", "glacier_vaults_policy_public_access",
    "opensearch_service_domains_not_publicly_accessible", "cloudwatch_log_group_not_publicly_accessible",
    "cloudtrail_multi_region_enabled", "cloudtrail_multi_region_enabled_logging_management_events", "cloudtrail_log_file_validation_enabled",
    "cloudtrail_cloudwatch_logging_enabled", "cloudtrail_s3_dataevents_read_enabled", "cloudtrail_s3_dataevents_write_enabled",
    "cloudwatch_log_metric_filter_policy_changes", "cloudwatch_log_metric_filter_and_alarm_for_cloudtrail_configuration_changes_enabled",
    "config_recorder_all_regions_enabled", "cloudfront_distributions_logging_enabled",
    "iam_password_policy_expires_passwords_within_90_days_or_less", "iam_password_policy_lowercase", "iam_password_policy_minimum_length_14",
    "iam_password_policy_number", "iam_password_policy_reuse_24", "iam_password_policy_symbol", "iam_password_policy_uppercase",
    "iam_rotate_access_key_90_days", "iam_user_two_active_access_key", "iam_user_accesskey_unused", "iam_no_root_access_key",
    "dynamodb_table_cross_account_access", "eventbridge_bus_cross_account_access", "glue_data_catalogs_not_publicly_accessible",
    "ssm_documents_set_as_public",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cost:
    wall: float
    cpu: float
    peak_mb: float
    status: int
    said: str


def run(command: list[str], env: dict[str, str], folder: Path) -> Cost:
    started = time.perf_counter()
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, env=env, stdout=log, stderr=subprocess.STDOUT, cwd=folder)
        _, code, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(code)
    said = (folder / "log").read_text("utf-8", "replace")[-2000:]
    return Cost(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, process.returncode, said)


def exclave(env: dict[str, str], folder: Path) -> tuple[Cost, int]:
    """Collect and audit in one, as a user runs it; how many shares it found."""
    program = Path(sys.executable).parent / "exclave"
    command = [
        str(program), "audit", "aws", "--keep", str(folder / "inventory"), "--region", REGION, "--rate", "0", "-q",
        "--fail-on", "never", "-o", str(folder / "found.jsonl"),
    ]  # fmt: skip
    cost = run(command, env, folder)
    lines = (json.loads(line) for line in (folder / "found.jsonl").read_text("utf-8").splitlines())
    return cost, sum(line["type"] == "exposure" for line in lines)


def prowler(program: str, env: dict[str, str], folder: Path) -> tuple[Cost, int]:
    command = [
        program, "aws", "-f", REGION, "--checks", *CHECKS, "-M", "json-ocsf", "-o", str(folder), "-F", "found", "-b", "--no-color",
        "--ignore-exit-code-3",
    ]  # fmt: skip
    cost = run(command, env, folder)
    found = json.loads((folder / "found.ocsf.json").read_text("utf-8"))
    shared = {"ec2_ebs_public_snapshot", "s3_bucket_public_access", "s3_bucket_cross_account_access"}
    failing = {
        r["uid"]
        for f in found
        if f["status_code"] == "FAIL" and f["metadata"]["event_code"] in shared
        for r in f["resources"]
    }
    return cost, len(failing)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--moto", required=True)
    parser.add_argument("--prowler", required=True)
    parser.add_argument("--snapshots", type=int, default=10_000)
    parser.add_argument("--buckets", type=int, default=2_000)
    parser.add_argument("--rounds", type=int, default=1)
    options = parser.parse_args()
    with server(options.moto) as url, tempfile.TemporaryDirectory(prefix="bench-audit-") as scratch:
        env = environment(url)
        warm = Path(scratch) / "warm"
        warm.mkdir()
        exclave(env, warm)  # moto loads each service when it is first asked
        began = time.perf_counter()
        plant(url, snapshots=options.snapshots, buckets=options.buckets)
        planted = -(-options.snapshots // EVERY) + -(-options.buckets // EVERY)
        print(f"planted in {time.perf_counter() - began:.0f} s: {planted} shares")
        for number in range(options.rounds):
            costs = {}
            for name in ("exclave", "prowler"):
                folder = Path(scratch) / f"{name}-{number}"
                folder.mkdir()
                cost, found = (
                    exclave(env, folder) if name == "exclave" else prowler(options.prowler, env, folder)
                )
                costs[name] = cost
                print(
                    f"{name:8} {cost.wall:7.1f} s wall {cost.cpu:7.1f} s CPU {cost.peak_mb:6.0f} MB peak, status {cost.status}, "
                    f"{found} of {planted} shares", flush=True,
                )  # fmt: skip
                if cost.status not in (0, 3):
                    print(cost.said)
            ours, theirs = costs["exclave"], costs["prowler"]
            print(
                f"ratio: {theirs.wall / ours.wall:.1f} times faster by the clock, {theirs.cpu / ours.cpu:.1f} by own CPU, "
                f"{ours.peak_mb / theirs.peak_mb:.2f} of the memory", flush=True,
            )  # fmt: skip


if __name__ == "__main__":
    main()
