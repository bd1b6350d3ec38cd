"""Calls that look like a transfer and are none: the quiet cases a hunter has to keep quiet.

Shares with our own domain, projects and Google's agents; copies and transfers inside the organisation; failed calls;
policies from which somebody is taken.
"""

from __future__ import annotations

from typing import Any

from exclave.simulate.gcp import records
from exclave.simulate.gcp.call import Call, Log, Target
from exclave.simulate.gcp.traffic import bigquery, targets

_TYPE = "type.googleapis.com/"
_GRANTS = "serviceAccount:@@peernumber@@@cloudservices.gserviceaccount.com"


def calls() -> tuple[Call, ...]:
    """All of them rare."""
    return (*_images(), *_buckets(), *_tables(), *_transfers())


def _images() -> tuple[Call, ...]:
    def shared(method: str, target: Target, weight: float, *members: str, **more: Any) -> Call:
        name = method.removeprefix("v1.").removeprefix("beta.")
        bindings = [{"role": "roles/compute.imageUser", "members": list(members)}] if members else []
        return Call(
            by=more.pop("by", "pipeline"),
            service="compute",
            method=method,
            target=target,
            weight=weight,
            permissions=(name,),
            request={"@type": _TYPE + name, "policy": {"bindings": bindings, "etag": "@@etag@@"}},
            **more,
        )

    used = Call(
        by="sibling",
        service="compute",
        method="v1.compute.disks.insert",
        target=targets.image(),
        weight=0.05,
        permissions=("compute.images.useReadOnly",),
        request={"@type": f"{_TYPE}compute.disks.insert"},
        metadata={"@type": f"{_TYPE}google.cloud.audit.CrossEntityControlAuditMetadata"},
    )
    group, domain = "group:@@pick:group@@", "domain:@@domain@@"
    peer = "serviceAccount:@@peeraccount@@"
    return (
        used,
        shared("v1.compute.images.setIamPolicy", targets.image(), 0.04, group, _GRANTS, peer),
        shared("beta.compute.images.setIamPolicy", targets.image(), 0.02, domain, by="person"),
        shared("v1.compute.snapshots.setIamPolicy", targets.snapshot(), 0.02, peer, "user:@@pick:person@@"),
        shared("v1.compute.snapshots.setIamPolicy", targets.snapshot(), 0.02),
        shared("v1.compute.disks.setIamPolicy", targets.disk(), 0.02, "projectEditor:@@project@@", group),
        shared(
            "v1.compute.images.setIamPolicy",
            targets.image(),
            0.01,
            "allAuthenticatedUsers",
            by="person",
            code=9,
            message="One or more users named in the policy do not belong to a permitted customer.",
        ),
        shared(
            "v1.compute.snapshots.setIamPolicy",
            targets.snapshot(),
            0.01,
            group,
            by="person",
            code=7,
            message="Required 'compute.snapshots.setIamPolicy' permission",
        ),
    )


def _buckets() -> tuple[Call, ...]:
    def granted(weight: float, *changes: tuple[str, str, str], by: str = "pipeline", **more: Any) -> Call:
        return Call(
            by=by,
            service="storage",
            method="storage.setIamPermissions",
            target=targets.bucket(),
            weight=weight,
            permissions=("storage.buckets.setIamPolicy",),
            service_data=records.delta(*changes),
            **more,
        )

    viewer = "roles/storage.objectViewer"
    transfer = "serviceAccount:project-@@number@@@storage-transfer-service.iam.gserviceaccount.com"
    copied = {
        "destination": "projects/_/buckets/@@peerbucket@@/objects/copy/@@uuid:object@@",
        "requested_bytes": "4096",
    }
    return (
        granted(0.04, ("ADD", viewer, "group:@@pick:group@@"), by="person"),
        granted(0.04, ("ADD", viewer, "serviceAccount:@@peeraccount@@")),
        granted(0.02, ("ADD", "roles/storage.legacyBucketReader", transfer), ("ADD", viewer, transfer)),
        granted(
            0.02, ("ADD", "roles/storage.legacyBucketWriter", "group:cloud-storage-analytics@google.com")
        ),
        granted(
            0.02,
            ("ADD", "roles/storage.objectCreator", "serviceAccount:cloud-logs@system.gserviceaccount.com"),
        ),
        granted(0.02, ("REMOVE", viewer, "allUsers")),
        granted(
            0.01,
            ("ADD", viewer, "allUsers"),
            by="person",
            code=9,
            message="One or more users named in the policy do not belong to a permitted customer.",
        ),
        Call(
            by="sibling",
            service="storage",
            method="storage.objects.get",
            target=targets.bucket("shared/@@uuid:object@@.csv"),
            weight=1.5,
            log=Log.DATA,
            permissions=("storage.objects.get",),
        ),
        Call(
            by="workload",
            service="storage",
            method="storage.objects.get",
            target=targets.bucket("copy/@@uuid:object@@"),
            weight=0.3,
            log=Log.DATA,
            permissions=("storage.objects.get",),
            metadata=copied,
        ),
    )


def _tables() -> tuple[Call, ...]:
    source = "projects/@@project@@/datasets/@@pick:dataset@@/tables/@@pick:table@@"
    target = "projects/@@peer@@/datasets/mirror/tables/@@pick:table@@"
    job = "bquxjob_@@hex1@@"
    copy = {
        "type": "COPY",
        "tableCopyConfig": {"sourceTables": [source], "destinationTable": target, "operationType": "COPY"},
    }
    extract = {
        "type": "EXPORT",
        "extractConfig": {"sourceTable": source, "destinationUris": ["gs://@@pick:bucket@@/exports/*.avro"]},
    }
    acl = {
        "@type": bigquery.METADATA,
        "datasetChange": {
            "bindingDeltas": [
                {"action": "ADD", "role": "roles/bigquery.dataViewer", "member": "group:@@pick:group@@"},
                {
                    "action": "ADD",
                    "role": "roles/bigquery.dataViewer",
                    "member": "serviceAccount:@@peeraccount@@",
                },
            ],
            "reason": "SET_IAM_POLICY",
        },
    }
    foreign_job = {
        "@type": bigquery.METADATA,
        "tableDataRead": {"jobName": "projects/@@peer@@/jobs/" + job, "reason": "JOB"},
    }
    insert = "google.cloud.bigquery.v2.JobService.InsertJob"

    def job_call(by: str, weight: float, **more: Any) -> Call:
        return Call(
            by=by,
            service="bigquery",
            method=insert,
            target=targets.job(job),
            weight=weight,
            log=Log.DATA,
            **more,
        )

    name = f"projects/@@project@@/jobs/{job}"
    return (
        job_call("workload", 0.1, metadata=bigquery.job(name, copy)),
        job_call("workload", 0.1, metadata=bigquery.job(name, copy, done=True)),
        job_call("workload", 0.1, metadata=bigquery.job(name, extract, done=True)),
        Call(
            by="sibling",
            service="bigquery",
            method=insert,
            target=targets.table(),
            weight=0.5,
            log=Log.DATA,
            permissions=("bigquery.tables.getData",),
            metadata=foreign_job,
        ),
        Call(
            by="pipeline",
            service="bigquery",
            method="google.cloud.bigquery.v2.DatasetService.UpdateDataset",
            target=targets.dataset(),
            weight=0.04,
            permissions=("bigquery.datasets.update",),
            metadata=acl,
        ),
        Call(
            by="workload",
            service="bigquery",
            method="jobservice.jobcompleted",
            target=Target(name=name, kind="bigquery_resource", labels={}),
            weight=0.1,
            log=Log.DATA,
            service_data=bigquery.completed(
                "@@project@@",
                job,
                {
                    "tableCopy": {
                        "sourceTables": [bigquery.table(source)],
                        "destinationTable": bigquery.table(target),
                    }
                },
            ),
        ),
    )


def _transfers() -> tuple[Call, ...]:
    method = "google.storagetransfer.v1.StorageTransferService.CreateTransferJob"
    name = "transferJobs/@@int:1000000000:9999999999@@"
    return (
        Call(
            by="pipeline",
            service="storagetransfer",
            method=method,
            target=targets.audited("storagetransfer", method, name),
            weight=0.02,
            permissions=("storagetransfer.jobs.create@projects/@@project@@",),
            request={
                "@type": f"{_TYPE}google.storagetransfer.v1.CreateTransferJobRequest",
                "transferJob": {
                    "projectId": "@@project@@",
                    "status": "ENABLED",
                    "description": "nightly copy",
                    "transferSpec": {
                        "gcsDataSource": {"bucketName": "@@pick:bucket@@"},
                        "gcsDataSink": {"bucketName": "@@peerbucket@@"},
                    },
                },
            },
        ),
    )
