"""Rules taken from the SARIF 2.1.0 standard for the parts that are written."""

from __future__ import annotations

import io
import json
import re

import pytest

from exclave.outputs import sarif, write

from . import sample


def run_of(report):
    stream = io.BytesIO()
    write(report, "sarif", stream)
    log = json.loads(stream.getvalue())
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    return run


@pytest.mark.parametrize("report", [sample.report(), sample.empty(), sample.poisoned("{0}[a](b)\\")])
def test_the_run_keeps_the_standards_rules(report):
    run = run_of(report)
    rules = run["tool"]["driver"]["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in {"none", "note", "warning", "error"}
        assert result["message"]["text"]
        assert not re.search(
            r"(?<![\\])\[", result["message"]["text"].replace("\\\\", "")
        )  # no links, §3.11.6
        assert not re.search(
            r"(?<!\{)\{(?!\{)", result["message"]["text"].replace("{{", "")
        )  # no placeholders, §3.11.5
        assert 0 <= result.get("rank", 0) <= 100
        for location in result["locations"]:
            uri = location["physicalLocation"]["artifactLocation"]["uri"]
            assert re.fullmatch(r"[A-Za-z0-9._~:/?#@!$&'()*+,;=%-]+", uri)
    for note in run["invocations"][0]["toolExecutionNotifications"]:
        assert note["level"] in {"none", "note", "warning", "error"}


def test_levels_follow_severity_and_ids_are_fingerprints():
    by_id = {r["partialFingerprints"]["exclave/1"]: r for r in run_of(sample.report())["results"]}
    assert by_id["t-f60718"]["level"] == "error"
    assert by_id["t-failed"]["level"] == "warning"
    assert by_id["t-self"]["level"] == "note"


def test_what_could_not_be_read_makes_the_run_unsuccessful():
    (invocation,) = run_of(sample.report())["invocations"]
    assert invocation["executionSuccessful"] is False
    assert len(invocation["toolExecutionNotifications"]) == 2
    assert run_of(sample.empty())["invocations"][0]["executionSuccessful"] is True


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("logs/a b.json", "logs/a%20b.json"),
        ("s3://bucket/AWSLogs/x:y.gz", "s3://bucket/AWSLogs/x:y.gz"),
        ("a:b.json", "a%3Ab.json"),
        ("C:\\logs\\a.json", "C%3A/logs/a.json"),
        ("https://h/c?sv=1&sig=abcdef", "https://h/c?sv=1&sig=***"),
    ],
)
def test_paths_become_uris(path, uri):
    assert sarif.uri(path) == uri
