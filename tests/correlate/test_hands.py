"""What an identity that was stolen goes on doing every day is not the thief's."""

from datetime import UTC, datetime, timedelta

import pytest

from exclave.correlate import hands
from exclave.correlate.incidents import groups
from exclave.correlate.lineage import Lineage
from exclave.model import (
    Actor,
    Cloud,
    Destination,
    Evidence,
    Judgement,
    Kind,
    Outcome,
    Resource,
    Severity,
    Signal,
    SignalKind,
    Transfer,
    Verdict,
)


def signal(ip, *, cloud=Cloud.AZURE, severity=Severity.LOW):
    return Signal(
        method="azure.authorization.role-assigned",
        signal=SignalKind.ACCESS_CHANGE,
        time=datetime(2026, 3, 2, tzinfo=UTC),
        cloud=cloud,
        account="s",
        region="",
        action="x",
        actor=Actor(kind="application", id="deploy", ip=ip),
        source=Resource(kind="azure-scope", id="g"),
        evidence=Evidence(file="f", record=1),
        severity=severity,
    )


@pytest.mark.parametrize(
    ("found", "addresses", "risky", "wanted"),
    [
        (signal("203.0.113.9"), {"203.0.113.9"}, False, True),
        (signal("198.51.100.7"), {"203.0.113.9"}, False, False),
        (signal("198.51.100.7"), set(), False, True),  # nothing says where the thief was
        (signal(""), {"203.0.113.9"}, False, True),  # nor where this was done
        (signal("198.51.100.7"), {"203.0.113.9"}, True, True),  # about the identity itself
        (signal("198.51.100.7", severity=Severity.MEDIUM), {"203.0.113.9"}, False, True),
        (signal("198.51.100.7", cloud=Cloud.AWS), {"203.0.113.9"}, False, True),
    ],
)
def test_an_address_tells_them_apart(found, addresses, risky, wanted):
    assert hands.same(found, addresses, risky) is wanted


def test_what_is_ordinary_on_a_thing_joins_nothing_for_the_thing_alone():
    assert not hands.by_resource(signal("", severity=Severity.INFO))
    assert hands.by_resource(signal(""))
    assert hands.by_resource(signal("", cloud=Cloud.AWS, severity=Severity.INFO))


def transfer(hours, outcome, who, severity):
    return Transfer(
        id=f"t{hours}",
        method="azure.compute.disk-sas",
        outcome=outcome,
        source=Resource(kind="azure-disk", id="d"),
        destination=Destination(kind=Kind.BEARER_URL, id="u"),
        time=datetime(2026, 3, 2, tzinfo=UTC) + timedelta(hours=hours),
        cloud=Cloud.AZURE,
        account="s",
        region="",
        action="x",
        actor=Actor(kind="user", id=who),
        evidence=Evidence(file="f", record=hours),
        judgement=Judgement(verdict=Verdict.UNKNOWN, reason="whoever"),
        severity=severity,
    )


def test_somebody_elses_failed_call_on_the_same_thing_joins_within_a_day_only():
    offer = transfer(100, Outcome.OFFERED, "thief", Severity.HIGH)
    long_ago = transfer(4, Outcome.ATTEMPTED, "liam", Severity.LOW)
    before = transfer(99, Outcome.ATTEMPTED, "accomplice", Severity.LOW)
    (group,) = groups([long_ago, before, offer], [], Lineage(), {})
    assert group.transfers == [before, offer]
