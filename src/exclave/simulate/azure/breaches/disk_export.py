"""A stolen application secret, and a database's disk downloaded through a snapshot's URL."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from exclave.model import Cloud, Kind
from exclave.simulate.azure import directory
from exclave.simulate.azure.call import WRITTEN
from exclave.simulate.breach import Breach

if TYPE_CHECKING:
    from exclave.simulate.azure.scene import Scene

_GIB = 512
_URL_SECONDS = 86400
_WRONG_SECRET = 7000215


def tell(scene: Scene) -> None:
    """Sign-in with a stolen secret → risk → one more secret → snapshot → URL → the setting that told the SOC."""
    thief, victim = scene.tenant.pipeline, scene.victim
    scene.application_sign_in(thief, error=_WRONG_SECRET)
    scene.application_sign_in(thief)
    scene.risk(kind="suspiciousSignins", level="high", application=thief, after=2)
    secret = {
        "id": thief.oid,
        "displayName": thief.name,
        "type": "ServicePrincipal",
        "modifiedProperties": [{"displayName": "KeyDescription", "oldValue": "[]", "newValue": '["spare"]'}],
    }
    scene.audit(
        "Add service principal credentials",
        category="ApplicationManagement",
        by=directory.by_application(thief),
        targets=[secret],
        phase="access",
        after=4,
    )
    compute = f"{victim.group()}/providers/Microsoft.Compute"
    disk, snapshot = f"{compute}/disks/{victim.disks[1]}", f"{compute}/snapshots/{victim.disks[1]}-tmp"
    read = {"access": "Read", "durationInSeconds": _URL_SECONDS}
    scene.operate(
        scene.as_application(thief),
        disk,
        "Microsoft.Compute/disks/beginGetAccess/action",
        steps=("Start", "Accept", "Failure"),
        code="Conflict",
        message="Disk access is not allowed while the disk is attached to a running VM.",
        body=read,
        phase="attempt",
        after=15,
    )
    made = {
        "location": victim.region,
        "sku": {"name": "Standard_LRS"},
        "properties": {
            "incremental": False,
            "diskSizeGB": _GIB,
            "networkAccessPolicy": "AllowAll",
            "creationData": {"createOption": "Copy", "sourceResourceId": disk},
        },
    }
    scene.operate(
        scene.as_application(thief),
        snapshot,
        "Microsoft.Compute/snapshots/write",
        steps=WRITTEN,
        body=made,
        answer={"name": snapshot.rsplit("/", 1)[-1], "properties": {"provisioningState": "Updating"}},
        phase="prepare",
        after=6,
    )
    scene.thing("azure-disk", disk, size=_GIB)
    scene.thing("azure-snapshot", snapshot, parent=disk, size=_GIB)
    scene.operate(
        scene.as_application(thief),
        snapshot,
        "Microsoft.Compute/snapshots/beginGetAccess/action",
        steps=WRITTEN,
        body=read,
        phase="offer",
        after=9,
    )
    scene.offered_to(Kind.BEARER_URL, "/".join(snapshot.lower().split("/")[-2:]))
    scene.expires = scene.now + timedelta(seconds=_URL_SECONDS)
    scene.operate(
        scene.as_application(thief),
        f"{victim.path}/providers/Microsoft.Insights/diagnosticSettings/to-soc",
        "Microsoft.Insights/diagnosticSettings/delete",
        phase="tamper",
        after=25,
    )


BREACH = Breach(
    name="azure-snapshot-export",
    title="Disk snapshot exported by a download URL with a stolen application secret",
    cloud=Cloud.AZURE,
    description="Somebody signs in with the deployment application's secret from abroad; Identity Protection sees"
    " it. He adds a secret of his own, fails to export the running database's disk, snapshots it and asks for a"
    " URL with which anybody can download it, and deletes the setting that sent the activity log to the security"
    " team. (The archive that these logs are from is another setting, which he missed.)",
    hours=3,
    tell=tell,
)
