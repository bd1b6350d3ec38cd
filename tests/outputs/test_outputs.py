from __future__ import annotations

import io

import pytest

from exclave.outputs import ENDINGS, WRITERS, UnknownFormatError, format_of, write

from . import sample


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("out.jsonl", "jsonl"), ("a/b.OCSF.json", "ocsf"), ("x.sarif", "sarif"), ("x.stix.json", "stix"),
        ("x.timesketch.csv", "timesketch-csv"), ("x.timesketch.jsonl", "timesketch"), ("x.csv", "csv"), ("x.html", "html"),
    ],
)  # fmt: skip
def test_the_ending_says_the_format(path, name):
    assert format_of(path) == name


@pytest.mark.parametrize("path", ["report", "report.pdf", "report.json", ""])
def test_an_unknown_ending_lists_the_choices(path):
    with pytest.raises(UnknownFormatError, match=r"\.ocsf\.json.*\.sarif"):
        format_of(path)


def test_an_unknown_format_lists_the_choices():
    with pytest.raises(UnknownFormatError, match="jsonl"):
        write(sample.empty(), "pdf", io.BytesIO())


def test_every_ending_has_a_writer_and_every_writer_writes_each_report():
    assert set(ENDINGS.values()) == set(WRITERS)
    for name in WRITERS:
        for report in (sample.report(), sample.empty()):
            stream = io.BytesIO()
            write(report, name, stream)
            assert not stream.closed
            assert stream.getvalue().decode("utf-8") or name == "timesketch"


@pytest.mark.parametrize("name", sorted(WRITERS))
def test_the_same_report_gives_the_same_bytes(name):
    first, second = io.BytesIO(), io.BytesIO()
    write(sample.report(), name, first)
    write(sample.report(), name, second)
    assert first.getvalue() == second.getvalue()


def test_files_for_programs_are_utf8_whatever_the_stream_says():
    below = io.BytesIO()
    stream = io.TextIOWrapper(below, encoding="latin-1")
    write(sample.poisoned("漢"), "jsonl", stream)
    stream.flush()
    assert "漢" in below.getvalue().decode("utf-8")
