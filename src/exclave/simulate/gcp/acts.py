"""Acts that several stories share: looking around, a second key, grants by the change of a policy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exclave.simulate.gcp import ids, records
from exclave.simulate.gcp.call import Caller, Log, Target

if TYPE_CHECKING:
    from exclave.simulate.gcp.scene import Scene

_TYPE = "type.googleapis.com/"
_ADMIN = "google.iam.admin.v1."


def look_around(scene: Scene, who: Caller) -> None:
    """What somebody does who doesn't know where he is."""
    instances = Target(
        name=f"projects/{scene.victim.id}/zones/{scene.victim.zone}/instances",
        kind="gce_instance",
        labels={"zone": scene.victim.zone, "instance_id": ""},
    )
    request = {"@type": f"{_TYPE}compute.instances.list"}
    scene.call(
        who,
        "compute",
        "v1.compute.instances.list",
        instances,
        log=Log.DATA,
        permissions=("compute.instances.list",),
        request=request,
    )
    scene.call(
        who,
        "cloudresourcemanager",
        "GetIamPolicy",
        scene.project(),
        log=Log.DATA,
        permissions=("resourcemanager.projects.getIamPolicy",),
        code=7,
        message="The caller does not have permission",
    )
    scene.call(
        who,
        "storage",
        "storage.buckets.list",
        Target(name=f"projects/{scene.victim.id}", kind="gcs_bucket", labels={"bucket_name": ""}),
        log=Log.DATA,
        permissions=("storage.buckets.list",),
    )


def create_key(scene: Scene, who: Caller, mail: str) -> str:
    """CreateServiceAccountKey for another account of the project; gives the new key's id."""
    key = ids.key_id(scene.rng)
    unique = ids.unique_id(mail)
    scene.call(
        who,
        "iam",
        f"{_ADMIN}CreateServiceAccountKey",
        Target(
            name=f"projects/-/serviceAccounts/{unique}",
            kind="service_account",
            labels={"email_id": mail, "unique_id": unique},
        ),
        phase="access",
        after=12,
        permissions=("iam.serviceAccountKeys.create",),
        request={
            "@type": f"{_TYPE}{_ADMIN}CreateServiceAccountKeyRequest",
            "name": f"projects/-/serviceAccounts/{mail}",
            "private_key_type": 2,
        },
        response={
            "@type": f"{_TYPE}{_ADMIN}ServiceAccountKey",
            "name": f"projects/{scene.victim.id}/serviceAccounts/{mail}/keys/{key}",
            "private_key_type": 2,
            "key_algorithm": 2,
            "key_origin": 2,
            "key_type": 1,
            "valid_after_time": {"seconds": int(scene.now.timestamp())},
            "valid_before_time": {"seconds": 253402300799},
        },
    )
    return key


def grant_bucket(
    scene: Scene, who: Caller, bucket: str, *grants: tuple[str, str], phase: str, after: float = 0.0
) -> None:
    """storage.setIamPermissions that adds members: (role, member)."""
    scene.call(
        who,
        "storage",
        "storage.setIamPermissions",
        scene.bucket(bucket),
        phase=phase,
        after=after,
        permissions=("storage.buckets.setIamPolicy",),
        service_data=records.delta(*(("ADD", role, member) for role, member in grants)),
    )


def exclude_from_sink(scene: Scene, who: Caller, mail: str) -> None:
    """UpdateSink, so that what an account does is no longer delivered."""
    sink = f"projects/{scene.victim.id}/sinks/audit-to-bucket"
    scene.call(
        who,
        "logging",
        "google.logging.v2.ConfigServiceV2.UpdateSink",
        Target(name=sink, kind="logging_sink", labels={"name": "audit-to-bucket", "destination": ""}),
        phase="tamper",
        after=6,
        permissions=("logging.sinks.update",),
        request={
            "@type": f"{_TYPE}google.logging.v2.UpdateSinkRequest",
            "sinkName": sink,
            "sink": {
                "name": "audit-to-bucket",
                "destination": f"storage.googleapis.com/{scene.victim.buckets[-1]}",
                "exclusions": [
                    {
                        "name": "noise",
                        "filter": f'protoPayload.authenticationInfo.principalEmail="{mail}"',
                    }
                ],
            },
            "uniqueWriterIdentity": True,
            "updateMask": "exclusions",
        },
    )
