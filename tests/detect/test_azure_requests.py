"""Azure writes a request down in an operation's first record only: the later ones must not say what it denies."""

import json
from itertools import permutations

import pytest

from exclave.catalogue.loader import load
from exclave.detect.result import merge
from exclave.detect.scan import scanner
from exclave.model import Outcome
from exclave.sources.blob import Blob

SUBSCRIPTION = "11111111-1111-4111-8111-111111111111"
THEIRS = "88888888-8888-4888-8888-888888888888"
COMPUTE = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Compute"
SCANNER = scanner(load())


def operation(name, resource, body=None):
    """Start, Accept, Success; each scanned as a file of its own."""
    parts = []
    for second, status in enumerate(("Start", "Accept", "Success")):
        properties = {"eventCategory": "Administrative"}
        if body and status == "Start":
            properties["requestbody"] = json.dumps(body)
        made = {
            "time": f"2026-03-04T05:06:{second:02}Z",
            "resourceId": resource.upper(),
            "operationName": name.upper(),
            "category": "Administrative",
            "resultType": status,
            "correlationId": "00000000-0000-4000-8000-00000000000c",
            "properties": properties,
        }
        data = json.dumps(made).encode()
        parts.append(SCANNER.scan(Blob(name=f"f{second}", data=data, packed=len(data))))
    return parts


def outcomes(parts):
    return sorted((t.method, t.outcome.value) for t in merge(parts).transfers)


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_disk_opened_for_upload_is_no_offer(order):
    parts = operation(
        "Microsoft.Compute/disks/beginGetAccess/action", f"{COMPUTE}/disks/d", {"access": "Write"}
    )
    assert outcomes([parts[n] for n in order]) == []
    assert outcomes([merge([parts[n] for n in order[:2]]), parts[order[2]]]) == []


def test_one_opened_for_reading_is_and_so_is_one_whose_request_was_left_out():
    name, disk = "Microsoft.Compute/disks/beginGetAccess/action", f"{COMPUTE}/disks/d"
    offered = [("azure.compute.disk-sas", Outcome.OFFERED.value)]
    assert outcomes(operation(name, disk, {"access": "Read"})) == offered
    assert outcomes(operation(name, disk)) == offered


def test_a_gallery_share_taken_back_offers_nothing():
    groups = [{"type": "AADTenants", "ids": [THEIRS]}]
    body = {"operationType": "Remove", "groups": groups}
    parts = operation("Microsoft.Compute/galleries/share/action", f"{COMPUTE}/galleries/g", body)
    assert outcomes(parts) == [("azure.compute.gallery-share", "revoked")]
    parts = operation(
        "Microsoft.Compute/galleries/share/action", f"{COMPUTE}/galleries/g", {"operationType": "Reset"}
    )
    assert outcomes(parts) == []


def test_a_role_given_is_one_signal_with_the_scope_and_principal_of_its_request():
    scope = f"{COMPUTE}/galleries/g"
    body = {"Properties": {"PrincipalId": "00000000-0000-4000-8000-0000000000bb", "Scope": scope}}
    name = "Microsoft.Authorization/roleAssignments/write"
    parts = operation(name, f"{scope}/providers/Microsoft.Authorization/roleAssignments/a", body)
    (signal,) = merge(parts).signals
    assert (signal.source.id, signal.destination.id) == (scope, "00000000-0000-4000-8000-0000000000bb")
    assert signal.evidence.event_id == (
        "00000000-0000-4000-8000-00000000000c/microsoft.authorization/roleassignments/write/a"
    )
