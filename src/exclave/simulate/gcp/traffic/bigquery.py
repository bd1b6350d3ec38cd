"""BigQuery: queries, loads and reads in each of the shapes that its records have.

The newer records have `metadata` (https://cloud.google.com/bigquery/docs/reference/auditlogs/rest/Shared.Types/BigQueryAuditMetadata);
the older ones, which are still written beside them, `serviceData`
(https://cloud.google.com/bigquery/docs/reference/auditlogs/rest/Shared.Types/AuditData).
"""

from __future__ import annotations

from typing import Any

from exclave.simulate.gcp.call import Call, Log, Target
from exclave.simulate.gcp.traffic import targets

METADATA = "type.googleapis.com/google.cloud.audit.BigQueryAuditMetadata"
OLDER = "type.googleapis.com/google.cloud.bigquery.logging.v1.AuditData"
_JOBS = "google.cloud.bigquery.v2.JobService."
_JOB = "bquxjob_@@hex1@@"
_TABLE = "projects/@@project@@/datasets/@@pick:dataset@@/tables/@@pick:table@@"
_RESULT = "projects/@@project@@/datasets/_c2@@hex3@@/tables/anon@@hex4@@"
_SQL = 'SELECT customer, SUM(total) FROM `@@project@@.@@pick:dataset@@.@@pick:table@@` WHERE day = "@@day@@" GROUP BY 1'


def calls() -> tuple[Call, ...]:
    """Jobs as they begin and end, reads of tables, and what changes datasets and tables."""
    return (*_queries(), *_older(), *_reads(), *_changes())


def job(
    name: str, config: dict[str, Any], *, done: bool = False, tables: tuple[str, ...] = ()
) -> dict[str, Any]:
    """The metadata of a job that begins (jobInsertion) or has ended (jobChange)."""
    made: dict[str, Any] = {
        "jobName": name,
        "jobConfig": config,
        "jobStatus": {"jobState": "DONE" if done else "RUNNING"},
    }
    if not done:
        return {"@type": METADATA, "jobInsertion": {"job": made, "reason": "JOB_INSERT_REQUEST"}}
    made["jobStats"] = {
        "totalSlotMs": "259581",
        "queryStats": {"totalProcessedBytes": "1048576", "referencedTables": list(tables)},
    }
    return {"@type": METADATA, "jobChange": {"job": made, "before": "RUNNING", "after": "DONE"}}


def query(destination: str, text: str) -> dict[str, Any]:
    """How a query is described in the newer records."""
    return {
        "type": "QUERY",
        "queryConfig": {
            "query": text,
            "destinationTable": destination,
            "createDisposition": "CREATE_IF_NEEDED",
            "writeDisposition": "WRITE_TRUNCATE",
            "priority": "QUERY_INTERACTIVE",
            "statementType": "SELECT",
        },
    }


def completed(project: str, name: str, configuration: dict[str, Any]) -> dict[str, Any]:
    """The older record of a job that has ended."""
    kind = {"tableCopy": "table_copy", "query": "query", "extract": "extract", "load": "load"}[
        next(iter(configuration))
    ]
    return {
        "@type": OLDER,
        "jobCompletedEvent": {
            "eventName": f"{kind}_job_completed",
            "job": {
                "jobName": {"projectId": project, "jobId": name, "location": "EU"},
                "jobConfiguration": configuration,
                "jobStatus": {"state": "DONE"},
                "jobStatistics": {"totalBilledBytes": "10485760"},
            },
        },
    }


def table(path: str) -> dict[str, str]:
    """A table as the older records name it, of `projects/p/datasets/d/tables/t`."""
    _, project, _, dataset, _, name = path.split("/")
    return {"projectId": project, "datasetId": dataset, "tableId": name}


def _call(by: str, method: str, target: Target, weight: float, **more: Any) -> Call:
    more.setdefault("log", Log.DATA)
    return Call(by=by, service="bigquery", method=method, target=target, weight=weight, **more)


def _queries() -> tuple[Call, ...]:
    name = f"projects/@@project@@/jobs/{_JOB}"
    return tuple(
        call
        for by, weight in (("workload", 4), ("person", 2), ("acting", 0.5))
        for call in (
            _call(
                by,
                f"{_JOBS}InsertJob",
                targets.job(_JOB),
                weight,
                permissions=("bigquery.jobs.create@projects/@@project@@",),
                metadata=job(name, query(_RESULT, _SQL)),
            ),
            _call(
                by,
                f"{_JOBS}{'InsertJob' if by == 'workload' else 'Query'}",
                targets.job(_JOB),
                weight,
                metadata=job(name, query(_RESULT, _SQL), done=True, tables=(_TABLE,)),
            ),
        )
    )


def _older() -> tuple[Call, ...]:
    """The older records: of a resource by the name bigquery_resource."""
    target = Target(name=f"projects/@@project@@/jobs/{_JOB}", kind="bigquery_resource", labels={})
    result = table(_RESULT)
    return (
        _call(
            "workload",
            "jobservice.jobcompleted",
            target,
            3,
            service_data=completed(
                "@@project@@", _JOB, {"query": {"query": _SQL, "destinationTable": result}}
            ),
        ),
        _call(
            "workload",
            "jobservice.insert",
            target,
            2,
            service_data={
                "@type": OLDER,
                "jobInsertRequest": {
                    "resource": {
                        "jobConfiguration": {"query": {"query": _SQL, "destinationTable": result}},
                        "jobName": {"projectId": "@@project@@", "jobId": _JOB},
                    }
                },
            },
        ),
        _call(
            "person",
            "jobservice.getqueryresults",
            target,
            1,
            service_data={"@type": OLDER, "jobGetQueryResultsRequest": {"maxResults": 500}},
        ),
    )


def _reads() -> tuple[Call, ...]:
    read = {
        "@type": METADATA,
        "tableDataRead": {
            "fields": ["customer", "total"],
            "jobName": f"projects/@@project@@/jobs/{_JOB}",
            "reason": "JOB",
        },
    }
    listed = {"@type": METADATA, "tableDataRead": {"reason": "TABLEDATA_LIST_REQUEST"}}
    session = {
        "@type": METADATA,
        "tableDataRead": {
            "fields": ["customer"],
            "sessionName": "projects/@@project@@/locations/eu/sessions/CAIS@@hex5@@",
            "reason": "CREATE_READ_SESSION",
        },
    }
    may = ("bigquery.tables.getData",)
    return (
        _call("workload", f"{_JOBS}InsertJob", targets.table(), 5, permissions=may, metadata=read),
        _call(
            "person",
            "google.cloud.bigquery.v2.TableDataService.List",
            targets.table(),
            1.5,
            permissions=may,
            metadata=listed,
        ),
        _call(
            "workload",
            "google.cloud.bigquery.storage.v1.BigQueryRead.CreateReadSession",
            targets.table(),
            1.5,
            permissions=may,
            metadata=session,
        ),
        _call(
            "person",
            f"{_JOBS}InsertJob",
            targets.job(_JOB),
            0.2,
            code=7,
            message="Access Denied: Table @@project@@:@@pick:dataset@@.@@pick:table@@: User does not have permission",
        ),
    )


def _changes() -> tuple[Call, ...]:
    load = {
        "type": "IMPORT",
        "loadConfig": {
            "sourceUris": ["gs://@@pick:bucket@@/events/*.parquet"],
            "destinationTable": _TABLE,
            "writeDisposition": "WRITE_APPEND",
        },
    }
    made = {
        "@type": METADATA,
        "tableCreation": {
            "table": {
                "tableName": _TABLE,
                "schemaJson": '{\n  "fields": [{"name": "customer", "type": "STRING"}]\n}',
            },
            "reason": "TABLE_INSERT_REQUEST",
        },
    }
    described = {
        "@type": METADATA,
        "datasetChange": {
            "dataset": {
                "datasetName": "projects/@@project@@/datasets/@@pick:dataset@@",
                "datasetInfo": {"description": "nightly"},
                "acl": {
                    "policy": {
                        "bindings": [
                            {"role": "roles/bigquery.dataOwner", "members": ["serviceAccount:@@pipeline@@"]},
                            {"role": "roles/bigquery.dataViewer", "members": ["group:@@pick:group@@"]},
                        ]
                    }
                },
            },
            "reason": "UPDATE",
        },
    }
    return (
        _call(
            "workload",
            f"{_JOBS}InsertJob",
            targets.job(_JOB),
            1,
            metadata=job(f"projects/@@project@@/jobs/{_JOB}", load, done=True),
        ),
        _call(
            "pipeline",
            "google.cloud.bigquery.v2.TableService.InsertTable",
            targets.table(),
            0.4,
            log=Log.ACTIVITY,
            permissions=("bigquery.tables.create",),
            metadata=made,
        ),
        _call(
            "pipeline",
            "google.cloud.bigquery.v2.DatasetService.PatchDataset",
            targets.dataset(),
            0.2,
            log=Log.ACTIVITY,
            permissions=("bigquery.datasets.update",),
            metadata=described,
        ),
    )
