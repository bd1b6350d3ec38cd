"""Whole logs of every kind that is read, small: what fuzz.py mangles."""

from __future__ import annotations

import io
import itertools
import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from exclave.catalogue.examples import log_of, record
from exclave.catalogue.loader import load
from tests.detect import build
from tests.formats.shapes import EXACT, PARTIAL, Shape

if TYPE_CHECKING:
    import random

Seed = tuple[str, str, bytes]  # what it is, file name, content

_S3_LINE = (
    "{owner} ours [04/Mar/2026:05:06:{n:02} +0000] 198.51.100.7 {who} 0A1B{n:04} REST.GET.OBJECT data.csv "
    '"GET /data.csv HTTP/1.1" 200 - 1024 1024 21 20 "-" "aws-cli/2.17" - host SigV4 TLS AuthHeader '
    "ours.s3.eu-west-1.amazonaws.com TLSv1.3 - -\n"
)
_CLOUDFRONT = (
    "#Version: 1.0\n#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status "
    "cs(Referer) cs(User-Agent) cs-uri-query\n"
    "2026-03-04\t05:06:07\tDUB2-C1\t1024\t203.0.113.9\tGET\td1.cloudfront.net\t/backup.tar\t200\t-\tcurl/8.5\t-\n"
)
_FLOW = (
    "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action "
    "log-status\n"
    "2 123456789012 eni-0123456789abcdef0 10.0.0.5 10.9.0.7 443 49152 6 9000 {n}000000000 1772600000 1772600600 "
    "ACCEPT OK\n"
    "2 123456789012 eni-0123456789abcdef0 10.0.0.5 203.0.113.9 443 49153 6 9 9000 1772600000 1772600600 ACCEPT OK\n"
    "2 123456789012 eni-0123456789abcdef0 - - - - - - - 1772600000 1772600600 - NODATA\n"
)


def seeds(rng: random.Random) -> list[Seed]:
    """One file of each kind, with records drawn from the catalogue's examples."""
    by_log = _examples()
    trail = [*rng.sample(by_log["cloudtrail"], 6), *rng.sample(build.ordinary(), 6)]
    keys = {key: None for one in trail for key in one}  # a table has the same columns for all
    trail = [keys | one | {"eventID": f"00000000-0000-4000-8000-{n:012}"} for n, one in enumerate(trail)]
    out: list[Seed] = [
        (name, "logs/export.json", shape([one for one in trail if _fits(shape, one)]))
        for name, shape in itertools.chain(EXACT.items(), PARTIAL.items())
    ]
    plain = [{key: value for key, value in one.items() if value is not None} for one in trail]
    filler = [build.described(n) for n in range(100, 240)]
    out.append(("delivered", f"logs/{build.DELIVERED}", build.packed(*plain)))
    out.append(("delivered, large", f"logs/{build.DELIVERED}", build.packed(*filler, *plain, *filler[:9])))
    for log, found in by_log.items():
        if log not in ("cloudtrail", "vpc-flow"):
            some = rng.sample(found, min(len(found), 6))
            lines = b"".join(json.dumps(one).encode() + b"\n" for one in some)
            out.append((f"{log}, lines", f"logs/{log}.json", lines))
            out.append((f"{log}, records", f"logs/{log}.json", json.dumps({"records": some}).encode()))
            out.append((f"{log}, list", f"logs/{log}.json", json.dumps(some, indent=1).encode()))
    access = "".join(_S3_LINE.format(owner="a" * 64, n=n, who=w) for n, w in enumerate(("-", "b" * 64, "-")))
    out.append(("s3 access", "logs/2026-03-04-05-06-07-0A1B", access.encode()))
    out.append(("cloudfront", "logs/E1.2026-03-04-05.abcd", _CLOUDFRONT.encode()))
    flow = "logs/123456789012_vpcflowlogs_eu-west-1_fl-01_20260304T0505Z_abcd.log"
    out.append(("flow log", flow, _FLOW.format(n=rng.randrange(1, 99)).encode()))
    out += _parquet(trail)
    return out


def _fits(shape: Shape, one: dict[str, Any]) -> bool:
    """Whether a shape can hold a record: some need parts that not every record has."""
    try:
        return bool(shape([one]))
    except (KeyError, TypeError, AttributeError):
        return False


def _examples() -> dict[str, list[dict[str, Any]]]:
    out: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for method in load(compiled=False).methods:
        for example in method.example:
            out[log_of(method, example)].append(record(method, example))
    return out


def _parquet(trail: list[dict[str, Any]]) -> list[Seed]:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        return []
    rows = [{k: v if isinstance(v, str) else json.dumps(v) for k, v in one.items()} for one in trail]
    columns = sorted({key for row in rows for key in row})
    stream = io.BytesIO()
    pq.write_table(pa.table({c: [row.get(c) for row in rows] for c in columns}), stream)
    return [("parquet", "logs/part-0000.parquet", stream.getvalue())]
