"""Google VPC flow logs: LogEntry JSON with `jsonPayload.connection`, of Compute Engine or Network Management.

Sources: https://cloud.google.com/vpc/docs/about-flow-logs-records; exports to BigQuery and Log Analytics,
https://cloud.google.com/logging/docs/export/bigquery; Elastic's, https://www.elastic.co/docs/reference/integrations/gcp/vpcflow. A flow between two machines whose logs are
here is reported by both (`reporter` SRC, DEST). The far end is annotated where the reporter may see it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from exclave.flows.model import Row
from exclave.formats import carried
from exclave.formats.cloudtrail import parse_time
from exclave.formats.rows import unflattened

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping


_PREFIX = re.compile(r"json_?payload[._]", re.IGNORECASE)
_PAYLOADS = ("jsonPayload", "json_payload")
_PARTS = ("connection", "src_instance", "dest_instance", "src_vpc", "dest_vpc", "dest_google_service")
_COUNTED = frozenset({"src_ip", "dest_ip", "bytes_sent"})


def is_record(record: Mapping[str, Any]) -> bool:
    """Whether an object is a flow log's entry, in any of the spellings in which it is stored."""
    connection = payload_of(record).get("connection")
    return isinstance(connection, dict) and ("src_ip" in connection or "dest_ip" in connection)


def is_header(names: Collection[str]) -> bool:
    """Whether names are columns of an export of flow logs."""
    short = {_PREFIX.sub("", name).replace(".", "_") for name in names}
    return {name.removeprefix("connection_") for name in short} >= _COUNTED


def payload_of(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """The flow in an entry: as it is logged, in snake case or as text (a linked dataset), as columns, or as Elastic has it."""
    for key in _PAYLOADS:
        payload = record.get(key)
        if isinstance(payload, str):
            payload = carried.content(payload)
        if isinstance(payload, dict):
            return payload
    if isinstance(record.get("connection"), dict) and "bytes_sent" in record:
        return record
    if isinstance(record.get("gcp"), dict) or any(str(key).startswith("gcp.vpcflow.") for key in record):
        return _of_elastic(unflattened(record))
    return _of_columns(record) if is_header(record) else {}


def _of_columns(record: Mapping[str, Any]) -> Mapping[str, Any]:
    out: dict[str, Any] = {}
    for key, value in record.items():
        if value is None or value == "":
            continue
        name = _PREFIX.sub("", str(key)).replace(".", "_")
        part = next((part for part in _PARTS if name.startswith(f"{part}_")), "")
        if part:
            out.setdefault(part, {})[name.removeprefix(f"{part}_")] = value
        elif name in ("src_ip", "dest_ip"):
            out.setdefault("connection", {})[name] = value
        else:
            out[name] = value
    return out


def _of_elastic(record: Mapping[str, Any]) -> Mapping[str, Any]:
    said, event = _inner(record, "gcp"), _inner(record, "event")
    if "vpcflow" not in said:
        return {}
    out: dict[str, Any] = {"connection": {}, "reporter": _inner(said, "vpcflow").get("reporter")}
    out["start_time"] = event.get("start")
    for theirs, ours in (("source", "src"), ("destination", "dest")):
        end, far = _inner(record, theirs), _inner(said, theirs)
        out["connection"][f"{ours}_ip"] = end.get("ip")
        for part in ("instance", "vpc"):
            out[f"{ours}_{part}"] = {"vm_name": end.get("domain"), **_inner(far, part)}
    return out | {"bytes_sent": _inner(record, "source").get("bytes")}


def _inner(value: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = value.get(key)
    return found if isinstance(found, dict) else {}


def rows(record: Mapping[str, Any]) -> Iterator[Row | None]:
    """The flow of one entry, or None, as other logs give several."""
    yield row(record)


def row(record: Mapping[str, Any]) -> Row | None:
    """The flow of one entry; None if it can't be read."""
    payload = payload_of(record)
    try:
        start = seconds(payload.get("start_time") or record.get("timestamp"))
        size = _count(payload.get("bytes_sent"))
    except (TypeError, ValueError, OverflowError, OSError):
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
        bytes=size,
        service=_text(payload, "dest_google_service", "service_name")
        or _text(payload, "dest_google_service", "type"),
        peer=_producer(payload)
        or _text(payload, "dest_vpc", "project_id")
        or _text(payload, "dest_instance", "project_id"),
        peer_vpc=_network(payload, "dest_vpc"),
        account=project,
        vpc=f"projects/{project}/global/networks/{vpc}" if vpc else "",
        subnet=_text(payload, f"{mine}_vpc", "subnetwork_name"),
        out=out if reporter else None,
    )


def seconds(value: object) -> int:
    """A time as Google writes it (RFC 3339 up to nanoseconds, BigQuery's with `UTC`, or a number), in seconds since the epoch.

    Raises:
        ValueError: it isn't one.
    """
    if isinstance(value, str):
        whole, dot, rest = value.partition(".")
        zone = rest.lstrip("0123456789") if dot else ""
        value = value if whole.isdigit() else whole + zone
    time = parse_time(value)
    if time is None:
        raise ValueError("no time")
    return int(time.timestamp())


def _count(value: object) -> int:
    """A number, which BigQuery and tables write as text or with a fraction.

    Raises:
        ValueError: it isn't one.
    """
    text = str(value or 0)
    return int(text) if text.isdigit() else int(float(text))


def _project(record: Mapping[str, Any]) -> str:
    name = str(record.get("logName") or record.get("log_name") or "").split("/")
    found = _text(record.get("resource"), "labels", "project_id")
    return found or (name[1] if len(name) > 1 and name[0] == "projects" else "")


def _producer(payload: Mapping[str, Any]) -> str:
    """The project whose service a consumer reached by Private Service Connect; the endpoint itself is the consumer's."""
    psc = _inner(payload, "psc")
    return _text(psc, "psc_attachment", "project_id") if psc.get("reporter") == "CONSUMER" else ""


def _network(payload: Mapping[str, Any], key: str) -> str:
    name, project = _text(payload, key, "vpc_name"), _text(payload, key, "project_id")
    return f"projects/{project}/global/networks/{name}" if name and project else ""


def _text(value: object, key: str, inner: str) -> str:
    found = value.get(key) if isinstance(value, dict) else None
    text = found.get(inner) if isinstance(found, dict) else None
    return text if isinstance(text, str) else ""
