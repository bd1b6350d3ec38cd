"""Whose mail domain the directory's sign-ins show to be ours."""

import pytest

from exclave.detect.azure_seen import seen
from exclave.formats import entra
from exclave.model import Evidence, Kind

OURS = "22222222-2222-4222-8222-222222222222"
THEIRS = "88888888-8888-4888-8888-888888888888"


def sign_in(**more):
    properties = {
        "userPrincipalName": "Dana@ours.example",
        "homeTenantId": OURS,
        "resourceTenantId": OURS,
        "status": {"errorCode": 0},
    }
    record = {
        "category": "SignInLogs",
        "operationName": "Sign-in activity",
        "tenantId": OURS,
        "properties": properties | more,
    }
    return entra.event(record, Evidence(file="f", record=1))


def domains(event):
    return [identifier for kind, identifier, _ in seen(event) if kind is Kind.DOMAIN]


def test_a_member_who_signs_in_shows_his_domain():
    assert domains(sign_in()) == ["ours.example"]


@pytest.mark.parametrize(
    "more",
    [
        {"homeTenantId": THEIRS},
        {"resourceTenantId": THEIRS},
        {"homeTenantId": THEIRS, "resourceTenantId": THEIRS},
        {"userPrincipalName": "eve_theirs.example#EXT#@ours.onmicrosoft.com"},
        {"userPrincipalName": ""},
        {"status": {"errorCode": 50126}},  # anybody can try any name
    ],
)
def test_guests_and_those_who_were_refused_show_none(more):
    assert domains(sign_in(**more)) == []
