"""What a hunt found, written for people and for other tools: one module per format, each with `write`."""

from __future__ import annotations

import io
from importlib import import_module
from types import MappingProxyType
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from exclave.model import Report

# format -> module that writes it; imported when asked for, since some need more than others
WRITERS: Mapping[str, str] = MappingProxyType(
    {
        "terminal": "exclave.outputs.terminal",
        "jsonl": "exclave.outputs.jsonl",
        "csv": "exclave.outputs.csv",
        "html": "exclave.outputs.html",
        "ocsf": "exclave.outputs.ocsf",
        "sarif": "exclave.outputs.sarif",
        "stix": "exclave.outputs.stix",
        "timesketch": "exclave.outputs.timesketch",
        "timesketch-csv": "exclave.outputs.timesketch_csv",
    }
)

# ending -> format; where one ending ends another, the longest that fits decides
ENDINGS: Mapping[str, str] = MappingProxyType(
    {
        ".ocsf.json": "ocsf",
        ".sarif": "sarif",
        ".sarif.json": "sarif",
        ".stix.json": "stix",
        ".stix": "stix",
        ".timesketch.csv": "timesketch-csv",
        ".timesketch.jsonl": "timesketch",
        ".jsonl": "jsonl",
        ".ndjson": "jsonl",
        ".csv": "csv",
        ".html": "html",
        ".htm": "html",
        ".txt": "terminal",
    }
)


class UnknownFormatError(ValueError):
    """A format, or an ending, that nothing here writes. The message lists what there is."""


def format_of(path: str) -> str:
    """The format that a path's ending asks for; raises UnknownFormatError, naming the choices."""
    lower = path.lower()
    fitting = [ending for ending in ENDINGS if lower.endswith(ending)]
    if not fitting:
        choices = " ".join(sorted(ENDINGS))
        raise UnknownFormatError(
            f"cannot tell the format of {path!r} from its ending; endings known: {choices}"
        )
    return ENDINGS[max(fitting, key=len)]


def write(report: Report, format: str, stream: IO[Any]) -> None:  # noqa: A002 - the user's word for it
    """Write the report to a stream, as UTF-8 where it takes bytes. The stream stays open.

    Raises UnknownFormatError for a format that is not in WRITERS, and OSError from the stream.
    """
    if format not in WRITERS:
        raise UnknownFormatError(f"unknown format {format!r}; formats known: {' '.join(WRITERS)}")
    writer: Any = import_module(WRITERS[format])
    if isinstance(stream, io.TextIOBase):
        stream.flush()
        below = getattr(stream, "buffer", None)
        if format == "terminal" or below is None:
            _write_text(writer, report, format, stream)
            stream.flush()
            return
        stream = below  # files for programs are UTF-8, whatever the locale says
    text = io.TextIOWrapper(stream, encoding="utf-8", newline="", write_through=False)
    try:
        _write_text(writer, report, format, text)
        text.flush()
    finally:
        text.detach()  # else closing the wrapper would close the caller's stream


def _write_text(writer: Any, report: Report, format_name: str, text: Any) -> None:
    if format_name != "terminal":
        writer.write(report, text)
        return
    from rich.console import Console

    writer.write(report, Console(file=text, highlight=False, markup=False, emoji=False))
