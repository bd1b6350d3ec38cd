"""`exclave catalogue export`."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from exclave.cli.writing import CannotWriteError, put, tell, text_to_file

if TYPE_CHECKING:
    from exclave.catalogue.entry import Method

_FORMATS = ("sigma", "kql", "insights", "athena", "spl", "eventbridge", "metric-filter")


@click.command("export")
@click.option("-f", "--format", "format_", type=click.Choice(_FORMATS), required=True, help="What to make.")
@click.option("--cloud", type=click.Choice(["aws", "azure", "gcp"]), help="Only of this cloud.")
@click.option("--kind", type=click.Choice(["transfer", "signal"]), help="Only transfers, or only signals.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Write a file per entry here, and lost.md; else all goes to standard output.",
)
@click.argument("ids", nargs=-1, metavar="[ID]...")
def command(
    format_: str, cloud: str | None, kind: str | None, output: Path | None, ids: tuple[str, ...]
) -> None:
    """Make rules of entries, for a SIEM or AWS's own alarms.

    Every rule matches what its entry finds, and often more; what it loses is said with it. Exit status 1 when
    an entry that was asked for by its ID can't be told.
    """
    from exclave.exports import (
        Export,
        MissingExtraError,
        NotExpressibleError,
        export,
    )
    from exclave.exports.rule import rule_of
    from exclave.exports.written import files, lost_page, stream
    from exclave.outputs.words import count

    lost: dict[str, tuple[str, ...]] = {}
    skipped: dict[str, str] = {}
    if output:
        _make(output)
    for method in _chosen(ids, cloud, kind):
        rule = rule_of(method)
        try:
            made: Export = export(rule, format_)
        except NotExpressibleError as error:
            skipped[method.id] = str(error)
            continue
        except MissingExtraError as error:
            raise click.UsageError(str(error)) from error
        lost[method.id] = made.lost
        if not output:
            put(stream(rule, made, format_))
            continue
        for name, text in files(rule, made, format_).items():
            text_to_file(output / name, text)
    if output:
        text_to_file(output / "lost.md", lost_page(lost, skipped))
        tell(f"{count(len(lost), 'entry', 'entries')} written to {output}")
    for why, number in Counter(skipped.values()).items():
        tell(f"{count(number, 'entry', 'entries')} left out: {why}")
    sys.exit(1 if ids and skipped else 0)


def _chosen(ids: tuple[str, ...], cloud: str | None, kind: str | None) -> list[Method]:
    from exclave.catalogue.loader import BadCatalogueError, load

    catalogue = load(compiled=False)
    try:
        methods = [catalogue.method(i) for i in dict.fromkeys(ids)] if ids else list(catalogue.methods)
    except BadCatalogueError as error:
        raise click.UsageError(str(error)) from error
    return [
        m
        for m in methods
        if (not cloud or m.cloud == cloud) and (not kind or (m.signal is None) == (kind == "transfer"))
    ]


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotWriteError(folder, error) from error
