"""Flow logs for the benchmark: ordinary traffic of a few networks, and one large transfer planted in it.

AWS's are those of `exclave simulate`, with the trail of the breach beside them. The shapes of the others are those of
https://learn.microsoft.com/azure/network-watcher/vnet-flow-logs-overview and
https://cloud.google.com/vpc/docs/about-flow-logs-records; who talks with whom is as in the simulation.
"""

from __future__ import annotations

import json
import shutil
from bisect import bisect
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from random import Random
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import deflate

from exclave.simulate import simulate
from exclave.simulate.network.hosts import FILE_SERVER, Host, Network, Talk, network, visitor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_START = datetime(2026, 3, 2, tzinfo=UTC)
_NETWORKS = 3
_AWS_RECORD, _AZURE_RECORD, _GOOGLE_RECORD = 195, 140, 1_000  # plain bytes of a record, about
_TRAIL = 200  # records of CloudTrail beside the flow logs, so that these are what is measured
_COLLECTOR, _GIB, _BEGAN, _HOURS = "172.29.1.23", 420, 34, 3  # what is planted: to whom, how much, when
_SUBSCRIPTIONS = [f"0f0e0d0c-000{n}-4111-8111-0a0b0c0d0e0f" for n in range(_NETWORKS)]
_PROJECTS = [f"shop-{n}-1234" for n in range(_NETWORKS)]
_FOREIGN = "collector-9876"


@dataclass(frozen=True, slots=True)
class Flow:
    """One record, as one end saw it."""

    host: Host
    source: str
    destination: str
    port: int
    out: bool
    size: int
    time: datetime
    accepted: bool = True


def files(kind: str, plain: int, days: int, folder: Path) -> Iterator[tuple[str, bytes]]:
    """The path and the content of each file of about so many bytes in all; `folder` is for what is made on the way."""
    if kind not in _MAKERS:
        yield from _aws(plain, days, folder)
        return
    make, record = _MAKERS[kind]
    hours = days * 24
    for number in range(_NETWORKS):
        rng = Random(f"{kind} {number} 1")
        others = tuple(n for n in range(_NETWORKS) if n != number)
        # Only the subnets of an account matter to who talks with whom.
        made = network(rng, SimpleNamespace(subnets=("a", "b", "c")), number, others, days)  # type: ignore[arg-type]
        count = plain // _NETWORKS // hours // record
        for hour in range(hours):
            flows = list(_hour(rng, made, hour, count))
            if number == 0 and _BEGAN <= hour < _BEGAN + _HOURS:
                flows += _planted(made, hour)
            yield make(number, _START + timedelta(hours=hour), flows)


def _aws(plain: int, days: int, folder: Path) -> Iterator[tuple[str, bytes]]:
    written = simulate(
        folder / "simulated",
        seed=1,
        records=_TRAIL,
        days=days,
        start=_START,
        accounts=6,
        breaches=("illicit-vpc",),
        flow_records=plain // _AWS_RECORD,
    )
    for path in sorted(written.logs.rglob("*.gz")):
        yield path.relative_to(written.logs).as_posix(), bytes(deflate.gzip_decompress(path.read_bytes()))
    shutil.rmtree(folder / "simulated")


def _hour(rng: Random, made: Network, hour: int, count: int) -> Iterator[Flow]:
    """Records of one hour of ordinary traffic."""
    began = _START + timedelta(hours=hour)
    live = [
        t
        for t in made.talks
        if max(t.host.from_hour, t.from_hour) <= hour and (not t.hours or hour % 24 in t.hours)
    ]
    weights = list(accumulate(t.weight for t in live))
    for _ in range(count):
        talk = live[bisect(weights, rng.random() * weights[-1])]
        size = int(talk.size * rng.lognormvariate(0, 0.6)) + 40
        yield _flow(rng, talk, size, began + timedelta(seconds=rng.randrange(3540)))


def _flow(rng: Random, talk: Talk, size: int, time: datetime) -> Flow:
    ends = [end or visitor(rng.random()) for end in (talk.source, talk.destination)]
    return Flow(talk.host, ends[0], ends[1], talk.port, talk.out, size, time, talk.accepted)


def _planted(made: Network, hour: int) -> list[Flow]:
    host = made.hosts[FILE_SERVER]
    each = int(_GIB * (1 << 30) / _HOURS / 60)
    return [
        Flow(host, host.address, _COLLECTOR, 445, True, each, _START + timedelta(hours=hour, minutes=minute))
        for minute in range(60)
    ]


def _azure(number: int, hour: datetime, flows: list[Flow]) -> tuple[str, bytes]:
    """A blob of an hour: a record for each interface, where Azure would write a blob for each."""
    subscription = _SUBSCRIPTIONS[number]
    watcher = f"/SUBSCRIPTIONS/{subscription.upper()}/RESOURCEGROUPS/NETWORKWATCHERRG/PROVIDERS/MICROSOFT.NETWORK/NETWORKWATCHERS/NETWORKWATCHER_WESTEUROPE/FLOWLOGS/VNET{number}"
    target = f"/subscriptions/{subscription}/resourceGroups/rg-net/providers/Microsoft.Network/virtualNetworks/vnet{number}"
    by_host: dict[Host, list[Flow]] = defaultdict(list)
    for flow in flows:
        by_host[flow.host].append(flow)
    records = [
        {
            "time": f"{hour + timedelta(minutes=1):%Y-%m-%dT%H:%M:%S}.4567890Z",
            "flowLogVersion": 4,
            "flowLogGUID": subscription[:-4] + "beef",
            "macAddress": host.interface[-12:].upper(),
            "category": "FlowLogFlowEvent",
            "flowLogResourceID": watcher,
            "targetResourceID": target,
            "operationName": "FlowLogFlowEvent",
            "flowRecords": {
                "flows": [
                    {
                        "aclID": subscription[:-4] + "cafe",
                        "flowGroups": [
                            {"rule": "DefaultRule_AllowVnetOutBound", "flowTuples": [_tuple(f) for f in seen]}
                        ],
                    }
                ]
            },
        }
        for host, seen in by_host.items()
    ]
    log = f"{subscription.upper()}_NETWORKWATCHERRG/NETWORKWATCHER_WESTEUROPE_VNET{number}-RG-NET-FLOWLOGS"
    key = f"flowLogResourceID=/{log}/y={hour:%Y}/m={hour:%m}/d={hour:%d}/h={hour:%H}/m=00/PT1H.json.gz"
    return f"insights-logs-flowlogflowevent/{key}", json.dumps({"records": records}).encode()


def _tuple(flow: Flow) -> str:
    way, state = "O" if flow.out else "I", "E" if flow.accepted else "D"
    millis = int(flow.time.timestamp() * 1000) + 123
    answer = flow.size // 60
    counts = (
        f"{flow.size // 1400 + 1},{flow.size},{answer // 1400 + 1},{answer}" if flow.accepted else "0,0,0,0"
    )
    return f"{millis},{flow.source},{flow.destination},{40_000 + flow.size % 20_000},{flow.port},6,{way},{state},NX,{counts}"


def _google(number: int, hour: datetime, flows: list[Flow]) -> tuple[str, bytes]:
    """A file of an hour, as a sink to Cloud Storage writes it."""
    project = _PROJECTS[number]
    lines = [json.dumps(_entry(project, flow)) for flow in flows if flow.accepted]
    name = f"compute.googleapis.com/vpc_flows/{hour:%Y/%m/%d/%H}:00:00_{hour:%H}:59:59_S0_{number}.json.gz"
    return name, ("\n".join(lines) + "\n").encode()


def _entry(project: str, flow: Flow) -> dict[str, Any]:
    first, last = (
        f"{time:%Y-%m-%dT%H:%M:%S}.123456789Z" for time in (flow.time, flow.time + timedelta(seconds=5))
    )
    mine, theirs = ("src", "dest") if flow.out else ("dest", "src")
    far = flow.destination if flow.out else flow.source
    payload: dict[str, Any] = {
        "bytes_sent": str(flow.size),
        "packets_sent": str(flow.size // 1400 + 1),
        "connection": {
            "src_ip": flow.source,
            "dest_ip": flow.destination,
            "src_port": 40_000 + flow.size % 20_000,
            "dest_port": flow.port,
            "protocol": 6,
        },
        "start_time": first,
        "end_time": last,
        "reporter": "SRC" if flow.out else "DEST",
        f"{mine}_instance": {
            "project_id": project,
            "region": "europe-west3",
            "vm_name": f"vm-{flow.host.interface[-8:]}",
            "zone": "europe-west3-a",
        },
        f"{mine}_vpc": {"project_id": project, "vpc_name": "main", "subnetwork_name": flow.host.subnet},
    }
    owner = _FOREIGN if far == _COLLECTOR else ""
    if far.startswith("10.") and 0 <= (at := int(far.split(".")[1]) - 16) < _NETWORKS:
        owner = _PROJECTS[at]
    if owner:
        payload[f"{theirs}_vpc"] = {"project_id": owner, "vpc_name": "main", "subnetwork_name": "s"}
    elif not far.startswith(("10.", "172.", "192.168.")):
        payload[f"{theirs}_location"] = {"asn": 3320, "continent": "Europe", "country": "deu"}
    return {
        "insertId": flow.host.interface[4:],
        "jsonPayload": payload,
        "logName": f"projects/{project}/logs/compute.googleapis.com%2Fvpc_flows",
        "receiveTimestamp": last,
        "resource": {
            "type": "gce_subnetwork",
            "labels": {
                "location": "europe-west3-a",
                "project_id": project,
                "subnetwork_id": "4711",
                "subnetwork_name": flow.host.subnet,
            },
        },
        "timestamp": last,
    }


_MAKERS: dict[str, tuple[Callable[[int, datetime, list[Flow]], tuple[str, bytes]], int]] = {
    "flows-azure": (_azure, _AZURE_RECORD),
    "flows-google": (_google, _GOOGLE_RECORD),
}
