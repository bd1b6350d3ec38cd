"""Strategies: CloudTrail files as they are, and mangled."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from tests.detect import build

if TYPE_CHECKING:
    from collections.abc import Callable

_IDENTITIES = st.sampled_from(
    [
        build.role(),
        build.role(session="eve", key="AKIAEXAMPLEEXAMPLE09"),
        build.foreigner(),
        build.ANONYMOUS,
        build.SERVICE,
    ]
)
_MAKERS: list[Callable[..., build.Record]] = [
    build.described,
    build.described,
    build.share,
    build.snapshot,
    build.deleted,
    build.stopped,
    build.permission,
    build.policy,
    build.read,
    build.read,
    build.written,
    build.opened,
    build.sent,
    build.locked,
    build.decrypted,
    build.assumed,
    build.decoy,
    build.forged,
]


@st.composite
def records(draw: st.DrawFn) -> build.Record:
    """One record: what was called, by whom, its keys in some order, perhaps with another record inside it."""
    maker = draw(st.sampled_from(_MAKERS))
    record = maker(draw(st.integers(0, 50)), userIdentity=draw(_IDENTITIES))
    kind = draw(st.integers(0, 9))
    if kind == 0:
        record = dict(draw(st.permutations(list(record.items()))))
    elif kind == 1:
        inner = draw(st.lists(st.sampled_from(_MAKERS), max_size=2))
        nested: Any = [one(draw(st.integers(60, 70))) for one in inner]
        place = draw(st.sampled_from(["requestParameters", "additionalEventData", "tags"]))
        shape = draw(st.sampled_from(["list", "object", "text", "file"]))
        value = {
            "list": {"x": nested},
            "object": nested[0] if nested else {},
            "text": {"x": json.dumps(nested)},
            "file": {"Records": nested},
        }[shape]
        record = record | {place: value}
    elif kind == 2:
        record.pop(draw(st.sampled_from(["recipientAccountId", "eventVersion", "eventTime", "eventID"])))
    return record


@st.composite
def documents(draw: st.DrawFn) -> bytes:
    """A file of valid JSON in one of the shapes that CloudTrail records are kept in."""
    found = draw(st.lists(records(), min_size=1, max_size=6))
    if draw(st.integers(0, 9)) == 0:
        filler = [build.described(n) for n in range(100, 460)]  # above the size that is confirmed at once
        found = [*filler[:180], *found, *filler[180:]]
    ascii_only = draw(st.booleans())
    indent = draw(st.sampled_from([None, None, None, 1, "\t"]))
    separators = draw(st.sampled_from([(",", ":"), (",", ":"), (", ", ": "), (" ,", " : ")]))

    def text(value: Any) -> str:
        return json.dumps(value, ensure_ascii=ascii_only, indent=indent, separators=separators)

    shape = draw(st.sampled_from(["file", "file", "file", "list", "lines", "together", "more keys"]))
    if shape == "lines":
        out = draw(st.sampled_from(["\n", "\r\n", "\n\n"])).join(map(text, found))
    elif shape == "together":
        out = "".join(map(text, found))
    elif shape == "list":
        out = text(found)
    elif shape == "more keys":
        out = text(
            {
                **draw(st.sampled_from([{}, {"a": 1}])),
                "Records": found,
                "next": draw(st.sampled_from([None, [1]])),
            }
        )
    else:
        out = text({"Records": found})
    return out.encode()


@st.composite
def escaped(draw: st.DrawFn) -> bytes:
    """A valid file in which some letter or digit of a word of interest is written as an escape."""
    data = draw(documents())
    word = draw(
        st.sampled_from(
            [
                b"eventName",
                b"eventVersion",
                b"Records",
                b"AWSAccount",
                b"GetObject",
                b"StopLogging",
                b"ModifySnapshotAttribute",
                b"recipientAccountId",
                b"userIdentity",
                b"accountId",
                b"x-amz-acl",
                b"PutObject",
            ]
        )
    )
    at = draw(st.integers(0, len(word) - 1))
    digits = draw(st.sampled_from([b"\\u%04x", b"\\u%04X"])) % word[at]
    return data.replace(word, word[:at] + digits + word[at + 1 :], draw(st.integers(1, 3)))


@st.composite
def mangled(draw: st.DrawFn) -> bytes:
    """A file with damage: cut, bytes changed, parts put in or taken out, another encoding."""
    data = draw(documents())
    for _ in range(draw(st.integers(1, 2))):
        how = draw(st.sampled_from(["cut", "flip", "drop", "double", "insert", "encode", "head", "number"]))
        at = draw(st.integers(0, len(data)))
        if how == "cut":
            data = data[:at]
        elif how == "head":
            data = data[at // 20 :]
        elif how == "flip":
            data = data[:at] + bytes([draw(st.integers(0, 255))]) + data[at + 1 :]
        elif how == "drop":
            data = data[:at] + data[at + draw(st.integers(1, 40)) :]
        elif how == "double":
            data = data[:at] + data[max(0, at - draw(st.integers(1, 2000))) :]
        elif how == "insert":
            data = data[:at] + draw(st.sampled_from(_PIECES)) + data[at:]
        elif how == "number":
            data = data.replace(
                b"false", draw(st.sampled_from([b"NaN", b"1e999", b"9" * 400, b"-", b"01"])), 1
            )
        elif how == "encode":
            encoding = draw(st.sampled_from(["utf-16", "utf-16-be", "utf-32", "utf-8-sig"]))
            data = data.decode("utf-8", "replace").encode(encoding)
    return data


_PIECES = [
    b'"',
    b"\\",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"\n",
    b"\0",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\\u0045",
    b"]}",
    b'{"eventVersion":',
    b'"eventName":"StopLogging",',
    b'},{"eventVersion":"1.0"',
    b"\x1e",
    b'{"Records":[',
    b"null",
]
