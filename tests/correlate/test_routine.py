"""Which download URLs are a backup product's routine, and which a thief's."""

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from exclave.correlate.routine import quieted
from exclave.correlate.state import EXPIRY
from exclave.model import (
    Actor,
    Cloud,
    Destination,
    Evidence,
    Kind,
    Openness,
    Outcome,
    Resource,
    Severity,
    Transfer,
)

START = datetime(2026, 3, 2, tzinfo=UTC)
VENDOR = Actor(kind="application", id="vendor", ip="198.51.100.7")
ENDED = Openness(open=False, by="azure:microsoft.compute/snapshots/endgetaccess/action")
ROUNDS = tuple((4 * number, snapshot) for number in range(6) for snapshot in "ab")  # hours, name


def offer(hours, name, actor=VENDOR, state=ENDED, **more):
    wanted = {
        "method": "azure.compute.snapshot-sas",
        "outcome": Outcome.OFFERED,
        "source": Resource(kind="azure-snapshot", id=f"{name}{hours}"),
        "destination": Destination(kind=Kind.BEARER_URL, id="u"),
        "time": START + timedelta(hours=hours),
        "cloud": Cloud.AZURE,
        "account": "s",
        "region": "",
        "action": "x",
        "actor": actor,
        "evidence": Evidence(file="f", record=1),
        "severity": Severity.HIGH,
        "state": state,
    }
    return Transfer(**(wanted | more))


def loud(offers):
    return [t for t in quieted(offers) if t.severity is Severity.HIGH]


def test_urls_in_rounds_all_day_long_from_one_address_each_ended_are_routine():
    told = quieted([offer(*one) for one in ROUNDS])
    assert {t.severity for t in told} == {Severity.LOW}
    assert (
        told[0].why[-1].startswith("routine: the same application asked for 12 such URLs from 198.51.100.7")
    )


@pytest.mark.parametrize(
    "offers",
    [
        [offer(hours / 60, "a") for hours in range(30)],  # in one go
        [offer(*one) for one in ROUNDS[:6]],  # few
        [offer(*one, state=Openness(open=True)) for one in ROUNDS],
        [offer(*one, state=replace(ENDED, by=EXPIRY)) for one in ROUNDS],  # nobody ended them
        [offer(*one, actor=replace(VENDOR, kind="user")) for one in ROUNDS],
        [offer(*one, actor=replace(VENDOR, ip=f"198.51.100.{n}")) for n, one in enumerate(ROUNDS)],
        [offer(*one, destination=Destination(kind=Kind.TENANT, id="t")) for one in ROUNDS],
    ],
)
def test_anything_less_is_not(offers):
    assert loud(offers) == offers


def test_one_among_them_that_stays_open_or_comes_from_elsewhere_stands_out():
    left = offer(20, "left", state=Openness(open=True))
    stolen = offer(21, "stolen", actor=replace(VENDOR, ip="203.0.113.9"))
    assert loud([*(offer(*one) for one in ROUNDS), left, stolen]) == [left, stolen]
