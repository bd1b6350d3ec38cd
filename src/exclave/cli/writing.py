"""Reports to files and to standard output: what hunt and audit share."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TextIO

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


class CannotWriteError(click.ClickException):
    """An output that can't be written. The status is that of wrong usage: 1 is for findings."""

    exit_code = 2

    def __init__(self, what: object, error: OSError) -> None:
        super().__init__(f"{what} can't be written: {error.strerror or error}")


class CouldNotLookError(click.ClickException):
    """Something that was to be looked at could not be."""

    exit_code = 3


def to_file(path: str, write: Callable[[BinaryIO], object]) -> None:
    """Writes a file that is whole or not there."""
    from exclave.outputs.files import open_for_writing

    try:
        with open_for_writing(path) as stream:
            write(stream)
    except OSError as error:
        raise CannotWriteError(path, error) from error


def text_to_file(path: Path, text: str) -> None:
    """The same for a text."""
    to_file(str(path), lambda stream: stream.write(text.encode()))


def to_stdout(write: Callable[[], None]) -> None:
    """Writes to standard output. A reader that has seen enough (head, less) is no error, and ends nothing."""
    try:
        write()
        sys.stdout.flush()
    except BrokenPipeError:
        _drain(sys.stdout)
    except OSError as error:
        _drain(sys.stdout)
        raise CannotWriteError("standard output", error) from error


def put(text: str, *, nl: bool = True) -> None:
    """A line of data on standard output."""
    to_stdout(lambda: click.echo(text, nl=nl))


def tell(text: str) -> None:
    """A line of talk on standard error. Nobody need listen: what is in hand goes on."""
    try:
        click.echo(text, err=True)
    except OSError:
        _drain(sys.stderr)


def _drain(stream: TextIO) -> None:
    """What is still buffered, and what follows, must go somewhere: Python writes it when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def console() -> Console:
    """Standard output for a person."""
    from rich.console import Console

    class Patient(Console):
        """Rich would end the program where a reader has seen enough."""

        def on_broken_pipe(self) -> None:
            raise BrokenPipeError

    return Patient(highlight=False, markup=False, emoji=False)
