"""Inventories of a stubbed Google Cloud: `right` is one where every control holds, tests spoil one thing of it."""

from __future__ import annotations

import tempfile
import threading
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from urllib.parse import urlencode

from exclave.audit.exposures import exposures
from exclave.audit.loader import check_of, control
from exclave.audit.model import Settings
from exclave.audit.needs import needs
from exclave.audit.ours import seen
from exclave.catalogue.loader import load as _load_catalogue
from exclave.harden.makers.gcp import ALSO_READ
from exclave.inventory import Inventory, Scope, engine
from exclave.inventory.engine import Tally
from exclave.inventory.gcp.access import Access
from exclave.inventory.http import Came
from exclave.inventory.record import Recorder
from exclave.inventory.table import chosen, load
from exclave.model import Cloud
from exclave.perimeter import Perimeter
from tests.stubs.gcp import CUSTOMER, NUMBER, ORG, OTHER, OTHER_NUMBER, PROJECT, GoogleStub

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
LOGS = OTHER
BUCKET = f"projects/{LOGS}/locations/global/buckets/audit"
AUDIT = [
    {
        "service": "allServices",
        "auditLogConfigs": [{"logType": t} for t in ("ADMIN_READ", "DATA_READ", "DATA_WRITE")],
    }
]
SUBNET = "projects/our-project/regions/europe-west1/subnetworks/default"
EVERYTHING = 'log_id("cloudaudit.googleapis.com/activity")'
MAIL = {"type": "email", "labels": {"email_address": "soc@ours.example"}, "enabled": True}


@cache
def load_catalogue():
    """Google's part of the catalogue, read once."""
    whole = _load_catalogue()
    return replace(whole, methods=tuple(m for m in whole.methods if m.cloud is Cloud.GCP))


@cache
def whole_table():
    """Every call of Google's table."""
    return load(Cloud.GCP)


@cache
def _table(*controls):
    return chosen(whole_table(), [*needs(Cloud.GCP, controls, exposures=not controls), *ALSO_READ])


class _Wire:
    """The stub without a socket."""

    def __init__(self, stub: GoogleStub) -> None:
        self._stub = stub

    def send(self, verb, url, query, body=None):
        target = "/" + url.split("/", 3)[3] + ("?" + urlencode(query, doseq=True) if query else "")
        status, answer, _ = self._stub.answer(verb, target, body)
        return Came(status, answer)


def recorded(stub: GoogleStub, *controls: str) -> Inventory:
    """What collect records of the stub, for some controls; for everything without."""
    return Inventory.of(documents(stub, *controls), table=whole_table())


def documents(stub: GoogleStub, *controls: str) -> list[dict]:
    """The same as documents."""
    table = _table(*controls)
    scopes = [Scope(cloud=Cloud.GCP, account=p) for p in stub.projects]
    home = Scope(cloud=Cloud.GCP, account=ORG)
    with tempfile.TemporaryDirectory() as scratch:
        recorder = Recorder(Path(scratch) / "inventory", resume=False)
        recorder.plan(Cloud.GCP, ORG, {s.account: [] for s in (home, *scopes)}, finished=True)
        engine.run(
            table, scopes, home, Access(_Wire(stub), table).ask, recorder, identity="me", workers=1, stop=threading.Event(),
            tally=Tally(), watch=lambda _t: None,
        )  # fmt: skip
        inventory = Inventory.load(Path(scratch) / "inventory", table=whole_table())
        return [
            {"schema": "exclave-inventory/1", "cloud": "gcp", "call": d.call, "scope": d.scope, "args": d.args, "key": d.key, "time": "2026-03-02T12:00:00Z",
             "answer": d.answer, "absent": d.absent, "error": d.error}
            for held in inventory.held.values() for one in held for d, _ in one.read()
        ]  # fmt: skip


def ours(inventory: Inventory, *entries) -> Perimeter:
    return Perimeter(entries=entries, seen=seen(inventory), today=date(2026, 3, 2))


def look(identifier: str, stub: GoogleStub, **settings):
    """Account → check of one control."""
    inventory = recorded(stub, identifier)
    assert inventory.problems == ()
    checks = check_of(control(identifier))(inventory, ours(inventory), Settings(now=NOW, **settings))
    return {c.scope.account: c for c in checks}


def statuses(identifier: str, stub: GoogleStub, **settings) -> dict[str, str]:
    return {account: c.status.value for account, c in look(identifier, stub, **settings).items()}


def why(identifier: str, stub: GoogleStub, account: str = PROJECT, **settings) -> str:
    """The reasons of a check that must not pass."""
    check = look(identifier, stub, **settings)[account]
    assert check.status.value != "pass", account
    return f"{check.status.value}: " + "; ".join(dict.fromkeys(i.why for i in check.items if i.why))


def exposed(stub: GoogleStub):
    inventory = recorded(stub)
    found, looked = exposures(inventory, ours(inventory), load_catalogue())
    return found, looked


def policy(metric: str, **threshold):
    return {
        "filter": f'metric.type="logging.googleapis.com/user/{metric}" AND resource.type="logging_bucket"',
        "comparison": "COMPARISON_GT", "duration": "0s", "aggregations": [{"alignmentPeriod": "60s", "perSeriesAligner": "ALIGN_DELTA"}],
        **threshold,
    }  # fmt: skip


def constraint(stub: GoogleStub, name: str, *rules, parent: str = ORG) -> None:
    stub.put(f"{parent}/policies/{name}", {"spec": {"rules": list(rules)}})


def right() -> GoogleStub:
    stub = GoogleStub()
    stub.page = 50
    stub.policies[ORG]["auditConfigs"] = AUDIT
    stub.put(BUCKET, {"retentionDays": 400, "locked": True, "lifecycleState": "ACTIVE"})
    sink = {
        "destination": f"logging.googleapis.com/{BUCKET}",
        "includeChildren": True,
        "filter": 'logName:"cloudaudit.googleapis.com"',
    }
    stub.things[f"{ORG}/sinks/all"] = {"name": "all", **sink}
    stub.resource(PROJECT, "compute.googleapis.com/Subnetwork", f"//compute.googleapis.com/{SUBNET}", {
        "fingerprint": "f", "purpose": "PRIVATE", "logConfig": {"enable": True, "flowSampling": 0.5, "filterExpr": "true"},
    })  # fmt: skip
    stub.things[f"projects/{LOGS}/metrics/watch"] = {
        "name": "watch", "filter": EVERYTHING, "bucketName": BUCKET, "metricDescriptor": {"metricKind": "DELTA", "valueType": "INT64"},
    }  # fmt: skip
    channel = f"projects/{LOGS}/notificationChannels/1"
    stub.put(channel, dict(MAIL))
    stub.put(f"projects/{LOGS}/alertPolicies/1", {
        "displayName": "watch", "enabled": True, "combiner": "OR", "conditions": [{"conditionThreshold": policy("watch")}],
        "notificationChannels": [channel],
    })  # fmt: skip
    on = {"enforce": True}
    for name in ("iam.disableServiceAccountKeyCreation", "iam.disableServiceAccountKeyUpload", "storage.publicAccessPrevention", "storage.uniformBucketLevelAccess",
                 "sql.restrictPublicIp", "sql.restrictAuthorizedNetworks"):  # fmt: skip
        constraint(stub, name, on)
    constraint(stub, "iam.allowedPolicyMemberDomains", {"values": {"allowedValues": [CUSTOMER]}})
    constraint(
        stub, "compute.storageResourceUseRestrictions", {"values": {"allowedValues": [f"under:{ORG}"]}}
    )
    stub.put("accessPolicies/7", {"parent": ORG, "title": "default"})
    stub.put("accessPolicies/7/servicePerimeters/data", {
        "title": "data", "perimeterType": "PERIMETER_TYPE_REGULAR",
        "status": {"resources": [f"projects/{NUMBER}", f"projects/{OTHER_NUMBER}"], "restrictedServices": ["storage.googleapis.com", "bigquery.googleapis.com"]},
    })  # fmt: skip
    stub.policies[f"projects/{PROJECT}"]["bindings"] = [
        {"role": "roles/bigquery.dataViewer", "members": ["group:analysts@ours.example"]},
        {"role": "roles/editor", "members": [f"serviceAccount:{NUMBER}@cloudservices.gserviceaccount.com"]},
    ]
    return stub


def key(
    stub: GoogleStub,
    name: str,
    *,
    made: str = "2026-02-20T00:00:00Z",
    used: str = "2026-03-01T07:00:00Z",
    **more,
) -> str:
    """A key of the service account etl, and its last use."""
    account = f"projects/{PROJECT}/serviceAccounts/etl@our-project.iam.gserviceaccount.com"
    if account not in stub.things:
        stub.put(account, {"email": "etl@our-project.iam.gserviceaccount.com"})
    full = f"{account}/keys/{name}"
    stub.put(
        full,
        {
            "keyType": "USER_MANAGED",
            "validAfterTime": made,
            "validBeforeTime": "9999-12-31T23:59:59Z",
            **more,
        },
    )
    if used:
        activity = f"projects/{PROJECT}/locations/global/activityTypes/serviceAccountKeyLastAuthentication/activities/{name}"
        stub.things[activity] = {
            "activityType": "serviceAccountKeyLastAuthentication", "fullResourceName": f"//iam.googleapis.com/{full}",
            "activity": {"lastAuthenticatedTime": used, "serviceAccountKey": {"fullResourceName": f"//iam.googleapis.com/{full}"}},
        }  # fmt: skip
    return full
