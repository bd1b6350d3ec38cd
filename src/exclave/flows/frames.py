"""Polars: text, parquet and rows → sums.

Measured on the same files, Polars 2 sums flow log text in half of DuckDB's time and a tenth of Python's.
"""

from __future__ import annotations

import io
import os
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NamedTuple

from exclave.flows.addresses import NEAR_PATTERN, near
from exclave.flows.model import HOURS, LATEST, MOST, PAIR, SUMS, WINDOW, PairRow
from exclave.flows.named import BLOCKED, OCSF, WAYS

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

Frame = Any  # polars.DataFrame

PlaceRow = tuple[str, str, str, str, str, str, str]
_ABOUT = ("interface", "account", "vpc", "subnet", "direction")
_NEAR_ENDS = ("src_near", "dst_near")
_NUMBERS = ("bytes", "start")
_MILLIS = 10**11  # from here on, a time is in milliseconds
_COUNTS = ("packets", "sent", "packets back", "answered")  # of a tuple of Azure's, from its tenth field on
_TUPLE = ("interface", "time", "src", "dst", "way", "decision", *_COUNTS)
_READ = ("interface", "src", "dst", "start", "bytes", "action", "service", "peer", "peer_vpc")


@cache
def available() -> bool:
    """Whether Polars is installed."""
    return find_spec("polars") is not None


def polars() -> Any:
    """Polars with one thread, unless the environment says more: `--jobs` says how many processes there are.

    Loaded by name and typed as anything, since it is an extra.
    """
    os.environ.setdefault("POLARS_MAX_THREADS", "1")
    return import_module("polars")


def ruler(names: Sequence[str], between: bytes = b" ") -> bytes:
    """A first line that is no record: Polars takes the number of fields from it, and a log's own may be broken."""
    return between.join([b"-"] * len(names)) + b"\n"


class TextSums(NamedTuple):
    """Sums of lines, how many there were, how many say no bytes or no time that can be, and each interface's constant address."""

    pairs: Frame
    lines: int
    unread: int
    single: dict[str, str]


def sums_of_text(
    data: bytes,
    names: Sequence[str],
    fields: Mapping[str, str],
    span: tuple[int, int] = (0, 0),
    own: Collection[str] = (),
) -> TextSums:
    """The lines of AWS text summed, as `summed` does with `own`; `span` as `within` has it.

    `data` has lines alone, after a first one that `ruler` made. `names` are the fields of a line, `fields` what
    aws.fields_of makes of them.
    """
    pl = polars()
    lines = _lines(data, names, fields, [n for n in _READ if n in fields])
    records = _counted(within(lines, *span) if any(span) else lines, fields)
    asked = [
        _summed(records, fields, own),
        lines.select(pl.len(), _unread().sum().alias("unread"), _says_no_end().any().alias("no end")),
    ]
    if "interface" in fields and "direction" not in fields:
        asked.append(_single(records))
    pairs, said, *alone = pl.collect_all(asked)
    if said["no end"].item():
        near = with_near(
            _lines(data, names, fields, [n for n in (*_READ, *_NEAR_ENDS) if n in fields]), fields
        )
        records = _counted(within(near, *span) if any(span) else near, fields)
        pairs = _summed(records, fields, own).collect()
    return TextSums(
        _filled(pairs),
        said["len"].item() - 1,
        int(said["unread"].item()) - 1,
        dict(alone[0].rows()) if alone else {},
    )


def _lines(data: bytes, names: Sequence[str], fields: Mapping[str, str], wanted: Sequence[str]) -> Frame:
    """Some canonical columns of lines, the ruler among them: lazily."""
    pl = polars()
    wide = [f"{n}~{i}" for i, n in enumerate(names)]  # a header may name a field twice
    place = {name: wide[list(names).index(fields[name])] for name in wanted}
    frame = pl.scan_csv(
        data,
        separator=" ",
        has_header=False,
        quote_char=None,
        infer_schema=False,
        ignore_errors=True,
        truncate_ragged_lines=True,
        new_columns=wide,
        encoding="utf8-lossy",
        schema_overrides={place[n]: pl.Int64 for n in _NUMBERS if n in place},
    )
    return frame.select([pl.col(field).alias(name) for name, field in place.items()])


def places_of_text(data: bytes, names: Sequence[str], fields: Mapping[str, str]) -> list[PlaceRow]:
    """What lines say of interfaces, as `places_of` gives it."""
    wanted = [n for n in (*_ABOUT, "src", "dst", *_NEAR_ENDS) if n in fields]
    return _places(_lines(data, names, fields, wanted).slice(1), wanted)


def _says_no_end() -> Any:
    """Whether a record with data leaves an address of the packets out: then the interface's are read, which takes longer."""
    pl = polars()
    return ((pl.col("src") == "-") | (pl.col("dst") == "-")) & pl.col("bytes").is_not_null()


def _unread() -> Any:
    pl = polars()
    return pl.col("bytes").is_null() | pl.col("start").is_null() | _possible().not_()


def _possible() -> Any:
    """Whether a record's size and time can be."""
    pl = polars()
    return pl.col("bytes").is_between(0, MOST) & pl.col("start").is_between(1, LATEST)


def impossible(frame: Frame) -> int:
    """How many canonical records say a size or a time that can't be."""
    return int(frame.select(_possible().not_().sum()).item())


def with_near(read: Frame, columns: Collection[str]) -> Frame:
    """The records with the interface's addresses where those of the packets are not said."""
    pl = polars()
    there = [(end, f"{end}_near") for end in ("src", "dst") if f"{end}_near" in columns]
    said = [
        pl.when(pl.col(end).fill_null("-") == "-").then(pl.col(near)).otherwise(pl.col(end)).alias(end)
        for end, near in there
    ]
    return read.with_columns(said)


def of_tuples(lines: str) -> tuple[Frame, list[tuple[str, str]], int]:
    """Azure's tuples, each behind its interface and a comma: records, whose addresses are whose, how many are unread.

    The canonical records are of both directions, as azure.rows makes them.
    """
    pl = polars()
    names = ("interface", "time", "src", "dst", "5", "6", "7", "way", "decision", "10", *_COUNTS)
    read = pl.scan_csv(
        io.BytesIO(ruler(names, b",") + lines.encode("utf-8", "replace")),
        has_header=False,
        quote_char=None,
        infer_schema=False,
        truncate_ragged_lines=True,
        new_columns=list(names),
        encoding="utf8-lossy",
    )
    said = [
        pl.when(pl.col(n).fill_null("") == "").then(pl.lit("0")).otherwise(pl.col(n)).alias(n)
        for n in _COUNTS
    ]
    numbers = [pl.col(n).cast(pl.Int64, strict=False) for n in ("time", *_COUNTS)]
    frame = read.with_columns(said).with_columns(numbers).select(_TUPLE).collect().slice(1)
    good = frame.drop_nulls()
    kept = good.filter(pl.col("decision") != "D").with_columns(
        pl.when(pl.col("time") >= _MILLIS)
        .then(pl.col("time") // 1000)
        .otherwise(pl.col("time"))
        .alias("start")
    )
    there = kept.select("interface", "src", "dst", "start", pl.col("sent").alias("bytes"))
    src, dst = pl.col("dst").alias("src"), pl.col("src").alias("dst")
    back = kept.select("interface", src, dst, "start", pl.col("answered").alias("bytes"))
    mine = pl.when(pl.col("way") == "O").then(pl.col("src")).otherwise(pl.col("dst")).alias("mine")
    own: list[tuple[str, str]] = kept.select(mine, "interface").unique().rows()
    return pl.concat([there, back]), own, frame.height - good.height


def of_ocsf(data: bytes) -> Frame:
    """The records of a parquet file of Security Lake's as canonical columns."""
    pl = polars()
    roots = {path.partition(".")[0] for paths in OCSF.values() for path in paths}
    schema = pl.read_parquet_schema(io.BytesIO(data))
    frame = pl.read_parquet(io.BytesIO(data), columns=[name for name in schema if name in roots])

    def at(path: str) -> Any:
        kind, found = frame.schema, pl.col(path.partition(".")[0])
        for depth, step in enumerate(path.split(".")):
            inner = dict(kind) if depth == 0 else {f.name: f.dtype for f in getattr(kind, "fields", ())}
            if step not in inner:
                return None
            kind, found = inner[step], found.struct.field(step) if depth else found
        return found

    def column(name: str, found: Sequence[Any]) -> Any:
        if name in _NUMBERS:
            return pl.coalesce([one.cast(pl.Int64, strict=False) for one in found]).alias(name)
        return pl.coalesce([one.cast(pl.String, strict=False).replace("", None) for one in found]).alias(name)

    said = {name: [e for e in (at(path) for path in paths) if e is not None] for name, paths in OCSF.items()}
    read = frame.select([column(name, found) for name, found in said.items() if found])
    time, action = pl.col("start"), pl.col("action").fill_null("").str.to_lowercase()
    changed = {
        "start": pl.when(time >= _MILLIS).then(time // 1000).otherwise(time),
        "direction": pl.col("direction").str.to_lowercase().replace(WAYS),
        "action": pl.when(action.is_in(sorted(BLOCKED))).then(pl.lit("REJECT")).otherwise(pl.lit("ACCEPT")),
    }
    return read.with_columns(**{name: value for name, value in changed.items() if name in read.columns})


def of_parquet(data: bytes, fields: Mapping[str, str]) -> Frame:
    """The records of an AWS parquet file as canonical columns."""
    pl = polars()
    frame = pl.read_parquet(io.BytesIO(data), columns=sorted({*fields.values()}))
    read = frame.select(
        [
            pl.col(f).cast(pl.Int64 if n in _NUMBERS else pl.String, strict=False).alias(n)
            for n, f in fields.items()
        ]
    )
    return with_near(read, fields)


def places_of(frame: Frame) -> list[PlaceRow]:
    """(interface, account, vpc, subnet, direction, src, dst) of canonical records, one of each interface; the ends are its own."""
    return _places(frame.lazy(), frame.columns)


def _places(frame: Frame, columns: Collection[str]) -> list[PlaceRow]:
    pl = polars()
    ends = [
        pl.coalesce(e for e in (f"{end}_near", end) if e in columns).fill_null("").alias(end)
        for end in ("src", "dst")
    ]
    about = [(pl.col(n).fill_null("") if n in columns else pl.lit("")).alias(n) for n in _ABOUT]
    rows: list[PlaceRow] = (
        frame.select(*about, *ends).unique("interface", keep="first", maintain_order=True).collect().rows()
    )
    return rows


def columns_of_parquet(data: bytes) -> list[str]:
    """The names of a parquet file's columns."""
    return list(polars().read_parquet_schema(io.BytesIO(data)))


def within(frame: Frame, since: int, until: int) -> Frame:
    """The canonical records of a span of time; 0 for an open end."""
    pl = polars()
    found = frame.filter(pl.col("start") >= since)
    return found.filter(pl.col("start") < until) if until else found


def counted(frame: Frame) -> Frame:
    """The canonical records that count: accepted, with ends, a time and a size that can be."""
    return _counted(frame, frame.columns)


def _counted(frame: Frame, columns: Collection[str]) -> Frame:
    pl = polars()
    wanted = (pl.col("action") != "REJECT") if "action" in columns else pl.lit(value=True)
    return frame.filter(wanted & _possible() & (pl.col("src") != "-") & (pl.col("dst") != "-"))


def summed(frame: Frame, own: Collection[str] = ()) -> Frame:
    """Records that count → PAIR + SUMS + HOURS, with addresses of the internet but those of `own` taken together."""
    return _filled(_summed(frame.lazy(), frame.columns, own).collect())


def _summed(frame: Frame, columns: Collection[str], own: Collection[str]) -> Frame:
    pl = polars()
    keys = [c for c in PAIR if c in columns]
    named = [(pl.col(c) != "") & (pl.col(c) != "-") for c in ("service", "peer", "peer_vpc") if c in keys]
    apart = [address for address in own if not near(address)]

    def end(name: str, *kept: Any) -> Any:
        kept = (pl.col(name).str.contains(NEAR_PATTERN), *kept)
        kept = (*kept, *([pl.col(name).is_in(apart)] if apart else ()))
        return pl.when(pl.any_horizontal(kept)).then(pl.col(name)).otherwise(pl.lit("")).alias(name)

    sums = [
        pl.col("bytes").sum(),
        pl.len().cast(pl.Int64).alias("records"),
        pl.col("start").min().alias("first"),
        pl.col("start").max().alias("last"),
        (pl.col("start") // WINDOW).cast(pl.Int32).alias("hours"),
        pl.col("bytes").alias("sizes"),
    ]
    return frame.with_columns(end("src"), end("dst", *named)).group_by(keys).agg(sums)


def _filled(grouped: Frame) -> Frame:
    pl = polars()
    missing = [pl.lit("").alias(c) for c in PAIR if c not in grouped.columns]
    return grouped.with_columns(*missing).select(*PAIR, *SUMS, *HOURS)


def interfaces_of(frame: Frame) -> list[str]:
    """The interfaces in records or sums."""
    found: list[str] = sorted(i for i in frame["interface"].unique().to_list() if i)
    return found


def single(frame: Frame) -> dict[str, str]:
    """Interface → the address that stands in all its records, where one does and no other."""
    return dict(_single(frame.lazy()).collect().rows())


def _single(frame: Frame) -> Frame:
    pl = polars()
    ends = [pl.col("src").first().alias("a"), pl.col("dst").first().alias("b")]
    everywhere = [
        ((pl.col("src") == pl.col(end).first()) | (pl.col("dst") == pl.col(end).first()))
        .all()
        .alias(f"{end}_ok")
        for end in ("src", "dst")
    ]
    found = frame.group_by("interface").agg(*ends, *everywhere).filter(pl.col("src_ok") != pl.col("dst_ok"))
    address = pl.when(pl.col("src_ok")).then(pl.col("a")).otherwise(pl.col("b"))
    return found.select("interface", address)


def frame_of(rows: Sequence[PairRow]) -> Frame:
    """Rows of sums as a frame."""
    pl = polars()
    schema = dict.fromkeys(PAIR, pl.String) | dict.fromkeys((*SUMS, *HOURS), pl.Int64)
    # A row for each window, and lists made of them by the engine: handed over as lists, they take several times as long.
    long = [(*row[:-2], *at) for row in rows for at in zip(row.hours, row.sizes, strict=True)]
    frame = pl.DataFrame(long, schema=schema, orient="row").with_columns(pl.col("hours").cast(pl.Int32))
    grouped: Frame = frame.group_by(*PAIR, *SUMS).agg(HOURS)
    return grouped


def packed(frame: Frame) -> bytes:
    """A frame as a stream of Arrow IPC, in the engine's own layout: packing it tighter would take longer than summing it."""
    out = io.BytesIO()
    frame.write_ipc_stream(out, compression="uncompressed", compat_level=polars().CompatLevel.newest())
    return out.getvalue()


def unpacked(data: bytes, columns: Sequence[str]) -> Frame:
    """Some columns of the frame that `packed` packed."""
    return polars().read_ipc_stream(io.BytesIO(data), columns=list(columns))
