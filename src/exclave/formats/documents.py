"""Bytes → JSON values, whatever is wrong with them: what is whole is found, the rest is named.

A well-formed file is one call of orjson. Anything else (JSON lines, concatenated documents, text sequences,
other encodings, cut or broken content) goes value by value. A value is a whole document, or one element of
the list of records where the document was large or broken.
"""

from __future__ import annotations

import codecs
import json
import re
from typing import TYPE_CHECKING

import msgspec
import orjson

from exclave.formats import repair
from exclave.formats.damage import Damage, Json
from exclave.formats.structure import SPARE

if TYPE_CHECKING:
    from collections.abc import Iterator

_LARGE = 1 << 20  # from here on, CloudTrail files are decoded record by record, so that memory stays flat
_LARGE_HEAD = re.compile(rb'\s*\{\s*"Records"\s*:\s*\[')
_NULS = {  # which of the first four bytes are NUL in text that begins with ASCII
    b"\1\1\1\0": "utf-32-be",
    b"\0\1\1\1": "utf-32-le",
    b"\1\0\1\0": "utf-16-be",
    b"\0\1\0\1": "utf-16-le",
}
_SURROGATES = re.compile("[\ud800-\udfff]")


class _Records(msgspec.Struct):
    Records: list[msgspec.Raw]


def values(data: bytes, spare: int = SPARE) -> Iterator[Json | Damage]:
    """The JSON values of a file, in order, and what could not be read. `spare`: see structure.Effort."""
    data, note = to_utf8(data)
    if note:
        yield note
    if len(data) >= _LARGE and _LARGE_HEAD.match(data):
        try:
            raws = msgspec.json.decode(data, type=_Records).Records
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            pass
        else:
            yield from _decoded(raws)
            return
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError:
        pass
    else:
        yield value
        return
    data, note = readable(data)
    if note:
        yield note
    yield from repair.documents(data, decode, spare)


def to_utf8(data: bytes) -> tuple[bytes, Damage | None]:
    """The content as UTF-8 without byte order mark; UTF-16 and UTF-32 are known by marks or NULs."""
    if data.startswith(codecs.BOM_UTF8):
        return data[3:], None
    encoding = wide(data[:4])
    if not encoding:
        return data, None
    text = data.decode(encoding, "replace")
    text = text.removeprefix("\ufeff")
    note = None
    if "\ufffd" in text:
        note = Damage(what=f"bytes that are not {encoding.upper()}, replaced", records=0)
    return text.encode("utf-8", "replace"), note


def wide(head: bytes) -> str:
    """The encoding of text whose first four bytes these are, if it is UTF-16 or UTF-32; else ""."""
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    zeros = bytes(byte == 0 for byte in head)
    return _NULS.get(zeros, "")


def decode(text: bytes) -> Json:
    """One JSON value, also where orjson refuses: NaN, huge numbers, half surrogates, bad UTF-8.

    Raises:
        ValueError: it is not a JSON value, or nested too deeply.
    """
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        if "depth" in str(error):
            raise ValueError("nested too deeply") from None
    try:
        value = json.loads(text.decode("utf-8", "replace"), strict=False)
        return without_surrogates(value)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def without_surrogates(value: Json) -> Json:
    """A decoded value whose strings can be encoded again: halves of surrogate pairs replaced."""
    if isinstance(value, str):
        return _SURROGATES.sub("\ufffd", value)
    if isinstance(value, dict):
        return {without_surrogates(k): without_surrogates(v) for k, v in value.items()}
    if isinstance(value, list):
        return [without_surrogates(item) for item in value]
    return value


def _decoded(raws: list[msgspec.Raw]) -> Iterator[Json | Damage]:
    for raw in raws:
        try:
            yield orjson.loads(memoryview(raw))
        except orjson.JSONDecodeError:
            text, note = readable(bytes(raw))
            if note:
                yield note
            try:
                yield decode(text)
            except ValueError as error:
                yield Damage(what=f"not readable: {error}")


def readable(data: bytes) -> tuple[bytes, Damage | None]:
    """The content with bytes that aren't UTF-8 replaced, and a note where the first one stood."""
    try:
        data.decode()
    except UnicodeDecodeError as error:
        note = Damage(what="bytes that are not UTF-8, replaced", offset=error.start, records=0)
        return data.decode("utf-8", "replace").encode(), note
    return data, None
