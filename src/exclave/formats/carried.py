"""JSON carried in strings: as it is, after a prefix, in base64, compressed; and lines of other logs."""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from dataclasses import replace

from exclave.formats import documents, s3_access
from exclave.formats.damage import Damage, Json

MAX_SIZE = 16 << 20  # bytes of JSON in one string
_PREFIX = 4096
_SPARE = 4096  # there may be many strings: each gets what its own size allows
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]+={0,2}\s*$")


def content(text: str) -> Json | None:
    """The JSON that a string holds, or the record of a log line in it; None if there is none."""
    if len(text) > MAX_SIZE:
        return None
    begin = 0 if text[:1] in ("{", "[", '"') else len(text) - len(text.lstrip())
    if text[begin : begin + 1] not in ("{", "[", '"'):
        line = s3_access.record_of(text)
        if line:
            return line
        begin = text.find("{", 0, _PREFIX)
        if begin < 0:
            return None
    return _decoded(text[begin:].encode("utf-8", "replace"))


def packed(text: str) -> Json | None:
    """What a stream's `data` holds: base64 of JSON, or of gzip of it (CloudWatch Logs), or JSON as it is."""
    if len(text) > MAX_SIZE:
        return None
    if not _BASE64.match(text):
        return content(text)
    try:
        data = base64.b64decode(text.strip().translate({45: 43, 95: 47}), validate=True)
    except (binascii.Error, ValueError):
        return content(text)
    if data[:2] == b"\x1f\x8b":
        try:
            data = zlib.decompressobj(wbits=31).decompress(data, MAX_SIZE)
        except zlib.error:
            return None
    return content(data.decode("utf-8", "replace"))


def _decoded(data: bytes) -> Json | None:
    """The values in it; what is damaged stands among them as Damage. None if it is all text."""
    values = [replace(v, offset=-1) if isinstance(v, Damage) else v for v in documents.values(data, _SPARE)]
    if all(isinstance(value, Damage) and not value.records for value in values):
        return None
    return values[0] if len(values) == 1 else values
