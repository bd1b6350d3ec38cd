"""`exclave harden`."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from exclave.cli.azure import azure_options, record_azure
from exclave.cli.collect import aws_options
from exclave.cli.gcp import gcp_options, record_gcp
from exclave.cli.harden_alerts import command as alerts

if TYPE_CHECKING:
    from collections.abc import Callable


def harden_options(function: Callable[..., None]) -> Callable[..., None]:
    """The options of every hardening."""
    path = click.Path(path_type=Path, dir_okay=False)
    for option in reversed(
        (
            click.option("-o", "--output", "output", type=click.Path(path_type=Path, file_okay=False), help="Folder for the artefacts, plan.md and plan.json."),
            click.option("--format", "formats", multiple=True, help="Only artefacts of this format (cloudformation, terraform, arm, bicep, gcloud, policy, ...); may be given several times."),
            click.option("-p", "--perimeter", "perimeter_file", type=path, help="Who is ours: a perimeter.toml (default: ./perimeter.toml, if there is one)."),
            click.option("--notify", multiple=True, metavar="WHO", help="Whom alarms tell: a mail address, or the ARN of a queue, a function or a topic that is there; may be given several times."),
            click.option("--break-glass", "break_glass", multiple=True, metavar="ARN", help='Principals that no policy may lock out, a pattern: arn:aws:iam::*:role/NAME. Also [[principal]] named "break-glass" in perimeter.toml.'),
            click.option("--set", "values", multiple=True, metavar="NAME=VALUE", help="What one control asks for, as its notes say: policy-target=ou-..., log-bucket=NAME, ..."),
            click.option("--prefix", default="exclave", show_default=True, help="How the names of what is made begin."),
            click.option("--key-days", type=click.IntRange(1), default=90, show_default=True, help="Age from which a key must be rotated."),
            click.option("--session-hours", type=click.IntRange(1, 12), default=8, show_default=True, help="Longest session that a role may allow."),
            click.option("--findings", type=click.Path(path_type=Path, dir_okay=False, exists=True), multiple=True, help="A hunt's .jsonl: who used which right, for least privilege."),
            click.option("--apply", "apply_", is_flag=True, help="Show the plan, then make its changes through the provider's API."),
            click.option("--limit", type=click.IntRange(1), default=10, show_default=True, help="The most changes; of a longer plan nothing is made."),
            click.option("--undo-file", type=path, help="Where --apply notes what undoes it (default: exclave-undo-TIME.jsonl)."),
        )
    ):  # fmt: skip
        function = option(function)
    return function


class _Default(click.Group):
    """`exclave harden DIR` is `exclave harden folder DIR`."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self.commands:
            args = ["folder", *args]
        return super().resolve_command(ctx, args)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0].startswith("-") and args[0] not in ("-h", "--help"):
            args = ["folder", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_Default)
def command() -> None:
    """Write what puts the missing safeguards and alarms in place: templates, policies, and a plan that --apply makes.

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
    """Harden what inventories show that were recorded before (the default: `exclave harden DIR`)."""
    from exclave.cli import harden_run

    who = {"profile": profile, "role_name": role_name, "expect_account": expect_account}
    if undo is not None:
        if sources:
            raise click.UsageError("--undo takes back what its file notes, and needs no inventory")
        harden_run.undo(undo, who)
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
def aws(
    profile: str | None, role_name: str, regions: tuple[str, ...], from_config: str, expect_account: str, control_ids: tuple[str, ...],
    no_exposures: bool, rate: float, workers: int, quiet: bool, **options: Any,
) -> None:  # fmt: skip
    """Record AWS, then harden what it shows. Reads only, but for --apply."""
    from exclave.cli import harden_run
    from exclave.cli.collect import record_aws

    del no_exposures  # harden asks for none
    with tempfile.TemporaryDirectory(prefix="exclave-") as scratch:
        target = Path(scratch) / "inventory"
        record_aws(
            target, harden_run.needed("aws", control_ids), resume=False, profile=profile, role_name=role_name, regions=regions,
            from_config=from_config, expect_account=expect_account, rate=rate, workers=workers, quiet=quiet,
        )  # fmt: skip
        who = {"profile": profile, "role_name": role_name, "expect_account": expect_account}
        harden_run.folders((target,), control_ids, who, options)


@command.command("azure")
@azure_options
@harden_options
def azure(
    control_ids: tuple[str, ...], no_exposures: bool, subscriptions: tuple[str, ...], expect_account: str, domain_settings: Path | None,
    rate: float, workers: int, quiet: bool, **options: Any,
) -> None:  # fmt: skip
    """Record Azure, then harden what it shows. Reads only, but for --apply."""
    from exclave.cli import harden_run

    del no_exposures
    with tempfile.TemporaryDirectory(prefix="exclave-") as scratch:
        target = Path(scratch) / "inventory"
        record_azure(
            target, harden_run.needed("azure", control_ids), resume=False, subscriptions=subscriptions, expect_account=expect_account,
            domain_settings=domain_settings, rate=rate, workers=workers, quiet=quiet,
        )  # fmt: skip
        harden_run.folders((target,), control_ids, {"expect_account": expect_account}, options)


@command.command("gcp")
@gcp_options
@harden_options
def gcp(
    control_ids: tuple[str, ...], no_exposures: bool, organization: str, folder_id: str, projects: tuple[str, ...], expect_account: str,
    rate: float, workers: int, quiet: bool, **options: Any,
) -> None:  # fmt: skip
    """Record Google Cloud, then harden what it shows. Reads only, but for --apply."""
    from exclave.cli import harden_run

    del no_exposures
    with tempfile.TemporaryDirectory(prefix="exclave-") as scratch:
        target = Path(scratch) / "inventory"
        record_gcp(
            target, harden_run.needed("gcp", control_ids), resume=False, organization=organization, folder_id=folder_id,
            projects=projects, expect_account=expect_account, rate=rate, workers=workers, quiet=quiet,
        )  # fmt: skip
        harden_run.folders((target,), control_ids, {"expect_account": expect_account}, options)


command.add_command(alerts)
