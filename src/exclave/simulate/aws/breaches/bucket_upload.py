"""Objects of ours read and written straight into a foreign bucket, with a stolen role: nothing is shared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exclave.model import Cloud, Kind
from exclave.simulate.aws import ids
from exclave.simulate.breach import Breach

if TYPE_CHECKING:
    from exclave.simulate.aws.scene import Scene

_AGENT = "aws-cli/2.17.44 md/awscrt#0.21.2 ua/2.0 os/linux#6.1.102 md/arch#x86_64 lang/python#3.11.9 cfg/retry-mode#standard"
_OBJECTS = 18
_LARGE = 3  # of them, large enough to be sent in parts


def tell(scene: Scene) -> None:
    """A machine's stolen role → listing → each object read, and written into the adversary's bucket."""
    thief = scene.session("report-builder", ids.hex_id(scene.rng, "i"), _AGENT)
    ours, theirs = scene.victim.buckets[0], f"sync-{scene.rng.getrandbits(40):010x}"
    scene.look(thief, ("sts", "GetCallerIdentity", None), ("s3", "ListBuckets", {"Host": "s3.amazonaws.com"}))
    scene.wait(4)
    scene.offered_to(Kind.ACCOUNT, scene.outsider)
    for number in range(_OBJECTS):
        key = f"ledger/2025/part-{number:05}.parquet"
        size = scene.rng.randrange(10**6, 10**9)
        scene.call(
            thief,
            "s3",
            "GetObject",
            {"bucketName": ours, "key": key, "Host": f"{ours}.s3.{scene.region}.amazonaws.com"},
            data=True,
            read=True,
            resources=scene.object_resources(ours, key),
            extra={"bytesTransferredOut": size, "bytesTransferredIn": 0},
        )
        parts = number < _LARGE
        scene.call(
            thief,
            "s3",
            "CreateMultipartUpload" if parts else "PutObject",
            {
                "bucketName": theirs,
                "key": key,
                "Host": f"{theirs}.s3.{scene.region}.amazonaws.com",
                **({"uploads": ""} if parts else {}),
            },
            {"x-amz-server-side-encryption": "AES256"},
            data=True,
            phase="take",
            resources=scene.object_resources(theirs, key, scene.outsider),
            extra={"bytesTransferredOut": 0, "bytesTransferredIn": 0 if parts else size},
        )
    scene.thing("s3-upload", theirs)
    scene.story.taken = True


BREACH = Breach(
    name="bucket-upload",
    title="Objects written straight into a foreign bucket",
    cloud=Cloud.AWS,
    description="With a machine's role an intruder reads the objects of a bucket and writes each into a bucket of his "
    "own, whose owner the trail of data events names. Nothing is shared, so that nothing can be taken back.",
    hours=1,
    tell=tell,
)
