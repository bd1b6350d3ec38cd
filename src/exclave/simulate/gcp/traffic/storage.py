"""Buckets and objects. Objects are read and written where data access logs are on.

Method names after https://cloud.google.com/storage/docs/audit-logging.
"""

from __future__ import annotations

from typing import Any

from exclave.simulate.gcp.call import Call, Log
from exclave.simulate.gcp.traffic import targets

_OBJECT = "events/@@day@@/part-@@int:10000:99999@@-@@uuid:object@@.parquet"
_STORAGE = "storage"


def calls() -> tuple[Call, ...]:
    """Objects first, then buckets."""
    return (*_objects(), *_buckets())


def _objects() -> tuple[Call, ...]:
    def access(by: str, method: str, weight: float, item: str = _OBJECT, **more: Any) -> Call:
        return Call(
            by=by,
            service=_STORAGE,
            method=method,
            target=targets.bucket(item),
            weight=weight,
            log=Log.DATA,
            permissions=more.pop("permissions", (method,)),
            **more,
        )

    return (
        access("workload", "storage.objects.get", 45),
        access("workload", "storage.objects.list", 8, ""),
        access(
            "workload",
            "storage.objects.create",
            18,
            permissions=("storage.objects.delete", "storage.objects.create"),
            service_data={"@type": "type.googleapis.com/google.iam.v1.logging.AuditData", "policyDelta": {}},
        ),
        access("workload", "storage.objects.delete", 3),
        access("agent:build", "storage.objects.get", 2, "builds/@@uuid:object@@.tgz"),
        access("person", "storage.objects.get", 2),
        access("person", "storage.objects.list", 1.5, ""),
        access("acting", "storage.objects.get", 1),
        access(
            "workload",
            "storage.objects.get",
            1.5,
            code=5,
            message="No such object: @@pick:bucket@@/missing.parquet",
        ),
        access(
            "person",
            "storage.objects.get",
            0.3,
            code=7,
            message="Permission 'storage.objects.get' denied on resource (or it may not exist).",
        ),
        Call(
            by="vendor",
            service=_STORAGE,
            method="storage.buckets.list",
            target=targets.audited(_STORAGE, "storage.buckets.list", "projects/@@project@@"),
            weight=0.5,
            log=Log.DATA,
            permissions=("storage.buckets.list",),
        ),
        Call(
            by="vendor",
            service=_STORAGE,
            method="storage.getIamPermissions",
            target=targets.bucket(),
            weight=0.5,
            log=Log.DATA,
            permissions=("storage.buckets.getIamPolicy",),
        ),
    )


def _buckets() -> tuple[Call, ...]:
    return (
        Call(
            by="pipeline",
            service=_STORAGE,
            method="storage.buckets.create",
            target=targets.bucket(name="@@project@@-tmp-@@int:1:400@@"),
            weight=0.1,
            permissions=("storage.buckets.create",),
            request={
                "defaultObjectAcl": {
                    "@type": "type.googleapis.com/google.iam.v1.Policy",
                    "bindings": [
                        {
                            "role": "roles/storage.legacyObjectReader",
                            "members": ["projectViewer:@@project@@"],
                        }
                    ],
                }
            },
            service_data={
                "@type": "type.googleapis.com/google.iam.v1.logging.AuditData",
                "policyDelta": {
                    "bindingDeltas": [
                        {
                            "action": "ADD",
                            "role": "roles/storage.legacyBucketOwner",
                            "member": "projectEditor:@@project@@",
                        }
                    ]
                },
            },
        ),
        Call(
            by="pipeline",
            service=_STORAGE,
            method="storage.buckets.update",
            target=targets.bucket(),
            weight=0.4,
            permissions=("storage.buckets.update",),
        ),
        Call(
            by="pipeline",
            service=_STORAGE,
            method="storage.buckets.delete",
            target=targets.bucket(name="@@project@@-tmp-@@int:1:400@@"),
            weight=0.1,
            permissions=("storage.buckets.delete",),
        ),
    )
