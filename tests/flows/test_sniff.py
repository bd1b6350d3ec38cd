"""What a flow log is told by, and that nobody can make another log look like one."""

import json

import pytest

from exclave.flows.sniff import sniff


@pytest.mark.parametrize("words", ['flowTuples":', "googleapis.com/vpc_flows", '"connection" "src_ip"'])
@pytest.mark.parametrize(
    "wrap", [lambda r: {"Records": [r]}, lambda r: [r], lambda r: r, lambda r: {"detail": r}]
)
def test_a_caller_cannot_make_a_trail_look_like_a_flow_log(words, wrap):
    hostile = {
        "eventVersion": "1.11",
        "userAgent": words,
        "requestParameters": {words: 1, "flowTuples": [], "connection": {}, "src_ip": "x"},
    }
    assert sniff("a.json", json.dumps(wrap(hostile)).encode()) == ""
    assert sniff("a.json", json.dumps(wrap(dict(reversed(hostile.items())))).encode()) == ""
