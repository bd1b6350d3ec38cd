"""CloudFront standard logs: tab-separated with a `#Fields` line, and JSON lines.

Source: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logs-reference.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from exclave.formats import cloudtrail
from exclave.formats.damage import Damage
from exclave.model import Actor, Cloud, Event, Evidence

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime


def records(data: bytes) -> Iterator[dict[str, Any] | Damage]:
    """The records of a text log, in order; keys as its `#Fields` line names them."""
    names: list[str] = []
    offset = 0
    for line in data.splitlines(keepends=True):
        text = line.decode("utf-8", "replace").strip("\r\n")
        if text.startswith("#Fields:"):
            names = text.removeprefix("#Fields:").split()
        elif text.strip() and not text.startswith("#"):
            values = text.split("\t")
            if names and len(values) == len(names):
                yield dict(zip(names, values, strict=True))
            else:
                yield Damage(
                    what=f"a line of {len(values)} fields where {len(names)} are named", offset=offset
                )
        offset += len(line)


def is_record(record: Mapping[str, Any]) -> bool:
    """Whether an object is a record of this log."""
    return "cs-method" in record and ("sc-status" in record or "x-edge-location" in record)


def event(record: Mapping[str, Any], evidence: Evidence) -> Event:
    """One record, read. Viewers are anonymous; `account` and `region` are "": the log has neither."""
    status = _text(record, "sc-status")
    failed = _is_failure(status) or _text(record, "x-edge-result-type") == "Error"
    return Event(
        cloud=Cloud.AWS,
        log="cloudfront",
        time=_time(record),
        service="cloudfront.amazonaws.com",
        action=_text(record, "cs-method"),
        actor=Actor(
            kind="anonymous",
            id="anonymous",
            ip=_text(record, "c-ip"),
            agent=unquote(_text(record, "cs(User-Agent)")),
        ),
        account="",
        region="",
        error=(status or "error") if failed else "",
        dry_run=False,
        fields=record,
        raw=record,
        evidence=evidence,
    )


def _is_failure(status: str) -> bool:
    """An HTTP error, or 0: the viewer closed the connection before the response."""
    return status.isdecimal() and (int(status) == 0 or int(status) >= 400)  # noqa: PLR2004 - HTTP


def _time(record: Mapping[str, Any]) -> datetime | None:
    date, time = _text(record, "date"), _text(record, "time")
    if date and time:
        return cloudtrail.parse_time(f"{date}T{time}Z")
    return cloudtrail.parse_time(
        record.get("timestamp(ms)") or record.get("timestamp") or record.get("timestamp_ms")
    )


def _text(record: Mapping[str, Any], name: str) -> str:
    value = record.get(name)
    if isinstance(value, bool | dict | list) or value is None or value == "-":
        return ""
    return str(value)[:4096]
