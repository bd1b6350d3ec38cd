"""The logs that can be read: a name, a module each. A new log is one module and one line here.

A module has `is_record(record) -> bool`, which says whether a JSON object is a record of the log, and
`event(record, evidence) -> Event`, which reads it and never raises.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, cast

from exclave.model import Event, Evidence

Parser = Callable[[Mapping[str, Any], Evidence], Event]

# log → module, asked in this order; imported when a file of that log is met
PARSERS: Mapping[str, str] = {
    "cloudtrail": "exclave.formats.cloudtrail",
    "s3-access": "exclave.formats.s3_access",
    "cloudfront": "exclave.formats.cloudfront",
    "gcp-audit": "exclave.formats.gcp_audit",
    "gcp-scc": "exclave.formats.gcp_findings",
    "azure-storage": "exclave.formats.azure_storage",
    "entra": "exclave.formats.entra",
    "azure-activity": "exclave.formats.azure_activity",
    "azure-resource": "exclave.formats.azure_resource",
    "m365": "exclave.formats.m365",
    "vpc-flow": "exclave.flows.summary",
}


def parser_of(log: str) -> Parser:
    """The function that reads one record of a log.

    Raises:
        KeyError: no such log.
    """
    return cast("Parser", import_module(PARSERS[log]).event)


def parser_for(record: Mapping[str, Any]) -> Parser | None:
    """The function that reads this record, or None if it is of no known log."""
    for path in PARSERS.values():
        module = import_module(path)
        if module.is_record(record):
            return cast("Parser", module.event)
    return None
