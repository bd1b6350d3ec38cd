"""Since when a share stands: by the provider, or by what a hunt found of the offer."""

from __future__ import annotations

from datetime import UTC, datetime

from exclave.audit.exposures import exposures
from exclave.audit.model import AuditReport
from exclave.audit.since import dated, moment, offers
from exclave.catalogue.loader import load
from exclave.inventory import Inventory
from exclave.model import Coverage
from exclave.perimeter import Perimeter

from .build import OURS, REGION, THEIRS, doc

SNAPSHOT = [
    doc("ec2.DescribeSnapshots", {"Snapshots": [{"SnapshotId": "snap-1", "StartTime": "2026-01-02T03:04:05+00:00"}]}, region=REGION),
    doc("ec2.DescribeSnapshotAttribute", {"CreateVolumePermissions": [{"UserId": THEIRS}]}, key="snap-1", args={"SnapshotId": "snap-1"}, region=REGION),
]  # fmt: skip


def found(*documents):
    return exposures(Inventory.of(documents), Perimeter(), load())[0]


def test_a_share_is_not_older_than_its_snapshot_and_a_grant_as_old_as_it_says():
    ((snapshot),) = found(*SNAPSHOT)
    assert snapshot.since == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    grants = {"Grants": [{"GrantId": "g", "GranteePrincipal": f"arn:aws:iam::{THEIRS}:role/x", "CreationDate": "2026-02-01T00:00:00Z"}]}  # fmt: skip
    ((grant),) = found(doc("kms.ListGrants", grants, key="k", args={"KeyId": "k"}, region=REGION))
    assert grant.since == datetime(2026, 2, 1, tzinfo=UTC)


def test_nothing_is_said_where_the_provider_says_nothing():
    (alone,) = found(SNAPSHOT[1])
    assert alone.since is None


def line(time="2026-02-03T00:00:00Z", **more):
    return {
        "type": "transfer", "method": "aws.ebs.snapshot-share", "outcome": "offered", "open": True, "time": time,
        "source": {"kind": "ebs-snapshot", "id": f"arn:aws:ec2:{REGION}:{OURS}:snapshot/snap-1"}, "destination": {"kind": "account", "id": THEIRS},
    } | more  # fmt: skip


def when(*lines):
    report = AuditReport(
        results=(), exposures=tuple(found(*SNAPSHOT)), looked=(), coverage=Coverage(), perimeter=()
    )
    return dated(report, offers(lines)).exposures[0].since


def test_the_offer_that_a_hunt_found_says_it_better():
    assert when(line("2026-02-05T00:00:00Z"), line()) == datetime(2026, 2, 3, tzinfo=UTC)
    assert when(line(state={"opened_at": "2026-02-04T00:00:00Z"})) == datetime(2026, 2, 4, tzinfo=UTC)


def test_another_share_an_ended_or_a_refused_one_says_nothing():
    begun = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    for other in (
        line(open=False), line(error="AccessDenied"), line(outcome="taken"), line(destination={"kind": "account", "id": OURS}),
        line(method="aws.ami.share"), line(time="then"), line(source=None), line(destination={"kind": "nonsense", "id": "x"}),
    ):  # fmt: skip
        assert when(other) == begun


def test_times_however_they_are_written():
    assert moment(1767225600) == moment(1767225600000) == moment("2026-01-01T00:00:00") == datetime(2026, 1, 1, tzinfo=UTC)  # fmt: skip
    assert [moment(v) for v in (None, "", "soon", True, 1e300)] == [None] * 5
