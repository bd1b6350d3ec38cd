"""`exclave harden`."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import click

from exclave.cli.groups import FolderFirst
from exclave.cli.harden_alerts import command as alerts
from exclave.cli.reading import aws_options, azure_options, gcp_options, record, split, together

_FILE = click.Path(path_type=Path, dir_okay=False)
harden_options = together(
    click.option("-o", "--output", "output", type=click.Path(path_type=Path, file_okay=False), help="Folder for the artefacts, plan.md and plan.json."),
    click.option("--format", "formats", multiple=True, help="Only artefacts of this format (cloudformation, terraform, arm, bicep, gcloud, policy, ...); may be given several times."),
    click.option("-p", "--perimeter", "perimeter_file", type=_FILE, help="Who is ours: a perimeter.toml (default: ./perimeter.toml, if there is one)."),
    click.option("--notify", multiple=True, metavar="WHO", help="Whom alarms tell: a mail address, or the ARN of a queue, a function or a topic that is there; may be given several times."),
    click.option("--break-glass", "break_glass", multiple=True, metavar="ARN", help='Principals that no policy may lock out, a pattern: arn:aws:iam::*:role/NAME. Also [[principal]] named "break-glass" in perimeter.toml.'),
    click.option("--set", "values", multiple=True, metavar="NAME=VALUE", help="What one control asks for, as its notes say: policy-target=ou-..., log-bucket=NAME, ..."),
    click.option("--prefix", default="exclave", show_default=True, help="How the names of what is made begin."),
    click.option("--key-days", type=click.IntRange(1), default=90, show_default=True, help="Age from which a key must be rotated."),
    click.option("--session-hours", type=click.IntRange(1, 12), default=8, show_default=True, help="Longest session that a role may allow."),
    click.option("--findings", type=click.Path(path_type=Path, dir_okay=False, exists=True), multiple=True, help="A hunt's .jsonl: who used which right, for least privilege."),
    click.option("--apply", "apply_", is_flag=True, help="Show the plan, then make its changes through the provider's API."),
    click.option("--limit", type=click.IntRange(1), default=10, show_default=True, help="The most changes; of a longer plan nothing is made."),
    click.option("--undo-file", type=_FILE, help="Where --apply notes what undoes it (default: exclave-undo-TIME.jsonl)."),
)  # fmt: skip


@click.group(cls=FolderFirst)
def command() -> None:
    """Put missing safeguards in place: files, or --apply.

    `exclave harden DIR -o OUT` works offline on what `exclave collect` recorded; `exclave harden aws -o OUT` records first;
    `exclave harden OUT/plan.json --apply` makes a plan that was reviewed; `exclave harden --undo FILE` takes it back.
    Exit status: 0 nothing is missing, or all changes were made; 1 something is missing, or a change was not made;
    2 usage, or more changes than --limit; 3 could not look at something.
    """


@command.command("folder")
@click.argument("sources", nargs=-1, type=click.Path(path_type=Path, exists=True), metavar="DIR|PLAN...")
@click.option(
    "--control", "control_ids", multiple=True, help="Only these controls: an id or a pattern like aws.alarm.*"
)
@click.option(
    "--undo",
    "undo",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Take back what an undo file notes.",
)
@click.option("--profile", help="AWS profile, for --apply and --undo.")
@click.option("--role-name", default="", help="AWS role to take on in accounts other than the credentials'.")
@click.option(
    "--expect-account", default="", help="Refuse credentials of another account, subscription or project."
)
@harden_options
def folder(
    sources: tuple[Path, ...], control_ids: tuple[str, ...], undo: Path | None, profile: str | None, role_name: str, expect_account: str,
    **options: Any,
) -> None:  # fmt: skip
    """Harden what was recorded before (`exclave harden DIR`)."""
    from exclave.change.clients import Who
    from exclave.cli import harden_run
    from exclave.cli.applying import undo_from

    who = Who(profile=profile, role_name=role_name, expect_account=expect_account)
    if undo is not None:
        if sources:
            raise click.UsageError("--undo takes back what its file notes, and needs no inventory")
        undo_from(undo, who, keep_going=True)
    if not sources:
        raise click.UsageError(
            "name the folder of an inventory (`exclave collect` records one), a plan.json, or --undo FILE"
        )
    plans = [s for s in sources if s.is_file()]
    if plans and len(sources) > 1:
        raise click.UsageError("one plan at a time, and no inventory beside it")
    if plans:
        harden_run.planned(plans[0], who, options)
    harden_run.folders(sources, control_ids, who, options)


@command.command("aws")
@aws_options
@harden_options
def aws(**options: Any) -> None:
    """Record AWS, then harden what it shows. Reads only, but for --apply."""
    _recorded("aws", **options)


@command.command("azure")
@azure_options
@harden_options
def azure(**options: Any) -> None:
    """Record Azure, then harden what it shows. Reads only, but for --apply."""
    _recorded("azure", **options)


@command.command("gcp")
@gcp_options
@harden_options
def gcp(**options: Any) -> None:
    """Record Google Cloud, then harden what it shows. Reads only, but for --apply."""
    _recorded("gcp", **options)


def _recorded(cloud: str, *, control_ids: tuple[str, ...], no_exposures: bool, **options: Any) -> None:
    from exclave.change.clients import Who
    from exclave.cli import harden_run

    del no_exposures  # harden asks for none
    reading, options = split(cloud, options)
    who = Who(
        profile=reading.get("profile"),
        role_name=reading.get("role_name", ""),
        expect_account=reading["expect_account"],
    )
    with tempfile.TemporaryDirectory(prefix="exclave-") as scratch:
        target = Path(scratch) / "inventory"
        record(cloud, target, harden_run.needed(cloud, control_ids), **reading)
        harden_run.folders((target,), control_ids, who, options)


command.add_command(alerts)
