"""Whole hunts of simulated breaches, held against their ground truth."""

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


@pytest.fixture(scope="module")
def catalogue():
    return load()


@pytest.fixture(scope="module", params=sorted(b for b in BREACHES if BREACHES[b].cloud == "aws"))
def hunted(request, tmp_path_factory, catalogue):
    out = tmp_path_factory.mktemp("hunt") / "case"
    simulate(out, seed=7, records=4000, days=1, start=START, accounts=4, breaches=[request.param])
    truth = [json.loads(line) for line in (out / "truth.jsonl").read_text().splitlines()]
    report = Hunt(catalogue, Settings(), maker(None), jobs=1).run(plan([str(out / "logs")]))
    return report, next(t for t in truth if t["type"] == "breach")


def test_a_breach_is_one_incident(hunted):
    report, _ = hunted
    assert len(report.incidents) == 1, [i.title for i in report.incidents]


def test_its_destinations_are_named(hunted):
    report, truth = hunted
    incident = report.incidents[0]
    found = {(d.kind.value, d.id) for d in incident.destinations}
    # A VPC that the intruder made in our own account is no foreign destination; the story names it.
    found |= {("vpc", s.source.id) for s in incident.signals}
    assert {(d["kind"], d["id"]) for d in truth["destinations"]} <= found


def test_every_step_is_told(hunted):
    report, truth = hunted
    told = {s.evidence.event_id for s in report.incidents[0].story}
    # a session that two accounts logged is told once, by the record that says with which credential it was asked for
    once = {i.credential for i in report.issued if i.to.credential and i.evidence.event_id in told}
    told |= {i.evidence.event_id for i in report.issued if i.credential in once and not i.to.credential}
    folded = {t.source.key for t in report.incidents[0].transfers if t.count > 1}
    missing = [
        (s["event_name"], s["phase"])
        for s in truth["steps"]
        if s["event_id"] not in told and not (folded and s["phase"] == "take")
    ]
    assert not missing


def test_whether_it_is_open_and_taken_is_right(hunted):
    report, truth = hunted
    offers = [t for t in report.incidents[0].transfers if t.state and t.judgement.verdict in FOREIGN]
    if offers:
        assert any(t.state.open for t in offers) == truth["open"]
    taken = any(t.outcome == "taken" for t in report.incidents[0].transfers)
    assert taken == truth["taken"] or not taken  # most services never tell the owner


def test_the_original_is_named(hunted):
    report, truth = hunted
    incident = report.incidents[0]
    named = [r.id + r.name for t in incident.transfers for r in (t.source, *t.lineage)] + [
        s.text for s in incident.story
    ]
    assert not [o for o in truth["originals"] if not any(o in n for n in named)]


def test_nothing_else_is_medium_or_above(hunted):
    report, _ = hunted
    loud = [f for f in report.findings if f.severity.rank >= Severity.MEDIUM.rank and not f.incident]
    assert not [(f.method, f.source.id, f.why) for f in loud]
