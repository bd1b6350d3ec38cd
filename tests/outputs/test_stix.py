from __future__ import annotations

import io
import json

import stix2
from stix2patterns.validator import validate

from exclave.outputs import write

from . import sample


def bundle_of(report):
    stream = io.BytesIO()
    write(report, "stix", stream)
    return stream.getvalue().decode()


def by_type(report):
    found: dict[str, list] = {}
    for thing in stix2.parse(bundle_of(report), allow_custom=False).objects:
        found.setdefault(thing["type"], []).append(thing)
    return found


def test_the_bundle_is_valid_for_the_stix2_library():
    for report in (sample.report(), sample.empty(), sample.many(25), sample.poisoned("']\\\x1b")):
        assert stix2.parse(bundle_of(report), allow_custom=False).type == "bundle"


def test_ids_are_the_same_each_time_and_unique():
    assert bundle_of(sample.report()) == bundle_of(sample.report())
    ids = [thing["id"] for thing in json.loads(bundle_of(sample.many(25)))["objects"]]
    assert len(set(ids)) == len(ids)


def test_observables_have_the_ids_that_the_standard_computes():
    for thing in json.loads(bundle_of(sample.report()))["objects"]:
        if thing["type"] in {"user-account", "ipv4-addr", "url"}:
            rest = {key: value for key, value in thing.items() if key not in {"id", "spec_version"}}
            assert stix2.parse(rest, version="2.1")["id"] == thing["id"]


def test_it_names_the_technique_and_the_receiver_once():
    found = by_type(sample.report())
    assert [t["external_references"][0]["external_id"] for t in found["attack-pattern"]] == ["T1537"]
    (indicator,) = found["indicator"]
    assert indicator["pattern"] == f"[user-account:user_id = '{sample.THEIRS}']"
    assert {"indicates", "based-on"} == {r["relationship_type"] for r in found["relationship"]}


def test_patterns_are_valid_however_hostile_the_id():
    for text in ("'", "\\", "'] OR [file:name = 'x", "\n"):
        for indicator in by_type(sample.poisoned(text))["indicator"]:
            assert validate(indicator["pattern"])


def test_every_reference_leads_somewhere():
    objects = json.loads(bundle_of(sample.many(25)))["objects"]
    ids = {thing["id"] for thing in objects}
    for thing in objects:
        refs = [
            *thing.get("object_refs", []),
            *(thing[k] for k in ("source_ref", "target_ref", "created_by_ref") if k in thing),
        ]
        assert set(refs) <= ids


def test_an_incident_groups_its_observations_and_tells_the_story():
    (grouping,) = by_type(sample.report())["grouping"]
    assert grouping["name"].startswith("2 snapshots shared")
    assert "tamper: stops logging" in grouping["description"]
    assert any(ref.startswith("indicator--") for ref in grouping["object_refs"])
