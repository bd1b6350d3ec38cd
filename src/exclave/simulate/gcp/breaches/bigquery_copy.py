"""An analyst's session taken over: a dataset opened to a stranger, a table copied and another one extracted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exclave.model import Cloud, Kind
from exclave.simulate.breach import Breach
from exclave.simulate.gcp import acts, ids
from exclave.simulate.gcp.call import Caller, Log, Target
from exclave.simulate.gcp.traffic import bigquery

if TYPE_CHECKING:
    from exclave.simulate.gcp.scene import Scene

_INSERT = "google.cloud.bigquery.v2.JobService.InsertJob"
_AGENT = "google-cloud-sdk gcloud/471.0.0 bq/2.1.3 command/bq.cp (Linux 6.6.15-amd64),gzip(gfe)"
_GET = ("bigquery.tables.getData",)


def tell(scene: Scene) -> None:
    """Looking around → dataset opened → table copied to his project → another extracted to his bucket → read from there."""
    who = scene.person(scene.rng.choice(scene.organisation.people).mail, _AGENT)
    acts.look_around(scene, who)
    dataset = scene.victim.datasets[0]
    one, other = (
        f"projects/{scene.victim.id}/datasets/{dataset}/tables/{t}" for t in scene.victim.tables[:2]
    )
    outsider = f"sync@{scene.outsider}.iam.gserviceaccount.com"
    place = scene.thing("bigquery-dataset", f"projects/{scene.victim.id}/datasets/{dataset}", name=dataset)
    scene.call(
        who,
        "bigquery",
        "google.cloud.bigquery.v2.DatasetService.PatchDataset",
        Target(name=place, kind="bigquery_dataset", labels={"dataset_id": dataset}),
        phase="offer",
        after=8,
        permissions=("bigquery.datasets.update",),
        metadata={
            "@type": bigquery.METADATA,
            "datasetChange": {
                "bindingDeltas": [
                    {
                        "action": "ADD",
                        "role": "roles/bigquery.dataViewer",
                        "member": f"serviceAccount:{outsider}",
                    }
                ],
                "reason": "UPDATE",
            },
        },
    )
    scene.offered_to(Kind.PRINCIPAL, outsider)
    _copy(scene, who, one)
    _extract(scene, who, other)
    scene.wait(11)
    scene.call(
        scene.taker(outsider),
        "bigquery",
        _INSERT,
        Target(name=one, kind="bigquery_dataset", labels={"dataset_id": dataset}),
        phase="take",
        log=Log.DATA,
        permissions=_GET,
        metadata={
            "@type": bigquery.METADATA,
            "tableDataRead": {
                "jobName": f"projects/{scene.outsider}/jobs/bquxjob_{ids.suffix(scene.rng, 8)}",
                "reason": "JOB",
            },
        },
    )
    scene.story.taken = True


def _copy(scene: Scene, who: Caller, source: str) -> None:
    scene.thing("bigquery-table", source)
    target = f"projects/{scene.outsider}/datasets/backup/tables/{source.rpartition('/')[2]}"
    config = {
        "type": "COPY",
        "tableCopyConfig": {
            "sourceTables": [source],
            "destinationTable": target,
            "createDisposition": "CREATE_IF_NEEDED",
            "writeDisposition": "WRITE_EMPTY",
            "operationType": "COPY",
        },
    }
    older = {
        "tableCopy": {"sourceTables": [bigquery.table(source)], "destinationTable": bigquery.table(target)}
    }
    _job(scene, who, config, older)
    scene.offered_to(Kind.PROJECT, scene.outsider)


def _extract(scene: Scene, who: Caller, source: str) -> None:
    scene.thing("bigquery-table", source)
    bucket = f"{scene.outsider}-drop"
    uris = [f"gs://{bucket}/{source.rpartition('/')[2]}/*.avro"]
    config = {
        "type": "EXPORT",
        "extractConfig": {"sourceTable": source, "destinationUris": uris, "destinationFormat": "AVRO"},
    }
    _job(scene, who, config, {"extract": {"sourceTable": bigquery.table(source), "destinationUris": uris}})
    scene.offered_to(Kind.BUCKET, bucket)


def _job(scene: Scene, who: Caller, config: dict[str, Any], older: dict[str, Any]) -> None:
    """A job as it stands in the log: when it begins and ends, and once more in the older shape."""
    short = f"bqjob_r{ids.suffix(scene.rng, 16)}_1"
    name = f"projects/{scene.victim.id}/jobs/{short}"
    target = Target(name=name, kind="bigquery_project", labels={"location": "EU"})
    begun = bigquery.job(name, config)
    scene.call(
        who,
        "bigquery",
        _INSERT,
        target,
        phase="take",
        after=6,
        log=Log.DATA,
        permissions=(f"bigquery.jobs.create@projects/{scene.victim.id}",),
        metadata=begun,
    )
    scene.wait(1)
    scene.call(
        who,
        "bigquery",
        _INSERT,
        target,
        log=Log.DATA,
        told=False,
        metadata=bigquery.job(name, config, done=True),
    )
    scene.call(
        who,
        "bigquery",
        "jobservice.jobcompleted",
        Target(name=name, kind="bigquery_resource", labels={}),
        phase="take",
        log=Log.DATA,
        service_data=bigquery.completed(scene.victim.id, short, older),
    )


BREACH = Breach(
    name="gcp-bigquery-copy",
    title="Dataset opened to a foreign service account, tables copied and extracted to its project",
    cloud=Cloud.GCP,
    description="An analyst's session is used from elsewhere: a dataset is opened to a service account of a foreign "
    "project, a table is copied into a dataset of that project, another extracted to its bucket, and what was opened is "
    "read by a job there.",
    hours=3,
    tell=tell,
)
