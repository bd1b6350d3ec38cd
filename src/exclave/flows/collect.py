"""Parts → totals, in bounded memory: parts wait on disk, and are summed in passes."""

from __future__ import annotations

import struct
import tempfile
from collections import defaultdict
from typing import IO, TYPE_CHECKING, Self

from exclave.flows import frames
from exclave.flows.addresses import PRIVATE, prefix
from exclave.flows.model import HOURS, Detail, FlowPart, Owner, Pair, PairKey, Totals
from exclave.model import Cloud, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from exclave.flows.frames import Frame
BATCH = 100_000  # rows of sums that are read back at once, unless they are so many
BATCH_BYTES = 32 << 20
PASS_ROWS = 1_500_000  # rows of sums that one pass holds
HELD = 300_000  # rows that wait for being summed
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
        self.close()

    def close(self) -> None:
        """Gives its file back."""
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

    def frames(self, columns: Sequence[str]) -> Iterator[Frame]:
        """The sums of all parts, as lazy frames of a few parts; `cloud` and `part` are columns of them too."""
        pl = frames.polars()
        held: list[tuple[int, str, Frame]] = []
        count = waiting = 0
        last = len(self._index) - 1
        for number, (offset, size, cloud, _files) in enumerate(self._index):
            held.append((number, cloud.value, self._read(offset, size, columns)))
            count += held[-1][2].height
            waiting += size
            if count >= BATCH or waiting >= BATCH_BYTES or number == last:
                heights = [(n, c, f.height) for n, c, f in held]
                part = pl.concat([pl.repeat(n, h, dtype=pl.Int64, eager=True) for n, _, h in heights])
                clouds = pl.concat([pl.repeat(c, h, dtype=pl.String, eager=True) for _, c, h in heights])
                whole = pl.concat([f for _, _, f in held])
                said = [
                    pl.when(pl.col(c) == "-").then(pl.lit("")).otherwise(pl.col(c)).alias(c)
                    for c in ("service", "peer", "peer_vpc")
                ]
                lazy = whole.with_columns(part.alias("part"), clouds.alias("cloud")).lazy()
                yield lazy.with_columns(said).select(columns)
                held, count, waiting = [], 0, 0

    def _read(self, offset: int, size: int, columns: Sequence[str]) -> Frame:
        assert self._spool is not None
        self._spool.seek(offset)
        return frames.unpacked(self._spool.read(size), [c for c in columns if c not in ("cloud", "part")])

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
        pairs = (
            pl.concat([self._large(number, passes) for number in range(passes)])
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

        sums = [pl.col("bytes").sum(), pl.col("records").sum(), pl.col("first").min(), pl.col("last").max()]
        for batch in self._spool.frames([*keys, "bytes", "records", "first", "last"]):
            mine = batch if passes == 1 else batch.filter(pl.struct("src", "dst").hash(7) % passes == number)
            held.append(mine.group_by(keys).agg(sums).collect())
            self._note(held[-1])
            count += held[-1].height
            if count >= HELD:
                held = [pl.concat(held).group_by(keys).agg(sums)]
                count = held[0].height
                count = 0 if count > HELD // 2 else count
        whole = pl.concat(held).group_by(keys).agg(sums)
        self._seen(whole)
        # A flow that two interfaces saw was recorded twice: the larger sum is the flow's.
        large = whole.filter((pl.col("bytes") >= self._floor) & (pl.col("src") != "") & (pl.col("dst") != ""))
        ranked = large.sort("bytes", "interface", descending=[True, False]).group_by(
            _ENDS, maintain_order=True
        )
        return ranked.agg(pl.all().first())

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
    for batch in spool.frames(["part", *keys, *HOURS]):
        mine = batch.join(wanted.lazy(), on=keys, how="semi").explode(HOURS).group_by("part", *keys, "hours")
        for number, cloud, *ends, hour, count in mine.agg(pl.col("sizes").sum()).collect().rows():
            key: PairKey = (Cloud(cloud), *ends)
            of = hours[key]
            of[hour] = of.get(hour, 0) + count
            if (count, -number) > best.get(key, (0, 0)):
                best[key] = (count, -number)
        out = batch.join(sources.lazy(), on=["cloud", "src"], how="semi").explode(HOURS)
        seen = out.group_by("part", "cloud", "src", "hours", "interface").agg(pl.col("sizes").sum())
        largest = seen.group_by("part", "cloud", "src", "hours").agg(pl.col("sizes").max()).collect()
        for _, cloud, src, hour, count in largest.rows():
            sent[Cloud(cloud), src][hour] += count
    return Detail(
        hours=dict(hours),
        sent={k: dict(v) for k, v in sent.items()},
        files={k: spool.files(-n) for k, (_, n) in best.items()},
    )


def _earliest(known: dict[tuple[Cloud, str], int], cloud: Cloud, name: str, time: int) -> None:
    known[cloud, name] = min(known.get((cloud, name), time), time)
