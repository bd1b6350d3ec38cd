from __future__ import annotations

import json

from exclave.flows.locate import locate
from tests.flows.build import WIDE, blob, google, line, text, vnet, wide

A, B = "10.0.1.5", "10.0.2.6"


def test_the_largest_record_is_found_by_its_number():
    lines = [wide(A, B, 1), wide(B, A, 99), wide(A, B, 7), wide(A, "10.0.2.66", 99), wide(A, B, 3)]
    assert locate(blob(text(lines, WIDE)), {(A, B)}) == {(A, B): (3, 7)}
    assert locate(blob(text([" ".join(row.split(" ")[:14]) for row in lines])), {(A, B), (B, A)}) == {
        (A, B): (3, 7),
        (B, A): (2, 99),
    }


def test_records_in_json_are_numbered_too():
    assert locate(blob("\n".join(json.dumps(google(A, B, n)) for n in (1, 5, 2))), {(A, B)}) == {
        (A, B): (2, 5)
    }
    content = vnet([f"1772409603606,{A},{B},1,2,6,O,E,NX,3,767,2,1"])
    assert locate(blob(content), {(A, B), (B, A)}) == {(A, B): (1, 767), (B, A): (1, 1)}
    events = {"messageType": "DATA_MESSAGE", "logEvents": [{"message": line(A, B, n)} for n in (1, 9)]}
    assert locate(blob(json.dumps(events)), {(A, B)}) == {(A, B): (2, 9)}
