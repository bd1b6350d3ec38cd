"""Whole hunts of the breaches that are simulated on Google Cloud, held against their ground truth."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from exclave.catalogue.loader import load
from exclave.engines.hunt import Hunt
from exclave.engines.work import Settings
from exclave.model import FOREIGN, Severity
from exclave.perimeter.build import maker
from exclave.simulate import BREACHES, simulate
from exclave.sources import plan

START = datetime(2026, 3, 2, tzinfo=UTC)
NAMES = sorted(name for name, breach in BREACHES.items() if breach.cloud == "gcp")


@pytest.fixture(scope="module", params=NAMES)
def hunted(request, tmp_path_factory):
    out = tmp_path_factory.mktemp("hunt") / "case"
    simulate(out, seed=5, records=2500, days=1, start=START, accounts=4, breaches=[request.param])
    truth = [json.loads(line) for line in (out / "truth.jsonl").read_text().splitlines()]
    report = Hunt(load(), Settings(), maker(None), jobs=1).run(plan([str(out / "logs")]))
    return report, next(t for t in truth if t["type"] == "breach")


def test_a_breach_is_one_incident_with_every_step(hunted):
    report, truth = hunted
    (incident,) = report.incidents
    told = {s.evidence.event_id for s in incident.story}
    assert not [(s["event_name"], s["phase"], s["time"]) for s in truth["steps"] if s["event_id"] not in told]


def test_it_names_who_receives_and_whose_data_it_was(hunted):
    report, truth = hunted
    (incident,) = report.incidents
    # An extract's bucket is named by nothing but the job: the finding on it is quiet, and in the story all the same.
    found = {(t.destination.kind.value, t.destination.id) for t in incident.transfers}
    assert {(d["kind"], d["id"]) for d in truth["destinations"]} <= found
    named = {r.id for t in incident.transfers for r in (t.source, *t.lineage)}
    assert set(truth["originals"]) <= named


def test_whether_it_is_taken_and_open_is_right(hunted):
    report, truth = hunted
    (incident,) = report.incidents
    foreign = [t for t in incident.transfers if t.judgement.verdict in FOREIGN]
    assert any(t.outcome == "taken" for t in foreign) == truth["taken"]
    assert any(t.state.open for t in foreign if t.state) == truth["open"]
    assert incident.severity is Severity.CRITICAL


def test_nothing_else_is_medium_or_above(hunted):
    report, _ = hunted
    loud = [f for f in report.findings if f.severity.rank >= Severity.MEDIUM.rank and not f.incident]
    assert not [(f.method, f.source.id, f.why) for f in loud]


def test_every_record_was_read(hunted):
    report, _ = hunted
    assert report.coverage.records >= 2500
    assert not report.coverage.problems
    assert set(report.coverage.formats) == {"gcp-audit"}
