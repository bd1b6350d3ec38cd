from __future__ import annotations

from typing import Any

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from exclave.formats.chunking import chunks
from exclave.formats.reading import read
from exclave.formats.sniffing import sniff
from exclave.model import Event, Problem
from tests.formats import shapes

_KEYS = st.sampled_from([
    "Records", "records", "Events", "detail", "message", "eventName", "eventSource", "eventVersion",
    "userIdentity",
    "requestParameters", "awslogs", "data", "event", "aws", "cloudtrail", "fields", "_source", "_raw",
    "results",
    "QueryResultRows", "ResultSet", "Rows", "Data", "api", "operation", "unmapped", "metadata",
    "class_uid", "arn",
    "original", "bucket", "time", "key", "cs-method", "sc-status", "insightDetails", "userIdentity.arn",
    "resources",
    "requestParameters.items{}.a", "eventname", "useridentity", "", "raw_data", "actor", "user", "eventTime",
]) | st.text(max_size=5)  # fmt: skip
_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=12)
    | st.sampled_from(
        ["{a=b, c=[d, {e=null}]}", '{"Records":[1]}', "REST.GET.OBJECT", "arn:aws:iam::1:user/x", "x.y"]
    )
)
JSON: st.SearchStrategy[Any] = st.recursive(
    _SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(_KEYS, inner, max_size=5)
        | inner.map(
            lambda value: orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode() if _fits(value) else ""
        )
    ),
    max_leaves=25,
)


def _fits(value: Any) -> bool:
    try:
        orjson.dumps(value)
    except TypeError:
        return False
    return True


def _read(data: bytes) -> list[Event | Problem]:
    got = list(read("f", data))
    assert all(isinstance(item, Event | Problem) for item in got)
    assert isinstance(sniff("f", data), str)
    return got


@settings(max_examples=400, deadline=None)
@given(JSON.filter(_fits))
def test_any_json_is_read_or_told(value: Any) -> None:
    assert isinstance(_read(orjson.dumps(value)), list)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(_KEYS, JSON, max_size=8).filter(_fits))
def test_any_record_among_others_costs_nobody_else(odd: dict[str, Any]) -> None:
    data = orjson.dumps({"Records": [shapes.record(1), odd, shapes.record(2)]})
    ids = {item.evidence.event_id for item in _read(data) if isinstance(item, Event)}
    assert {shapes.record(1)["eventID"], shapes.record(2)["eventID"]} <= ids


_SNIPPETS = st.sampled_from([
    b'{"Records":[', b"]}", b"{", b"}", b"[", b"]", b'"', b"\\", b",", b":", b"\n", b"\x1e", b"\x00",
    b"\xff\xfe",
    b"\xef\xbb\xbf", b"PAR1", b"#Version: 1.0\n#Fields: date time\n", b"eventname,message\n", b"a,b\n", b"\t",
    b"2 111122223333 eni-0a ", shapes.text(shapes.record(1)).encode(), b'{"eventVersion":"1"', b"NaN",
    b"\xc3",
    b'a b [06/Feb/2019:00:00:38 +0000] 1 - 3 REST.GET.OBJECT k "GET" 200 - 1\n',
])  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.lists(_SNIPPETS | st.binary(max_size=20), max_size=14).map(b"".join))
def test_any_bytes_are_read_or_told(data: bytes) -> None:
    _read(data)


@settings(max_examples=150, deadline=None)
@given(st.lists(_SNIPPETS | st.binary(max_size=20), max_size=14).map(b"".join), st.integers(1, 200))
def test_any_bytes_can_be_split(data: bytes, size: int) -> None:
    parts = [data[i : i + size] for i in range(0, len(data), size)] or [b""]
    for piece, before in chunks(parts[0], iter(parts[1:])):
        assert before >= 0
        _read(piece)
