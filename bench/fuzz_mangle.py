"""Damage to logs, as disks, networks, tools and attackers do it."""

from __future__ import annotations

import gzip
import io
import json
import sys
import tarfile
import zipfile
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import random


_PIECES = [
    b'"', b"\\", b"{", b"}", b"[", b"]", b",", b":", b"\n", b"\r", b"\t", b"\0", b"\xff", b"\xef\xbb\xbf", b"\xff\xfe", b"\\u0045",
    b"\\ud800", b"]}", b"}]", b'{"Records":[', b'{"eventVersion":', b'},{"eventVersion":"1.0"', b'"eventName":"StopLogging",',
    b"\x1e", b"null", b"NaN", b"1e999", b"-", b"9" * 400, b"[" * 3000, b'{"a":' * 3000, b"\x1f\x8b\x08", b"PAR1", b"#Fields: ",
    b'"recipientAccountId":"666666666666",', b"=cmd|' /C calc'!A0", b"<script>alert(1)</script>", b"\x1b[2J", b"\xe2\x80\xae",
]  # fmt: skip
_KEYS = ("eventName", "eventSource", "userIdentity", "requestParameters", "eventTime", "recipientAccountId",
         "operationName", "protoPayload", "properties", "records", "Records", "eventID")  # fmt: skip
_ODD = (
    None,
    True,
    -1,
    1.5,
    10**30,
    "",
    "\u0000",
    [],
    {},
    [[]],
    {"a": {}},
    "x" * 5000,
    "arn:aws:::::",
    "999999999999",
)


def mangled(rng: random.Random, data: bytes) -> bytes:
    """The content, damaged once or a few times, or (rarely) not at all."""
    for _ in range(rng.choice((0, 1, 1, 1, 2, 3))):
        data = rng.choice(_DAMAGES)(rng, data)
    return data


def packed(rng: random.Random, name: str, data: bytes) -> tuple[str, bytes]:
    """The file that holds the content, compressed or not, perhaps damaged again."""
    name, out = rng.choice(_PACKERS)(rng, name, data)
    return name, rng.choice(_DAMAGES[:6])(rng, out) if rng.random() < 0.15 and out != data else out  # noqa: PLR2004


def _cut(rng: random.Random, data: bytes) -> bytes:
    return data[: rng.randrange(len(data) + 1)]


def _flip(rng: random.Random, data: bytes) -> bytes:
    out = bytearray(data)
    for _ in range(min(len(out), rng.choice((1, 1, 3, 20)))):
        out[rng.randrange(len(out))] = rng.randrange(256)
    return bytes(out)


def _drop(rng: random.Random, data: bytes) -> bytes:
    at = rng.randrange(len(data) + 1)
    return data[:at] + data[at + rng.choice((1, 7, 100, 3000)) :]


def _double(rng: random.Random, data: bytes) -> bytes:
    at = rng.randrange(len(data) + 1)
    return data[:at] + data[max(0, at - rng.choice((1, 50, 4000))) :]


def _trail(rng: random.Random, data: bytes) -> bytes:
    return data + rng.choice((b"\0" * 600, b"\n<html>error</html>", data, b"]}", b"\xff" * 9))


def _zero(rng: random.Random, data: bytes) -> bytes:
    at, size = rng.randrange(len(data) + 1), rng.choice((1, 16, 512))
    return data[:at] + b"\0" * len(data[at : at + size]) + data[at + size :]


def _insert(rng: random.Random, data: bytes) -> bytes:
    at = rng.randrange(len(data) + 1)
    return data[:at] + rng.choice(_PIECES) + data[at:]


def _swap(rng: random.Random, data: bytes) -> bytes:
    lines = data.split(b"\n") if data.count(b"\n") > 1 else data.split(b"},{")
    rng.shuffle(lines)
    return (b"\n" if data.count(b"\n") > 1 else b"},{").join(lines)


def _encode(rng: random.Random, data: bytes) -> bytes:
    return data.decode("utf-8", "replace").encode(rng.choice(("utf-16", "utf-16-be", "utf-32", "utf-8-sig")))


def _escape(rng: random.Random, data: bytes) -> bytes:
    key = rng.choice(_KEYS).encode()
    at = rng.randrange(len(key))
    return data.replace(key, key[:at] + b"\\u%04x" % key[at] + key[at + 1 :], rng.choice((1, -1)))


def _odd_value(rng: random.Random, data: bytes) -> bytes:
    """A key of interest with a value that is of another kind."""
    key = b'"' + rng.choice(_KEYS).encode() + b'":'
    at = data.find(key, rng.randrange(len(data) + 1))
    if at < 0:
        return data
    return data[:at] + key + json.dumps(rng.choice(_ODD)).encode() + b"," + data[at:]


def _spaced(rng: random.Random, data: bytes) -> bytes:
    return data.replace(
        rng.choice((b'":', b'",', b"},")), rng.choice((b'" : ', b'"\r\n,', b"} \t,")), rng.choice((1, 50, -1))
    )


_DAMAGES = (
    _cut,
    _flip,
    _drop,
    _double,
    _trail,
    _zero,
    _insert,
    _insert,
    _swap,
    _encode,
    _escape,
    _odd_value,
    _odd_value,
    _spaced,
)


def _plain(_rng: random.Random, name: str, data: bytes) -> tuple[str, bytes]:
    return name, data


def _gzip(_rng: random.Random, name: str, data: bytes) -> tuple[str, bytes]:
    return f"{name.removesuffix('.gz')}.gz", gzip.compress(data, 6, mtime=0)


def _members(rng: random.Random, name: str, data: bytes) -> tuple[str, bytes]:
    at = rng.randrange(len(data) + 1)
    parts = gzip.compress(data[:at], mtime=0) + gzip.compress(data[at:], mtime=0)
    return f"{name.removesuffix('.gz')}.gz", parts + rng.choice((b"", b"\0" * 100, b"junk"))


def _zstd(_rng: random.Random, name: str, data: bytes) -> tuple[str, bytes]:
    zstd: Any = import_module("compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd")
    return f"{name}.zst", zstd.compress(data)


def _zip(_rng: random.Random, name: str, data: bytes) -> tuple[str, bytes]:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(name), data)
        archive.writestr(zipfile.ZipInfo("notes.txt"), b"collected on Tuesday\n")
    return "logs.zip", out.getvalue()


def _tar(_rng: random.Random, name: str, data: bytes) -> tuple[str, bytes]:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        entry = tarfile.TarInfo(name)
        entry.size = len(data)
        archive.addfile(entry, io.BytesIO(data))
    return "logs.tar.gz", out.getvalue()


_PACKERS = (_plain, _plain, _plain, _gzip, _gzip, _gzip, _members, _zstd, _zip, _tar)
