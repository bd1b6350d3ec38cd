"""`exclave collect`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from exclave.cli.reading import aws_options, azure_options, ended, gcp_options, needed, record, together


@click.group()
def command() -> None:
    """Record a cloud's answers as they are, to audit them offline.

    Only reads: `exclave permissions` says what it needs.
    """


folder_options = together(
    click.option(
        "-o",
        "--output",
        "folder",
        type=click.Path(path_type=Path, file_okay=False),
        required=True,
        help="Folder of the inventory.",
    ),
    click.option(
        "--resume",
        is_flag=True,
        help="Go on with what is in the folder: ask only what isn't recorded, or was refused.",
    ),
)


@command.command("aws")
@folder_options
@aws_options
def aws(**options: Any) -> None:
    """Record this account, in every enabled region.

    With --role-name every account of its organisation.
    Exit status: 0 all recorded, 3 something was refused or it stopped early, 130 interrupted. What was recorded stands.
    """
    _collect("aws", **options)


@command.command("azure")
@folder_options
@azure_options
def azure(**options: Any) -> None:
    """Record the tenant and every subscription that the credential sees. Signs in as azure-identity does.

    Exit status: 0 all recorded, 3 something was refused or it stopped early, 130 interrupted. What was recorded stands.
    """
    _collect("azure", **options)


@command.command("gcp")
@folder_options
@gcp_options
def gcp(**options: Any) -> None:
    """Record an organisation, a folder or some projects of Google Cloud. Signs in by Application Default Credentials.

    Exit status: 0 all recorded, 3 something was refused or it stopped early, 130 interrupted. What was recorded stands.
    """
    _collect("gcp", **options)


def _collect(
    cloud: str,
    folder: Path,
    *,
    resume: bool,
    control_ids: tuple[str, ...],
    no_exposures: bool,
    **options: Any,
) -> None:
    names = needed(cloud, control_ids, exposures=not no_exposures)
    ended(record(cloud, folder, names, resume=resume, **options), folder, resume=resume)
