from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exclave.simulate.template import compile_record, drawer

TEXT = st.text().filter(lambda text: "@@" not in text)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=10,
)


def make(record: dict[str, Any], **fixed: str) -> dict[str, Any]:
    template = compile_record(record, fixed, drawer(Random(1), {"colour": ("red",)}))
    return json.loads(template.fill(template.draw()))


@given(st.dictionaries(TEXT, VALUES, max_size=4))
def test_a_record_without_slots_comes_out_as_it_went_in(record: dict[str, Any]) -> None:
    assert make(record) == record


def test_one_slot_has_one_value_in_a_record_and_another_in_the_next() -> None:
    template = compile_record({"a": "@@uuid:x@@", "b": ["<@@uuid:x@@>"]}, {}, drawer(Random(1), {}))
    one, other = (json.loads(template.fill(template.draw())) for _ in range(2))
    assert one["b"] == [f"<{one['a']}>"]
    assert one["a"] != other["a"]


def test_a_string_that_is_a_number_slot_becomes_a_number_and_part_of_one_stays_text() -> None:
    made = make({"size": "@@int:5:9@@", "name": "part-@@int:5:9@@"})
    assert made["size"] in range(5, 10)
    assert made["name"] in {f"part-{number}" for number in range(5, 10)}


def test_fixed_slots_and_choices_are_filled_in() -> None:
    assert make({"x": "100% @@where@@ @@pick:colour@@"}, where="here") == {"x": "100% here red"}


def test_an_unknown_slot_is_refused() -> None:
    with pytest.raises(KeyError):
        make({"x": "@@nothing@@"})
    with pytest.raises(KeyError):
        make({"x": "@@pick:shape@@"})
