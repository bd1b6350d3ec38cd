"""What an identity that was stolen goes on doing every day is not the thief's."""

from datetime import UTC, datetime

import pytest

from exclave.correlate import hands
from exclave.model import Actor, Cloud, Evidence, Resource, Severity, Signal, SignalKind


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
