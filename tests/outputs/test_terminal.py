from __future__ import annotations

import io
import re

import pytest
from msgspec.structs import replace
from rich.console import Console

from exclave.model import Severity
from exclave.outputs import terminal, write

from . import sample


def shown(report, width=100, *, verbose=False, **options):
    out = io.StringIO()
    console = Console(file=out, width=width, highlight=False, markup=False, emoji=False, **options)
    terminal.write(report, console, verbose=verbose)
    return out.getvalue()


def test_the_incident_comes_first_and_answers_the_four_questions():
    text = shown(sample.report())
    story = text[: text.index("Outside incidents")]
    for answer in (
        "CRITICAL", "what left snapshot snap-0a1b2c3d4e5f60718", "db-prod-1", f"account {sample.THEIRS}, outside your perimeter",
        "YES, 2 of 2 offers", "taken     YES", sample.KEY_ID,
    ):  # fmt: skip
        assert answer in " ".join(story.split()) or answer in story
    assert text.lstrip().startswith("CRITICAL")


def test_the_steps_stand_in_order_with_their_phases():
    text = shown(sample.report())
    phases = re.findall(r"^  \d\d:\d\d:\d\d  (\w+)", text, re.MULTILINE)
    assert phases == ["prepare", "tamper", "access", "offer", "offer", "take"]


def test_a_finding_is_one_line_in_the_manner_of_a_compiler():
    text = shown(sample.report(), width=160)
    assert "high  aws.s3.bucket-policy  acme-marketing-assets → everybody (public)\n" in text
    assert "evidence  logs/trail-2026-03-02T11.json.gz:3\n" in text


@pytest.mark.parametrize("width", [40, 80, 160])
def test_commands_and_ids_stay_whole_at_any_width(width):
    text = shown(sample.report(), width=width)
    for transfer in sample.report().transfers:
        if transfer.revoke and transfer.state and transfer.state.open and transfer.severity.rank >= 2:
            assert transfer.revoke.command in text
    for identifier in (
        "snap-0a1b2c3d4e5f60718",
        "vol-0b7c6d5e4f3a21908",
        sample.THEIRS,
        sample.KEY_ID,
        sample.FILE,
    ):
        assert identifier in text


def test_lines_keep_to_the_width_where_their_words_do():
    for line in shown(sample.report(), width=80).splitlines():
        longest = max((len(word) for word in line.split()), default=0)
        assert len(line) <= 80 or longest > 60 or line.startswith("  aws ") or "revoke:" in line


def test_low_and_info_are_counted_unless_verbose():
    assert "2 transfers not listed (1 low, 1 info)" in shown(sample.report())
    assert "Datadog" not in shown(sample.report())
    assert "Datadog" in shown(sample.report(), verbose=True)
    assert "not listed" not in shown(sample.report(), verbose=True)


def test_thousands_of_findings_are_capped_and_the_cap_is_stated():
    text = shown(sample.many(2000))
    assert len(text.splitlines()) < 900
    assert "transfers not listed" in text
    listed = len(re.findall(r"^(?:critical|high|medium)  aws\.", text, re.MULTILINE))
    assert listed == terminal.MOST_TRANSFERS


def test_it_closes_with_what_was_read_what_was_not_and_what_to_do():
    text = shown(sample.report())
    closing = text[text.index("\n  read ") :]
    assert "412 files, about 1,204,118 records of 3 accounts" in closing
    assert "NOT READ  2 problems" in closing
    assert "logs/old.tar: permission denied (run as a user who may read it)" in closing
    assert closing.index("  next  ") > closing.index("NOT READ")


def test_nothing_found_says_in_how_much():
    text = shown(sample.empty())
    assert text.startswith("Nothing found")
    assert "3 files, 120 records of 1 account" in text
    assert "nothing: all of it could be read" in text


def test_nothing_read_is_not_nothing_found():
    report = sample.empty()
    nothing = replace(report.coverage, files=1, records=0)
    text = shown(replace(report, coverage=nothing))
    assert text.startswith("Nothing was read")
    assert "Nothing found" not in text


def test_only_quiet_findings_say_so_first():
    report = sample.report()
    low = tuple(replace(t, incident="") for t in report.transfers if t.severity.rank < Severity.MEDIUM.rank)
    text = shown(replace(report, incidents=(), transfers=low))
    assert text.startswith(
        "Nothing loud found in what was read: no incident, and no transfer at medium or above."
    )


def test_the_last_lines_say_what_was_found_and_how_to_go_on():
    report = sample.report()
    text = shown(report, width=200)
    closing = text[text.index("\n  read ") :]
    assert (
        "  found     1 incident (1 critical) and 3 transfers (2 high, 1 medium) outside of them\n" in closing
    )
    assert f"exclave timeline LOGS --incident {report.incidents[0].id}" in closing
    assert "exclave revoke" in closing


def test_what_stands_open_without_a_command_is_not_said_to_be_closed():
    report = sample.report()
    bare = tuple(replace(t, revoke=None) for t in report.transfers)
    closing = shown(replace(report, transfers=bare, incidents=()), width=200)
    assert "still open: `exclave revoke r.jsonl` plans it" in closing


def test_only_the_label_of_a_line_is_dim():
    text = shown(sample.report(), force_terminal=True, color_system="standard")
    assert "\x1b[2m  when      \x1b[0m2026" in text


def test_no_colour_without_a_terminal_or_with_no_color(monkeypatch):
    assert "\x1b" not in shown(sample.report())
    monkeypatch.setenv("NO_COLOR", "1")
    coloured = shown(sample.report(), force_terminal=True)
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]", coloured)


def test_a_stream_without_unicode_gets_ascii():
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    write(sample.report(), "terminal", stream)
    stream.flush()
    text = stream.buffer.getvalue().decode("ascii")
    assert "acme-marketing-assets -> everybody (public)" in text


def test_steps_that_repeat_are_one_line_that_says_how_often():
    report = sample.report()
    (incident,) = report.incidents
    take = incident.story[-1]
    again = tuple(replace(take, time=sample.at(41 + n)) for n in range(30))
    text = shown(replace(report, incidents=(replace(incident, story=incident.story + again),)), width=160)
    assert text.count(take.text) == 1
    assert ", 31 times until 2026-03-02 02:22:04  [1:25]" in text
