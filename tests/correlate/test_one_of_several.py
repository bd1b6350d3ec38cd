"""An event that ends one of several offers of a resource leaves the others open."""

import json

import pytest

from exclave.correlate.report import report
from exclave.detect.result import merge
from exclave.detect.scan import scanner
from exclave.model import Kind
from exclave.perimeter import Perimeter
from exclave.sources.blob import Blob
from tests.correlate import build

SUBSCRIPTION = "11111111-1111-4111-8111-111111111111"
THEIRS = "/subscriptions/99999999-9999-4999-8999-999999999999/resourceGroups/x/providers"
STORE = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/oursdata"
)
POLICIES = "Microsoft.Storage/storageAccounts/objectReplicationPolicies"


def record(minute, policy, verb, body=None, result="Success"):
    return {
        "time": f"2026-03-04T05:{minute:02}:00Z",
        "resourceId": f"{STORE}/objectReplicationPolicies/{policy}".upper(),
        "operationName": f"{POLICIES}/{verb}".upper(),
        "resultType": result if body is None else "Start",
        "correlationId": f"00000000-0000-4000-8000-0000000000{minute:02}",
        "category": "Administrative",
        "properties": {"requestbody": json.dumps({"properties": body})} if body else {},
    }


def opened(*records):
    data = "\n".join(map(json.dumps, records)).encode()
    found = scanner(build.CATALOGUE).scan(Blob(name="f", data=data, packed=len(data)))
    made = report(
        merge([found]), build.CATALOGUE, Perimeter(seen={Kind.SUBSCRIPTION: {SUBSCRIPTION: "its log"}})
    )
    (offer,) = made.transfers
    return offer.state.open


@pytest.mark.parametrize(("deleted", "still"), [("p-other", True), ("p-thief", False), ("P-THIEF", False)])
def test_a_replication_policy_ends_with_its_own_deletion_only(deleted, still):
    body = {"destinationAccount": f"{THEIRS}/Microsoft.Storage/storageAccounts/strangestore"}
    assert opened(record(1, "p-thief", "write", body), record(2, deleted, "delete")) is still


def test_a_deletion_that_fails_in_the_end_ends_nothing():
    body = {"destinationAccount": f"{THEIRS}/Microsoft.Storage/storageAccounts/strangestore"}
    begun, failed = (record(2, "p", "delete", result=result) for result in ("Start", "Failure"))
    assert opened(record(1, "p", "write", body), begun, failed) is True
    assert opened(record(1, "p", "write", body), begun) is False
