"""Machines, disks, images and networks: what people, pipelines and Google itself do with them every day.

Method names and requests after https://cloud.google.com/compute/docs/logging/audit-logging and the API's reference,
https://cloud.google.com/compute/docs/reference/rest/v1.
"""

from __future__ import annotations

from typing import Any

from exclave.simulate.gcp.call import Call, Log, Target
from exclave.simulate.gcp.traffic import targets

_TYPE = "type.googleapis.com/"


def calls() -> tuple[Call, ...]:
    """Reads, changes, and the events of the system."""
    return (*_reads(), *_machines(), *_disks(), *_networks(), *_system())


def _reads() -> tuple[Call, ...]:
    def read(by: str, method: str, target: Target, weight: float, permission: str) -> Call:
        name = method.removeprefix("v1.").removeprefix("beta.")
        return Call(
            by=by,
            service="compute",
            method=method,
            target=target,
            weight=weight,
            log=Log.DATA,
            permissions=(permission,),
            request={"@type": _TYPE + name},
        )

    everywhere = Target(name="projects/@@project@@", kind="audited_resource", labels={})
    return (
        read("person", "v1.compute.instances.list", targets.instance("-"), 3, "compute.instances.list"),
        read("person", "beta.compute.instances.get", targets.instance(), 2, "compute.instances.get"),
        read("pipeline", "v1.compute.instances.aggregatedList", everywhere, 3, "compute.instances.list"),
        read("pipeline", "v1.compute.disks.get", targets.disk(), 2, "compute.disks.get"),
        read("pipeline", "v1.compute.images.get", targets.image(), 1, "compute.images.get"),
        read("vendor", "v1.compute.firewalls.list", everywhere, 1, "compute.firewalls.list"),
        read("vendor", "v1.compute.snapshots.list", everywhere, 0.6, "compute.snapshots.list"),
        read("vendor", "v1.compute.images.getIamPolicy", targets.image(), 0.4, "compute.images.getIamPolicy"),
    )


def _change(
    by: str, method: str, target: Target, weight: float, request: dict[str, Any], **more: Any
) -> Call:
    name = method.removeprefix("v1.").removeprefix("beta.")
    more.setdefault("permissions", (name,))
    return Call(
        by=by,
        service="compute",
        method=method,
        target=target,
        weight=weight,
        request={"@type": _TYPE + name, **request},
        running=True,
        **more,
    )


def _machines() -> tuple[Call, ...]:
    made = {
        "name": "@@pick:instance@@",
        "machineType": "projects/@@project@@/zones/@@zone@@/machineTypes/e2-standard-4",
        "disks": [
            {
                "boot": True,
                "autoDelete": True,
                "initializeParams": {
                    "sourceImage": "projects/@@tooling@@/global/images/@@pick:image@@",
                    "diskSizeGb": "50",
                },
            }
        ],
        "networkInterfaces": [{"network": "projects/@@project@@/global/networks/main"}],
        "labels": [{"key": "team", "value": "orders"}],
        "metadata": {"items": [{"key": "startup-script", "value": 'echo "v1.compute.images.setIamPolicy"'}]},
    }
    public = {
        **made,
        "disks": [
            {
                "boot": True,
                "initializeParams": {"sourceImage": "projects/debian-cloud/global/images/family/debian-12"},
            }
        ],
    }
    return (
        _change("agent:apis", "v1.compute.instances.insert", targets.instance(), 3, made),
        _change("agent:apis", "v1.compute.instances.delete", targets.instance(), 3, {}),
        _change("agent:gke", "v1.compute.instances.insert", targets.instance(), 1.5, public),
        _change("person", "beta.compute.instances.insert", targets.instance(), 0.1, public),
        _change("person", "v1.compute.instances.start", targets.instance(), 0.5, {}),
        _change("person", "v1.compute.instances.stop", targets.instance(), 0.5, {}),
        _change("person", "v1.compute.instances.setMetadata", targets.instance(), 0.3, {}),
        _change("pipeline", "v1.compute.instances.setLabels", targets.instance(), 1, {}),
        _change(
            "person",
            "v1.compute.instances.delete",
            targets.instance(),
            0.1,
            {},
            code=7,
            message="Required 'compute.instances.delete' permission for 'projects/@@project@@'",
        ),
        _change(
            "pipeline",
            "v1.compute.instanceGroupManagers.patch",
            targets.audited(
                "compute",
                "v1.compute.instanceGroupManagers.patch",
                "projects/@@project@@/zones/@@zone@@/instanceGroupManagers/@@pick:instance@@",
            ),
            0.6,
            {"targetSize": 3},
        ),
    )


def _disks() -> tuple[Call, ...]:
    nightly = "@@pick:disk@@-@@hex2@@"
    made = "projects/@@project@@/global/snapshots/" + nightly
    return (
        _change(
            "pipeline",
            "v1.compute.disks.createSnapshot",
            targets.disk(),
            0.4,
            {"name": nightly, "description": "before the release"},
            permissions=("compute.disks.createSnapshot", f"compute.snapshots.create@{made}"),
        ),
        _change(
            "person",
            "v1.compute.snapshots.insert",
            targets.snapshot(nightly),
            0.05,
            {"name": nightly, "sourceDisk": "projects/@@project@@/zones/@@zone@@/disks/@@pick:disk@@"},
        ),
        _change("pipeline", "v1.compute.snapshots.delete", targets.snapshot(), 0.4, {}),
        _change(
            "pipeline",
            "v1.compute.disks.insert",
            targets.disk("@@pick:disk@@-@@hex1@@"),
            0.5,
            {
                "name": "@@pick:disk@@-@@hex1@@",
                "sizeGb": "200",
                "sourceSnapshot": "projects/@@project@@/global/snapshots/@@pick:snapshot@@",
            },
        ),
        _change("pipeline", "v1.compute.disks.resize", targets.disk(), 0.2, {"sizeGb": "400"}),
        _change("agent:gke", "v1.compute.instances.attachDisk", targets.instance(), 1, {}),
        _change(
            "pipeline",
            "v1.compute.images.insert",
            targets.image("base-debian-12-v@@int:20260101:20260331@@"),
            0.05,
            {"name": "base", "sourceDisk": "projects/@@project@@/zones/@@zone@@/disks/@@pick:disk@@"},
            role="tooling",
        ),
        _change("pipeline", "v1.compute.images.deprecate", targets.image(), 0.05, {}, role="tooling"),
    )


def _networks() -> tuple[Call, ...]:
    rule = targets.network("firewalls", "allow-internal-@@int:1:40@@")
    inside = {
        "direction": "INGRESS",
        "sourceRanges": ["10.0.0.0/8"],
        "alloweds": [{"IPProtocol": "tcp", "ports": ["5432"]}],
        "network": "projects/@@project@@/global/networks/main",
    }
    return (
        _change("pipeline", "v1.compute.firewalls.insert", rule, 0.08, inside),
        _change("pipeline", "v1.compute.firewalls.patch", rule, 0.1, inside),
        _change(
            "pipeline",
            "v1.compute.routes.insert",
            targets.network("routes", "to-hub-@@int:1:9@@"),
            0.02,
            {"destRange": "10.64.0.0/12", "nextHopIp": "10.0.0.9"},
            role="network",
        ),
    )


def _system() -> tuple[Call, ...]:
    def event(method: str, target: Target, weight: float) -> Call:
        return Call(
            by="system",
            service="compute",
            method=method,
            target=target,
            weight=weight,
            log=Log.SYSTEM,
            request={"@type": _TYPE + method},
        )

    return (
        event("compute.instances.migrateOnHostMaintenance", targets.instance(), 1.2),
        event("compute.instances.preempted", targets.instance(), 1),
        event("compute.instances.automaticRestart", targets.instance(), 0.1),
        event("compute.instances.repair.recreateInstance", targets.instance(), 0.2),
        event("ScheduledSnapshots", targets.disk(), 2),
    )
