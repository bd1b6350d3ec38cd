"""Google VPC flow logs: LogEntry JSON with `jsonPayload.connection`, of Compute Engine or Network Management.

Source: https://cloud.google.com/vpc/docs/about-flow-logs-records. A flow between two machines whose logs are
here is reported by both (`reporter` SRC, DEST). The far end is annotated where the reporter may see it.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from exclave.flows.model import Row

if TYPE_CHECKING:
    from collections.abc import Mapping


def is_record(record: Mapping[str, Any]) -> bool:
    """Whether an object is a flow log's entry."""
    payload = record.get("jsonPayload")
    connection = payload.get("connection") if isinstance(payload, dict) else None
    return isinstance(connection, dict) and ("src_ip" in connection or "dest_ip" in connection)


def row(record: Mapping[str, Any]) -> Row | None:
    """The flow of one entry; None if it can't be read."""
    payload = record["jsonPayload"]
    try:
        start = seconds(payload.get("start_time") or record.get("timestamp"))
        end = seconds(payload.get("end_time") or payload.get("start_time") or record.get("timestamp"))
        size, packets = int(payload.get("bytes_sent") or 0), int(payload.get("packets_sent") or 0)
    except (TypeError, ValueError, OverflowError):
        return None
    src, dst = (str(payload["connection"].get(k) or "") for k in ("src_ip", "dest_ip"))
    if not src or not dst:
        return None
    reporter = str(payload.get("reporter") or "")
    out = reporter.startswith("SRC")
    mine = "src" if out else "dest"
    vm, vpc = _text(payload, f"{mine}_instance", "vm_name"), _text(payload, f"{mine}_vpc", "vpc_name")
    project = _text(payload, f"{mine}_vpc", "project_id") or _project(record)
    return Row(
        interface=f"{reporter} {vm or (src if out else dst)}",
        src=src,
        dst=dst,
        start=start,
        end=end,
        bytes=size,
        packets=packets,
        service=_text(payload, "dest_google_service", "service_name")
        or _text(payload, "dest_google_service", "type"),
        peer=_text(payload, "dest_vpc", "project_id") or _text(payload, "dest_instance", "project_id"),
        peer_vpc=_network(payload, "dest_vpc"),
        account=project,
        vpc=f"projects/{project}/global/networks/{vpc}" if vpc else "",
        subnet=_text(payload, f"{mine}_vpc", "subnetwork_name"),
        out=out if reporter else None,
    )


def seconds(text: object) -> int:
    """A time as Google writes it (RFC 3339, up to nanoseconds), in seconds since the epoch.

    Raises:
        ValueError: it isn't one.
    """
    if not isinstance(text, str):
        raise ValueError("no time")  # noqa: TRY004
    whole, dot, rest = text.partition(".")
    zone = rest.lstrip("0123456789") if dot else ""
    return int(datetime.fromisoformat(whole + zone).timestamp())


def _project(record: Mapping[str, Any]) -> str:
    name = str(record.get("logName") or "").split("/")
    found = _text(record.get("resource"), "labels", "project_id")
    return found or (name[1] if len(name) > 1 and name[0] == "projects" else "")


def _network(payload: Mapping[str, Any], key: str) -> str:
    name, project = _text(payload, key, "vpc_name"), _text(payload, key, "project_id")
    return f"projects/{project}/global/networks/{name}" if name and project else ""


def _text(value: object, key: str, inner: str) -> str:
    found = value.get(key) if isinstance(value, dict) else None
    text = found.get(inner) if isinstance(found, dict) else None
    return text if isinstance(text, str) else ""
