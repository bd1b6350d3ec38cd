"""What every command that reads Google Cloud has in common: its options, and recording."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from exclave.inventory.engine import Tally
    from exclave.inventory.record import Recorder


def gcp_options(function: Callable[..., None]) -> Callable[..., None]:
    """The options of everything that reads Google Cloud."""
    for option in reversed(
        (
            click.option(
                "--organization",
                default="",
                help="Every project of this organisation (its number); the only one that the credentials see unless said.",
            ),
            click.option("--folder", "folder_id", default="", help="Every project under this folder."),
            click.option(
                "--project",
                "projects",
                multiple=True,
                help="Only these projects (ids); may be given several times.",
            ),
            click.option(
                "--expect-account",
                default="",
                help="Refuse to ask anything unless this is the organisation, the project or the principal.",
            ),
            click.option(
                "--control",
                "control_ids",
                multiple=True,
                help="Only what these controls need: an id or a pattern like gcp.logging",
            ),
            click.option("--no-exposures", is_flag=True, help="Leave out what only exposures need."),
            click.option(
                "--rate",
                type=click.FloatRange(0),
                default=8.0,
                show_default=True,
                help="Requests a second for each service (slower where Google allows less); 0: no limit.",
            ),
            click.option(
                "--workers",
                type=click.IntRange(1, 64),
                default=8,
                show_default=True,
                help="Requests at a time.",
            ),
            click.option("-q", "--quiet", is_flag=True, help="Nothing on standard error."),
        )
    ):
        function = option(function)
    return function


def record_gcp(
    folder: Path,
    names: Sequence[str],
    *,
    resume: bool,
    organization: str,
    folder_id: str,
    projects: tuple[str, ...],
    expect_account: str,
    rate: float,
    workers: int,
    quiet: bool,
) -> Tally:
    """Record, with progress. Ends the program with a clear word where it can't go on."""
    from exclave.cli.collect import recorded
    from exclave.inventory.gcp.collect import Options, collect
    from exclave.inventory.table import load
    from exclave.model import Cloud

    if sum(map(bool, (organization, folder_id, projects))) > 1:
        raise click.UsageError("one of --organization, --folder and --project")

    def run(recorder: Recorder, watch: Any, say: Any, stop: threading.Event) -> Tally:
        options = Options(
            organization=organization,
            folder=folder_id,
            projects=projects,
            expect_account=expect_account,
            rate=rate,
            burst=max(1, int(rate * 2)),
            workers=workers,
            watch=watch,
            say=say,
        )
        return collect(names, load(Cloud.GCP), recorder, options, stop)

    return recorded(folder, run, resume=resume, quiet=quiet)
