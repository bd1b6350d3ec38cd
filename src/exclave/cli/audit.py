"""`exclave audit`."""

from __future__ import annotations

import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from exclave.cli.groups import FolderFirst
from exclave.cli.hunt import ENDINGS, FORMATS
from exclave.cli.reading import aws_options, azure_options, gcp_options, needed, record, split, together
from exclave.cli.writing import check_folders, console, format_of, to_file, to_stdout
from exclave.model import Severity

if TYPE_CHECKING:
    from exclave.audit.model import AuditReport

FOUND, COULD_NOT_LOOK = 1, 3


# The options of every audit.
audit_options = together(
    click.option(
        "-f",
        "--format",
        "format_",
        default="terminal",
        help=f"Format on standard output, {FORMATS}.",
    ),
    click.option(
        "-o",
        "--output",
        "outputs",
        multiple=True,
        metavar="FILE",
        help=f"Also write to a file; may be given several times. Endings: {ENDINGS}.",
    ),
    click.option(
        "-p",
        "--perimeter",
        "perimeter_file",
        type=click.Path(path_type=Path, dir_okay=False),
        help="Who is ours: a perimeter.toml (default: ./perimeter.toml, if there is one).",
    ),
    click.option(
        "--baseline",
        type=click.Path(path_type=Path, dir_okay=False, exists=True),
        help="An earlier audit's .jsonl: what stands in it doesn't make the exit status 1.",
    ),
    click.option(
        "--fail-on",
        type=click.Choice([s.value for s in Severity] + ["never"]),
        default="medium",
        show_default=True,
        help="Severity from which failed controls and exposures make the exit status 1.",
    ),
    click.option(
        "--key-days",
        type=click.IntRange(1),
        default=90,
        show_default=True,
        help="Age from which a key must be rotated.",
    ),
    click.option(
        "--session-hours",
        type=click.IntRange(1, 12),
        default=8,
        show_default=True,
        help="Longest session that a role may allow.",
    ),
    click.option(
        "--findings",
        type=click.Path(path_type=Path, dir_okay=False, exists=True),
        multiple=True,
        help="A hunt's .jsonl: who used which right, and since when what stands open was offered.",
    ),
    click.option("-v", "--verbose", is_flag=True, help="List everything."),
)


@click.group(cls=FolderFirst)
def command() -> None:
    """Say what is shared outside now, and what safeguards lack.

    `exclave audit DIR` works offline on what `exclave collect` recorded; `exclave audit aws` records first.
    Exit status: 0 all in place, 1 a failed control or an exposure at or above --fail-on, 3 could not look at something.
    """


@command.command("folder")
@click.argument(
    "folders",
    nargs=-1,
    required=True,
    type=click.Path(path_type=Path, exists=True),
    metavar="DIR|FILE...",
)
@click.option(
    "--control", "control_ids", multiple=True, help="Only these controls: an id or a pattern like aws.alarm.*"
)
@click.option("--no-exposures", is_flag=True, help="Only controls.")
@audit_options
def folder(
    folders: tuple[Path, ...], control_ids: tuple[str, ...], no_exposures: bool, **options: Any
) -> None:
    """Audit what was recorded before (`exclave audit DIR`).

    Instead of an inventory, or beside one: the output of `terraform show -json` (a state or a plan), answers and
    snapshots of AWS Config. What these do not hold could not be looked at.
    """
    _run(folders, control_ids, no_exposures=no_exposures, **options)


keep_options = together(
    click.option(
        "--keep",
        type=click.Path(path_type=Path, file_okay=False),
        help="Keep the recorded inventory in this folder.",
    ),
    click.option("--resume", is_flag=True, help="Go on with what is in --keep."),
)


@command.command("aws")
@keep_options
@aws_options
@audit_options
def aws(**options: Any) -> None:
    """Record AWS, then audit it. Only reads."""
    _recorded("aws", **options)


@command.command("azure")
@keep_options
@azure_options
@audit_options
def azure(**options: Any) -> None:
    """Record Azure, then audit it. Only reads."""
    _recorded("azure", **options)


@command.command("gcp")
@keep_options
@gcp_options
@audit_options
def gcp(**options: Any) -> None:
    """Record Google Cloud, then audit it. Only reads."""
    _recorded("gcp", **options)


def _recorded(
    cloud: str, *, keep: Path | None, control_ids: tuple[str, ...], no_exposures: bool, **options: Any
) -> None:
    names = needed(cloud, control_ids, exposures=not no_exposures)
    reading, options = split(cloud, options)
    with tempfile.TemporaryDirectory(prefix="exclave-") as scratch:
        target = keep or Path(scratch) / "inventory"
        record(cloud, target, names, **reading)
        _run((target,), control_ids, no_exposures=no_exposures, **options)


def _run(
    folders: tuple[Path, ...],
    control_ids: tuple[str, ...],
    *,
    no_exposures: bool,
    format_: str,
    outputs: tuple[str, ...],
    perimeter_file: Path | None,
    baseline: Path | None,
    fail_on: str,
    key_days: int,
    session_hours: int,
    findings: tuple[Path, ...],
    verbose: bool,
) -> None:
    from exclave.audit.baseline import BadLinesError, against, hunted, read
    from exclave.audit.loader import BadControlError, chosen
    from exclave.audit.model import Settings
    from exclave.audit.ours import seen
    from exclave.audit.run import audit
    from exclave.audit.since import dated, offers
    from exclave.catalogue.loader import load
    from exclave.cli.hunt import perimeter_maker
    from exclave.inventory import Inventory
    from exclave.outputs import audit as writers

    if format_ not in writers.FORMATS:
        raise click.BadParameter(f"{format_!r}; one of {', '.join(writers.FORMATS)}", param_hint="--format")
    to_files = [(path, format_of(path)) for path in outputs]
    check_folders(outputs)
    make = perimeter_maker(perimeter_file)
    try:
        controls = chosen(control_ids)
        known = read(baseline) if baseline else {}
        used = hunted(findings)
        offered = offers(line for file in findings for line in read(file).values())
    except BadControlError as error:
        raise click.BadParameter(str(error), param_hint="--control") from error
    except BadLinesError as error:
        raise click.UsageError(str(error)) from error
    inventory = Inventory.load(*folders)
    if not inventory.documents:
        why = "".join(f"\n  {p.where}: {p.what}" for p in inventory.problems[:5])
        raise click.UsageError(
            f"no inventory in {', '.join(map(str, folders))}: `exclave collect` records one{why}"
        )
    perimeter, said = make(seen(inventory))
    times = {"now": inventory.last} if inventory.last else {}
    settings = Settings(key_days=key_days, session_hours=session_hours, hunted=used, **times)  # type: ignore[arg-type]
    report = against(
        audit(inventory, perimeter, settings, controls, load(), with_exposures=not no_exposures, said=said),
        known,
    )
    report = dated(report, offered)
    for path, name in to_files:
        to_file(path, partial(writers.write, report, name))
    _write_stdout(report, format_, verbose=verbose)
    sys.exit(status(report, fail_on))


def status(report: AuditReport, fail_on: str) -> int:
    """1 for failed controls and exposures at or above `fail_on` that the baseline lacks, else 3 where it could not look."""
    from exclave.audit.model import Status

    if fail_on != "never":
        least = Severity(fail_on).rank
        wrong = [
            r.control.severity
            for r in report.results
            if r.check.status in (Status.FAIL, Status.PARTIAL) and not r.known
        ]
        wrong += [e.severity for e in report.exposures if not e.known]
        if any(s.rank >= least for s in wrong):
            return FOUND
    unseen = any(r.check.status is Status.COULD_NOT_LOOK for r in report.results) or any(
        k.failed for k in report.looked
    )
    return COULD_NOT_LOOK if unseen or report.coverage.problems else 0


def _write_stdout(report: AuditReport, name: str, *, verbose: bool) -> None:
    from exclave.outputs import audit, audit_terminal

    if name == "terminal":
        to_stdout(lambda: audit_terminal.write(report, console(), verbose=verbose))
    else:
        to_stdout(lambda: audit.write(report, name, sys.stdout.buffer))
