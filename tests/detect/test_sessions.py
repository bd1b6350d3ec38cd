from __future__ import annotations

import base64
import gzip
import json
from typing import TYPE_CHECKING

import pytest

from exclave.detect.doings import doings
from exclave.detect.sessions import issued_in
from exclave.sources.blob import Blob
from tests.detect import build

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY = "ASIAEXAMPLEEXAMPLE02"
RECORDS = [
    build.described(1),
    build.assumed(2),
    build.described(3),
    build.assumed(4, key="ASIAEXAMPLEOTHER0001"),
]


def _subscription() -> bytes:
    events = [{"id": str(n), "timestamp": 1, "message": json.dumps(r)} for n, r in enumerate(RECORDS)]
    message = {"messageType": "DATA_MESSAGE", "logGroup": "trail", "logEvents": events}
    data = base64.b64encode(gzip.compress(json.dumps(message).encode())).decode()
    return json.dumps({"awslogs": {"data": data}}).encode()


FILES = {
    "a file": build.packed(*RECORDS),
    "indented": json.dumps({"Records": RECORDS}, indent=2).encode(),
    "lines": build.lines(*RECORDS),
    "indented records": b"\n".join(json.dumps(r, indent=1).encode() for r in RECORDS),
    "keys in other order": json.dumps({"Records": RECORDS}, sort_keys=True).encode(),
    "an escaped credential": build.packed(*RECORDS).replace(b"ASIA", b"\\u0041SIA"),
    "UTF-16": build.packed(*RECORDS).decode().encode("utf-16"),
    "a broken record beside": build.packed(*RECORDS)[:-2] + b',{"eventVersion":"1.0","x":NaNN}]}',
    "kept in CloudWatch": _subscription(),
    "JSON in strings": json.dumps({"Events": [{"CloudTrailEvent": json.dumps(r)} for r in RECORDS]}).encode(),
    "lists in the list": json.dumps({"Records": [RECORDS[:1], *RECORDS[1:]]}).encode(),
}


@pytest.mark.parametrize("name", FILES)
def test_the_record_that_handed_out_a_credential_is_found_however_it_is_written(name: str) -> None:
    found = issued_in(Blob(name="x.json", data=FILES[name], packed=1), frozenset({KEY}))
    assert [(i.credential, i.evidence.record, i.to.credential) for i in found] == [
        (KEY, 2, "ASIAEXAMPLEEXAMPLE01")
    ]


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize(
    "who",
    [
        "arn:aws:sts::123456789012:assumed-role/operations/dana",
        "arn:aws:iam::123456789012:role/operations",
        "ASIAEXAMPLEEXAMPLE01",
        "dana",
    ],
)
def test_what_an_actor_did_is_found_however_it_is_written(name: str, who: str) -> None:
    found = doings(Blob(name="x.json", data=FILES[name], packed=1), frozenset({who}))
    assert [d.evidence.record for d in found] == [1, 2, 3, 4]


def test_a_slash_may_be_escaped_and_an_account_a_number() -> None:
    records = [build.described(userIdentity=build.foreigner("012345678901")), build.described()]
    data = build.packed(*records).replace(b'"012345678901"', b"12345678901").replace(b"/", b"\\/")
    blob = Blob(name="x.json", data=data, packed=1)
    assert [d.evidence.record for d in doings(blob, frozenset({"012345678901"}))] == [1]
    assert len(doings(blob, frozenset({"arn:aws:iam::123456789012:role/operations"}))) == 1


def test_records_of_a_file_in_pieces_keep_their_numbers() -> None:
    records = [build.described(n, userAgent="x" * 5000) for n in range(4000)]
    data = build.packed(*records[:3000], build.assumed(9), *records[3000:])
    size = 4 << 20

    def rest() -> Iterator[bytes]:
        for at in range(size, len(data), size):
            yield data[at : at + size]

    found = issued_in(Blob(name="x.json", data=data[:size], packed=1, rest=rest()), frozenset({KEY}))
    assert [i.evidence.record for i in found] == [3001]
