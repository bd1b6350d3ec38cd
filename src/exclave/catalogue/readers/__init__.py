"""The closed set of readers: pure functions from values of a record to destinations.

A reader gets the values that its path reached (none, if the entry gives no path), the entry's `Read` table and
the event. It is total: odd input gives an `unknown` destination with a note, or nothing, never an error. A new
reader is a function in a module here plus one line in _PLACES; the module is imported when an entry uses it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import Any

from exclave.catalogue.entry import Read
from exclave.model import Destination, Event

Reader = Callable[[list[Any], Read, Event], list[Destination]]

_PLACES: Mapping[str, str] = {
    # any cloud
    "value": "common:value",
    "fixed": "common:fixed",
    "cidr": "common:cidr",
    # AWS
    "account": "aws:account",
    "group": "aws:group",
    "principal": "aws:principal",
    "org": "aws:org",
    "arn": "aws:arn",
    "bucket": "aws:bucket",
    "caller": "aws:caller",
    "policy": "aws:policy",
    "acl": "s3:acl",
    "acl-grant": "s3:acl_grant",
    "replication": "s3:replication",
    "copied-to": "s3:copied_to",
    "put-to": "s3:put_to",
    "copier": "s3:copier",
    "object-reader": "s3:object_reader",
    "kms-grantee": "keys:grantee",
    "foreign-account": "keys:foreign_account",
    "foreign-arn": "keys:foreign_arn",
    "application-policy": "applications:application_policy",
    "redshift-consumer": "redshift:consumer",
    "lake-principal": "services:lake_principal",
    "endpoint-service": "services:endpoint_service",
    "organization-party": "services:organization_party",
    "s3-argument": "services:s3_argument",
    "public-policy": "services:public_policy",
    # Google Cloud
    "gcp-member": "gcp:member",
    "gcp-bindings": "gcp:bindings",
    "gcp-added": "gcp:added",
    "gcp-removed": "gcp:removed",
    "gcp-project": "gcp:project",
    "gcp-foreign-project": "gcp:foreign_project",
    "gcp-bucket": "gcp:bucket",
    "gcp-bucket-in-text": "gcp:bucket_in_text",
    "gcp-sink": "gcp:sink",
    "gcp-dataset-access": "gcp:dataset_access",
    "gcp-ancestor": "gcp:ancestor",
    "gcp-customer": "gcp:customer",
    "gcp-foreign-caller": "gcp:foreign_caller",
    "gcp-outside-caller": "gcp:outside_caller",
    "gcp-peer-project": "gcp:peer_project",
    "gcp-source-project": "gcp:source_project",
    "gcp-copy-target": "gcp:copy_target",
    "gcp-build-export": "gcp:build_export",
    "gcp-finding-target": "gcp:finding_target",
    "gcp-admin-user": "gcp:admin_user",
    # Azure
    "tenant": "azure:tenant",
    "kusto-principal": "azure:kusto_principal",
    "subscription": "azure:subscription",
    "foreign-subscription": "azure:foreign_subscription",
    "moved-between": "azure:moved_between",
    "storage": "azure:storage",
    "sent-to": "azure:sent_to",
    "sas": "azure:sas",
    "ip-range": "azure:ip_range",
    "moved-to-tenant": "azure:moved_to_tenant",
    "gallery-group": "azure:gallery_group",
    "guest": "azure:guest",
    "changed-tenant": "azure:changed_tenant",
}


class _Readers(Mapping[str, Reader]):
    """Name → function, its module imported at first use."""

    def __init__(self) -> None:
        self._known: dict[str, Reader] = {}

    def __getitem__(self, name: str) -> Reader:
        if name not in self._known:
            module, _, function = _PLACES[name].partition(":")
            self._known[name] = getattr(import_module(f"{__name__}.{module}"), function)
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(_PLACES)

    def __len__(self) -> int:
        return len(_PLACES)


READERS: Mapping[str, Reader] = _Readers()
