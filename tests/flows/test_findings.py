from __future__ import annotations

import json
from datetime import date

import pytest

from exclave.flows import Collector, control_plane, summaries, suspects
from exclave.model import Cloud, Kind, Verdict
from exclave.perimeter import Entry, EntryKind, Perimeter
from exclave.perimeter.flow_limits import FlowLimits
from tests.flows.build import ACCOUNT, GIB, WIDE, account, blob, gathered, google, signal, text, wide

A, B, DB = "10.0.1.5", "10.0.2.6", "10.0.3.7"
NEW = "172.29.1.4"


def ordinary(hours=48):
    """Two machines and a database that talk all the time; the first sends a GiB an hour."""
    lines = []
    for hour in range(hours):
        lines += [wide(A, B, GIB, hour=hour), wide(A, B, GIB, hour=hour, eni="eni-0b2c3d4e", out=False)]
        lines += [
            wide(B, DB, GIB // 4, hour=hour, eni="eni-0b2c3d4e"),
            wide(B, DB, GIB // 4, hour=hour, eni="eni-0c3d4e5f", out=False),
        ]
    return lines


def perimeter(*entries, accounts=(ACCOUNT,)):
    made = tuple(Entry(kind=k, id=i, verdict=Verdict.SELF) for k, i in entries)
    return Perimeter(
        entries=made, seen={Kind.ACCOUNT: dict.fromkeys(accounts, "seen")}, today=date(2026, 3, 5)
    )


def told(*blobs, signals=(), ours=None, limits=None):
    ours, limits = ours or perimeter(), limits or FlowLimits()
    with Collector() as collector:
        collector.add(gathered(*blobs).parts)
        totals = collector.totals(limits.bytes // 64)
        found = suspects(totals, control_plane(signals), ours, limits)
        detail = collector.detail([p for s in found for p in s.pairs])
        return [(s, record) for s, record in summaries(found, totals, detail, limits)]


def keys(found):
    return [(record["kind"], s.destination.key) for s, record in found]


def bulk(to, gib, *, hour=30, vpc="vpc-1", **more):
    return wide(A, to, int(gib * GIB), hour=hour, vpc=vpc, **more)


def test_ordinary_traffic_gives_nothing():
    assert told(blob(text(ordinary(), WIDE))) == []


def test_a_large_flow_to_a_private_network_that_is_new_is_told_with_its_figures():
    ((suspect, record),) = told(blob(text([*ordinary(), bulk(NEW, 40)], WIDE)))
    assert suspect.destination.key == "ip-range:172.29.1.0/24"
    assert (record["gib"], record["times"], record["hours"]) == (40.0, 40.0, 1)
    assert "40.0 GiB" in record["note"]
    assert "40 times what 10.0.1.5 usually sends in an hour (1.0 GiB)" in record["note"]
    assert "told of from 1.0 GiB and 10 times the usual" in record["note"]


def test_what_was_sent_to_many_addresses_of_a_network_is_added_up():
    lines = [bulk(f"172.29.1.{n}", 0.4, hour=30) for n in range(4, 104)]
    ((suspect, record),) = told(blob(text([*ordinary(), *lines], WIDE)))
    assert record["gib"] == pytest.approx(40, 0.01)
    assert len(suspect.pairs) == 100


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (bulk(NEW, 0.5), "little"),
        (bulk(NEW, 5), "not many times what its source sends, and not very much"),
        (bulk(NEW, 40, hour=1), "there from the beginning"),
        (bulk("10.0.77.4", 40), "a new subnet in a known network"),
        (bulk("203.0.113.7", 40), "the internet"),
        (bulk("52.218.1.1", 40, service="S3"), "a service, and not very much"),
        (
            wide(NEW, A, 40 * GIB, hour=30, out=False).replace(NEW, "198.51.100.9"),
            "coming in from the internet",
        ),
        (bulk(NEW, 40, action="REJECT"), "rejected"),
    ],
)
def test_look_alikes_give_nothing(line, why):
    assert told(blob(text([*ordinary(), line], WIDE))) == [], why


def test_thresholds_are_those_of_the_perimeter():
    lines = text([*ordinary(), bulk(NEW, 5)], WIDE)
    assert told(blob(lines), limits=FlowLimits(times=4))
    assert told(blob(lines), limits=FlowLimits(bytes=GIB // 2))
    assert not told(blob(lines), limits=FlowLimits(bytes=6 * GIB, times=1))
    assert not told(blob(lines), limits=FlowLimits(times=4, learn_hours=31))


@pytest.mark.parametrize("listed", [(EntryKind.CIDR, "172.29.0.0/16"), (EntryKind.CIDR, "172.16.0.0/12")])
def test_a_listed_range_is_ours(listed):
    assert told(blob(text([*ordinary(), bulk(NEW, 40)], WIDE)), ours=perimeter(listed)) == []


CREATED = signal("ec2.amazonaws.com:CreateVpc", "vpc-9", facts=[("range", "172.29.0.0/16")], hour=29)


def test_a_network_made_within_the_logs_is_told_although_the_account_is_ours():
    found = told(blob(text([*ordinary(), bulk(NEW, 2)], WIDE)), signals=[CREATED])
    assert keys(found) == [("bulk", "vpc:vpc-9"), ("network", "vpc:vpc-9")]
    assert found[0][0].made.signal.actor.id == "arn:thief"
    assert "made within these logs, by thief" in found[0][1]["note"]


def test_a_network_made_within_the_logs_is_known_by_its_own_flow_logs_too():
    lines = [
        bulk("10.9.9.9", 2),
        wide(A, "10.9.9.9", 2 * GIB, hour=30, vpc="vpc-9", eni="eni-0d4e5f6a", out=False),
    ]
    made = signal("ec2.amazonaws.com:CreateVpc", "vpc-9", hour=29)
    assert keys(told(blob(text([*ordinary(), *lines], WIDE)), signals=[made])) == [
        ("bulk", "vpc:vpc-9"),
        ("network", "vpc:vpc-9"),
    ]
    assert (
        keys(
            told(
                blob(text([*ordinary(), *lines], WIDE)),
                signals=[made],
                ours=perimeter((EntryKind.VPC, "vpc-9")),
            )
        )
        == []
    )


def test_a_network_that_had_traffic_before_it_is_said_to_be_made_was_changed_only():
    lines = [*ordinary(), bulk(NEW, 2, hour=1), bulk(NEW, 2, hour=30)]
    assert told(blob(text(lines, WIDE)), signals=[CREATED]) == []


def test_a_call_that_failed_made_nothing():
    failed = signal(
        "ec2.amazonaws.com:CreateVpc", "vpc-9", facts=[("range", "172.29.0.0/16")], hour=29, failed=True
    )
    assert keys(told(blob(text([*ordinary(), bulk(NEW, 40)], WIDE)), signals=[failed])) == [
        ("bulk", "ip-range:172.29.1.0/24")
    ]


PEERED = signal(
    "ec2.amazonaws.com:CreateVpcPeeringConnection",
    "pcx-1",
    kind="vpc-peering",
    facts=[("vpc", "vpc-1")],
    destination=account("111122223333"),
)
ROUTED = signal(
    "ec2.amazonaws.com:CreateRoute",
    "rtb-1",
    kind="route-table",
    facts=[("range", "172.29.0.0/16"), ("peering", "pcx-1")],
)


def test_a_route_over_a_peering_says_whose_the_addresses_are():
    found = told(blob(text([*ordinary(), bulk(NEW, 2, hour=1)], WIDE)), signals=[PEERED, ROUTED])
    assert keys(found) == [("bulk", "account:111122223333")]
    assert "a route leads over pcx-1" in found[0][1]["note"]
    ours = perimeter(accounts=(ACCOUNT, "111122223333"))
    assert (
        told(blob(text([*ordinary(), bulk(NEW, 2, hour=1)], WIDE)), signals=[PEERED, ROUTED], ours=ours) == []
    )


def test_an_interface_of_another_account_in_our_logs_is_judged_by_its_account():
    lines = [
        bulk("10.0.9.9", 2, hour=1),
        wide(A, "10.0.9.9", 2 * GIB, hour=1, eni="eni-0d4e5f6a", out=False, account="111122223333"),
    ]
    assert keys(told(blob(text([*ordinary(), *lines], WIDE)))) == [("bulk", "account:111122223333")]


def test_very_much_to_a_service_that_is_new_to_its_sender_is_told_apart():
    lines = text(
        [*ordinary(), bulk("52.218.1.1", 300, service="S3"), bulk("3.120.7.9", 200, service="EC2")], WIDE
    )
    assert keys(told(blob(lines))) == [("service", "service:S3"), ("service", "ip-range:3.120.7.0/24")]


def test_google_names_the_project_of_the_other_end():
    entries = [google("10.0.1.5", "10.0.2.6", GIB, hour=h, peer="our-project") for h in range(48)]
    entries += [
        google("10.0.1.5", "10.7.0.9", 2 * GIB, hour=3, peer="elsewhere-1"),
        google("10.0.1.5", "10.8.0.9", 2 * GIB, hour=3, peer="x1-tp"),
    ]
    ours = Perimeter(seen={Kind.PROJECT: {"our-project": "seen"}}, today=date(2026, 3, 5))
    assert keys(told(blob("\n".join(map(json.dumps, entries))), ours=ours)) == [
        ("bulk", "project:elsewhere-1")
    ]


def pipeline(*networks, hour=20):
    """Networks that the same hands made, one an hour."""
    return [
        signal("ec2.amazonaws.com:CreateVpc", name, facts=[("range", range_)], hour=hour + n)
        for n, (name, range_) in enumerate(networks)
    ]


MANY = pipeline(("vpc-7", "172.27.0.0/16"), ("vpc-8", "172.28.0.0/16"), ("vpc-9", "172.29.0.0/16"))


def test_a_network_of_a_pipeline_that_makes_many_is_told_by_its_volume_only():
    little, much = (blob(text([*ordinary(), bulk(NEW, gib)], WIDE)) for gib in (2, 40))
    assert told(little, signals=MANY) == []
    assert told(little, signals=MANY[1:])
    found = told(much, signals=MANY)
    assert keys(found) == [("bulk", "vpc:vpc-9"), ("network", "vpc:vpc-9")]
    assert "by thief on 2026-03-02 22:00 UTC, who made 2 others before it" in found[0][1]["note"]


def test_a_network_of_a_pipeline_is_told_if_it_is_joined_to_somebody():
    joined = signal(
        "ec2.amazonaws.com:CreateVpcPeeringConnection",
        "pcx-1",
        kind="vpc-peering",
        facts=[("vpc", "vpc-9")],
        destination=account("111122223333"),
    )
    little = blob(text([*ordinary(), bulk(NEW, 2)], WIDE))
    assert keys(told(little, signals=[*MANY, joined]))[0] == ("bulk", "vpc:vpc-9")
    ours = perimeter(accounts=(ACCOUNT, "111122223333"))
    assert told(little, signals=[*MANY, joined], ours=ours) == []


def test_a_network_of_another_cloud_does_not_hold_an_address():
    made = signal(
        "microsoft.network/virtualnetworks/write",
        "/subscriptions/s/vnet9",
        facts=[("range", "172.29.0.0/16")],
        hour=29,
        cloud=Cloud.AZURE,
    )
    assert told(blob(text([*ordinary(), bulk(NEW, 2)], WIDE)), signals=[made]) == []


def test_what_comes_at_the_same_time_of_every_day_is_no_new_flow():
    nights = [bulk(NEW, size, hour=hour) for hour, size in ((13, 90), (37, 60), (60, 90))]
    assert told(blob(text([*ordinary(72), *nights], WIDE))) == []
    assert told(blob(text([*ordinary(72), *nights[:2]], WIDE))), "not on the third day"
    assert told(blob(text([*ordinary(72), nights[0], bulk(NEW, 9, hour=37), nights[2]], WIDE))), "much less"
    assert told(blob(text([*ordinary(36), nights[0]], WIDE))), "there was no second day"
    later = [bulk(NEW, 90, hour=hour) for hour in (26, 50)]
    assert told(blob(text([*ordinary(72), *later], WIDE))), "the first night was without it"
