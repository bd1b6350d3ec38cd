"""Where everything is right every control passes, and where nothing is, every one fails."""

from __future__ import annotations

import pytest

from exclave.audit.loader import load
from exclave.audit.model import Status
from exclave.model import Cloud
from tests.audit.gcp.build import look, right, statuses
from tests.stubs.gcp import GoogleStub, error

CONTROLS = [c.id for c in load() if c.cloud is Cloud.GCP]


@pytest.mark.parametrize("identifier", CONTROLS)
def test_a_right_organisation_passes(identifier):
    for account, check in look(identifier, right()).items():
        assert check.status is Status.PASS, (account, check.why)


@pytest.mark.parametrize("identifier", [c for c in CONTROLS if c != "gcp.least-privilege"])
def test_an_empty_organisation_fails(identifier):
    assert set(statuses(identifier, GoogleStub()).values()) == {"fail"}


@pytest.mark.parametrize("identifier", CONTROLS)
def test_where_everything_is_refused_it_could_not_look_and_names_permissions(identifier):
    stub = right()
    stub.fail("^(GET|POST) ", 403, error(403))
    for check in look(identifier, stub).values():
        assert check.status is Status.COULD_NOT_LOOK, check.why
        assert check.missing
