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
    if identifier[:15].lower() == "/subscriptions/":
        return arm_kind(identifier)
    if identifier.startswith("projects/"):
        return google_kind(identifier)
    parts = identifier.split(":", 5)
    if len(parts) < 6 or parts[0] != "arn":  # noqa: PLR2004 - arn:partition:service:region:account:resource
        return _UNNAMED
    service, resource = parts[2], parts[5]
    if service == "s3":
        return "s3-object" if "/" in resource else "s3-bucket"
    if service == "dynamodb" and "/backup/" in resource:
        return "dynamodb-backup"
    return _KINDS.get(f"{service}:{resource.replace(':', '/').partition('/')[0]}", _UNNAMED)


# Azure's resource types by other names than `azure-<last part of the type>`
_ARM: Mapping[str, str] = {
    "microsoft.apimanagement/service": "azure-api-management",
    "microsoft.compute/disks": "azure-disk",
    "microsoft.compute/galleries": "azure-gallery",
    "microsoft.compute/galleries/images/versions": "azure-image-version",
    "microsoft.compute/images": "azure-image",
    "microsoft.compute/restorepointcollections/restorepoints": "azure-restore-point",
    "microsoft.compute/restorepointcollections/restorepoints/diskrestorepoints": "azure-disk-restore-point",
    "microsoft.compute/snapshots": "azure-snapshot",
    "microsoft.compute/virtualmachines": "azure-vm",
    "microsoft.containerregistry/registries": "container-registry",
    "microsoft.documentdb/databaseaccounts": "cosmos-account",
    "microsoft.keyvault/vaults": "key-vault",
    "microsoft.sql/servers": "sql-server",
    "microsoft.sql/servers/databases": "sql-database",
    "microsoft.storage/storageaccounts": "storage-account",
}


def arm_kind(identifier: str) -> str:
    """The kind of an Azure resource from its id: its type, or the subscription or group that it names."""
    _, _, tail = identifier.lower().rpartition("/providers/")
    parts = tail.strip("/").split("/")
    if "/providers/" not in identifier.lower() or len(parts) < 3:  # noqa: PLR2004 - provider, type, name
        return "resource-group" if "/resourcegroups/" in identifier.lower() else "subscription"
    types = "/".join([parts[0], *parts[1::2]])
    return _ARM.get(types, "azure-" + parts[1::2][-1])


# the last collection in a name of Google Cloud → the kind
_COLLECTIONS: Mapping[str, str] = {
    "buckets": "gcs-bucket",
    "cryptoKeys": "gcp-kms-key",
    "datasets": "bigquery-dataset",
    "disks": "gcp-disk",
    "images": "gcp-image",
    "instances": "gcp-instance",
    "instantSnapshots": "gcp-snapshot",
    "jobs": "bigquery-job",
    "machineImages": "gcp-machine-image",
    "models": "bigquery-model",
    "networks": "gcp-network",
    "objects": "gcs-object",
    "routines": "bigquery-routine",
    "secrets": "gcp-secret",
    "snapshots": "gcp-snapshot",
    "subnetworks": "gcp-subnetwork",
    "subscriptions": "pubsub-subscription",
    "tables": "bigquery-table",
    "topics": "pubsub-topic",
}


def google_kind(identifier: str) -> str:
    """The kind of a thing of Google Cloud from its relative name: `projects/p/zones/z/disks/d` → gcp-disk."""
    parts = identifier.split("/")
    if "objects" in parts and "buckets" in parts:
        return "gcs-object"  # an object's own name may hold slashes
    return "gcp-project" if len(parts) == 2 else _COLLECTIONS.get(parts[-2], "gcp-resource")  # noqa: PLR2004 - projects/p
