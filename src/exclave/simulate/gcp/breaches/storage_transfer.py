"""A bucket copied whole to a foreign project by a job of the Storage Transfer Service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exclave.model import Cloud, Kind
from exclave.simulate.breach import Breach
from exclave.simulate.gcp import acts, ids
from exclave.simulate.gcp.call import Caller, Log, Target

if TYPE_CHECKING:
    from exclave.simulate.gcp.scene import Scene

_TYPE = "type.googleapis.com/google.storagetransfer.v1."
_SERVICE = "google.storagetransfer.v1.StorageTransferService."
_READER = "roles/storage.objectViewer"
_OBJECTS = 6


def tell(scene: Scene) -> None:
    """Leaked key → bucket opened to the service and to a stranger → transfer job → run → objects read → job deleted."""
    who = scene.service_account(scene.victim.accounts[0], "transfer.jobs.create", key=ids.key_id(scene.rng))
    acts.look_around(scene, who)
    bucket = scene.victim.buckets[0]
    scene.thing("gcs-bucket", bucket)
    agent = f"project-{scene.victim.number}@storage-transfer-service.iam.gserviceaccount.com"
    outsider = f"mirror@{scene.outsider}.iam.gserviceaccount.com"
    legacy = "roles/storage.legacyBucketReader"
    acts.grant_bucket(
        scene,
        who,
        bucket,
        (legacy, f"serviceAccount:{agent}"),
        (_READER, f"serviceAccount:{agent}"),
        phase="access",
        after=9,
    )
    acts.grant_bucket(scene, who, bucket, (_READER, f"serviceAccount:{outsider}"), phase="offer", after=3)
    scene.offered_to(Kind.PRINCIPAL, outsider)
    sink = f"{scene.outsider}-mirror"
    job = f"transferJobs/{ids.number(scene.rng, 19)}"
    _create(scene, who, job, bucket, sink)
    scene.offered_to(Kind.BUCKET, sink)
    scene.story.taken = True
    _call(scene, who, "RunTransferJob", job, phase="prepare", after=2, request={"jobName": job})
    scene.wait(5)
    service = Caller(
        {"principalEmail": agent, "principalSubject": f"serviceAccount:{agent}"},
        "private",
        "StorageTransfer/1.0",
    )
    for number in range(_OBJECTS):
        scene.call(
            service,
            "storage",
            "storage.objects.get",
            scene.bucket(bucket, f"events/part-{number:05}.parquet"),
            log=Log.DATA,
            permissions=("storage.objects.get",),
        )
    _call(scene, who, "DeleteTransferJob", job, after=20, request={"jobName": job})


def _create(scene: Scene, who: Caller, job: str, source: str, sink: str) -> None:
    described: dict[str, Any] = {
        "projectId": scene.victim.id,
        "status": "ENABLED",
        "description": "disaster recovery",
        "transferSpec": {
            "gcsDataSource": {"bucketName": source},
            "gcsDataSink": {"bucketName": sink},
            "transferOptions": {},
        },
    }
    _call(
        scene,
        who,
        "CreateTransferJob",
        job,
        phase="take",
        after=4,
        request={"transferJob": described},
        response={"@type": f"{_TYPE}TransferJob", **described, "name": job},
    )


def _call(
    scene: Scene, who: Caller, method: str, job: str, *, request: dict[str, Any], phase: str = "", **more: Any
) -> None:
    verb = {"CreateTransferJob": "create", "RunTransferJob": "run", "DeleteTransferJob": "delete"}[method]
    scene.call(
        who,
        "storagetransfer",
        _SERVICE + method,
        Target(
            name=job,
            kind="audited_resource",
            labels={"method": _SERVICE + method, "service": "storagetransfer.googleapis.com"},
        ),
        phase=phase,
        permissions=(f"storagetransfer.jobs.{verb}@projects/{scene.victim.id}",),
        request={"@type": f"{_TYPE}{method}Request", **request},
        **more,
    )


BREACH = Breach(
    name="gcp-storage-transfer",
    title="Bucket copied to a foreign project by Storage Transfer",
    cloud=Cloud.GCP,
    description="With the leaked key of a service account a bucket is opened to the transfer service and to an account "
    "of a foreign project; a transfer job copies all of it into a bucket there, is run, and is deleted.",
    hours=3,
    tell=tell,
)
