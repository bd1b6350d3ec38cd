"""AWS flow logs whose every record names its fields: rows of a table, objects of JSON lines, Security Lake's.

Athena, warehouses and SIEMs write the fields so, each in a spelling of its own (`srcaddr`, `srcAddr`, `SrcAddr`,
`sourceaddress`). They are written as lines again, which one reader sums. Sources: AWS's tables for Athena,
https://docs.aws.amazon.com/athena/latest/ug/vpc-flow-logs.html, Panther's schema,
https://docs.panther.com/data-onboarding/supported-logs/aws, Sentinel's AWSVPCFlow,
https://learn.microsoft.com/azure/azure-monitor/reference/tables/awsvpcflow, OCSF's class 4001 as Security Lake writes
it, https://schema.ocsf.io/classes/network_activity and https://github.com/ocsf/examples (AWS, VPC Flow), and Elastic's,
https://www.elastic.co/docs/reference/integrations/aws/vpcflow.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from exclave.flows import carriers, tables
from exclave.flows.aws import MEANT
from exclave.formats.cloudtrail import parse_time
from exclave.formats.rows import unflattened

if TYPE_CHECKING:
    from exclave.formats.damage import Damage
    from exclave.sources.blob import Blob

_SPELT = {
    name.replace("-", ""): meant for meant, names in MEANT.items() if not meant.endswith("_near") for name in names
} | {
    "account": "account", "sourceaddress": "src", "destinationaddress": "dst", "numbytes": "bytes", "starttime": "start",
}  # fmt: skip
_BETTER = frozenset(
    {"pktsrcaddr", "pktdstaddr"}
)  # the packets' own addresses, not those of a gateway between
# where it stands in a record of Security Lake's, and in Elastic's; the first that is there
OCSF = {
    "src": ("src_endpoint.ip",), "dst": ("dst_endpoint.ip",), "bytes": ("traffic.bytes",),
    "interface": ("src_endpoint.interface_uid", "dst_endpoint.interface_uid"),
    "vpc": ("src_endpoint.vpc_uid", "dst_endpoint.vpc_uid"),
    "subnet": ("src_endpoint.subnet_uid", "dst_endpoint.subnet_uid"),
    "account": ("cloud.account.uid", "cloud.account_uid"), "start": ("start_time", "time"),
    "service": ("dst_endpoint.svc_name",), "direction": ("connection_info.direction",),
    "action": ("action", "disposition"),
}  # fmt: skip
_ELASTIC = {
    "src": ("aws.vpcflow.pkt_srcaddr", "source.ip"), "dst": ("aws.vpcflow.pkt_dstaddr", "destination.ip"),
    "bytes": ("source.bytes", "network.bytes"),
    "interface": ("aws.vpcflow.interface_id",), "vpc": ("aws.vpcflow.vpc_id",), "subnet": ("aws.vpcflow.subnet_id",),
    "account": ("aws.vpcflow.account_id", "cloud.account.id"), "start": ("event.start",),
    "service": ("aws.vpcflow.pkt_dst_service", "aws.vpcflow.pkt_dst_aws_service"),
    "direction": ("aws.vpcflow.flow_direction", "network.direction"), "action": ("aws.vpcflow.action",),
}  # fmt: skip
WAYS = {"outbound": "egress", "egress": "egress", "inbound": "ingress", "ingress": "ingress"}
_SEPARATORS = re.compile(r"[-_ ]")
_CELL_END = re.compile(r"\s")  # what would end a field among those of a line
_KEY = re.compile(
    rb'"((?:pkt[-_]?)?(?:src|dst)[-_]?addr|(?:source|destination)address|(?:num)?bytes)"\s*:', re.IGNORECASE
)
_MARKS = (
    (b'"class_uid"', b'"src_endpoint"', b'"traffic"', b'"Amazon VPC"'),
    (b"vpcflow", b"source", b"destination", b"bytes"),
)
_NEEDED = frozenset({"src", "dst", "bytes"})
BLOCKED = frozenset({"reject", "blocked", "denied", "deny"})


def read(blob: Blob) -> Iterator[tables.Piece]:
    """The records of a file, some of them at a time."""
    return tables.read(blob, is_record, is_header)


def is_objects(head: bytes) -> bool:
    """Whether the beginning of JSON is of a record with named fields: the record's own names, not what stands deeper."""
    if not any(all(mark in head for mark in marks) for marks in _MARKS):
        said = {_SPELT.get(_plain(found.decode())) for found in _KEY.findall(head)}
        if not said >= _NEEDED:
            return False
    return isinstance(next(objects(head), None), Mapping)


def separator(line: bytes) -> str:
    """What separates the cells of a first line that names a flow log's fields; "" for another line."""
    return tables.separator(line, is_header)


def is_header(names: Collection[str]) -> bool:
    """Whether names are those of a flow log's fields."""
    return {_SPELT.get(_plain(name)) for name in names} >= _NEEDED


def objects(piece: bytes) -> Iterator[Mapping[str, Any] | Damage]:
    """The records in a piece of JSON, out of what holds them; what is none, as Damage."""
    return carriers.objects(piece, is_record)


def is_record(value: Mapping[str, Any]) -> bool:
    """Whether an object is a record that names its fields."""
    if "src_endpoint" in value:
        return "traffic" in value
    if _is_elastic(value):
        return True
    return {_SPELT.get(_plain(str(k))) for k in value} >= _NEEDED


def lines(records: Iterable[Mapping[str, Any]]) -> bytes:
    """Records as the lines of a flow log, the first of which names the fields that any of them has."""
    read = [meant(record) for record in records]
    names = [name for name in MEANT if any(name in row for row in read)]
    if not names:
        return b""
    head = " ".join(MEANT[name][-1] for name in names)
    body = (" ".join(_CELL_END.sub("", row.get(name, "-")) or "-" for name in names) for row in read)
    return "\n".join((head, *body, "")).encode("utf-8", "replace")


def meant(record: Mapping[str, Any]) -> dict[str, str]:
    """A record's values by what they mean (aws.MEANT), as a flow log writes them."""
    if "src_endpoint" in record:
        return _of_paths(record, OCSF)
    if _is_elastic(record):
        return _of_paths(unflattened(record), _ELASTIC)
    out: dict[str, str] = {}
    better: set[str] = set()
    for key, value in record.items():
        plain = _plain(str(key))
        name = _SPELT.get(plain)
        text = _text(value)
        if name is None or text in ("", "-") or name in better:
            continue
        if plain in _BETTER:
            better.add(name)
        out[name] = _seconds(text) if name == "start" else text
    return out


def _is_elastic(record: Mapping[str, Any]) -> bool:
    aws = record.get("aws")
    return (isinstance(aws, Mapping) and "vpcflow" in aws and isinstance(record.get("source"), Mapping)) or (
        "source.ip" in record and any(str(key).startswith("aws.vpcflow.") for key in record)
    )


def _of_paths(record: Mapping[str, Any], paths: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    found = {
        name: next((t for p in places if (t := _text(_at(record, p))) not in ("", "-")), "")
        for name, places in paths.items()
    }
    out = {name: text for name, text in found.items() if text}
    out["direction"] = WAYS.get(found["direction"].lower(), "-")
    out["action"] = "REJECT" if found["action"].lower() in BLOCKED else "ACCEPT"
    return out | {"start": _seconds(out.get("start", ""))}


def _at(value: Any, path: str) -> Any:
    for step in path.split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def _plain(key: str) -> str:
    return _SEPARATORS.sub("", key.rpartition(".")[2]).lower()


def _text(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)[:256]


def _seconds(text: str) -> str:
    time = parse_time(text)
    return str(int(time.timestamp())) if time else text
