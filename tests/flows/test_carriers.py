"""Flow logs of Azure and Google in what queues and collectors carry them in."""

from __future__ import annotations

import base64
import json

import pytest

from exclave.flows.locate import locate
from exclave.flows.sniff import sniff
from tests.flows.build import blob, gathered, google, line, sums, totals, vnet

A, B = "10.0.0.4", "10.9.0.7"
CARRIED = {
    "Pub/Sub push": lambda r: {
        "message": {"data": base64.b64encode(r.encode()).decode()},
        "subscription": "s",
    },
    "Pub/Sub pull": lambda r: [{"ackId": "a", "message": {"data": base64.b64encode(r.encode()).decode()}}],
    "Splunk": lambda r: {"result": {"_raw": r}},
    "Splunk's add-on": lambda r: {"result": {"_raw": json.dumps({"data": json.loads(r)})}},
    "a message": lambda r: {"message": r},
    "a collector": lambda r: {"log": r, "stream": "stdout"},
    "Elastic": lambda r: {"_source": {"event": {"original": r}}},
    "Event Hubs": lambda r: {"Body": r, "SequenceNumber": 1},
}


@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize("carrier", CARRIED)
def test_a_carried_record_is_summed(carrier, fast):
    azure = vnet([f"1772409600000,{A},{B},1,443,6,O,E,NX,5,100,5,3"])
    for record, back in ((json.dumps(google(A, B, 100)), None), (azure, 3)):
        content = json.dumps(CARRIED[carrier](record))
        assert gathered(blob(content), fast=fast).problems == ()
        wanted = {(A, B): 100} | ({(B, A): back} if back else {})
        assert sums(totals(blob(content), fast=fast)) == wanted
        assert locate(blob(content), {(A, B)}) == {(A, B): (1, 100)}


@pytest.mark.parametrize(
    "words", ["flowTuples", "compute.googleapis.com%2Fvpc_flows", json.dumps(google(A, B, 1)), line(A, B, 1)]
)
@pytest.mark.parametrize("wrap", [lambda r: {"message": json.dumps(r)}, lambda r: {"data": [r]}, lambda r: r])
def test_words_in_another_log_make_no_flow_log_of_it(words, wrap):
    audit = {
        "protoPayload": {"methodName": "m", "request": {"description": words, "labels": {"message": words}}}
    }
    activity = {
        "operationName": "MICROSOFT.X/Y/WRITE",
        "properties": {"message": words, "requestbody": words},
    }
    for record in (audit, activity):
        assert sniff("a.json", json.dumps(wrap(record)).encode()) == ""
