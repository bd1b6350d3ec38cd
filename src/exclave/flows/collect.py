"""Parts → totals, in bounded memory: parts wait on disk, and are summed in passes."""

from __future__ import annotations

import struct
import tempfile
from collections import defaultdict
from typing import IO, TYPE_CHECKING, Self

from exclave.flows import frames
from exclave.flows.addresses import PRIVATE, prefix
from exclave.flows.model import Detail, FlowPart, Owner, Pair, PairKey, Totals
from exclave.model import Cloud, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from exclave.flows.frames import Frame
PASS_ROWS = 600_000  # rows of sums that one pass holds
HELD = 200_000  # rows that wait for being summed
PYTHON_ROWS = 500_000  # rows that plain Python holds; a gigabyte of text has a few times as many
MOST_PAIRS = 20_000  # pairs that are looked at in full
MOST_OWNERS = 500_000
_HINT = 'pip install "exclave[flows]"'
_ENDS = ["cloud", "src", "dst", "service", "peer", "peer_vpc"]


class Collector:
    """Takes parts as they come; `totals` sums them, once. Use as a context, so that its file goes away."""

    def __init__(self) -> None:
        self._spool: IO[bytes] | None = None
        self._index: list[tuple[int, int, Cloud, tuple[str, ...]]] = []  # offset, size, cloud, files
        self._python: list[FlowPart] = []
        self._owners: dict[tuple[Cloud, str], Owner] = {}
        self._rows = 0
        self._lost = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        if self._spool is not None:
            self._spool.close()

    def __bool__(self) -> bool:
        return bool(self._rows)

    def add(self, parts: Iterable[FlowPart]) -> None:
        """Takes parts. Raises OSError where the disk is full."""
        for part in parts:
            for address, interface, account, vpc, subnet in part.owners:
                if len(self._owners) < MOST_OWNERS:
                    made = Owner(
                        address=address,
                        interface=interface,
                        cloud=part.cloud,
                        account=account,
                        vpc=vpc,
                        subnet=subnet,
                    )
                    known = self._owners.setdefault((part.cloud, address), made)
                    if (made.interface, made.vpc) < (
                        known.interface,
                        known.vpc,
                    ):  # whatever the order of parts
                        self._owners[part.cloud, address] = made
            if isinstance(part.pairs, bytes):
                self._rows += part.height
                self._keep(part, part.pairs)
            elif self._rows + part.height <= PYTHON_ROWS:
                self._rows += part.height
                self._python.append(part)
            else:
                self._lost += 1

    def problems(self) -> tuple[Problem, ...]:
        """What could not be summed."""
        if not self._lost:
            return ()
        what = (
            f"flow logs are summed by Polars, which is not installed: {self._lost} files or pieces"
            " were too much for plain Python"
        )
        return (Problem(where="(flow logs)", what=what, hint=_HINT),)

    def _keep(self, part: FlowPart, data: bytes) -> None:
        if self._spool is None:
            self._spool = tempfile.TemporaryFile(prefix="exclave-flows-")  # noqa: SIM115
        self._spool.seek(0, 2)
        offset = self._spool.tell()
        self._spool.write(struct.pack("<Q", len(data)) + data)
        self._index.append((offset + 8, len(data), part.cloud, part.files))

    def totals(self, floor: int) -> Totals:
        """What all parts say of the pairs that moved at least `floor` bytes."""
        if self._python:
            from exclave.flows import plain

            return plain.totals(self._python, self._owners, floor)
        return _Summing(self, floor).totals() if self._index else Totals()

    def detail(self, pairs: Sequence[Pair]) -> Detail:
        """The hours and files of some pairs."""
        if self._python:
            from exclave.flows import plain

            return plain.detail(self._python, pairs)
        return _detail(self, pairs) if self._index and pairs else Detail()

    def frames(self) -> Iterator[tuple[int, Frame]]:
        """Each part's sums with their cloud, and its number."""
        pl = frames.polars()
        assert self._spool is not None
        for number, (offset, size, cloud, _files) in enumerate(self._index):
            self._spool.seek(offset)
            frame = frames.unpacked(self._spool.read(size))
            said = [
                pl.col(c).replace("-", "") for c in ("service", "peer", "peer_vpc") if (frame[c] == "-").any()
            ]
            yield number, frame.with_columns(pl.lit(cloud.value).alias("cloud"), *said)

    def files(self, part: int) -> tuple[str, ...]:
        """The files of a part."""
        return self._index[part][3]

    @property
    def owners(self) -> dict[tuple[Cloud, str], Owner]:
        """Who has which address."""
        return self._owners

    @property
    def rows(self) -> int:
        """Rows of sums that were taken."""
        return self._rows


class _Summing:
    """A run over the spool, in passes that each hold a share of the pairs."""

    def __init__(self, spool: Collector, floor: int) -> None:
        self._spool = spool
        self._floor = floor
        self._prefixes: dict[tuple[Cloud, str], int] = {}
        self._interfaces: dict[tuple[Cloud, str], int] = {}
        self._first = self._last = 0

    def totals(self) -> Totals:
        """The pairs that moved much, and when everything was first seen."""
        pl = frames.polars()
        passes = -(-self._spool.rows // PASS_ROWS)
        large = [found for number in range(passes) if (found := self._large(number, passes)).height]
        if not large:
            return Totals(first=self._first, last=self._last)
        pairs = (
            pl.concat(large)
            .sort("bytes", *_ENDS, descending=[True, *(False for _ in _ENDS)])
            .head(MOST_PAIRS)
        )
        names = ("cloud", *_ENDS[1:], "bytes", "records", "first", "last", "interface")
        made = tuple(
            Pair(**{**row, "cloud": Cloud(row["cloud"])}) for row in pairs.select(names).rows(named=True)
        )
        return Totals(
            pairs=made,
            owners=self._spool.owners,
            prefixes=self._prefixes,
            interfaces=self._interfaces,
            first=self._first,
            last=self._last,
        )

    def _large(self, number: int, passes: int) -> Frame:
        """The pairs of one pass that moved much."""
        pl = frames.polars()
        keys = [*_ENDS, "interface"]
        held: list[Frame] = []
        count = 0

        def merged() -> Frame:
            sums = [
                pl.col("bytes").sum(),
                pl.col("records").sum(),
                pl.col("first").min(),
                pl.col("last").max(),
            ]
            return pl.concat(held).group_by(keys).agg(sums)

        for _, whole in self._spool.frames():
            frame = whole if passes == 1 else whole.filter(pl.struct("src", "dst").hash(7) % passes == number)
            if number == 0:
                self._note(whole)
            held.append(frame.select(*keys, "bytes", "records", "first", "last"))
            count += frame.height
            if count >= HELD:
                held = [merged()]
                count = held[0].height
                count = 0 if count > HELD // 2 else count
        if not held:
            return pl.DataFrame()
        whole = merged()
        self._seen(whole)
        # A flow that two interfaces saw was recorded twice: the larger sum is the flow's.
        ranked = whole.sort("bytes", "interface", descending=[True, False]).group_by(
            _ENDS, maintain_order=True
        )
        return ranked.agg(pl.all().first()).filter(pl.col("bytes") >= self._floor)

    def _note(self, frame: Frame) -> None:
        if frame.height:
            first, last = int(frame["first"].min()), int(frame["last"].max())
            self._first = min(self._first or first, first)
            self._last = max(self._last, last)

    def _seen(self, whole: Frame) -> None:
        """When private networks and interfaces were first seen."""
        pl = frames.polars()
        for end in ("src", "dst"):
            private = (
                whole.filter(pl.col(end).str.contains(PRIVATE))
                .group_by("cloud", end)
                .agg(pl.col("first").min())
            )
            for cloud, address, first in private.rows():
                _earliest(self._prefixes, Cloud(cloud), prefix(address), first)
        for cloud, interface, first in whole.group_by("cloud", "interface").agg(pl.col("first").min()).rows():
            _earliest(self._interfaces, Cloud(cloud), interface, first)


def _detail(spool: Collector, pairs: Sequence[Pair]) -> Detail:
    """One more run over the spool, for few pairs."""
    pl = frames.polars()
    hours: dict[PairKey, dict[int, int]] = defaultdict(dict)
    sent: dict[tuple[Cloud, str], dict[int, int]] = defaultdict(lambda: defaultdict(int))
    best: dict[PairKey, tuple[int, int]] = {}
    keys = [*_ENDS, "interface"]
    wanted = pl.DataFrame(
        [p.key for p in pairs], schema=dict.fromkeys(keys, pl.String), orient="row"
    ).unique()
    sources = wanted.select("cloud", "src").unique()
    for number, frame in spool.frames():
        mine = frame.join(wanted, on=keys, how="semi").group_by(*keys, "hour").agg(pl.col("bytes").sum())
        for cloud, *ends, hour, count in mine.rows():
            key: PairKey = (Cloud(cloud), *ends)
            of = hours[key]
            of[hour] = of.get(hour, 0) + count
            if count > best.get(key, (0, 0))[0]:
                best[key] = (count, number)
        out = (
            frame.join(sources, on=["cloud", "src"], how="semi")
            .group_by("cloud", "src", "hour", "interface")
            .agg(pl.col("bytes").sum())
        )
        for cloud, src, hour, count in out.group_by("cloud", "src", "hour").agg(pl.col("bytes").max()).rows():
            sent[Cloud(cloud), src][hour] += count
    return Detail(
        hours=dict(hours),
        sent={k: dict(v) for k, v in sent.items()},
        files={k: spool.files(n) for k, (_, n) in best.items()},
    )


def _earliest(known: dict[tuple[Cloud, str], int], cloud: Cloud, name: str, time: int) -> None:
    known[cloud, name] = min(known.get((cloud, name), time), time)
