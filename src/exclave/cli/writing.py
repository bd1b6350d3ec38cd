"""Reports to files and to standard output: what hunt and audit share."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.console import Console


def format_of(path: str) -> str:
    """The format that a path's ending asks for, with a usage error for one that nothing writes."""
    from exclave import outputs

    try:
        return outputs.format_of(path)
    except outputs.UnknownFormatError as error:
        raise click.BadParameter(str(error), param_hint="--output") from error


def check_folders(paths: Sequence[str]) -> None:
    """A usage error for an output whose folder is missing: better before the reading than after."""
    for path in paths:
        folder = Path(path).absolute().parent
        if path != "-" and not folder.is_dir():
            raise click.BadParameter(f"{path}: the folder {folder} does not exist", param_hint="--output")


def to_file(path: str, write: Callable[[BinaryIO], None]) -> None:
    """Writes a file that is whole or not there."""
    from exclave.outputs.files import open_for_writing

    try:
        with open_for_writing(path) as stream:
            write(stream)
    except OSError as error:
        raise click.FileError(path, error.strerror or str(error)) from error


def to_stdout(write: Callable[[], None]) -> None:
    """Writes to standard output. A reader that has seen enough (head, less) is no error."""
    try:
        write()
        sys.stdout.flush()
    except BrokenPipeError:
        # What is still buffered must go somewhere when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def console() -> Console:
    """Standard output for a person."""
    from rich.console import Console

    return Console(highlight=False, markup=False, emoji=False)
