"""Whether a file is a flow log, and in which shape: told by its head, as formats/sniffing.py does."""

from __future__ import annotations

import binascii
import itertools
import re
import zlib
from collections.abc import Mapping
from typing import Any

from exclave.flows import aws, carriers, cloudwatch, named, tables
from exclave.flows.kinds import READ_AS_ROWS
from exclave.formats.cloudtrail import is_trail
from exclave.formats.documents import to_utf8

HEAD = 8192  # bytes that are looked at
_PARQUET = b"PAR1"
# columns of parquet files: as the logs name them, of a transit gateway too, and Security Lake's
_COLUMNS = ((b"dstaddr", b"interface"), (b"dstaddr", b"tgw"), (b"dst_endpoint", b"traffic", b"interface_uid"))
_NAME = re.compile(r"vpcflowlogs", re.IGNORECASE)
_CARRIERS = (
    b'"logEvents"',
    b'"message"',
    b'"@message"',
    b'"Data"',
    b'"data"',
    b'"_raw"',
    b'"log"',
    b'"original"',
)
_MESSAGE = re.compile(
    rb'"(?:@?message|_raw|log|original)"\s*:\s*"((?:\d{4}-\d\d-\d\dT\S+Z )?\d+ [^"\\]{20,2000})"'
)
_CELL = re.compile(rb'"@message"\s*,\s*"value"\s*:\s*"(\d+ [^"\\]{20,2000})"')
_STREAM = re.compile(rb'"[dD]ata"\s*:\s*"(H4sI(?:[A-Za-z0-9+/]{4})*)')
_WORDS = (
    b"flowTuples",
    b"FlowEvent",
    b"vpc_flows",
    b"src_ip",
    b"FlowStartTime",
    b"opology",
    b"vpcflow",
)  # also as they stand in JSON in a string, or in base64
_QUEUED = re.compile(rb'"data"\s*:\s*"(e[wy][A-Za-z0-9+/]*)')
_FIRST = (64 << 10, 4 << 20)  # bytes in which the first record ends: mostly, and at most
_SEEN = 50  # records of which one is a line of a flow log, where such a line stands in the head
_TRAIL_WORD = b"eventVersion"
_TRAIL = b'"eventVersion"'  # of every CloudTrail record; no flow log has it
_CSV = re.compile(rb'"?@timestamp"?,"?@message"?')


def sniff(name: str, data: bytes) -> str:
    """aws-text, aws-named, aws-parquet, cloudwatch, azure, azure-analytics, gcp, or "" for what is no flow log."""
    if is_trail(data):
        return ""
    if data[:4] == _PARQUET:
        return (
            "aws-parquet"
            if _NAME.search(name) or any(all(mark in data[-65536:] for mark in marks) for marks in _COLUMNS)
            else ""
        )
    head = to_utf8(data[:HEAD])[0].lstrip(b" \t\r\n")
    if head[:1] in b"{[":
        return _json(head, data)
    line = head.partition(b"\n")[0].rstrip(b"\r")
    if _CSV.match(line):
        second = head.partition(b"\n")[2].partition(b"\n")[0]
        return "cloudwatch" if aws.looks_like(second.partition(b",")[2].strip(b'"\r')) else ""
    if named.separator(line):
        return "aws-named"
    for kind, reading in READ_AS_ROWS.items():
        if tables.separator(line, reading.is_header):
            return kind
    bare = aws.without_clock(line)
    if aws.is_header(line) or aws.default_of(bare):
        return "aws-text"
    return "aws-text" if aws.looks_like(bare) and (_NAME.search(name) or _plain(head)) else ""


def _packed(head: bytes) -> bytes:
    """The beginning of what a stream's first record holds: base64 of gzip."""
    found = _STREAM.search(head)
    try:
        return zlib.decompressobj(31).decompress(binascii.a2b_base64(found[1]), HEAD) if found else b""
    except (binascii.Error, zlib.error):
        return b""


def _plain(head: bytes) -> bool:
    """Whether every whole line in the head looks like a record."""
    lines = head.split(b"\n")[:-1][:20]
    return bool(lines) and all(
        aws.looks_like(aws.without_clock(line.rstrip(b"\r"))) for line in lines if line
    )


def _first(head: bytes, data: bytes) -> str:
    """Azure or gcp, by what the first record is, also in a string or in base64; "" for anything else.

    The words alone prove nothing: the filter of a log sink names the flow logs too.
    """
    found = _QUEUED.search(head)
    inner = binascii.a2b_base64(found[1][: len(found[1]) // 4 * 4]) if found else b""
    if _TRAIL_WORD in inner or not any(word in head + inner for word in _WORDS):
        return ""
    for size in _FIRST:
        first = next(carriers.objects(data[:size], _is_record), None)
        if isinstance(first, Mapping):
            return next(kind for kind, reading in READ_AS_ROWS.items() if reading.is_record(first))
        if size >= len(data):
            return ""
    return ""


def _is_record(value: Mapping[str, Any]) -> bool:
    return any(reading.is_record(value) for reading in READ_AS_ROWS.values())


def _json(head: bytes, data: bytes) -> str:
    if _TRAIL in head:
        # Who calls an API writes a part of its record, such as the words that tell a flow log.
        return ""
    if kind := _first(head, data):
        return kind
    if inner := _packed(head):
        return "cloudwatch" if _has_line(inner) else ""
    if _has_line(head) and any(
        isinstance(line, str) for line in itertools.islice(cloudwatch.lines(data[: _FIRST[0]], "json"), _SEEN)
    ):
        return "cloudwatch"
    return "aws-named" if named.is_objects(head) else ""


def _has_line(head: bytes) -> bool:
    """Whether some text in it may be a record of a flow log."""
    return any(mark in head for mark in _CARRIERS) and any(
        aws.looks_like(found[1]) for pattern in (_MESSAGE, _CELL) if (found := pattern.search(head))
    )
