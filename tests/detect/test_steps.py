"""Azure's Start, Accept and Success records of one operation are one finding."""

import json
from itertools import permutations

import pytest

from exclave.catalogue.loader import load
from exclave.detect.result import merge
from exclave.detect.scan import scanner
from exclave.model import Kind, Outcome
from exclave.sources.blob import Blob

SUBSCRIPTION = "11111111-1111-4111-8111-111111111111"
OURS = "22222222-2222-4222-8222-222222222222"
THEIRS = "88888888-8888-4888-8888-888888888888"
STORES = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts"
DEFINITION = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.ManagedServices/registrationDefinitions/d"
BODY = json.dumps({"properties": {"managedByTenantId": THEIRS}})
SCANNER = scanner(load())


def record(
    second,
    status,
    body=None,
    resource=DEFINITION,
    action="Microsoft.ManagedServices/registrationDefinitions/write",
    **more,
):
    return {
        "time": f"2026-03-04T05:06:{second:02}Z",
        "resourceId": resource,
        "operationName": action,
        "resultType": status,
        "correlationId": "00000000-0000-4000-8000-00000000000c",
        "tenantId": OURS,
        "category": "Administrative",
        "properties": {"requestbody": body} if body else {},
        **more,
    }


def scanned(*records):
    data = "\n".join(map(json.dumps, records)).encode()
    return SCANNER.scan(Blob(name="f", data=data, packed=len(data)))


def found(*parts):
    return merge(parts)


def test_three_records_are_one_transfer():
    result = found(scanned(record(1, "Start", BODY), record(2, "Accept"), record(3, "Success")))
    (transfer,) = result.transfers
    assert (transfer.outcome, transfer.destination.key) == (Outcome.OFFERED, f"tenant:{THEIRS}")
    assert transfer.time.second == 1
    assert transfer.evidence.record == 1


def test_a_failed_end_makes_it_an_attempt():
    result = found(
        scanned(record(1, "Start", BODY), record(3, "Failure", resultSignature="Failed.Forbidden"))
    )
    (transfer,) = result.transfers
    assert (transfer.outcome, transfer.destination.key) == (Outcome.ATTEMPTED, f"tenant:{THEIRS}")


def test_a_later_success_of_the_same_operation_counts():
    result = found(
        scanned(
            record(1, "Start", BODY), record(2, "Failure"), record(3, "Start", BODY), record(4, "Success")
        )
    )
    assert [t.outcome for t in result.transfers] == [Outcome.OFFERED]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_records_in_different_files_are_joined_in_any_order(order):
    parts = [scanned(record(1, "Start", BODY)), scanned(record(2, "Accept")), scanned(record(3, "Failure"))]
    once = merge([parts[i] for i in order])
    (transfer,) = once.transfers
    assert (transfer.outcome, transfer.destination.key) == (Outcome.ATTEMPTED, f"tenant:{THEIRS}")
    assert merge([merge([parts[order[0]], parts[order[1]]]), parts[order[2]]]).transfers == once.transfers


def test_a_request_that_was_left_out_is_told():
    (transfer,) = found(scanned(record(3, "Success"))).transfers
    assert transfer.destination.kind is Kind.UNKNOWN
    assert "can't be read" in transfer.destination.note


def test_a_request_that_was_cut_off_is_told():
    (transfer,) = found(scanned(record(1, "Start", BODY[:20]))).transfers
    assert transfer.destination.kind is Kind.UNKNOWN


def test_a_signal_whose_operation_failed_is_failed():
    store = f"{STORES}/oursdata"
    body = json.dumps({"properties": {"allowBlobPublicAccess": True}})
    action = "Microsoft.Storage/storageAccounts/write"
    good = found(scanned(record(1, "Start", body, store, action), record(2, "Success", None, store, action)))
    assert [s.failed for s in good.signals if s.method == "azure.storage.public-allowed"] == [False]
    bad = found(scanned(record(1, "Start", body, store, action), record(2, "Failure", None, store, action)))
    assert [s.failed for s in bad.signals if s.method == "azure.storage.public-allowed"] == [True]


def test_operations_on_different_resources_stay_apart():
    other = DEFINITION + "2"
    result = found(
        scanned(record(1, "Start", BODY), record(1, "Start", BODY, other), record(2, "Failure", None, other))
    )
    assert sorted(t.outcome for t in result.transfers) == [Outcome.ATTEMPTED, Outcome.OFFERED]


def test_subscription_tenant_and_storage_account_of_the_log_are_ours_and_the_callers_tenant_is_not():
    store = f"{STORES}/oursdata"
    claims = {"http://schemas.microsoft.com/identity/claims/tenantid": THEIRS}
    seen = scanned(
        record(
            1, "Success", None, store, "Microsoft.Storage/storageAccounts/write", identity={"claims": claims}
        )
    ).seen
    assert set(seen[Kind.SUBSCRIPTION]) == {SUBSCRIPTION}
    assert set(seen[Kind.TENANT]) == {OURS}
    assert set(seen[Kind.BUCKET]) == {"oursdata"}


def test_a_storage_account_of_a_failed_request_is_not_ours():
    store = f"{STORES}/strangestore"
    assert (
        Kind.BUCKET
        not in scanned(record(1, "Failure", None, store, "Microsoft.Storage/storageAccounts/write")).seen
    )


def test_a_step_without_the_request_that_names_the_resource_joins_the_one_with_it():
    item = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.RecoveryServices/vaults/v/i"
    machine = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/m"
    target = f"/subscriptions/{THEIRS}/resourceGroups/x"
    body = json.dumps(
        {
            "properties": {
                "providerSpecificDetails": {"fabricObjectId": machine, "recoveryResourceGroupId": target}
            }
        }
    )
    action = (
        "Microsoft.RecoveryServices/vaults/replicationFabrics/replicationProtectionContainers"
        "/replicationProtectedItems/write"
    )
    records = [
        record(1, "Start", body, item, action),
        record(2, "Accept", None, item, action),
        record(3, "Success", None, item, action),
    ]
    for parts in ([scanned(*records)], [scanned(one) for one in records]):
        (transfer,) = found(*parts).transfers
        assert transfer.destination.key == f"subscription:{THEIRS}"
        assert transfer.last.second == 3
