# ruff: noqa: RUF001
from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser

import pytest
from msgspec.structs import replace

from exclave.model import Coverage, Problem
from exclave.outputs import page_data, page_timeline, write

from . import sample

EVIL = "</script><img src=x onerror=alert(1)><svg/onload=alert(1)>{{data}}\x1b"
FLAGS = "--headless --no-sandbox --disable-gpu --disable-quic --disable-background-networking --disable-component-update --disable-sync --no-first-run --enable-logging=stderr --virtual-time-budget=5000 --dump-dom"


def page_of(report):
    stream = io.BytesIO()
    write(report, "html", stream)
    return stream.getvalue().decode()


class Reader(HTMLParser):
    """Elements with their attributes, and the text of scripts and styles."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.inside, self.texts = [], "", []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag in {"script", "style"}:
            self.inside = dict(attrs).get("type", tag)

    def handle_endtag(self, _):
        self.inside = ""

    def handle_data(self, data):
        if self.inside:
            self.texts.append((self.inside, data))


@pytest.mark.parametrize("report", [sample.report(), sample.empty(), sample.poisoned(EVIL), sample.many(300)])
def test_the_policy_names_the_hashes_of_what_is_there_and_nothing_else_may_run(report):
    read = Reader(page_of(report))
    policy = next(a["content"] for _, a in read.elements if a.get("http-equiv") == "Content-Security-Policy")
    assert "'unsafe-inline'" not in policy
    assert policy.startswith("default-src 'none'")
    texts = dict(read.texts)
    for kind in ("style", "script"):
        assert f"{kind}-src 'sha256-{b64encode(sha256(texts[kind].encode()).digest()).decode()}'" in policy
    assert [tag for tag, _ in read.elements].count("script") == 2


@pytest.mark.parametrize("report", [sample.report(), sample.poisoned(EVIL)])
def test_nothing_points_outside_the_file_and_no_attribute_is_code(report):
    for tag, attributes in Reader(page_of(report)).elements:
        assert tag not in {"img", "iframe", "object", "embed", "link", "base"}
        for name, value in attributes.items():
            assert not name.startswith("on")
            assert name not in {"src", "style", "srcset", "action"}
            if name == "href":
                assert value.startswith("#")


def test_the_data_block_holds_every_finding_and_cannot_end_its_element():
    page = page_of(sample.poisoned(EVIL))
    block = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL).group(1)
    assert "<" not in block
    data = json.loads(block)
    assert data["total"] == len(data["rows"]) == 11


def test_rows_are_capped_the_loudest_kept_and_the_cap_stated(monkeypatch):
    monkeypatch.setattr(page_data, "MOST_ROWS", 5)
    monkeypatch.setattr("exclave.outputs.page_parts.MOST_ROWS", 5)
    data = page_data.data(sample.many(100))
    assert len(data["rows"]) == 5
    assert {row["sev"] for row in data["rows"]} == {"critical"}
    assert "This page holds the 5 loudest of 111 findings" in page_of(sample.many(100))


def test_what_could_not_be_read_stands_before_the_incidents():
    page = page_of(sample.report())
    assert page.index("2 things could not be read") < page.index("<h2>Incidents</h2>")


def test_where_nothing_was_read_the_headline_does_not_reassure():
    nothing = replace(
        sample.empty(), coverage=Coverage(problems=(Problem(where="logs", what="doesn't exist"),))
    )
    assert "<h1>Nothing was read" in page_of(nothing)
    assert "<h1>No data was seen to leave" in page_of(sample.empty())


def test_the_flow_draws_a_line_for_each_method_and_none_inside_the_perimeter():
    page = page_of(sample.report())
    assert "123456789012: aws.ebs.snapshot-share × 2" in page
    assert "210987654321" not in page[page.index("<h2>Flow") : page.index("<h2>Findings")]


def test_a_secret_is_not_seen_through_a_shortened_name():
    assert "aa5be1d5f0c1" not in page_of(sample.report())


def test_moments_stand_in_order_inside_the_picture():
    moments = [sample.at(minutes) for minutes in (0, 0.1, 5, 60, 60 * 24 * 90)]
    at = list(page_timeline.positions(moments).values())
    assert at == sorted(at)
    assert page_timeline.LEFT < at[0] < at[-1] < page_timeline.WIDTH
    assert at[1] - at[0] > 5


@pytest.fixture
def browse(tmp_path):
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not browser:
        pytest.fail("chromium is not installed; make test-real installs it")

    def browse(page):
        path = tmp_path / "report.html"
        path.write_text(page, encoding="utf-8")
        command = [browser, *FLAGS.split(), f"--user-data-dir={tmp_path / 'profile'}", path.as_uri()]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
        return done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line]

    return browse


@pytest.mark.real
def test_a_browser_shows_the_rows_and_has_nothing_to_complain_of(browse):
    dom, complaints = browse(page_of(sample.many(5000)))
    assert complaints == []
    assert dom.count('<tr class="row">') == 100
    assert "1 to 100 of 5,011 that match, 5,011 in all" in dom


@pytest.mark.real
def test_a_browser_keeps_hostile_text_as_text(browse):
    dom, complaints = browse(page_of(sample.poisoned(EVIL)))
    assert complaints == []
    assert dom.count('<tr class="row">') == 11
    assert "<img" not in dom
    assert "onload=alert" in dom


@pytest.mark.real
def test_the_browser_would_complain_of_a_style_that_the_policy_does_not_name(browse):
    page = page_of(sample.empty()).replace("<footer>", '<footer style="color: red">')
    _, complaints = browse(page)
    assert any("Content Security Policy" in line for line in complaints)
