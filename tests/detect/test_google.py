"""Google Cloud in the scan: an operation's two records are one finding; a domain is ours only if nobody let it in."""

from __future__ import annotations

import json

from exclave.catalogue.loader import load
from exclave.detect.result import merge
from exclave.detect.scan import scanner
from exclave.model import Kind, Outcome, SignalKind
from exclave.sources.blob import Blob
from tests import gcp

REPLICATED = {"asyncSecondaryDisk": "projects/elsewhere-1/zones/y/disks/copy"}
DISK = "projects/our-project/zones/z/disks/db"


def hunted(*entries, one_file=True):
    look = scanner(load(compiled=False))
    parts = [entries] if one_file else [(e,) for e in entries]
    blobs = [json.dumps(list(p)).encode() for p in parts]
    return merge([look.scan(Blob(name=f"f{n}.json", data=b, packed=len(b))) for n, b in enumerate(blobs)])


def replication(part, number, **payload):
    return gcp.entry(
        "v1.compute.disks.startAsyncReplication", resourceName=DISK, insertId=part, operation={"id": "op1", part: True},
        timestamp=f"2026-03-04T05:06:0{number}Z", **payload,
    )  # fmt: skip


def test_an_operation_that_ends_well_is_one_finding_with_the_destination_of_its_beginning():
    for one_file in (True, False):
        result = hunted(
            replication("last", 9), replication("first", 1, request=REPLICATED), one_file=one_file
        )
        (found,) = result.transfers
        assert (found.destination.key, found.outcome, found.evidence.event_id) == (
            "project:elsewhere-1",
            Outcome.OFFERED,
            "first",
        )


def test_an_operation_that_fails_in_the_end_is_an_attempt():
    result = hunted(
        replication("first", 1, request=REPLICATED),
        replication("last", 9, status={"code": 7}),
        one_file=False,
    )
    (found,) = result.transfers
    assert (found.destination.key, found.outcome) == ("project:elsewhere-1", Outcome.ATTEMPTED)


def test_the_end_alone_says_that_the_destination_could_not_be_read():
    (found,) = hunted(replication("last", 9)).transfers
    assert found.destination.kind is Kind.UNKNOWN


def test_a_signal_of_an_operation_is_told_once():
    def made(part):
        return gcp.entry(
            "beta.compute.networks.insert",
            resourceName="projects/our-project/global/networks/n",
            insertId=part,
            operation={"id": "op2", part: True},
        )

    result = hunted(made("first"), made("last"))
    assert [s.signal for s in result.signals] == [SignalKind.NETWORK_CHANGE]


def grant(who, to, second):
    return gcp.entry(
        "SetIamPolicy", "cloudresourcemanager.googleapis.com", resourceName="projects/our-project", insertId=f"g{second}",
        timestamp=f"2026-03-04T05:06:{second:02}Z", authenticationInfo={"principalEmail": who},
        serviceData={"policyDelta": {"bindingDeltas": [{"action": "ADD", "role": "roles/owner", "member": f"user:{to}"}]}},
    )  # fmt: skip


def act(who, second, **payload):
    return gcp.entry(
        "v1.compute.instances.stop",
        insertId=f"a{second}",
        timestamp=f"2026-03-04T05:06:{second:02}Z",
        authenticationInfo={"principalEmail": who},
        **payload,
    )


def domains(*entries):
    return set(hunted(*entries, one_file=False).seen.get(Kind.DOMAIN, {}))


def test_the_domain_of_people_who_change_things_is_assumed_ours():
    assert domains(act("dana@ours.example", 1)) == {"ours.example"}


def test_public_mail_and_service_accounts_show_no_domain():
    assert domains(act("dana@gmail.com", 1), act("x@our-project.iam.gserviceaccount.com", 2)) == set()


def test_a_refused_call_and_a_read_show_no_domain():
    read = act("eve@elsewhere.example", 1) | {
        "logName": "projects/our-project/logs/cloudaudit.googleapis.com%2Fdata_access"
    }
    assert domains(read, act("eve@elsewhere.example", 2, status={"code": 7})) == set()


def test_a_domain_that_was_let_in_does_not_become_ours_by_acting():
    assert domains(
        grant("dana@ours.example", "eve@elsewhere.example", 1), act("eve@elsewhere.example", 5)
    ) == {"ours.example"}


def test_a_domain_that_was_there_before_stays_ours_when_it_is_granted_more():
    assert domains(act("lee@ours-too.example", 1), grant("dana@ours.example", "lee@ours-too.example", 5)) == {
        "ours.example",
        "ours-too.example",
    }


def test_an_outsider_who_uses_a_shared_disk_shows_no_domain():
    metadata = {"@type": "type.googleapis.com/google.cloud.audit.CrossEntityControlAuditMetadata"}
    taken = gcp.entry(
        "v1.compute.snapshots.insert",
        resourceName=DISK,
        metadata=metadata,
        authenticationInfo={"principalEmail": "eve@elsewhere.example"},
    )
    result = hunted(taken)
    assert "elsewhere.example" not in result.seen.get(Kind.DOMAIN, {})
    assert [(t.outcome, t.destination.id) for t in result.transfers] == [
        (Outcome.TAKEN, "eve@elsewhere.example")
    ]


def test_the_number_of_our_project_is_learnt_from_what_its_own_log_names():
    key = gcp.entry(
        "google.iam.admin.v1.CreateServiceAccountKey",
        "iam.googleapis.com",
        resourceName="projects/123456/serviceAccounts/1",
    )
    assert "123456" in hunted(key).seen[Kind.PROJECT]


def test_a_snapshot_made_by_a_call_on_its_disk_is_known_to_be_of_it():
    snapshot = "projects/our-project/global/snapshots/s"
    made = gcp.entry(
        "v1.compute.disks.createSnapshot", resourceName=DISK, request={"name": "s"},
        authorizationInfo=[{"permission": "compute.snapshots.create", "granted": True, "resourceAttributes": {"name": snapshot}}],
    )  # fmt: skip
    shared = gcp.entry(
        "beta.compute.snapshots.setIamPolicy", resourceName=snapshot, insertId="i2",
        request={"policy": {"bindings": [{"role": "roles/compute.storageAdmin", "members": ["user:eve@elsewhere.example"]}]}},
    )  # fmt: skip
    result = hunted(made, shared)
    assert [(d.child.id, d.parent.id) for d in result.derivations] == [(snapshot, DISK)]
    assert [t.source.key for t in result.transfers] == [result.derivations[0].child.key]


def test_a_grant_to_our_own_group_by_a_pipeline_does_not_make_us_guests():
    pipeline = "terraform@our-project.iam.gserviceaccount.com"
    granted = grant(pipeline, "team@ours.example", 1)
    assert domains(granted, act("dana@ours.example", 5), act("lee@ours.example", 6)) == {"ours.example"}


def test_guests_do_not_become_ours_by_being_several():
    pipeline = "terraform@our-project.iam.gserviceaccount.com"
    let_in = [grant(pipeline, "eve@elsewhere.example", 1), grant(pipeline, "mal@elsewhere.example", 2)]
    acts = [act("eve@elsewhere.example", 5), act("mal@elsewhere.example", 6)]
    assert domains(*let_in, *acts) == set()


def test_a_bucket_is_ours_when_the_log_of_its_project_names_it():
    def read(name, owner, **payload):
        return gcp.entry(
            "storage.objects.get",
            "storage.googleapis.com",
            resource={"type": "gcs_bucket", "labels": {"bucket_name": name, "project_id": owner}},
            resourceName=f"projects/_/buckets/{name}/objects/o",
            log="data_access",
            insertId=name,
            **payload,
        )

    result = hunted(
        read("Ours", "our-project"),
        read("theirs", "elsewhere-1"),
        read("refused", "our-project", status={"code": 7}),
    )
    assert set(result.seen[Kind.BUCKET]) == {"gs://ours"}


def test_an_outsiders_agent_does_not_make_his_project_ours():
    metadata = {"@type": "type.googleapis.com/google.cloud.audit.CrossEntityControlAuditMetadata"}
    taken = gcp.entry(
        "v1.compute.disks.insert",
        resourceName=DISK,
        metadata=metadata,
        authenticationInfo={"principalEmail": "999999999999@cloudservices.gserviceaccount.com"},
    )
    assert "999999999999" not in hunted(taken).seen[Kind.PROJECT]


def test_what_an_operation_deleted_ends_an_offer_once_and_not_at_all_where_it_failed():
    def deleted(part, **payload):
        return gcp.entry(
            "v1.compute.disks.delete",
            resourceName=DISK,
            insertId=part,
            operation={"id": "op3", part: True},
            **payload,
        )

    for one_file in (True, False):
        done = hunted(deleted("first"), deleted("last"), one_file=one_file)
        assert [c.evidence.event_id for c in done.closures] == ["first"]
        failed = hunted(deleted("first"), deleted("last", status={"code": 9}), one_file=one_file)
        assert not failed.closures
