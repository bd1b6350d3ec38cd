"""Whose data it was: an Azure export is followed back to the machine it came from."""

import json

from exclave.catalogue.loader import load
from exclave.correlate.report import report
from exclave.detect.result import merge
from exclave.detect.scan import scanner
from exclave.model import Severity, Verdict
from exclave.perimeter import Perimeter
from exclave.sources.blob import Blob

ONE, TWO = "11111111-1111-4111-8111-111111111111", "11111111-1111-4111-8111-111111111112"
TENANT, OTHER = "22222222-2222-4222-8222-222222222222", "88888888-8888-4888-8888-888888888888"
CATALOGUE = load()


def path(subscription, tail):
    return f"/subscriptions/{subscription}/resourceGroups/rg/providers/{tail}"


VM = path(ONE, "Microsoft.Compute/virtualMachines/db-prod")
DISK = path(ONE, "Microsoft.Compute/disks/db-prod-os")
SNAPSHOT = path(ONE, "Microsoft.Compute/snapshots/s1")
COPY = path(TWO, "Microsoft.Compute/snapshots/s2")


def record(minute, action, resource, body=None, **more):
    return {
        "time": f"2026-03-04T05:{minute:02}:00Z",
        "operationName": action.upper(),
        "resourceId": resource.upper(),
        "resultType": "Success",
        "category": "Administrative",
        "tenantId": TENANT,
        "correlationId": f"c{minute}",
        "identity": {
            "claims": {"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn": "dana@ours.example"}
        },
        "properties": {"requestbody": json.dumps(body)} if body else {},
        **more,
    }


def hunted(*records):
    data = "\n".join(map(json.dumps, records)).encode()
    result = merge([scanner(CATALOGUE).scan(Blob(name="f", data=data, packed=len(data)))])
    return report(result, CATALOGUE, Perimeter(seen=result.seen))


def test_a_url_for_a_copied_snapshot_is_traced_to_the_machine():
    found = hunted(
        record(
            1,
            "Microsoft.Compute/virtualMachines/write",
            VM,
            {"properties": {"storageProfile": {"osDisk": {"managedDisk": {"id": DISK}}}}},
        ),
        record(
            2,
            "Microsoft.Compute/snapshots/write",
            SNAPSHOT,
            {"properties": {"creationData": {"sourceResourceId": DISK}}},
        ),
        record(
            3,
            "Microsoft.Compute/snapshots/write",
            COPY,
            {"properties": {"creationData": {"sourceResourceId": SNAPSHOT}}},
        ),
        record(
            4,
            "Microsoft.Compute/snapshots/beginGetAccess/action",
            COPY,
            {"access": "Read", "durationInSeconds": 600},
        ),
    )
    (transfer,) = found.transfers
    assert transfer.severity is Severity.HIGH
    assert [r.kind for r in transfer.lineage] == ["azure-snapshot", "azure-disk", "azure-vm"]
    (incident,) = found.incidents
    assert {s.method for s in incident.signals} == {"azure.compute.copy-made"}


def test_an_image_in_a_shared_gallery_is_traced():
    gallery = path(ONE, "Microsoft.Compute/galleries/g")
    found = hunted(
        record(
            1,
            "Microsoft.Compute/galleries/images/versions/write",
            gallery + "/images/i/versions/1.0.0",
            {"properties": {"storageProfile": {"source": {"id": VM}}}},
        ),
        record(
            2,
            "Microsoft.Compute/galleries/share/action",
            gallery,
            {"operationType": "Add", "groups": [{"type": "AADTenants", "ids": [OTHER]}]},
        ),
    )
    (transfer,) = found.transfers
    assert transfer.judgement.verdict is Verdict.EXTERNAL
    assert [r.kind for r in transfer.lineage] == ["azure-image-version", "azure-vm"]


def test_a_url_that_was_ended_is_closed():
    found = hunted(
        record(
            1,
            "Microsoft.Compute/disks/beginGetAccess/action",
            DISK,
            {"access": "Read", "durationInSeconds": 600},
        ),
        record(2, "Microsoft.Compute/disks/endGetAccess/action", DISK),
    )
    assert not found.transfers[0].state.open


def read(tenant, upn):
    return {
        "time": "2026-03-04T06:00:00Z",
        "category": "StorageRead",
        "operationName": "GetBlob",
        "statusCode": 200,
        "resourceId": path(ONE, "Microsoft.Storage/storageAccounts/oursdata/blobServices/default"),
        "callerIpAddress": "20.1.2.3:1",
        "identity": {"type": "OAuth", "requester": {"tenantId": tenant, "objectId": "o", "upn": upn}},
        "properties": {"accountName": "oursdata", "objectKey": "/oursdata/files/a"},
    }


def test_reads_by_our_own_tenant_are_not_told_and_those_of_another_are():
    ours = record(
        1, "Microsoft.Storage/storageAccounts/read", path(ONE, "Microsoft.Storage/storageAccounts/oursdata")
    )
    found = hunted(ours, read(TENANT, "dana@ours.example"), read(OTHER, "eve@other.example"))
    (transfer,) = found.transfers
    assert (transfer.destination.id, transfer.severity) == (OTHER, Severity.HIGH)


def test_without_a_known_tenant_a_read_by_any_is_quiet():
    (transfer,) = hunted(read(OTHER, "eve@other.example")).transfers
    assert (transfer.judgement.verdict, transfer.severity) == (Verdict.UNKNOWN, Severity.INFO)


def test_replication_to_an_account_whose_log_is_here_is_ours():
    store = path(ONE, "Microsoft.Storage/storageAccounts/oursdata")
    policy = {"properties": {"sourceAccount": store, "destinationAccount": "oursbackup"}}
    known = record(
        1,
        "Microsoft.Storage/storageAccounts/write",
        path(TWO, "Microsoft.Storage/storageAccounts/oursbackup"),
    )
    made = record(
        2,
        "Microsoft.Storage/storageAccounts/objectReplicationPolicies/write",
        store + "/objectReplicationPolicies/p",
        policy,
    )
    assert hunted(made).transfers[0].judgement.verdict is Verdict.UNKNOWN
    assert hunted(known, made).transfers[0].judgement.verdict is Verdict.SELF
