"""Whatever stands where something else should, nothing breaks: recorded answers with junk put in places of chance."""

from __future__ import annotations

import copy
import random

import pytest

from exclave.audit.exposures import exposures
from exclave.audit.loader import load
from exclave.audit.model import Settings
from exclave.audit.run import results_of
from exclave.harden.model import Options
from exclave.harden.run import harden
from exclave.inventory import Inventory
from exclave.model import Cloud
from tests.audit.gcp.build import NOW, documents, key, load_catalogue, ours, right, whole_table
from tests.stubs.gcp import ORG, PROJECT, GoogleStub

CONTROLS = [c for c in load() if c.cloud is Cloud.GCP]
JUNK = [
    None,
    1,
    True,
    "x",
    "",
    [],
    {},
    [[]],
    [{}],
    {"a": 1},
    "\u2211\x00\n",
    1e99,
    ["x", 1, None],
    "2026-99-99T00:00:00Z",
    10**30,
]


def busy() -> GoogleStub:
    """A stub with something of everything that is read."""
    stub = right()
    key(stub, "aaaa")
    stub.things[f"{ORG}/sinks/all"]["exclusions"] = [{"name": "x", "filter": "a=b"}]
    stub.things[f"{ORG}/sinks/out"] = {"name": "out", "destination": "storage.googleapis.com/evil-bucket"}
    stub.things["accessPolicies/7/servicePerimeters/data"]["status"] |= {
        "ingressPolicies": [
            {
                "ingressFrom": {"identityType": "ANY_IDENTITY", "sources": [{"accessLevel": "*"}]},
                "ingressTo": {"operations": [{"serviceName": "*"}]},
            }
        ],
        "egressPolicies": [
            {
                "egressFrom": {"identityType": "ANY_IDENTITY"},
                "egressTo": {"operations": [{"serviceName": "*"}], "resources": ["*"]},
            }
        ],
    }
    stub.share(
        PROJECT,
        "storage.googleapis.com/Bucket",
        "//storage.googleapis.com/payroll",
        "roles/storage.objectViewer",
        "allUsers",
    )
    stub.resource(
        PROJECT,
        "bigquery.googleapis.com/Dataset",
        "//bigquery.googleapis.com/projects/p/datasets/d",
        {"access": [{"view": {"projectId": "x"}}]},
    )
    stub.put(
        "buckets/b",
        {
            "name": "b",
            "project": PROJECT,
            "iamConfiguration": {"uniformBucketLevelAccess": {"enabled": False}},
        },
    )
    stub.policies[f"projects/{PROJECT}"]["bindings"].append(
        {"role": "roles/editor", "members": ["user:a@ours.example"]}
    )
    return stub


def places(value, path=()):
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in items:
        yield from places(inner, (*path, name))


def put(value, path, junk):
    if not path:
        return junk
    value = copy.copy(value)
    value[path[0]] = put(value[path[0]], path[1:], junk)
    return value


@pytest.fixture(scope="module")
def recorded_documents():
    return documents(busy()), documents(GoogleStub())


@pytest.mark.parametrize("seed", range(24))
def test_junk_is_survived(recorded_documents, seed):
    rng = random.Random(seed)
    found = list(recorded_documents[seed % 2])
    for _ in range(4):
        number = rng.randrange(len(found))
        path = rng.choice(list(places(found[number]["answer"])))
        found[number] = {**found[number], "answer": put(found[number]["answer"], path, rng.choice(JUNK))}
    inventory = Inventory.of(found, table=whole_table())
    perimeter = ours(inventory)
    for control in CONTROLS:
        assert results_of(control, inventory, perimeter, Settings(now=NOW), load_catalogue())
    exposures(inventory, perimeter, load_catalogue())
    options = Options(notify=("soc@ours.example",), settings=Settings(now=NOW))
    harden(inventory, perimeter, options, CONTROLS, load_catalogue())
