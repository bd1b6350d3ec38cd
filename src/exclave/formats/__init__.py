"""Formats: bytes → events. One module per log; `parser_of` gives the function that reads one record of a log."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, cast

from exclave.model import Event, Evidence

Parser = Callable[[Mapping[str, Any], Evidence], Event]

# log → module with `event(record, evidence)`; imported when a file of that log is met
PARSERS: Mapping[str, str] = {
    "cloudtrail": "exclave.formats.cloudtrail",
    "s3-access": "exclave.formats.s3_access",
    "azure-activity": "exclave.formats.azure_activity",
    "gcp-audit": "exclave.formats.gcp_audit",
}


def parser_of(log: str) -> Parser:
    """The function that reads one record of a log.

    Raises:
        KeyError: no such log.
    """
    return cast(Parser, import_module(PARSERS[log]).event)
