"""Reading a cloud for a command: options, recording, progress. Each cloud has `<cloud>_options` and `record` in its module."""

from __future__ import annotations

import inspect
from importlib import import_module
from typing import TYPE_CHECKING, Any

from exclave.cli.reading.aws import aws_options
from exclave.cli.reading.azure import azure_options
from exclave.cli.reading.common import ended, needed, together
from exclave.cli.reading.gcp import gcp_options

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from exclave.inventory.engine import Tally

__all__ = [
    "CLOUDS",
    "aws_options",
    "azure_options",
    "ended",
    "gcp_options",
    "needed",
    "record",
    "split",
    "together",
]

CLOUDS = ("aws", "azure", "gcp")


def record(cloud: str, folder: Path, names: Sequence[str], **options: Any) -> Tally:
    """Record the calls of these names, with progress. Ends the program with a clear word where it can't go on.

    Args:
        cloud: one of CLOUDS.
        folder: of the inventory.
        names: of calls.
        options: as the cloud's `record` has them; what isn't given is as on the command line.
    """
    tally: Tally = _recorder(cloud)(folder, names, **options)
    return tally


def split(cloud: str, options: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """A command's options: those that recording takes, and the others."""
    taken = inspect.signature(_recorder(cloud)).parameters
    reading = {name: value for name, value in options.items() if name in taken}
    return reading, {name: value for name, value in options.items() if name not in taken}


def _recorder(cloud: str) -> Any:
    return import_module(f"{__name__}.{cloud}").record
