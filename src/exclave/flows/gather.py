"""Blobs of flow logs → parts: small files of one shape are summed together, large ones a piece at a time."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from exclave.flows import aws, azure, carriers, cloudwatch, frames, named, tables
from exclave.flows.addresses import near
from exclave.flows.kinds import READ_AS_ROWS
from exclave.flows.model import FlowPart, OwnerRow, PairRow
from exclave.flows.pieces import PIECE, Place, fields_in, headers, learn, owners, place_of, whole_lines
from exclave.flows.sniff import sniff
from exclave.flows.table import Table
from exclave.formats.chunking import chunks
from exclave.formats.damage import Damage
from exclave.formats.documents import to_utf8
from exclave.model import Cloud, Kind, Problem

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from exclave.sources.blob import Blob

_KEY_OWNER = re.compile(r"AWSLogs/(?:o-[a-z0-9]+/)?(\d{12})/|(?:^|/)(\d{12})_vpcflowlogs_")
_CELL_END = re.compile(r"[\s,]")  # what would end an interface's name among values in lines
_HINT = 'pip install "exclave[flows]"'
_MOST_KNOWN = 200_000  # interfaces whose place is kept
_SHAPE_HINT = "give the names of the fields as the first line, as files that AWS delivers to S3 have them"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What a few blobs gave. Times in seconds since the epoch; `formats`: files per format."""

    parts: tuple[FlowPart, ...] = ()
    problems: tuple[Problem, ...] = ()
    files: int = 0
    bytes_read: int = 0
    bytes_plain: int = 0
    records: int = 0
    first: int = 0
    last: int = 0
    seen: Mapping[Kind, Mapping[str, str]] = field(default_factory=dict)
    formats: Mapping[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Gatherer:
    """Sums flow logs. `take` blobs, then `done`."""

    fast: bool = True  # use Polars, where it is installed
    since: int = 0  # seconds since the epoch; records outside are left out
    until: int = 0
    known: dict[str, Place] = field(
        default_factory=dict
    )  # where interfaces are, also for who reads further files
    _parts: list[FlowPart] = field(default_factory=list)
    _problems: list[Problem] = field(default_factory=list)
    _lines: dict[tuple[str, ...], list[tuple[str, bytes | memoryview]]] = field(default_factory=dict)
    _held: int = 0
    _files: int = 0
    _read: int = 0
    _plain: int = 0
    _records: int = 0
    _first: int = 0
    _last: int = 0
    _seen: dict[Kind, dict[str, str]] = field(default_factory=dict)
    _formats: dict[str, int] = field(default_factory=dict)

    def take(self, blob: Blob) -> bool:
        """Reads a blob if it is a flow log, and says whether it was."""
        kind = sniff(blob.name, blob.data)
        if not kind:
            return False
        self._files += 1
        self._read += blob.packed
        log = READ_AS_ROWS[kind][0].value if kind in READ_AS_ROWS else "aws"
        self._formats[f"{log}-flow"] = self._formats.get(f"{log}-flow", 0) + 1
        try:
            self._read_as(kind, blob)
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001
            self._problems.append(_defect(blob.name, error))
        if blob.problem is not None:
            self._problems.append(blob.problem)
        return True

    def _read_as(self, kind: str, blob: Blob) -> None:
        if kind == "aws-text":
            self._text(blob)
        elif kind == "aws-named":
            self._named(blob)
        elif kind == "aws-parquet":
            self._parquet(blob)
        elif kind == "cloudwatch":
            self._cloudwatch(blob)
        elif kind == "azure" and self.fast and frames.available():
            self._azure(blob)
        else:
            self._rows(blob, kind)

    def done(self) -> Gathered:
        """Everything that was taken."""
        for names in list(self._lines):
            self._flush(names)
        return Gathered(
            parts=tuple(self._parts),
            problems=tuple(self._problems),
            files=self._files,
            bytes_read=self._read,
            bytes_plain=self._plain,
            records=self._records,
            first=self._first,
            last=self._last,
            seen=self._seen,
            formats=self._formats,
        )

    # -- AWS: lines

    def _text(self, blob: Blob) -> None:
        names: tuple[str, ...] = ()
        for lines in whole_lines(blob):
            self._plain += lines.size
            if lines.text:
                names = self._begin(blob.name, lines.text, names)
            self._others(blob.name, lines.dropped)

    def _begin(self, name: str, data: bytes, names: tuple[str, ...]) -> tuple[str, ...]:
        """Takes the first lines of a file, or further ones, and gives the fields that they have."""
        lines: bytes | memoryview = data
        if not names:
            data = to_utf8(data)[0]
            data = data.lstrip() if data[:1].isspace() else data
            end = data.find(b"\n")
            line = data[: end if end >= 0 else len(data)].rstrip(b"\r")
            names = fields_in(line)
            if not names:
                what = "flow log records in a format of their own, and no line that names the fields"
                self._problems.append(Problem(where=name, what=what, hint=_SHAPE_HINT))
                return ("unknown",)
            begin = 0 if not aws.is_header(line) else end + 1 if end >= 0 else len(data)
            lines = memoryview(data)[begin:]
        if len(lines) and names != ("unknown",):
            waiting = self._lines.setdefault(names, [])
            waiting.append((name, lines))
            self._held += len(lines)
            if self._held >= PIECE:
                for each in list(self._lines):
                    self._flush(each)
        return names

    def _flush(self, names: tuple[str, ...]) -> None:
        waiting = self._lines.pop(names, [])
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
            self._problems.extend(
                Problem(where=f, what=what, hint="add the fields to the flow log's format") for f in files
            )
            return
        try:
            self._sum(data, names, fields, files)
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001
            self._problems.extend(_defect(file, error) for file in files)

    def _ruler(self, names: tuple[str, ...]) -> bytes:
        return frames.ruler(names) if self.fast and frames.available() else b""

    def _sum(
        self, data: bytes, names: tuple[str, ...], fields: Mapping[str, str], files: tuple[str, ...]
    ) -> None:
        """Sums lines, which begin with the ruler where Polars reads them."""
        if self._ruler(names):
            sums = frames.sums_of_text(data, names, fields, (self.since, self.until))
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
        self._records += count - max(0, bad)
        if sums is None:
            self._table(Cloud.AWS, files, table, transit=aws.is_transit(fields))
            return
        places = self._places(sums.pairs, data, names, fields)
        if aws.is_transit(fields):
            self._pairs(Cloud.AWS, files, sums.pairs, (), {place.account for place in places.values()})
            return
        found = owners(places, places, sums.single)
        if any(
            not near(o[0]) for o in found
        ):  # a network may have addresses of the internet's: summed apart then
            sums = frames.sums_of_text(data, names, fields, (self.since, self.until), {o[0] for o in found})
        self._pairs(Cloud.AWS, files, sums.pairs, found)

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
                    if (row := aws.row(line.split(" "), at)) is not None and self._wanted(row.start):
                        table.add((row,))
                except ValueError:
                    bad += 1
        return table, count, bad

    def _wanted(self, time: int) -> bool:
        return self.since <= time and (not self.until or time < self.until)

    def _within(self, frame: Any) -> Any:
        return frames.within(frame, self.since, self.until) if self.since or self.until else frame

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
            self._problems.append(Problem(where=where, what=what))
        if bad > 0:
            self._problems.append(
                Problem(where=where, what=f"{bad} lines are no flow log records that can be read")
            )

    # -- AWS: other shapes

    def _parquet(self, blob: Blob) -> None:
        self._plain += len(blob.data)
        if not frames.available():
            self._problems.append(
                Problem(
                    where=blob.name,
                    what="flow logs in parquet are read by Polars, which is not installed",
                    hint=_HINT,
                )
            )
            return
        data = b"".join((blob.data, *(blob.rest or ())))
        try:
            names = frames.columns_of_parquet(data)
            ocsf = "src_endpoint" in names and "traffic" in names
            fields = dict.fromkeys(named.OCSF, "") if ocsf else aws.fields_of(names)
            if any(n not in fields for n in aws.NEEDED):
                what = f"a parquet file without the columns of a flow log: {', '.join(names[:12])}"
                self._problems.append(Problem(where=blob.name, what=what))
                return
            frame = frames.of_ocsf(data) if ocsf else frames.of_parquet(data, fields)
            self._records += frame.height
            kept = frames.counted(self._within(frame))
        except Exception as error:  # noqa: BLE001
            what = f"not readable as parquet: {str(error).partition(chr(10))[0][:200]}"
            self._problems.append(Problem(where=blob.name, what=what))
            return
        places = {i: place_of(*rest) for i, *rest in frames.places_of(frame)}
        transit = aws.is_transit(fields)
        alone = frames.single(kept) if "interface" in fields and not transit else {}
        accounts = {place.account for place in places.values()} if transit else ()
        self._frame(Cloud.AWS, (blob.name,), kept, owners(places, places, alone), accounts)

    def _named(self, blob: Blob) -> None:
        for piece in named.read(blob):
            self._plain += piece.size
            if data := named.lines(r for r in piece.records if r is not None):
                self._begin(blob.name, data, ())
            self._others(blob.name, piece.records.count(None))

    def _cloudwatch(self, blob: Blob) -> None:
        kind = "json" if blob.data.lstrip()[:1] in b"{[" else "csv"
        for piece, _ in chunks(blob.data, blob.rest or iter(()), blob.name):
            self._plain += len(piece)
            found: list[str] = []
            others = 0
            for line in cloudwatch.lines(piece, kind):
                if isinstance(line, str):
                    found.append(line.strip())
                else:
                    others += 1
            if found:
                self._begin(blob.name, "\n".join((*found, "")).encode("utf-8", "replace"), ())
            self._others(blob.name, others)

    # -- Azure and Google

    def _azure(self, blob: Blob) -> None:
        for piece, _ in chunks(blob.data, blob.rest or iter(()), blob.name):
            self._plain += len(piece)
            lines: list[str] = []
            places: dict[str, tuple[str, str]] = {}
            others = 0
            for record in carriers.objects(piece, azure.is_record):
                if isinstance(record, Damage):
                    others += record.records
                elif azure.is_record(record):
                    mac, account, vpc = azure.place(record)
                    mac = _CELL_END.sub("", mac)
                    places.setdefault(mac, (account, vpc))
                    for rule in azure.tuples(record):
                        texts = [text for text in rule if isinstance(text, str)]
                        others += len(rule) - len(texts)
                        lines += [f"{mac},{text}" for text in texts]
                else:
                    others += 1
            frame, own, bad = frames.of_tuples("\n".join(lines))
            self._records += frame.height
            whose = sorted((address, mac, *places.get(mac, ("", "")), "") for address, mac in own)
            kept = frames.counted(self._within(frame))
            self._frame(Cloud.AZURE, (blob.name,), kept, tuple(whose))
            self._others(blob.name, others + bad)

    def _rows(self, blob: Blob, kind: str) -> None:
        cloud, known, header, read = READ_AS_ROWS[kind]
        for piece in tables.read(blob, known, header):
            self._plain += piece.size
            table = Table()
            others = 0
            for record in piece.records:
                rows = [None] if record is None else list(read(record))
                good = [row for row in rows if row is not None]
                others += len(rows) - len(good)
                self._records += len(good)
                table.add(row for row in good if self._wanted(row.start))
            self._table(cloud, (blob.name,), table)
            self._others(blob.name, others)

    def _others(self, name: str, count: int) -> None:
        if count:
            what = f"{count} records among flow logs that are none, or can't be read"
            self._problems.append(
                Problem(where=name, what=what, hint="hunt records of other logs in a file of their own")
            )

    # -- parts

    def _table(self, cloud: Cloud, files: tuple[str, ...], table: Table, *, transit: bool = False) -> None:
        owners = () if transit else table.owner_rows()
        accounts = {account for account, *_ in table.unplaced.values()} if transit else ()
        pairs = table.pair_rows({o[0] for o in owners})
        if pairs:
            kept = frames.packed(frames.frame_of(pairs)) if self.fast and frames.available() else pairs
            self._part(cloud, files, kept, owners, len(pairs), accounts)
            self._span(table.first, table.last)

    def _frame(
        self,
        cloud: Cloud,
        files: tuple[str, ...],
        frame: Any,
        owners: tuple[OwnerRow, ...],
        accounts: Collection[str] = (),
    ) -> None:
        """Takes the records of a frame, all of which count."""
        self._pairs(cloud, files, frames.summed(frame, {o[0] for o in owners}), owners, accounts)

    def _pairs(
        self,
        cloud: Cloud,
        files: tuple[str, ...],
        pairs: Any,
        owners: tuple[OwnerRow, ...],
        accounts: Collection[str] = (),
    ) -> None:
        if pairs.height:
            self._part(cloud, files, frames.packed(pairs), owners, pairs.height, accounts)
            self._span(int(pairs["first"].min()), int(pairs["last"].max()))

    def _part(
        self,
        cloud: Cloud,
        files: tuple[str, ...],
        pairs: bytes | tuple[PairRow, ...],
        owners: tuple[OwnerRow, ...],
        height: int,
        accounts: Collection[str] = (),
    ) -> None:
        """Takes sums. `accounts`: whose logs these are, where no owner of an address says it."""
        self._parts.append(FlowPart(files=files, cloud=cloud, pairs=pairs, owners=owners, height=height))
        kind, what = _OWN[cloud]
        stated = [found[1] or found[2] for f in files if (found := _KEY_OWNER.search(f))]
        # A file's key says whose it is. A network may hold interfaces of others, so ids prove nothing then.
        for account in {*stated} if stated else {a for a in (*accounts, *(o[2] for o in owners)) if a}:
            self._seen.setdefault(kind, {}).setdefault(account.lower(), what)

    def _span(self, first: int, last: int) -> None:
        self._first = min(self._first or first, first)
        self._last = max(self._last, last)


def _defect(where: str, error: Exception) -> Problem:
    what = f"can't be summed: {type(error).__name__}: {str(error).partition(chr(10))[0][:200]}"
    return Problem(where=where, what=what, hint="this is a defect of exclave: please report it")


_OWN = {
    Cloud.AWS: (Kind.ACCOUNT, "its flow logs are among these logs"),
    Cloud.AZURE: (Kind.SUBSCRIPTION, "its flow logs are among these logs"),
    Cloud.GCP: (Kind.PROJECT, "its flow logs are among these logs"),
}
