"""Whole hunts of the breaches that are simulated on Azure, held against their ground truth."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from exclave.catalogue.loader import load
from exclave.engines.hunt import Hunt
from exclave.engines.work import Settings
from exclave.model import Cloud, Severity
from exclave.perimeter.build import maker
from exclave.simulate import STAGES, simulate
from exclave.sources import plan

START = datetime(2026, 3, 2, tzinfo=UTC)
NAMES = tuple(STAGES[Cloud.AZURE].breaches)


def hunt(out, **wanted):
    simulate(out, seed=5, days=1, start=START, accounts=4, **wanted)
    truth = [json.loads(line) for line in (out / "truth.jsonl").read_text().splitlines()]
    report = Hunt(load(), Settings(), maker(None), jobs=1).run(plan([str(out / "logs")]))
    return report, {t["name"]: t for t in truth if t["type"] == "breach"}


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    # Enough records for the backup vendor, whose exports look like the first breach.
    folder = tmp_path_factory.mktemp("hunt")
    return {name: hunt(folder / name, records=4500, breaches=[name]) for name in NAMES}


@pytest.fixture(params=NAMES)
def hunted(request, alone):
    report, truths = alone[request.param]
    return report, truths[request.param]


def test_a_breach_is_one_incident_of_its_own_steps_and_no_others(hunted):
    report, truth = hunted
    (incident,) = report.incidents
    told = {s.evidence.event_id for s in incident.story}
    assert told == {s["event_id"] for s in truth["steps"]}


def test_it_names_who_receives_and_whose_data_it_was(hunted):
    report, truth = hunted
    (incident,) = report.incidents
    assert {(d["kind"], d["id"]) for d in truth["destinations"]} <= {
        (d.kind.value, d.id) for d in incident.destinations
    }
    named = {r.id.lower() for t in incident.transfers for r in (t.source, *t.lineage)}
    assert {o.lower() for o in truth["originals"]} <= named


def test_it_says_who_acted_and_that_the_offer_stands(hunted):
    report, truth = hunted
    (incident,) = report.incidents
    assert {a.id for a in incident.actors} == set(truth["actors"])
    assert any(t.state.open for t in incident.transfers if t.state) == truth["open"] is True


def test_the_risk_of_the_identity_raises_it(hunted):
    report, _ = hunted
    (incident,) = report.incidents
    assert incident.severity is Severity.CRITICAL
    assert [why for why in incident.why if "risk" in why]


def test_nothing_else_is_medium_or_above(hunted):
    report, _ = hunted
    loud = [f for f in report.findings if f.severity.rank >= Severity.MEDIUM.rank and not f.incident]
    assert not [(f.method, f.source.id, f.why) for f in loud]
    assert not report.coverage.problems


def test_a_backup_product_is_among_what_stays_quiet(alone):
    report, _ = alone["azure-snapshot-export"]
    routine = [t for t in report.transfers if any(why.startswith("routine") for why in t.why)]
    assert len(routine) == 4 * 6 * 2  # subscriptions, rounds, disks
    assert {t.severity for t in routine} == {Severity.LOW}


def test_breaches_of_all_clouds_in_one_folder_are_an_incident_each(tmp_path):
    breaches = [*NAMES, "snapshot-share-after-leaked-key", "gcp-storage-transfer"]
    report, truths = hunt(tmp_path / "case", records=5000, breaches=breaches)
    found = {
        name: [i for i in report.incidents if steps & {s.evidence.event_id for s in i.story}]
        for name, truth in truths.items()
        if (steps := {s["event_id"] for s in truth["steps"]})
    }
    assert {name: len(incidents) for name, incidents in found.items()} == dict.fromkeys(breaches, 1)
    assert len(report.incidents) == len(breaches)
    assert set(report.coverage.formats) >= {
        "azure-activity",
        "azure-storage",
        "entra",
        "cloudtrail",
        "gcp-audit",
    }
    assert not [f for f in report.findings if f.severity.rank >= Severity.MEDIUM.rank and not f.incident]
