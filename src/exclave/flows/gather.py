"""Blobs of flow logs → parts: each kind of file read as its kind asks, large ones a piece at a time."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from exclave.flows import aws, azure, carriers, cloudwatch, frames, named, tables
from exclave.flows.kinds import READ_AS_ROWS
from exclave.flows.pieces import Place, owners, place_of, whole_lines
from exclave.flows.sniff import sniff
from exclave.flows.sums import Gathered, Sums
from exclave.flows.table import Table
from exclave.flows.text import Lines
from exclave.formats.chunking import chunks
from exclave.formats.damage import Damage
from exclave.model import Cloud

if TYPE_CHECKING:
    from exclave.sources.blob import Blob

_CELL_END = re.compile(r"[\s,]")  # what would end an interface's name among values in lines
_HINT = 'pip install "exclave[flows]"'


class Gatherer:
    """Sums flow logs. `take` blobs, then `done`.

    Args:
        fast: use Polars, where it is installed.
        since: seconds since the epoch; records outside are left out.
        until: the same.
        known: where interfaces are, also for who reads further files.
    """

    def __init__(
        self, *, fast: bool = True, since: int = 0, until: int = 0, known: dict[str, Place] | None = None
    ) -> None:
        self._sums = Sums(fast=fast, since=since, until=until)
        self._lines = Lines(self._sums, {} if known is None else known)

    def take(self, blob: Blob) -> bool:
        """Reads a blob if it is a flow log, and says whether it was."""
        kind = sniff(blob.name, blob.data)
        if not kind:
            return False
        sums = self._sums
        sums.files += 1
        sums.read += blob.packed
        log = f"{READ_AS_ROWS[kind].cloud.value if kind in READ_AS_ROWS else 'aws'}-flow"
        sums.formats[log] = sums.formats.get(log, 0) + 1
        try:
            self._read_as(kind, blob)
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001
            sums.defect((blob.name,), error)
        if blob.problem is not None:
            sums.problems.append(blob.problem)
        return True

    def done(self) -> Gathered:
        """Everything that was taken."""
        self._lines.flush()
        return self._sums.gathered()

    def _read_as(self, kind: str, blob: Blob) -> None:
        if kind == "aws-text":
            self._text(blob)
        elif kind == "aws-named":
            self._named(blob)
        elif kind == "aws-parquet":
            self._parquet(blob)
        elif kind == "cloudwatch":
            self._cloudwatch(blob)
        elif kind == "azure" and self._sums.engine:
            self._azure(blob)
        else:
            self._rows(blob, kind)

    # -- AWS

    def _text(self, blob: Blob) -> None:
        names: tuple[str, ...] = ()
        for lines in whole_lines(blob):
            self._sums.plain += lines.size
            if lines.text:
                names = self._lines.take(blob.name, lines.text, names)
            self._sums.others(blob.name, lines.dropped)

    def _parquet(self, blob: Blob) -> None:
        self._sums.plain += len(blob.data)
        if not frames.available():
            self._sums.say(
                (blob.name,), "flow logs in parquet are read by Polars, which is not installed", _HINT
            )
            return
        data = b"".join((blob.data, *(blob.rest or ())))
        try:
            names = frames.columns_of_parquet(data)
            ocsf = "src_endpoint" in names and "traffic" in names
            fields = dict.fromkeys(named.OCSF, "") if ocsf else aws.fields_of(names)
            if any(n not in fields for n in aws.NEEDED):
                what = f"a parquet file without the columns of a flow log: {', '.join(names[:12])}"
                self._sums.say((blob.name,), what)
                return
            frame = frames.of_ocsf(data) if ocsf else frames.of_parquet(data, fields)
            left_out = frames.impossible(frame)
            self._sums.records += frame.height - left_out
            self._sums.others(blob.name, left_out)
            kept = frames.counted(self._sums.within(frame))
        except Exception as error:  # noqa: BLE001
            what = f"not readable as parquet: {str(error).partition(chr(10))[0][:200]}"
            self._sums.say((blob.name,), what)
            return
        places = {i: place_of(*rest) for i, *rest in frames.places_of(frame)}
        transit = aws.is_transit(fields)
        alone = frames.single(kept) if "interface" in fields and not transit else {}
        accounts = {place.account for place in places.values()} if transit else ()
        self._sums.frame(Cloud.AWS, (blob.name,), kept, owners(places, places, alone), accounts)

    def _named(self, blob: Blob) -> None:
        for piece in named.read(blob):
            self._sums.plain += piece.size
            if data := named.lines(r for r in piece.records if r is not None):
                self._lines.take(blob.name, data, ())
            self._sums.others(blob.name, piece.records.count(None))

    def _cloudwatch(self, blob: Blob) -> None:
        kind = "json" if blob.data.lstrip()[:1] in b"{[" else "csv"
        for piece, _ in chunks(blob.data, blob.rest or iter(()), blob.name):
            self._sums.plain += len(piece)
            found: list[str] = []
            others = 0
            for line in cloudwatch.lines(piece, kind):
                if isinstance(line, str):
                    found.append(line.strip())
                else:
                    others += 1
            if found:
                self._lines.take(blob.name, "\n".join((*found, "")).encode("utf-8", "replace"), ())
            self._sums.others(blob.name, others)

    # -- Azure and Google

    def _azure(self, blob: Blob) -> None:
        for piece, _ in chunks(blob.data, blob.rest or iter(()), blob.name):
            self._sums.plain += len(piece)
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
            left_out = frames.impossible(frame)
            self._sums.records += frame.height - left_out
            whose = sorted((address, mac, *places.get(mac, ("", "")), "") for address, mac in own)
            kept = frames.counted(self._sums.within(frame))
            self._sums.frame(Cloud.AZURE, (blob.name,), kept, tuple(whose))
            self._sums.others(blob.name, others + bad + left_out)

    def _rows(self, blob: Blob, kind: str) -> None:
        cloud, known, header, read = READ_AS_ROWS[kind]
        for piece in tables.read(blob, known, header):
            self._sums.plain += piece.size
            table = Table()
            others = 0
            for record in piece.records:
                rows = [None] if record is None else list(read(record))
                good = [row for row in rows if row is not None]
                others += len(rows) - len(good)
                left_out = table.add(row for row in good if self._sums.wanted(row.start))
                others += left_out
                self._sums.records += len(good) - left_out
            self._sums.table(cloud, (blob.name,), table)
            self._sums.others(blob.name, others)
