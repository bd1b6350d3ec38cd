"""Which permissions reading logs out of an object store needs. tests/sources/test_needs.py holds it to what is called here."""

from __future__ import annotations

from exclave.model import Cloud

# Listing and reading objects. In Azure and Google Cloud the store itself uses a customer's key; in AWS the reader does.
PERMISSIONS = {
    Cloud.AWS: ("s3:ListBucket", "s3:GetObject", "kms:Decrypt"),
    Cloud.AZURE: ("Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read",),
    Cloud.GCP: ("storage.objects.list", "storage.objects.get"),
}
# What an AWS policy may name in place of everything, to be filled in.
RESOURCES = {
    "s3:ListBucket": "arn:*:s3:::LOG-BUCKET",
    "s3:GetObject": "arn:*:s3:::LOG-BUCKET/*",
    "kms:Decrypt": "arn:*:kms:*:*:key/KEY-OF-THE-LOGS",
}
