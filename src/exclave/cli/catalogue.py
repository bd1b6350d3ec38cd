"""`exclave catalogue`."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import click

from exclave.cli.export import command as export_command
from exclave.cli.writing import console, put, tell, to_stdout


@click.group()
def command() -> None:
    """The ways data can leave: list them, explain one, check them. Offline."""


command.add_command(export_command)


@command.command("list")
@click.option("--cloud", type=click.Choice(["aws", "azure", "gcp"]), help="Only of this cloud.")
@click.option("--kind", type=click.Choice(["transfer", "signal"]), help="Only transfers, or only signals.")
@click.option("--format", "format_", type=click.Choice(["text", "jsonl"]), default="text", show_default=True)
def list_(cloud: str | None, kind: str | None, format_: str) -> None:
    """List the methods and signals."""
    import msgspec

    from exclave.catalogue.loader import load

    for method in load(compiled=format_ == "text").methods:
        if (cloud and method.cloud != cloud) or (kind and (method.signal is None) != (kind == "transfer")):
            continue
        if format_ == "jsonl":
            put(msgspec.json.encode(method).decode())
        else:
            put(f"{method.id:44} {method.outcome or method.signal:15} {method.title}")


@command.command("show")
@click.argument("method_id")
def show(method_id: str) -> None:
    """Explain one method, with a sample record.

    What it is, look-alikes, how it is revoked and prevented, known gaps.
    """
    from exclave.catalogue.loader import BadCatalogueError, load
    from exclave.outputs.method_page import show as show_page

    try:
        method = load(compiled=False).method(method_id)
    except BadCatalogueError as error:
        raise click.UsageError(str(error)) from error
    to_stdout(lambda: show_page(method, console()))


@command.command("coverage")
@click.argument("rows", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--cloud", type=click.Choice(["aws", "azure", "gcp"]), help="Only rows of this cloud.")
def coverage(rows: Path, cloud: str | None) -> None:
    """List the rows of a list of methods that no entry serves.

    ROWS is a CSV file with an `id` column. Exit status 1 when there are any.
    """
    from exclave.catalogue.loader import load

    catalogue = load(compiled=False)
    served: dict[str, str] = {}
    for method in catalogue.methods:
        for row in method.covers:
            served.setdefault(row, method.id)
    unlogged = {row: u.reason for _, f in catalogue.files for u in f.unlogged for row in u.rows}
    wanted = [r["id"] for r in _rows(rows) if not cloud or r.get("cloud", r["id"].partition("-")[0]) == cloud]
    excused = [w for w in wanted if w in unlogged and w not in served]
    missing = [w for w in wanted if w not in served and w not in unlogged]
    for row in excused:
        put(f"{row}: no log shows it: {unlogged[row]}")
    for row in missing:
        put(f"{row}: not served")
    done = len(wanted) - len(excused) - len(missing)
    tell(
        f"{done} of {len(wanted)} rows served, {len(excused)} not, with a reason, {len(missing)} without",
    )
    if unknown := sorted(set(served) - set(wanted)) if not cloud else []:
        tell(f"entries name rows that the file lacks: {', '.join(unknown)}")
    sys.exit(1 if missing else 0)


def _rows(file: Path) -> list[dict[str, str]]:
    try:
        with file.open(newline="", encoding="utf-8") as stream:
            reader = csv.DictReader(stream)
            if "id" in (reader.fieldnames or ()):
                return list(reader)
    except (UnicodeDecodeError, csv.Error) as error:
        raise click.UsageError(f"{file}: no CSV: {error}") from error
    raise click.UsageError(f"{file}: no column `id` in its first line")


@command.command("lint")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Another catalogue than the installed one.",
)
def lint(folder: Path | None) -> None:
    """Check the catalogue as a whole. Exit status 1 when something is wrong."""
    from exclave.catalogue.lint import problems
    from exclave.catalogue.loader import BadCatalogueError, load

    try:
        catalogue = load(folder, compiled=False)
    except BadCatalogueError as error:
        tell(str(error))
        sys.exit(1)
    found = problems(catalogue)
    for problem in found:
        put(problem)
    tell(f"{len(catalogue.methods)} methods, {len(found)} problems")
    sys.exit(1 if found else 0)
