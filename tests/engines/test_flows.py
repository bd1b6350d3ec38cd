"""A breach whose bulk flow stands in flow logs, hunted whole: with the trail, and without it."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime

import pytest

from exclave.catalogue.loader import load
from exclave.engines.hunt import Hunt
from exclave.engines.work import Settings
from exclave.model import Severity
from exclave.perimeter.build import maker
from exclave.simulate import simulate
from exclave.sources import plan


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    out = tmp_path_factory.mktemp("flows") / "out"
    made = simulate(
        out, seed=1, records=3000, days=2, start=datetime(2026, 3, 2, tzinfo=UTC), accounts=4,
        breaches=["illicit-vpc"], flow_records=60_000,
    )  # fmt: skip
    truth = json.loads(made.truth.read_text().splitlines()[1])
    only = out / "only"
    for folder in (made.logs / "AWSLogs").iterdir():
        if folder.name.isdigit():
            shutil.copytree(folder, only / "AWSLogs" / folder.name)
    return made.logs, only, truth


def hunted(folder, **settings):
    return Hunt(load(compiled=False), Settings(**settings), maker(None), jobs=1).run(plan([str(folder)]))


def loud(report):
    return [f for f in report.findings if f.severity.rank >= Severity.MEDIUM.rank]


@pytest.mark.parametrize("fast", [True, False])
def test_the_breach_is_one_incident_with_the_flow_and_the_networks_making(written, fast):
    logs, _, truth = written
    report = hunted(logs, fast=fast)
    (incident,) = report.incidents
    assert {d.id for d in incident.destinations} == {d["id"] for d in truth["destinations"]}
    (flow,) = [t for t in incident.transfers if t.method == "aws.vpc.flow-volume"]
    assert flow.source.id == truth["flows"][0]["interface"]
    assert flow.source.size_gib == pytest.approx(truth["flows"][0]["bytes"] / (1 << 30), 0.01)
    assert {f.incident for f in loud(report)} == {incident.id}
    assert {s.method for s in incident.signals} >= {
        "aws.vpc.illicit-network",
        "aws.vpc.create",
        "aws.vpc.peering-request",
    }
    (illicit,) = [s for s in incident.signals if s.method == "aws.vpc.illicit-network"]
    assert illicit.actor.id == truth["actors"][0]
    assert report.coverage.problems == ()


def test_without_the_trail_the_flow_is_found_by_its_being_new(written):
    _, only, truth = written
    report = hunted(only)
    (found,) = loud(report)
    assert found.destination.id == "172.29.1.0/24"
    assert truth["flows"][0]["destination"].startswith("172.29.1.")
    assert found.evidence.record > 0
    assert "vpcflowlogs" in found.evidence.file


def test_ordinary_flows_give_nothing(tmp_path):
    made = simulate(
        tmp_path / "out", seed=2, records=0, days=3, start=datetime(2026, 3, 2, tzinfo=UTC), accounts=3, breaches=[],
        flow_records=60_000,
    )  # fmt: skip
    assert hunted(made.logs).findings == ()


def test_the_same_findings_come_out_of_many_processes(written, monkeypatch):
    _, only, _ = written
    monkeypatch.setattr("exclave.engines.local.WORTH_A_POOL", 1)
    monkeypatch.setattr("exclave.engines.local.BATCH_ITEMS", 10)
    many = Hunt(load(compiled=False), Settings(), maker(None), jobs=2).run(plan([str(only)]))
    assert [(f.id, f.evidence) for f in many.findings] == [(f.id, f.evidence) for f in hunted(only).findings]
