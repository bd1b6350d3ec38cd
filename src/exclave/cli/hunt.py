"""`exclave hunt`."""

from __future__ import annotations

import sys
from contextlib import suppress
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING

import click

from exclave.cli.when import When
from exclave.cli.writing import check_folders, console, format_of, to_file, to_stdout
from exclave.model import Report, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from exclave.model import Problem
    from exclave.perimeter.build import Maker
    from exclave.sources import Item

FOUND, COULD_NOT_LOOK = 1, 3
MOST_HELD = 50_000  # files of a listing that are held in memory to know how much there is: some 20 MB
FORMATS = "one of terminal (unless said), jsonl, csv, html, ocsf, sarif, stix, timesketch, timesketch-csv"
ENDINGS = ".html .jsonl .csv .ocsf.json .sarif .stix.json .timesketch.jsonl .timesketch.csv .txt"


@click.command()
@click.argument("logs", nargs=-1, required=True)
@click.option("-f", "--format", "format_", default=None, help=f"Format on standard output, {FORMATS}.")
@click.option(
    "-o",
    "--output",
    "outputs",
    multiple=True,
    metavar="FILE",
    help=f"Also write to a file; may be given several times. Endings: {ENDINGS}.",
)
@click.option(
    "-p",
    "--perimeter",
    "perimeter_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Who is ours: a perimeter.toml (default: ./perimeter.toml, if there is one).",
)
@click.option(
    "--since", type=When(), help="Only events from then on: 2026-03-01, 2026-03-01T12:00Z, or 30d ago."
)
@click.option("--until", type=When(), help="Only events before then.")
@click.option(
    "--account",
    "accounts",
    multiple=True,
    help="Only logs of these accounts, where the path says whose they are.",
)
@click.option(
    "--region", "regions", multiple=True, help="Only logs of these regions, where the path says so."
)
@click.option("--profile", help="AWS profile for s3:// logs.")
@click.option(
    "--fail-on",
    type=click.Choice([s.value for s in Severity] + ["never"]),
    default="medium",
    show_default=True,
    help="Severity from which findings make the exit status 1.",
)
@click.option(
    "-j",
    "--jobs",
    type=click.IntRange(0),
    default=0,
    help="Processes; as many as there are cores unless said.",
)
@click.option("-v", "--verbose", is_flag=True, help="List low and info findings too.")
@click.option("-q", "--quiet", is_flag=True, help="Nothing on standard error.")
def command(
    logs: tuple[str, ...],
    format_: str | None,
    outputs: tuple[str, ...],
    perimeter_file: Path | None,
    since: datetime | None,
    until: datetime | None,
    accounts: tuple[str, ...],
    regions: tuple[str, ...],
    profile: str | None,
    fail_on: str,
    jobs: int,
    verbose: bool,
    quiet: bool,
) -> None:
    """Find data that was offered to, or taken by, an outsider.

    LOGS are files, folders, globs, archives, - for standard input, or s3://, az://, gs:// addresses; formats are
    recognised. Without a perimeter.toml the accounts whose logs these are count as ours.

    Exit status: 0 nothing found, 1 findings at or above --fail-on, 2 usage, or an output that can't be written, 3 could
    not look at something.
    """
    from exclave import outputs as writers
    from exclave.catalogue.loader import load
    from exclave.cli.progress import watched, watching
    from exclave.engines.hunt import Hunt
    from exclave.engines.work import Settings
    from exclave.sources import plan

    to_files = [(path, format_of(path)) for path in outputs]
    chosen = format_ or "terminal"
    if chosen not in writers.WRITERS:
        raise click.BadParameter(f"{chosen!r}; one of {', '.join(writers.WRITERS)}", param_hint="--format")
    if since and until and since >= until:
        raise click.BadParameter("--since is not before --until", param_hint="--since")
    check_folders(outputs)
    skipped: dict[str, int] = {}
    options = {"profile": profile} if profile else {}
    planned = plan(
        logs,
        since=since,
        until=until,
        accounts=frozenset(accounts),
        regions=frozenset(regions),
        options=options,
        left_out=skipped,
    )
    total = None
    if watched(quiet=quiet):
        total, planned = _counted(logs, planned)
    with watching(quiet=quiet, total=total) as watch:
        hunt = Hunt(load(), Settings(since=since, until=until), perimeter_maker(perimeter_file), jobs, watch)
        report = hunt.run(planned)
    report = _with_skipped(report, skipped)
    for path, name in to_files:
        to_file(path, partial(writers.write, report, name))
    _write_stdout(report, chosen, verbose=verbose)
    sys.exit(status(report, fail_on))


def _counted(
    logs: Sequence[str], planned: Iterable[Item | Problem]
) -> tuple[int | None, Iterator[Item | Problem]]:
    """Stored bytes of what there is to read, and what is to be read, listed once.

    None where a listing costs requests, where there is none, or where there are more files than are held in memory.
    """
    from exclave.model import Problem

    rest = iter(planned)
    if any(target == "-" or "://" in target for target in logs):
        return None, rest
    held = list(islice(rest, MOST_HELD))
    following = next(rest, None)
    if following is not None:
        return None, chain(held, [following], rest)
    size = 0
    for item in held:
        with suppress(OSError):  # told when it is read
            size += 0 if isinstance(item, Problem) else Path(item.path).stat().st_size
    return size, iter(held)


def status(report: Report, fail_on: str) -> int:
    """1 for findings at or above `fail_on`, else 3 where something could not be looked at, else 0."""
    from exclave.correlate.report import loudest

    found = bool(report.incidents or report.transfers or report.signals)
    if fail_on != "never" and found and loudest(report).rank >= Severity(fail_on).rank:
        return FOUND
    return COULD_NOT_LOOK if report.coverage.problems else 0


def perimeter_maker(path: Path | None) -> Maker:
    """The perimeter of a command's `--perimeter`, with a usage error for a file that can't be used."""
    from exclave.perimeter.build import maker
    from exclave.perimeter.file import BadPerimeterError

    try:
        return maker(path)
    except BadPerimeterError as error:
        raise click.UsageError(str(error)) from error


def _with_skipped(report: Report, skipped: dict[str, int]) -> Report:
    from msgspec.structs import replace

    if not skipped:
        return report
    merged = dict(report.coverage.skipped)
    for reason, count in skipped.items():
        merged[reason] = merged.get(reason, 0) + count
    return replace(report, coverage=replace(report.coverage, skipped=merged))


def _write_stdout(report: Report, name: str, *, verbose: bool) -> None:
    from exclave.outputs import terminal, write

    if name == "terminal":
        to_stdout(lambda: terminal.write(report, console(), verbose=verbose))
    else:
        to_stdout(lambda: write(report, name, sys.stdout))
