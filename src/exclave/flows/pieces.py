"""Content of flow logs in pieces: text and its headers, lines that name an interface."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from exclave.flows import aws

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from exclave.flows.frames import PlaceRow
    from exclave.flows.model import OwnerRow
    from exclave.sources.blob import Blob

PIECE = 8 << 20  # bytes of text that are summed at once
MAX_LINE = 1 << 20  # bytes of a line that is read
_HEAD = 32 << 10  # bytes whose lines are read for interfaces, before any is searched for
_NAMES = 2_000  # interfaces that are searched for in one piece


class Place(NamedTuple):
    """Where an interface is, and its address; "" where nothing says."""

    account: str = ""
    vpc: str = ""
    subnet: str = ""
    address: str = ""


def pieces(blob: Blob) -> Iterator[bytes]:
    """The text of a blob, some of it at a time; but for a blob that fits, not cut at lines."""
    data = blob.data
    for start in range(0, len(data), PIECE):
        yield data if len(data) <= PIECE else data[start : start + PIECE]
    if blob.rest is not None:
        yield from blob.rest


class Lines(NamedTuple):
    """Whole lines of a text, the size of the piece that they end in, and how many lines too long to be records ended there."""

    text: bytes
    size: int
    dropped: int = 0


def whole_lines(blob: Blob) -> Iterator[Lines]:
    """The text of a blob, cut at lines. What is no line of a log is never held: it may go on for gigabytes."""
    left = b""
    skipping = False
    for piece in pieces(blob):
        data = piece
        if skipping:
            cut = data.find(b"\n") + 1
            skipping, data = cut == 0, data[cut:] if cut else b""
        data = left + data if left else data
        cut = data.rfind(b"\n") + 1
        data, left = (data, b"") if cut == len(data) else (data[:cut], data[cut:])
        if len(left) > MAX_LINE:
            left, skipping = b"", True
            yield Lines(data, len(piece), 1)
        else:
            yield Lines(data, len(piece))
    if left:
        yield Lines(left + b"\n", 0)


def fields_in(line: bytes) -> tuple[str, ...]:
    """The fields that a file's first line names, or has; none if nothing tells."""
    if aws.is_header(line):
        return tuple(line.decode("ascii", "replace").replace("\t", " ").split())
    bare = aws.without_clock(line)
    fields = aws.default_of(bare)
    return (*(("clock",) if fields and bare != line else ()), *fields)


def headers(data: bytes) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    """Where header lines stand in a text: beginning, end, fields."""
    at = data.find(b"addr ")
    while at >= 0:
        start = data.rfind(b"\n", 0, at) + 1
        end = data.find(b"\n", at)
        end = len(data) if end < 0 else end
        line = data[start:end].rstrip(b"\r")
        if aws.is_header(line):
            yield (
                start,
                min(end + 1, len(data)),
                tuple(line.decode("ascii", "replace").replace("\t", " ").split()),
            )
        at = data.find(b"addr ", end)


def learn(
    known: dict[str, Place],
    interfaces: Collection[str],
    data: bytes,
    read: Callable[[bytes], Iterable[PlaceRow]],
) -> dict[str, Place]:
    """Account, network and address of interfaces, from a line that names each; `known` are those of earlier texts.

    `read` gives (interface, account, vpc, subnet, direction, src, dst) of lines, one of each interface. The first
    lines are read again in each text, for an interface may have many addresses.
    """
    found = {i: place_of(*about) for i, *about in read(data[: data.rfind(b"\n", 0, _HEAD) + 1])}
    missing = sorted(i for i in interfaces if i not in found and i not in known)
    lines = [line for i in missing[:_NAMES] if (line := _line_of(i.encode("utf-8", "replace"), data))]
    if lines:
        first = data[: data.find(b"\n") + 1]
        found |= {i: place_of(*about) for i, *about in read(first + b"\n".join((*lines, b"")))}
    known |= found
    return {i: found.get(i) or known.get(i, Place()) for i in interfaces}


def _line_of(name: bytes, data: bytes) -> bytes:
    at = data.find(name)
    if at < 0:
        return b""
    end = data.find(b"\n", at)
    return data[data.rfind(b"\n", 0, at) + 1 : end if end >= 0 else len(data)]


def place_of(account: str, vpc: str, subnet: str, direction: str, src: str, dst: str) -> Place:
    """Account, network, subnet, and the interface's own address where the direction says which end that is."""
    return Place(
        account, vpc, subnet, src if direction == "egress" else dst if direction == "ingress" else ""
    )


def owners(
    known: Mapping[str, Place], interfaces: Collection[str], single: Mapping[str, str]
) -> tuple[OwnerRow, ...]:
    """Who has which address: by direction, else the address in all sums of an interface (`single`)."""
    out: set[OwnerRow] = set()
    for interface in interfaces:
        place = known.get(interface, Place())
        if address := place.address or single.get(interface, ""):
            out.add((address, interface, place.account, place.vpc, place.subnet))
    return tuple(sorted(out))
