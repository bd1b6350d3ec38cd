"""Whether a file is a flow log, and in which shape: told by its head, as formats/sniffing.py does."""

from __future__ import annotations

import binascii
import re
import zlib

from exclave.flows import aws, named
from exclave.formats.cloudtrail import is_trail
from exclave.formats.documents import to_utf8

HEAD = 8192  # bytes that are looked at
_PARQUET = b"PAR1"
_NAME = re.compile(r"vpcflowlogs", re.IGNORECASE)
_AZURE = (b'"flowTuples"', b'"FlowLogFlowEvent"', b'"NetworkSecurityGroupFlowEvent"')
_GCP = (b"googleapis.com%2Fvpc_flows", b"googleapis.com/vpc_flows")
_GCP_FIELDS = (b'"connection"', b'"src_ip"')
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
_TRAIL = b'"eventVersion"'  # of every CloudTrail record; no flow log has it
_CSV = re.compile(rb'"?@timestamp"?,"?@message"?')


def sniff(name: str, data: bytes) -> str:
    """aws-text, aws-named, aws-parquet, cloudwatch, azure, gcp, or "" for what is no flow log."""
    if is_trail(data):
        return ""
    if data[:4] == _PARQUET:
        return (
            "aws-parquet"
            if _NAME.search(name) or (b"dstaddr" in data[-65536:] and b"interface" in data[-65536:])
            else ""
        )
    head = to_utf8(data[:HEAD])[0].lstrip(b" \t\r\n")
    if head[:1] in b"{[":
        return _json(head)
    line = head.partition(b"\n")[0].rstrip(b"\r")
    if _CSV.match(line):
        second = head.partition(b"\n")[2].partition(b"\n")[0]
        return "cloudwatch" if aws.looks_like(second.partition(b",")[2].strip(b'"\r')) else ""
    if named.separator(line):
        return "aws-named"
    bare = aws.without_clock(line)
    if aws.is_header(line) or aws.is_default(bare):
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


def _json(head: bytes) -> str:
    if _TRAIL in head:
        # Who calls an API writes a part of its record, such as the words that tell a flow log.
        return ""
    if any(mark in head for mark in _AZURE):
        return "azure"
    if any(mark in head for mark in _GCP) or all(mark in head for mark in _GCP_FIELDS):
        return "gcp"
    head += _packed(head)
    for pattern in (_MESSAGE, _CELL):
        found = pattern.search(head)
        if found and any(mark in head for mark in _CARRIERS) and aws.looks_like(found[1]):
            return "cloudwatch"
    return "aws-named" if named.is_objects(head) else ""
