"""AWS flow logs whose every record names its fields: rows of a table, objects of JSON lines, Security Lake's.

Athena, warehouses and SIEMs write the fields so, each in a spelling of its own (`srcaddr`, `srcAddr`, `SrcAddr`,
`sourceaddress`). They are written as lines again, which one reader sums. Sources: AWS's tables for Athena,
https://docs.aws.amazon.com/athena/latest/ug/vpc-flow-logs.html, Panther's schema,
https://docs.panther.com/data-onboarding/supported-logs/aws, Sentinel's AWSVPCFlow,
https://learn.microsoft.com/azure/azure-monitor/reference/tables/awsvpcflow, and OCSF's class 4001,
https://schema.ocsf.io/classes/network_activity.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from exclave.flows import carriers
from exclave.flows.aws import MEANT
from exclave.flows.pieces import whole_lines
from exclave.formats.chunking import chunks
from exclave.formats.cloudtrail import parse_time
from exclave.formats.damage import Damage
from exclave.formats.documents import to_utf8

if TYPE_CHECKING:
    from exclave.sources.blob import Blob

_HEAD = 8192  # bytes that tell the shape

_SPELT = {name.replace("-", ""): meant for meant, names in MEANT.items() for name in names} | {
    "account": "account", "status": "status", "sourceaddress": "src", "destinationaddress": "dst", "numbytes": "bytes",
    "numpackets": "packets", "starttime": "start", "endtime": "end",
}  # fmt: skip
_BETTER = frozenset(
    {"pktsrcaddr", "pktdstaddr"}
)  # the packets' own addresses, not those of a gateway between
_OCSF = {
    "src": "src_endpoint.ip", "dst": "dst_endpoint.ip", "bytes": "traffic.bytes", "packets": "traffic.packets",
    "interface": "src_endpoint.interface_uid", "vpc": "src_endpoint.vpc_uid", "subnet": "src_endpoint.subnet_uid",
    "account": "cloud.account.uid", "start": "start_time", "end": "end_time", "service": "dst_endpoint.svc_name",
}  # fmt: skip
_SEPARATORS = re.compile(r"[-_ ]")
_CELL_END = re.compile(r"\s")  # what would end a field among those of a line
_KEY = re.compile(
    rb'"((?:pkt[-_]?)?(?:src|dst)[-_]?addr|(?:source|destination)address|(?:num)?bytes)"\s*:', re.IGNORECASE
)
_OCSF_MARKS = (b'"class_uid"', b'"src_endpoint"', b'"traffic"', b'"Amazon VPC"')
_NEEDED = frozenset({"src", "dst", "bytes"})
_BLOCKED = frozenset({"reject", "blocked", "denied", "deny"})


class Piece(NamedTuple):
    """A part of a file: its records in order, `None` for what is none, and its size."""

    records: list[Mapping[str, Any] | None]
    size: int


def read(blob: Blob) -> Iterator[Piece]:
    """The records of a file, some of them at a time."""
    head = to_utf8(blob.data[:_HEAD])[0].lstrip()
    if head[:1] in b"{[":
        for piece, _ in chunks(blob.data, blob.rest or iter(()), blob.name):
            found: list[Mapping[str, Any] | None] = []
            for record in objects(piece):
                found += [None] * record.records if isinstance(record, Damage) else [record]
            yield Piece(found, len(piece))
        return
    mark, names = separator(head.partition(b"\n")[0]), list[str]()
    for part in whole_lines(blob):
        found = list(rows(to_utf8(part.text)[0].decode("utf-8", "replace"), mark, names))
        yield Piece(found + [None] * part.dropped, part.size)


def is_objects(head: bytes) -> bool:
    """Whether the beginning of JSON is of a record with named fields: the record's own names, not what stands deeper."""
    if not all(mark in head for mark in _OCSF_MARKS):
        said = {_SPELT.get(_plain(found.decode())) for found in _KEY.findall(head)}
        if not said >= _NEEDED:
            return False
    return isinstance(next(objects(head), None), Mapping)


def separator(line: bytes) -> str:
    """What separates the cells of a first line that names a flow log's fields; "" for another line."""
    text = line.decode("utf-8", "replace")
    for mark in (",", "\t", ";"):
        if mark in text and {_SPELT.get(_plain(cell)) for cell in _cells(text, mark)} >= _NEEDED:
            return mark
    return ""


def rows(text: str, mark: str, names: list[str]) -> Iterator[Mapping[str, str] | None]:
    """The rows of a table's lines, None for one that is none; `names` is taken from the first line if it is empty, and filled."""
    lines = text.splitlines()
    if not names and lines:
        names += _cells(lines.pop(0), mark)
    table = csv.reader(lines, delimiter=mark)
    while True:
        try:
            cells = next(table)
        except StopIteration:
            return
        except csv.Error:  # a cell of more than 128 KiB
            yield None
            continue
        if cells:
            yield dict(zip(names, cells, strict=False))


def objects(piece: bytes) -> Iterator[Mapping[str, Any] | Damage]:
    """The records in a piece of JSON, out of what holds them; what is none, as Damage."""
    return carriers.objects(piece, _is_record)


def _is_record(value: Mapping[str, Any]) -> bool:
    if "src_endpoint" in value:
        return "traffic" in value
    return {_SPELT.get(_plain(str(k))) for k in value} >= _NEEDED


def lines(records: Iterable[Mapping[str, Any]]) -> bytes:
    """Records as the lines of a flow log, the first of which names the fields that any of them has."""
    read = [meant(record) for record in records]
    names = [name for name in MEANT if any(name in row for row in read)]
    if not names:
        return b""
    head = " ".join(MEANT[name][-1] for name in names)
    body = (" ".join(_CELL_END.sub("", row.get(name, "-")) or "-" for name in names) for row in read)
    return "\n".join((head, *body, "")).encode("utf-8", "replace")


def meant(record: Mapping[str, Any]) -> dict[str, str]:
    """A record's values by what they mean (aws.MEANT), as a flow log writes them."""
    if "src_endpoint" in record:
        return _ocsf(record)
    out: dict[str, str] = {}
    better: set[str] = set()
    for key, value in record.items():
        plain = _plain(str(key))
        name = _SPELT.get(plain)
        text = _text(value)
        if name is None or text in ("", "-") or name in better:
            continue
        if plain in _BETTER:
            better.add(name)
        out[name] = _seconds(text) if name in ("start", "end") else text
    return out


def _ocsf(record: Mapping[str, Any]) -> dict[str, str]:
    out = {name: text for name, path in _OCSF.items() if (text := _text(_at(record, path)))}
    if "interface" not in out and (text := _text(_at(record, "dst_endpoint.interface_uid"))):
        out["interface"] = text
    direction = _text(_at(record, "connection_info.direction")).lower()
    if direction in ("outbound", "inbound"):
        out["direction"] = "egress" if direction == "outbound" else "ingress"
    said = _text(record.get("action")) or _text(record.get("disposition"))
    out["action"] = "REJECT" if said.lower() in _BLOCKED else "ACCEPT"
    for name in ("start", "end"):
        out[name] = _seconds(out.get(name) or _text(record.get("time")))
    return out


def _at(value: Any, path: str) -> Any:
    for step in path.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _plain(key: str) -> str:
    return _SEPARATORS.sub("", key.rpartition(".")[2]).lower()


def _cells(line: str, mark: str) -> list[str]:
    try:
        return [cell.strip() for cell in next(csv.reader([line.strip()], delimiter=mark), [])]
    except csv.Error:
        return []


def _text(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)[:256]


def _seconds(text: str) -> str:
    time = parse_time(text)
    return str(int(time.timestamp())) if time else text
