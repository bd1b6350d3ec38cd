"""A risk that was seen for the identity of an incident joins it and raises it, with the reason."""

from __future__ import annotations

import json

import pytest

from exclave.correlate.report import report
from exclave.detect.result import merge
from exclave.detect.scan import scanner
from exclave.model import Kind, Severity
from exclave.perimeter import Perimeter
from exclave.sources.blob import Blob
from tests.correlate.build import CATALOGUE

SUBSCRIPTION = "11111111-1111-4111-8111-111111111111"
OURS, THEIRS = "22222222-2222-4222-8222-222222222222", "88888888-8888-4888-8888-888888888888"
SCANNER = scanner(CATALOGUE)
DANA = "dana@ours.example"


def delegated(who=DANA):
    """A subscription opened to another tenant (Lighthouse), at noon."""
    return {
        "time": "2026-03-04T12:00:00Z",
        "resourceId": f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.ManagedServices/registrationDefinitions/d",
        "operationName": "Microsoft.ManagedServices/registrationDefinitions/write",
        "resultType": "Success",
        "correlationId": "00000000-0000-4000-8000-00000000000c",
        "tenantId": OURS,
        "category": "Administrative",
        "identity": {"claims": {"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn": who}},
        "callerIpAddress": "203.0.113.66",
        "properties": {"requestbody": json.dumps({"properties": {"managedByTenantId": THEIRS}})},
    }


def detection(time, who=DANA, **more):
    return {
        "id": "r1",
        "riskEventType": "unfamiliarFeatures",
        "riskLevel": "medium",
        "riskState": "atRisk",
        "detectedDateTime": time,
        "userPrincipalName": who,
        "ipAddress": "198.51.100.99",
        "tenantId": OURS,
        **more,
    }


def sign_in(time, who=DANA):
    return {
        "id": "s1",
        "createdDateTime": time,
        "appDisplayName": "Azure Portal",
        "ipAddress": "198.51.100.99",
        "userPrincipalName": who,
        "riskLevelDuringSignIn": "high",
        "status": {"errorCode": 0},
    }


def told(*records):
    parts = []
    for number, record in enumerate(records):
        data = json.dumps(record).encode()
        parts.append(SCANNER.scan(Blob(name=f"f{number}.json", data=data, packed=len(data))))
    found = report(merge(parts), CATALOGUE, Perimeter(seen={Kind.TENANT: {OURS: "ours"}}))
    (incident,) = found.incidents
    (transfer,) = found.transfers
    return incident, transfer


@pytest.mark.parametrize("risk", [detection("2026-03-04T09:10:00Z"), sign_in("2026-03-04T09:10:00Z")])
def test_a_risk_in_the_hours_before_raises_the_incident_and_its_transfers(risk):
    quiet, before = told(delegated())
    incident, transfer = told(risk, delegated())
    assert len(incident.signals) == 1
    assert incident.story[0].evidence.file == "f0.json"
    assert incident.severity.rank == min(quiet.severity.rank + 1, Severity.CRITICAL.rank)
    assert transfer.severity.rank == before.severity.rank + 1
    (reason,) = set(incident.why) - set(quiet.why)
    assert reason in transfer.why
    assert "risk" in reason
    assert incident.transfers == (transfer,)
    assert (transfer.id, incident.id) == (before.id, quiet.id)


@pytest.mark.parametrize(
    "risk",
    [
        detection("2026-03-04T09:10:00Z", "lee@ours.example"),
        detection("2026-03-01T09:10:00Z"),
        detection("2026-03-04T09:10:00Z", riskState="dismissed"),
        detection("2026-03-04T09:10:00Z", riskLevel="none"),
    ],
)
def test_a_risk_of_another_of_days_before_or_none_at_all_changes_nothing(risk):
    one, other = told(risk, delegated()), told(delegated())
    assert [(x.id, x.severity, x.why) for x in one] == [(x.id, x.severity, x.why) for x in other]
