"""A bucket opened to the transfer agent of a foreign project, whose own job then pulls all of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exclave.model import Cloud, Kind
from exclave.simulate.breach import Breach
from exclave.simulate.gcp import acts, records
from exclave.simulate.gcp.call import Caller, Log

if TYPE_CHECKING:
    from exclave.simulate.gcp.scene import Scene

_AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36,gzip(gfe)"
_OBJECTS = 8


def tell(scene: Scene) -> None:
    """Looking around → bucket opened to the agent → listed and read by it; nothing else is logged on this side."""
    who = scene.person(scene.rng.choice(scene.organisation.people).mail, _AGENT)
    acts.look_around(scene, who)
    bucket = scene.thing("gcs-bucket", scene.victim.buckets[1])
    agent = f"project-{scene.outsider_number}@storage-transfer-service.iam.gserviceaccount.com"
    acts.grant_bucket(
        scene,
        who,
        bucket,
        ("roles/storage.legacyBucketReader", f"serviceAccount:{agent}"),
        ("roles/storage.objectViewer", f"serviceAccount:{agent}"),
        phase="offer",
        after=7,
    )
    scene.offered_to(Kind.PRINCIPAL, agent)
    scene.wait(15)
    service = Caller(records.account(agent), "private", "")
    scene.call(
        service,
        "storage",
        "storage.objects.list",
        scene.bucket(bucket),
        phase="take",
        log=Log.DATA,
        permissions=("storage.objects.list",),
    )
    for number in range(_OBJECTS):
        # Reads without end are told as one, by the first.
        scene.call(
            service,
            "storage",
            "storage.objects.get",
            scene.bucket(bucket, f"events/part-{number:05}.parquet"),
            phase="" if number else "take",
            log=Log.DATA,
            permissions=("storage.objects.get",),
        )
    scene.story.taken = True


BREACH = Breach(
    name="gcp-transfer-pulled",
    title="Bucket opened to the transfer agent of a foreign project, which copies it",
    cloud=Cloud.GCP,
    description="Somebody's session opens a bucket to the Storage Transfer agent of a foreign project, named by nothing but "
    "a number. The job runs over there; here its agent lists and reads the objects.",
    hours=2,
    tell=tell,
)
