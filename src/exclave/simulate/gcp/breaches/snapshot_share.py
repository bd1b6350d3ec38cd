"""An engineer's session acts as a service account: a guard loosened, a snapshot shared with a private address, and hidden."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exclave.model import Cloud, Kind
from exclave.simulate.breach import Breach
from exclave.simulate.gcp import acts, ids
from exclave.simulate.gcp.call import Caller, Log, Target
from exclave.simulate.gcp.scene import GCLOUD

if TYPE_CHECKING:
    from exclave.simulate.gcp.scene import Scene

_TYPE = "type.googleapis.com/"
_GIB = 500
_CROSS = f"{_TYPE}google.cloud.audit.CrossEntityControlAuditMetadata"
_NAMES = ("j.morrow", "k.adler", "t.vance", "r.quinn")


def tell(scene: Scene) -> None:
    """Token of another account → guard loosened → snapshot → shared → taken → taken back → deleted → exclusion."""
    person = scene.rng.choice(scene.organisation.people).mail
    dana = scene.person(person, GCLOUD.format("auth.print-access-token", scene.rng.getrandbits(64)))
    acts.look_around(scene, dana)
    mail = scene.victim.accounts[2]
    _token(scene, dana, mail)
    who = scene.service_account(mail, "compute.snapshots.create", behind=person)
    _loosen(scene, who)
    disk, snapshot = _snapshot(scene, who)
    outsider = f"{scene.rng.choice(_NAMES)}.{ids.suffix(scene.rng, 6)}@gmail.com"
    scene.wait(7)
    _policy(scene, who, snapshot, [f"user:{outsider}"], phase="offer")
    scene.offered_to(Kind.PRINCIPAL, outsider)
    scene.wait(21)
    scene.call(
        scene.taker(outsider, seen=False),
        "compute",
        "v1.compute.disks.insert",
        scene.machine_part("snapshots", snapshot),
        phase="take",
        permissions=("compute.snapshots.useReadOnly",),
        request={"@type": f"{_TYPE}compute.disks.insert"},
        metadata={"@type": _CROSS},
    )
    scene.story.taken = True
    scene.wait(12)
    _policy(scene, who, snapshot, [], phase="close")
    scene.operation(
        who,
        "compute",
        "v1.compute.snapshots.delete",
        scene.machine_part("snapshots", snapshot),
        phase="close",
        after=2,
        permissions=("compute.snapshots.delete",),
        request={"@type": f"{_TYPE}compute.snapshots.delete"},
    )
    scene.story.open = False
    _exclude(scene, who, disk)


def _token(scene: Scene, who: Caller, mail: str) -> None:
    name = f"projects/-/serviceAccounts/{mail}"
    scene.call(
        who,
        "iamcredentials",
        "GenerateAccessToken",
        Target(
            name=name, kind="service_account", labels={"email_id": mail, "unique_id": ids.unique_id(mail)}
        ),
        phase="prepare",
        log=Log.DATA,
        after=10,
        permissions=("iam.serviceAccounts.getAccessToken",),
        request={
            "@type": f"{_TYPE}google.iam.credentials.v1.GenerateAccessTokenRequest",
            "name": name,
            "scope": ["https://www.googleapis.com/auth/cloud-platform"],
        },
    )


def _loosen(scene: Scene, who: Caller) -> None:
    name = f"projects/{scene.victim.id}/policies/iam.allowedPolicyMemberDomains"
    method = "google.cloud.orgpolicy.v2.OrgPolicy.UpdatePolicy"
    scene.call(
        who,
        "orgpolicy",
        method,
        Target(
            name=name,
            kind="audited_resource",
            labels={"method": method, "service": "orgpolicy.googleapis.com"},
        ),
        phase="tamper",
        after=5,
        permissions=("orgpolicy.policy.set",),
        request={
            "@type": f"{_TYPE}google.cloud.orgpolicy.v2.UpdatePolicyRequest",
            "policy": {"name": name, "spec": {"rules": [{"allowAll": True}]}},
        },
    )


def _snapshot(scene: Scene, who: Caller) -> tuple[str, str]:
    disk = scene.victim.disks[1]
    snapshot = f"{disk}-{ids.suffix(scene.rng)}"
    source, made = scene.machine_part("disks", disk), scene.machine_part("snapshots", snapshot)
    scene.thing("gcp-disk", source.name, size=_GIB, name=disk)
    scene.operation(
        who,
        "compute",
        "v1.compute.snapshots.insert",
        made,
        phase="prepare",
        after=6,
        minutes=5,
        permissions=("compute.snapshots.create", f"compute.disks.createSnapshot@{source.name}"),
        request={"@type": f"{_TYPE}compute.snapshots.insert", "name": snapshot, "sourceDisk": source.name},
    )
    scene.thing("gcp-snapshot", made.name, parent=source.name, size=_GIB, name=snapshot)
    return disk, snapshot


def _policy(scene: Scene, who: Caller, snapshot: str, members: list[str], *, phase: str) -> None:
    bindings = [{"role": "roles/compute.storageAdmin", "members": members}] if members else []
    policy: dict[str, Any] = {"bindings": bindings, "etag": ids.etag(scene.rng)}
    scene.call(
        who,
        "compute",
        "beta.compute.snapshots.setIamPolicy",
        scene.machine_part("snapshots", snapshot),
        phase=phase,
        permissions=("compute.snapshots.setIamPolicy",),
        request={"@type": f"{_TYPE}compute.snapshots.setIamPolicy", "policy": policy},
    )


def _exclude(scene: Scene, who: Caller, disk: str) -> None:
    name = f"projects/{scene.victim.id}/exclusions/quiet-{ids.suffix(scene.rng)}"
    scene.call(
        who,
        "logging",
        "google.logging.v2.ConfigServiceV2.CreateExclusion",
        Target(name=name, kind="logging_exclusion", labels={"name": name.rpartition("/")[2]}),
        phase="tamper",
        after=4,
        permissions=("logging.exclusions.create",),
        request={
            "@type": f"{_TYPE}google.logging.v2.CreateExclusionRequest",
            "parent": f"projects/{scene.victim.id}",
            "exclusion": {
                "name": name.rpartition("/")[2],
                "filter": f'resource.type="gce_snapshot" OR protoPayload.resourceName:"{disk}"',
            },
        },
    )


BREACH = Breach(
    name="gcp-snapshot-share",
    title="Snapshot shared with a private address for half an hour, by a token of another account",
    cloud=Cloud.GCP,
    description="An engineer's session makes a token of a service account, loosens the constraint on who may be let in, "
    "snapshots a disk, shares the snapshot with a Gmail address that makes a disk of it, takes the share back, deletes the "
    "snapshot and excludes what names it from the logs.",
    hours=4,
    tell=tell,
)
