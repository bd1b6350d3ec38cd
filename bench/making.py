"""Makes the corpora, from what `exclave simulate` writes. `python bench/making.py small|full [CORPUS ...]`

A program of its own, so that the memory it takes isn't counted as that of what is measured.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import deflate
import msgspec
from corpora import CLOUD, FLOWS, MAKING, MB, Spec, specs
from corpora_cloud import lines
from corpora_flows import files as flow_files

from exclave.catalogue.loader import load, write_compiled
from exclave.detect.scan import scanner
from exclave.simulate import simulate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from exclave.detect.prefilter import Prefilter


_RECORD = 1_380  # plain bytes of a simulated record, about
_SAMPLE = 64 * MB
_START = datetime(2026, 3, 2, tzinfo=UTC)
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_LEVEL = 6


class _Listed(msgspec.Struct):
    Records: list[msgspec.Raw]


def make(spec: Spec) -> None:
    """Makes a corpus, unless it's there."""
    if (spec.folder / "corpus.json").exists():
        return
    print(f"making {spec.folder.name}: {spec.about}", file=sys.stderr)
    shutil.rmtree(spec.folder, ignore_errors=True)
    logs, sample = spec.folder / "logs", spec.folder / "sample"
    for folder in (logs, sample):
        folder.mkdir(parents=True)
    files = list(_files(spec, logs))
    shutil.rmtree(spec.folder / "simulated", ignore_errors=True)
    chosen: list[tuple[str, int, int]] = []
    # Spread over the whole, so that the sample is like it.
    for one in files[:: max(1, sum(plain for _, plain, _ in files) // _SAMPLE)]:
        chosen.append(one)
        os.link(logs / one[0], sample / one[0].replace("/", "_")[-200:])
    said = {name: _sums(part) for name, part in (("logs", files), ("sample", chosen))}
    (spec.folder / "corpus.json").write_text(json.dumps(said | {"spec": asdict(spec)}, indent=1))


def _sums(files: list[tuple[str, int, int]]) -> tuple[int, int, int]:
    return len(files), sum(f[1] for f in files), sum(f[2] for f in files)


def _files(spec: Spec, logs: Path) -> Iterator[tuple[str, int, int]]:
    """Writes the files; gives path, plain bytes and stored bytes of each."""
    rng = Random(f"{spec.name} {MAKING}")
    count = 0
    for key, body in _contents(spec, rng):
        packed = deflate.gzip_compress(body, _LEVEL)
        first = ""
        for _ in range(spec.copies):
            name = key if spec.name in FLOWS else f"{key}_{''.join(rng.choices(_LETTERS, k=16))}.json.gz"
            (logs / name).parent.mkdir(parents=True, exist_ok=True)
            if first:
                os.link(logs / first, logs / name)
            else:
                (logs / name).write_bytes(packed)
                first = name
            yield name, len(body), len(packed)
            count += 1
            if count == spec.files:
                return


def _contents(spec: Spec, rng: Random) -> Iterator[tuple[str, bytes]]:
    """The content of each file and its path, but for the random end where it has one."""
    if spec.name in FLOWS:
        yield from flow_files(spec.name, spec.plain, spec.days, spec.folder)
        return
    if spec.name in CLOUD:
        yield from lines(spec.name, spec.plain // MB)
        return
    for key, records in _bodies(spec, rng):
        yield key, b'{"Records":[' + b",".join(records) + b"]}"


def _bodies(spec: Spec, rng: Random) -> Iterator[tuple[str, list[bytes]]]:
    """The records of each file and its path but for the random end, by account, region and time."""
    waiting: list[bytes] = []
    whose = key = ""
    size = most = 0
    low, high = spec.file_records
    for named, records in _delivered(spec):
        trail = named.rpartition("/")[2].rpartition("_")[0]
        if trail != whose and waiting:
            yield key, waiting
            waiting, size = [], 0
        whose = trail
        for record in records:
            if not waiting:
                key, most = named, rng.randint(low, high) if high else 0
            waiting.append(record)
            size += len(record)
            if len(waiting) >= most if most else size >= spec.file_bytes:
                yield key, waiting
                waiting, size = [], 0
    if waiting:
        yield key, waiting


def _delivered(spec: Spec) -> Iterator[tuple[str, Iterable[bytes]]]:
    """What is simulated: the path of each file but for its random end, and its records."""
    names = scanner(load()).prefilter if spec.one_in > 1 else None
    rng = Random(f"{spec.name} {spec.one_in}")
    written = simulate(
        spec.folder / "simulated",
        seed=1,
        records=spec.plain // _RECORD,
        days=spec.days,
        start=_START,
        accounts=8,
        breaches=spec.breaches,
        data_events=spec.data_events,
    )
    for path in sorted(written.logs.rglob("*.json.gz"), key=lambda path: path.name):
        found = msgspec.json.decode(deflate.gzip_decompress(path.read_bytes()), type=_Listed).Records
        records = [bytes(raw) for raw in found]
        if names:
            records = [r for r in records if not _looked_at(r, names) or rng.random() < 1 / spec.one_in]
        key = path.relative_to(written.logs).as_posix()
        yield key.rpartition("_")[0], records


def _looked_at(record: bytes, names: Prefilter) -> bool:
    named = record.partition(b'"eventName":"')[2].partition(b'"')[0].decode()
    return b'"type":"AWSAccount"' in record or names.kind(named) > 1


if __name__ == "__main__":
    # A development checkout may hold newer TOML than its compiled copy; an installation never does.
    import exclave.catalogue

    write_compiled(Path(exclave.catalogue.__path__[0]))
    size, *chosen = sys.argv[1:]
    for wanted in specs(small=size == "small").values():
        if not chosen or wanted.name in chosen:
            make(wanted)
