"""Lines of AWS flow logs: those of small files with the same fields are summed together."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from exclave.flows import aws, frames
from exclave.flows.addresses import near
from exclave.flows.pieces import PIECE, Place, fields_in, headers, learn, owners
from exclave.flows.table import Table
from exclave.formats.documents import to_utf8
from exclave.model import Cloud

if TYPE_CHECKING:
    from collections.abc import Mapping

    from exclave.flows.sums import Sums

_MOST_KNOWN = 200_000  # interfaces whose place is kept
_SHAPE_HINT = "give the names of the fields as the first line, as files that AWS delivers to S3 have them"


@dataclass(slots=True)
class Lines:
    """Lines that wait to be summed. `known`: where interfaces are, also for who reads further files."""

    sums: Sums
    known: dict[str, Place]
    _waiting: dict[tuple[str, ...], list[tuple[str, bytes | memoryview]]] = field(default_factory=dict)
    _held: int = 0

    def take(self, name: str, data: bytes, names: tuple[str, ...]) -> tuple[str, ...]:
        """Takes the first lines of a file, or further ones of which `names` are the fields, and gives the fields that they have."""
        lines: bytes | memoryview = data
        if not names:
            data = to_utf8(data)[0]
            data = data.lstrip() if data[:1].isspace() else data
            end = data.find(b"\n")
            line = data[: end if end >= 0 else len(data)].rstrip(b"\r")
            names = fields_in(line)
            if not names:
                what = "flow log records in a format of their own, and no line that names the fields"
                self.sums.say((name,), what, _SHAPE_HINT)
                return ("unknown",)
            begin = 0 if not aws.is_header(line) else end + 1 if end >= 0 else len(data)
            lines = memoryview(data)[begin:]
        if len(lines) and names != ("unknown",):
            waiting = self._waiting.setdefault(names, [])
            waiting.append((name, lines))
            self._held += len(lines)
            if self._held >= PIECE:
                self.flush()
        return names

    def flush(self) -> None:
        """Sums all that waits."""
        for names in list(self._waiting):
            self._flush(names)

    def _flush(self, names: tuple[str, ...]) -> None:
        waiting = self._waiting.pop(names, [])
        self._held -= sum(len(d) for _, d in waiting)
        ends = [b"" if d[-1:] == b"\n" else b"\n" for _, d in waiting]
        lines = (part for (_, d), end in zip(waiting, ends, strict=True) for part in (d, end))
        data = b"".join((self._ruler(names), *lines))
        if b"\r" in data:
            data = data.replace(b"\r", b"")
        files = tuple(dict.fromkeys(n for n, _ in waiting))
        fields = aws.fields_of(names)
        if missing := [n for n in aws.NEEDED if n not in fields]:
            names_missing = ", ".join(aws.MEANT[n][-1] for n in missing)
            what = f"flow log records without {names_missing}: no volume can be summed"
            self.sums.say(files, what, "add the fields to the flow log's format")
            return
        try:
            self._sum(data, names, fields, files)
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001
            self.sums.defect(files, error)

    def _ruler(self, names: tuple[str, ...]) -> bytes:
        return frames.ruler(names) if self.sums.engine else b""

    def _sum(
        self, data: bytes, names: tuple[str, ...], fields: Mapping[str, str], files: tuple[str, ...]
    ) -> None:
        """Sums lines, which begin with the ruler where Polars reads them."""
        if self._ruler(names):
            sums = frames.sums_of_text(data, names, fields, (self.sums.since, self.sums.until))
            count, bad = sums.lines, sums.unread
        else:
            sums = None
            table, count, bad = self._in_python(data, names, fields)
        if bad:
            # Files that were joined have headers among their lines, perhaps of other fields.
            sections = list(headers(data))
            if sections:
                self._resum(data, sections, names, files)
                return
            skipped = data.count(b"SKIPDATA")
            bad -= skipped + data.count(b"NODATA")
            self._say_unread(bad, skipped, files)
        self.sums.records += count - max(0, bad)
        if sums is None:
            self.sums.table(Cloud.AWS, files, table, transit=aws.is_transit(fields))
            return
        places = self._places(sums.pairs, data, names, fields)
        if aws.is_transit(fields):
            self.sums.pairs(Cloud.AWS, files, sums.pairs, (), {place.account for place in places.values()})
            return
        found = owners(places, places, sums.single)
        if any(
            not near(o[0]) for o in found
        ):  # a network may have addresses of the internet's: summed apart then
            sums = frames.sums_of_text(
                data, names, fields, (self.sums.since, self.sums.until), {o[0] for o in found}
            )
        self.sums.pairs(Cloud.AWS, files, sums.pairs, found)

    def _places(
        self, pairs: Any, data: bytes, names: tuple[str, ...], fields: Mapping[str, str]
    ) -> dict[str, Place]:
        if "interface" not in fields:
            return {}
        if len(self.known) > _MOST_KNOWN:
            self.known.clear()
        ruled = len(self._ruler(names))

        def read(lines: bytes) -> list[frames.PlaceRow]:
            return frames.places_of_text(lines, names, fields) if len(lines) > ruled else []

        return learn(self.known, frames.interfaces_of(pairs), data, read)

    def _in_python(
        self, data: bytes, names: tuple[str, ...], fields: Mapping[str, str]
    ) -> tuple[Table, int, int]:
        """The sums, how many lines there are, and how many could not be read or held no data."""
        at = {name: names.index(f) for name, f in fields.items()}
        table = Table()
        count = bad = 0
        for line in data.decode("utf-8", "replace").split("\n"):
            if line:
                count += 1
                try:
                    if (row := aws.row(line.split(" "), at)) is not None and self.sums.wanted(row.start):
                        bad += table.add((row,))
                except ValueError:
                    bad += 1
        return table, count, bad

    def _resum(
        self,
        data: bytes,
        sections: list[tuple[int, int, tuple[str, ...]]],
        names: tuple[str, ...],
        files: tuple[str, ...],
    ) -> None:
        start = 0
        for begin, end, following in [*sections, (len(data), len(data), ())]:
            fields = aws.fields_of(names)
            if begin > start and all(n in fields for n in aws.NEEDED):
                lines = data[start:begin]
                self._sum(lines if not start else self._ruler(names) + lines, names, fields, files)
            start, names = end, following

    def _say_unread(self, bad: int, skipped: int, files: tuple[str, ...]) -> None:
        where = files[0] if len(files) == 1 else f"{files[0]} and {len(files) - 1} more"
        if skipped:
            what = f"AWS left out records in {skipped} places (SKIPDATA): more was sent than is counted here"
            self.sums.say((where,), what)
        if bad > 0:
            self.sums.say((where,), f"{bad} lines are no flow log records that can be read")
