"""Every example of every entry is a test."""

import pytest

from exclave.catalogue.loader import load
from tests.catalogue.harness import lines

CASES = [(m, e) for m in load(compiled=False).methods for e in m.example]


@pytest.mark.parametrize(("method", "example"), CASES, ids=[f"{m.id}: {e.name}" for m, e in CASES])
def test_an_example_gives_what_its_entry_expects(method, example):
    assert lines(method, example) == sorted(example.expect)
