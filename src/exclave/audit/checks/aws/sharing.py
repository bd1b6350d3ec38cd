"""The ways to share that alarms and service control policies must cover.

The catalogue has many more; these carry data that stands in nearly every account, by calls that are rare in
ordinary work. What else is shared shows among the exposures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from exclave.catalogue.loader import load
from exclave.model import Cloud

if TYPE_CHECKING:
    from exclave.catalogue.entry import Method

CORE = frozenset(
    {
        "aws.ami.share", "aws.backup.vault-policy", "aws.ebs.snapshot-share", "aws.ecr.registry-policy", "aws.ecr.replication",
        "aws.ecr.repository-policy", "aws.efs.file-system-policy", "aws.glacier.vault-policy", "aws.lambda.code-share", "aws.logs.policy",
        "aws.logs.subscription", "aws.opensearch.domain-policy", "aws.ram.share", "aws.rds.cluster-snapshot-share", "aws.rds.snapshot-share",
        "aws.redshift.datashare", "aws.redshift.snapshot-share", "aws.s3.bucket-acl", "aws.s3.bucket-policy", "aws.s3.replication",
        "aws.secretsmanager.policy", "aws.sns.policy", "aws.sns.subscription", "aws.sqs.policy",
    }
)  # fmt: skip


def core_methods() -> tuple[Method, ...]:
    """Their entries, in the catalogue's order."""
    return tuple(m for m in load().methods if m.cloud is Cloud.AWS and m.id in CORE)
