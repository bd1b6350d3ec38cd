"""What flow logs gave so far: the sums of their records, whose they are, and what could not be read."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from exclave.flows import frames
from exclave.flows.model import FlowPart, OwnerRow, PairRow
from exclave.model import Cloud, Kind, Problem

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from exclave.flows.table import Table

_KEY_OWNER = re.compile(r"AWSLogs/(?:o-[a-z0-9]+/)?(\d{12})/|(?:^|/)(\d{12})_vpcflowlogs_")


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
class Sums:
    """Takes the sums of files, or of parts of them."""

    fast: bool = True  # use Polars, where it is installed
    since: int = 0  # seconds since the epoch; records outside are left out
    until: int = 0
    problems: list[Problem] = field(default_factory=list)
    formats: dict[str, int] = field(default_factory=dict)
    files: int = 0
    read: int = 0  # bytes as stored, and
    plain: int = 0  # as they are read
    records: int = 0
    _parts: list[FlowPart] = field(default_factory=list)
    _first: int = 0
    _last: int = 0
    _seen: dict[Kind, dict[str, str]] = field(default_factory=dict)

    def gathered(self) -> Gathered:
        """Everything that was taken."""
        return Gathered(
            parts=tuple(self._parts),
            problems=tuple(self.problems),
            files=self.files,
            bytes_read=self.read,
            bytes_plain=self.plain,
            records=self.records,
            first=self._first,
            last=self._last,
            seen=self._seen,
            formats=self.formats,
        )

    @property
    def engine(self) -> bool:
        """Whether Polars is used."""
        return self.fast and frames.available()

    def wanted(self, time: int) -> bool:
        """Whether a record of that time counts."""
        return self.since <= time and (not self.until or time < self.until)

    def within(self, frame: Any) -> Any:
        """The records of a frame whose time counts."""
        return frames.within(frame, self.since, self.until) if self.since or self.until else frame

    def say(self, files: Collection[str], what: str, hint: str = "") -> None:
        """Notes a problem of each of some files."""
        self.problems.extend(Problem(where=file, what=what, hint=hint) for file in files)

    def defect(self, files: Collection[str], error: Exception) -> None:
        """Notes that summing some files raised an error that it must not raise."""
        what = f"can't be summed: {type(error).__name__}: {str(error).partition(chr(10))[0][:200]}"
        self.say(files, what, "this is a defect of exclave: please report it")

    def others(self, name: str, count: int) -> None:
        """Notes that so many records of a file could not be read as flows."""
        if count:
            what = f"{count} records among flow logs that are none, or can't be read"
            self.say((name,), what, "hunt records of other logs in a file of their own")

    def table(self, cloud: Cloud, files: tuple[str, ...], table: Table, *, transit: bool = False) -> None:
        """Takes a table's sums."""
        owners = () if transit else table.owner_rows()
        accounts = {account for account, *_ in table.unplaced.values()} if transit else ()
        pairs = table.pair_rows({o[0] for o in owners})
        if pairs:
            kept = frames.packed(frames.frame_of(pairs)) if self.engine else pairs
            self._part(cloud, files, kept, owners, len(pairs), accounts)
            self._span(table.first, table.last)

    def frame(
        self,
        cloud: Cloud,
        files: tuple[str, ...],
        frame: Any,
        owners: tuple[OwnerRow, ...],
        accounts: Collection[str] = (),
    ) -> None:
        """Takes the records of a frame, all of which count."""
        self.pairs(cloud, files, frames.summed(frame, {o[0] for o in owners}), owners, accounts)

    def pairs(
        self,
        cloud: Cloud,
        files: tuple[str, ...],
        pairs: Any,
        owners: tuple[OwnerRow, ...],
        accounts: Collection[str] = (),
    ) -> None:
        """Takes a frame of sums."""
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


_OWN = {
    Cloud.AWS: (Kind.ACCOUNT, "its flow logs are among these logs"),
    Cloud.AZURE: (Kind.SUBSCRIPTION, "its flow logs are among these logs"),
    Cloud.GCP: (Kind.PROJECT, "its flow logs are among these logs"),
}
