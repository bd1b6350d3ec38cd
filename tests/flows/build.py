"""Flow logs in small: records as each provider writes them, and a hunt's worth of totals."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from exclave.flows import Collector, Gatherer
from exclave.flows.aws import DEFAULT
from exclave.model import Actor, Cloud, Destination, Evidence, Resource, Signal, SignalKind
from exclave.sources.blob import Blob

if TYPE_CHECKING:
    from exclave.flows.model import Totals

START = 1772409600  # 2026-03-02 00:00 UTC
GIB = 1 << 30
ACCOUNT = "123456789012"
WIDE = (*DEFAULT, "vpc-id", "pkt-srcaddr", "pkt-dstaddr", "pkt-dst-aws-service", "flow-direction")


def line(src, dst, size, *, hour=0.0, eni="eni-0a1b2c3d", action="ACCEPT", account=ACCOUNT):
    """A record of the default format."""
    at = int(START + hour * 3600)
    return f"2 {account} {eni} {src} {dst} 40000 443 6 10 {size} {at} {at + 59} {action} OK"


def wide(src, dst, size, *, vpc="vpc-1", service="-", out=True, **more):
    """A record of WIDE."""
    return f"{line(src, dst, size, **more)} {vpc} {src} {dst} {service} {'egress' if out else 'ingress'}"


def blob(text, name="flows.log"):
    data = text if isinstance(text, bytes) else text.encode()
    return Blob(name=name, data=data, packed=len(data))


def text(lines, names=None):
    head = [" ".join(names)] if names else []
    return "\n".join([*head, *lines]) + "\n"


def gathered(*blobs, fast=True, **more):
    gatherer = Gatherer(fast=fast, **more)
    for one in blobs:
        assert gatherer.take(one), f"{one.name} is no flow log"
    return gatherer.done()


def totals(*blobs, fast=True, floor=1) -> Totals:
    with Collector() as collector:
        collector.add(gathered(*blobs, fast=fast).parts)
        return collector.totals(floor)


def sums(found: Totals) -> dict[tuple[str, str], int]:
    return {(p.src, p.dst): p.bytes for p in found.pairs}


def vnet(
    tuples,
    *,
    mac="00224871C205",
    target="/subscriptions/S1/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/v1",
):
    record = {
        "time": "2026-03-02T00:00:52.5Z",
        "flowLogVersion": 4,
        "macAddress": mac,
        "category": "FlowLogFlowEvent",
        "targetResourceID": target,
        "flowRecords": {"flows": [{"aclID": "a", "flowGroups": [{"rule": "r", "flowTuples": tuples}]}]},
    }
    return json.dumps({"records": [record]})


def nsg(tuples, version=2):
    record = {
        "time": "2026-03-02T00:00:52.5Z",
        "systemId": "s",
        "macAddress": "000D3AF87856",
        "category": "NetworkSecurityGroupFlowEvent",
        "resourceId": "/SUBSCRIPTIONS/S1/RESOURCEGROUPS/RG/PROVIDERS/MICROSOFT.NETWORK/NETWORKSECURITYGROUPS/N",
        "properties": {
            "Version": version,
            "flows": [{"rule": "r", "flows": [{"mac": "0", "flowTuples": tuples}]}],
        },
    }
    return json.dumps({"records": [record]})


def google(src, dst, size, *, hour=0, reporter="SRC", peer="", service=""):
    time = datetime.fromtimestamp(START + hour * 3600, UTC).strftime("%Y-%m-%dT%H:%M:%S.123456789Z")
    payload = {
        "connection": {"src_ip": src, "dest_ip": dst, "src_port": 1, "dest_port": 443, "protocol": 6},
        "bytes_sent": str(size),
        "packets_sent": "3",
        "start_time": time,
        "end_time": time,
        "reporter": reporter,
        "src_instance": {"project_id": "our-project", "vm_name": "vm1"},
        "src_vpc": {"project_id": "our-project", "vpc_name": "n1", "subnetwork_name": "s1"},
    }
    if peer:
        payload["dest_vpc"] = {"project_id": peer, "vpc_name": "x", "subnetwork_name": "y"}
    if service:
        payload["dest_google_service"] = {"type": "GOOGLE_API", "service_name": service}
    return {
        "insertId": "1",
        "logName": "projects/our-project/logs/compute.googleapis.com%2Fvpc_flows",
        "timestamp": time,
        "resource": {"type": "gce_subnetwork", "labels": {"project_id": "our-project"}},
        "jsonPayload": payload,
    }


def signal(
    action, source, *, kind="vpc", facts=(), destination=None, hour=0.0, failed=False, cloud=Cloud.AWS
):
    return Signal(
        method="aws.vpc.create",
        signal=SignalKind.NETWORK_CHANGE,
        time=datetime.fromtimestamp(START + hour * 3600, UTC),
        cloud=cloud,
        account=ACCOUNT,
        region="eu-west-1",
        action=action,
        actor=Actor(kind="role", id="arn:thief", name="thief"),
        source=Resource(kind=kind, id=source),
        destination=destination,
        evidence=Evidence(file="trail", record=1),
        failed=failed,
        facts=tuple(facts),
    )


def account(identifier) -> Destination:
    from exclave.model import Kind

    return Destination(kind=Kind.ACCOUNT, id=identifier)
