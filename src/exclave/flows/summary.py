"""What was found in flow logs as an event, so that the catalogue's entries match it as they match any record.

It is not a format that is read: nothing that stands in a file is ever taken for a summary.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from exclave.model import Actor, Cloud, Event, Evidence

_ACTIONS = {"bulk": "BulkTransfer", "network": "IllicitNetwork", "service": "ServiceTransfer"}


def is_record(_record: Mapping[str, Any]) -> bool:
    """Never: a summary is made by flows/, and what a file claims to be one is not."""
    return False


def event(record: Mapping[str, Any], evidence: Evidence) -> Event:
    """A summary as an event."""
    source = record.get("source")
    where = source if isinstance(source, Mapping) else {}
    address, interface = str(where.get("address", "")), str(where.get("interface", ""))
    account = str(where.get("account", ""))
    cloud = Cloud(str(record.get("cloud", "aws")))
    return Event(
        cloud=cloud,
        log="vpc-flow",
        time=datetime.fromisoformat(str(record["time"])),
        service="vpc-flow",
        action=_ACTIONS.get(str(record.get("kind")), "Flow"),
        actor=Actor(kind="unknown", id=interface or address, name=address, account=account, ip=address),
        account=account,
        region="",
        error="",
        dry_run=False,
        fields=record,
        raw=record,
        evidence=evidence,
    )
