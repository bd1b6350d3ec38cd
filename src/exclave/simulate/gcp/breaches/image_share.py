"""The key of a service account leaked, and an image of a database's disk shared with its finder's project."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exclave.model import Cloud, Kind
from exclave.simulate.breach import Breach
from exclave.simulate.gcp import acts, ids

if TYPE_CHECKING:
    from exclave.simulate.gcp.call import Caller
    from exclave.simulate.gcp.scene import Scene

_TYPE = "type.googleapis.com/"
_GIB = 200
_CROSS = f"{_TYPE}google.cloud.audit.CrossEntityControlAuditMetadata"


def tell(scene: Scene) -> None:
    """Leaked key → a key of another account → disk, snapshot, image → shared → used from outside → sink weakened."""
    first, second = scene.victim.accounts[:2]
    found = scene.service_account(first, "compute.instances.list", key=ids.key_id(scene.rng))
    acts.look_around(scene, found)
    key = acts.create_key(scene, found, second)
    scene.wait(18)
    who = scene.service_account(second, "compute.images.create", key=key)
    image = _image(scene, who)
    scene.wait(9)
    outsider = f"builder@{scene.outsider}.iam.gserviceaccount.com"
    _share(scene, who, image, outsider)
    scene.offered_to(Kind.PRINCIPAL, outsider)
    scene.wait(14)
    scene.call(
        scene.taker(outsider, seen=False),
        "compute",
        "v1.compute.images.insert",
        scene.machine_part("images", image),
        phase="take",
        permissions=("compute.images.useReadOnly",),
        request={"@type": f"{_TYPE}compute.images.insert"},
        metadata={"@type": _CROSS},
    )
    scene.story.taken = True
    acts.exclude_from_sink(scene, who, second)


def _image(scene: Scene, who: Caller) -> str:
    """Disk → snapshot → image; gives the image's name."""
    disk, snapshot = scene.victim.disks[0], f"{scene.victim.disks[0]}-nightly"
    image = f"base-{ids.suffix(scene.rng)}"
    source = scene.machine_part("disks", disk)
    made = scene.machine_part("snapshots", snapshot)
    scene.thing("gcp-disk", source.name, size=_GIB, name=disk)
    scene.operation(
        who,
        "compute",
        "v1.compute.disks.createSnapshot",
        source,
        phase="prepare",
        minutes=3,
        permissions=("compute.disks.createSnapshot", f"compute.snapshots.create@{made.name}"),
        request={"@type": f"{_TYPE}compute.disks.createSnapshot", "name": snapshot, "description": "nightly"},
    )
    scene.thing("gcp-snapshot", made.name, parent=source.name, size=_GIB, name=snapshot)
    target = scene.machine_part("images", image)
    scene.operation(
        who,
        "compute",
        "v1.compute.images.insert",
        target,
        phase="prepare",
        after=5,
        minutes=4,
        permissions=("compute.images.create", f"compute.snapshots.useReadOnly@{made.name}"),
        request={
            "@type": f"{_TYPE}compute.images.insert",
            "name": image,
            "sourceSnapshot": f"https://www.googleapis.com/compute/v1/{made.name}",
        },
    )
    scene.thing("gcp-image", target.name, parent=made.name, size=_GIB, name=image)
    return image


def _share(scene: Scene, who: Caller, image: str, outsider: str) -> None:
    policy: dict[str, Any] = {
        "bindings": [{"role": "roles/compute.imageUser", "members": [f"serviceAccount:{outsider}"]}],
        "etag": ids.etag(scene.rng),
        "version": 1,
    }
    scene.call(
        who,
        "compute",
        "v1.compute.images.setIamPolicy",
        scene.machine_part("images", image),
        phase="offer",
        permissions=("compute.images.setIamPolicy",),
        request={"@type": f"{_TYPE}compute.images.setIamPolicy", "policy": policy},
        response={"@type": f"{_TYPE}compute.images.setIamPolicy", **policy},
    )


BREACH = Breach(
    name="gcp-image-share",
    title="Image of a disk shared with a foreign project after a service account's key leaked",
    cloud=Cloud.GCP,
    description="The key of a service account is found. Its finder makes a key for another account, snapshots a "
    "database's disk, makes an image of the snapshot, lets a service account of his own project use it, takes it, and "
    "excludes what he does from the log sink.",
    hours=3,
    tell=tell,
)
