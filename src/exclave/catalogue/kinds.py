"""The kind of a resource from its ARN, where one parameter names many kinds (AWS Backup, RDS exports).

ARN formats: https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

BY_ARN = "by-arn"  # as an entry writes it in place of a kind
_UNNAMED = "resource"  # an ARN of a type that is not listed, or no ARN

_KINDS: Mapping[str, str] = {
    "backup:backup-plan": "backup-plan",
    "backup:backup-vault": "backup-vault",
    "backup:recovery-point": "backup-recovery-point",
    "docdb-elastic:cluster": "docdb-elastic-cluster",
    "docdb-elastic:cluster-snapshot": "docdb-elastic-snapshot",
    "dynamodb:table": "dynamodb-table",
    "ec2:image": "ami",
    "ec2:instance": "ec2-instance",
    "ec2:snapshot": "ebs-snapshot",
    "ec2:volume": "ebs-volume",
    "elasticfilesystem:file-system": "efs-file-system",
    "fsx:backup": "fsx-backup",
    "fsx:file-system": "fsx-file-system",
    "fsx:snapshot": "fsx-snapshot",
    "fsx:volume": "fsx-volume",
    "rds:cluster": "rds-cluster",
    "rds:cluster-snapshot": "rds-cluster-snapshot",
    "rds:db": "rds-instance",
    "rds:snapshot": "rds-snapshot",
    "redshift:cluster": "redshift-cluster",
    "redshift:namespace": "redshift-namespace",
    "redshift:snapshot": "redshift-snapshot",
    "redshift-serverless:namespace": "redshift-namespace",
    "redshift-serverless:snapshot": "redshift-snapshot",
}


def kind_of(kind: str, identifier: str) -> str:
    """The kind that an entry gives, or with `by-arn` the one that the identifier's ARN says."""
    if kind != BY_ARN:
        return kind
    parts = identifier.split(":", 5)
    if len(parts) < 6 or parts[0] != "arn":  # noqa: PLR2004 - arn:partition:service:region:account:resource
        return _UNNAMED
    service, resource = parts[2], parts[5]
    if service == "s3":
        return "s3-object" if "/" in resource else "s3-bucket"
    if service == "dynamodb" and "/backup/" in resource:
        return "dynamodb-backup"
    return _KINDS.get(f"{service}:{resource.replace(':', '/').partition('/')[0]}", _UNNAMED)
