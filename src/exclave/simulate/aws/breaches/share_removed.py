"""A share that stood for forty minutes: long enough for a copy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exclave.model import Cloud, Kind
from exclave.simulate.aws import acts
from exclave.simulate.breach import Breach

if TYPE_CHECKING:
    from exclave.simulate.aws.scene import Scene

_AGENT = (
    "aws-cli/2.15.30 Python/3.11.8 Darwin/23.4.0 exe/x86_64 prompt/off command/ec2.modify-snapshot-attribute"
)
_GIB = 320


def tell(scene: Scene) -> None:
    """Snapshot → share → copied → share removed → snapshot deleted."""
    thief = scene.user("contractor-7", _AGENT)
    acts.look_around(scene, thief)
    snapshot = acts.create_snapshot(
        scene, thief, scene.victim.volumes[4], _GIB, name="crm-data", encrypted=False
    )
    scene.wait(30)
    acts.share_snapshot(scene, thief, snapshot, scene.outsider)
    scene.offered_to(Kind.ACCOUNT, scene.outsider)
    scene.wait(5)
    acts.take_snapshot(scene, snapshot, scene.outsider)
    scene.wait(35)
    acts.share_snapshot(scene, thief, snapshot, scene.outsider, verb="remove")
    scene.call(
        thief, "ec2", "DeleteSnapshot", {"snapshotId": snapshot}, acts.ok(scene), after=2, phase="close"
    )
    scene.story.open = False


BREACH = Breach(
    name="share-removed-afterwards",
    title="EBS snapshot shared with a foreign account for forty minutes, and copied",
    cloud=Cloud.AWS,
    description="A contractor's key shares a snapshot, waits for the copy, takes the share back and "
    "deletes the snapshot, so that nothing is open when somebody looks.",
    hours=3,
    tell=tell,
)
