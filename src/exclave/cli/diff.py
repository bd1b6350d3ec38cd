"""`exclave diff`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from exclave.cli.writing import put, tell


@click.command()
@click.argument("old", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.argument("new", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--format", "format_", type=click.Choice(["text", "jsonl"]), default="text", show_default=True)
def command(old: Path, new: Path, format_: str) -> None:
    """Compare two audits or hunts: what is new, gone, changed.

    OLD and NEW are .jsonl reports; findings are the same when their ids are.

    Exit status: 0 no difference, 1 differences, 2 usage.
    """
    from exclave.audit.baseline import BadLinesError, changes, read
    from exclave.outputs.neutralise import json_line, line

    try:
        found = changes(read(old), read(new))
    except BadLinesError as error:
        raise click.UsageError(str(error)) from error
    for change in found:
        if format_ == "jsonl":
            fields = [{"name": n, "before": b, "after": a} for n, b, a in change.fields]
            put(
                json_line(
                    {"schema": "exclave-diff/1", "change": change.kind, "fields": fields, "line": change.line}
                )
            )
            continue
        of = change.line
        place = " ".join(str(of[k]) for k in ("account", "region") if of.get(k))
        what = of.get("control") or of.get("method") or of.get("title", "")
        source = of.get("source")
        thing = f" {source.get('kind')} {source.get('id')}" if isinstance(source, dict) else ""
        state = of.get("status") or of.get("severity", "")
        put(line(f"{change.kind:8} {of.get('type')} {of.get('id')} {state} {what}{thing} {place}"))
        for name, before, after in change.fields:
            put(line(f"           {name}: {before} -> {after}"))
    counts = {k: sum(c.kind == k for c in found) for k in ("new", "gone", "changed")}
    tell(", ".join(f"{n} {k}" for k, n in counts.items()))
    sys.exit(1 if found else 0)
