"""Reading Google Cloud: its options, and recording."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from exclave.cli.reading.common import common_options, recorded, together

if TYPE_CHECKING:
    import threading
    from collections.abc import Sequence
    from pathlib import Path

    from exclave.cli.reading.common import Say, Watch
    from exclave.inventory.engine import Tally
    from exclave.inventory.record import Recorder

RATE, WORKERS = 8.0, 8

gcp_options = together(
    click.option(
        "--organization",
        default="",
        help="Every project of this organisation (its number); the only one that the credentials see unless said.",
    ),
    click.option("--folder", "folder_id", default="", help="Every project under this folder."),
    click.option("--project", "projects", multiple=True, help="Only these projects (ids); may be given several times."),
    click.option(
        "--expect-account", default="", help="Refuse to ask anything unless this is the organisation, the project or the principal."
    ),
    common_options("gcp.logging", rate=RATE, per="service (slower where Google allows less)", workers=WORKERS),
)  # fmt: skip


def record(
    folder: Path,
    names: Sequence[str],
    *,
    resume: bool = False,
    organization: str = "",
    folder_id: str = "",
    projects: tuple[str, ...] = (),
    expect_account: str = "",
    rate: float = RATE,
    workers: int = WORKERS,
    quiet: bool = False,
) -> Tally:
    """Record, with progress. Ends the program with a clear word where it can't go on."""
    from exclave.inventory.gcp.collect import Options, collect
    from exclave.inventory.table import load
    from exclave.model import Cloud

    if sum(map(bool, (organization, folder_id, projects))) > 1:
        raise click.UsageError("one of --organization, --folder and --project")

    def run(recorder: Recorder, watch: Watch, say: Say, stop: threading.Event) -> Tally:
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
