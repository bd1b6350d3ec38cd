"""What an intruder does with the provider's internal address space, and what ordinary networks do: each case has its label.

A case is the flow logs of two days, what the control plane's logs say, and who is ours. It is told of where a finding at
medium or above names the destination.
"""

from __future__ import annotations

import functools
import json
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

import pytest

from exclave.catalogue.loader import load
from exclave.correlate.report import report
from exclave.detect.flowing import found
from exclave.detect.result import ScanResult
from exclave.flows import Collector
from exclave.model import Cloud, Destination, Kind, Severity, Signal, Transfer, Verdict
from exclave.perimeter import Entry, EntryKind, Perimeter
from tests.flows.build import (
    ACCOUNT,
    GIB,
    START,
    WIDE,
    account,
    blob,
    gathered,
    google,
    signal,
    text,
    vnet,
    wide,
)
from tests.flows.test_shapes import TRANSIT, analytics, as_lines, transit

if TYPE_CHECKING:
    from collections.abc import Callable

A, B, DB = "10.0.1.5", "10.0.2.6", "10.0.3.7"
ENI_A, ENI_B, ENI_DB, ENI_NEW = "eni-0a1b2c3d", "eni-0b2c3d4e", "eni-0c3d4e5f", "eni-0d4e5f6a"
THEIRS, OTHER = "111122223333", "210987654321"  # somebody's account, and a second one of ours
NEW = "172.29.1.4"
HOURS = 48


class Case(NamedTuple):
    """`content`: flow logs; `signals`: what the control plane says; `ours`: what the perimeter lists."""

    content: str
    signals: tuple[Signal, ...] = ()
    ours: tuple[tuple[EntryKind, str], ...] = ()
    accounts: tuple[str, ...] = (ACCOUNT,)


def flow(src, dst, gib, hour=30.0, eni=ENI_A, **more):
    return wide(src, dst, int(gib * GIB), hour=hour, eni=eni, **more)


def passed(src, dst, gib, hour=30.0, *, out=False):
    """A record of a gateway's interface, whose own address is neither end of the packets."""
    cells = flow(src, dst, gib, hour, "eni-0e0e0e0e", out=out).split(" ")
    cells[3 if out else 4] = "10.0.1.200"
    return " ".join(cells)


def spread(src, dst, gib, first, last, every=1.0, **more):
    """As much in all, in as many records."""
    count = int((last - first) / every)
    return [flow(src, dst, gib / count, hour=first + n * every, **more) for n in range(count)]


def usual(hours=HOURS):
    lines = []
    for hour in range(hours):
        lines += [flow(A, B, 1, hour), flow(A, B, 1, hour, ENI_B, out=False)]
        lines += [flow(B, DB, 0.25, hour, ENI_B), flow(B, DB, 0.25, hour, ENI_DB, out=False)]
    return lines


def aws(*lines, signals=(), ours=(), accounts=(ACCOUNT,), names=WIDE, hours=HOURS) -> Case:
    return Case(text([*usual(hours), *lines], names), tuple(signals), tuple(ours), accounts)


def made(name="vpc-9", range_="172.29.0.0/16", hour=29.0, action="ec2.amazonaws.com:CreateVpc", **more):
    return signal(action, name, facts=[("range", range_)], hour=hour, **more)


def peered(to=THEIRS, vpc="vpc-1", hour=28.0):
    action = "ec2.amazonaws.com:CreateVpcPeeringConnection"
    return signal(
        action, "pcx-1", kind="vpc-peering", facts=[("vpc", vpc)], destination=account(to), hour=hour
    )


def routed(range_="172.29.0.0/16", way=("peering", "pcx-1"), hour=28.5):
    return signal(
        "ec2.amazonaws.com:CreateRoute",
        "rtb-1",
        kind="route-table",
        facts=[("range", range_), way],
        hour=hour,
    )


def attached(to=THEIRS):
    action = "ec2.amazonaws.com:AcceptTransitGatewayVpcAttachment"
    return signal(
        action, "tgw-attach-9", kind="attachment", facts=[("gateway", "tgw-1")], destination=account(to)
    )


def gcp(*entries, signals=(), usual_project="our-project") -> Case:
    lines = [google("10.0.1.5", "10.0.2.6", GIB, hour=h, peer=usual_project) for h in range(HOURS)]
    return Case("\n".join(map(json.dumps, [*lines, *entries])), tuple(signals))


THEIR_SERVICE = Destination(kind=Kind.UNKNOWN, id="com.amazonaws.vpce.eu-west-1.vpce-svc-0123456789abcdef0")


def endpoint(to):
    facts = [("interfaces", f"eni-0999,{ENI_NEW}")]
    return signal("ec2.amazonaws.com:CreateVpcEndpoint", "vpc-1", facts=facts, destination=to, hour=29)


OURS_SUB = "0f0e0d0c-0000-4111-8111-0a0b0c0d0e0f"
THEIR_SUB = "99990d0c-0000-4111-8111-0a0b0c0d0e0f"
VNET = f"/subscriptions/{OURS_SUB}/resourcegroups/rg/providers/microsoft.network/virtualnetworks/"


def azure_tuples(*tuples, signals=(), ours=()) -> Case:
    lines = [f"{START + h * 3600}000,{A},{B},1,443,6,O,C,NX,9,{GIB},9,{GIB // 100}" for h in range(HOURS)]
    return Case(vnet([*lines, *tuples], target=f"{VNET}main"), tuple(signals), tuple(ours))


def to_azure(dst, gib, hour=30, back=0.0, way="O"):
    return f"{START + hour * 3600}000,{A},{dst},1,443,6,{way},C,X,9,{int(gib * GIB)},9,{int(back * GIB)}"


def azure_rows(*rows, signals=(), ours=()) -> Case:
    return Case(
        as_lines([*(row_at(A, B, 1, h, OURS_SUB, "rg/main/s2") for h in range(HOURS)), *rows]),
        tuple(signals),
        tuple(ours),
    )


def row_at(src, dst, gib, hour, sub, subnet):
    time = f"2026-03-{2 + hour // 24:02}T{hour % 24:02}:00:00Z"
    row = analytics(src, dst, int(gib * GIB), DestSubscription=sub, DestSubnet=subnet, SrcSubnet="rg/main/s1")
    return {**row, "FlowStartTime": time, "FlowEndTime": time}


def azure_signal(action, source, *, facts=(), to="", hour=28.0, kind="azure-vnet"):
    whom = Destination(kind=Kind.SUBSCRIPTION, id=to, cloud=Cloud.AZURE) if to else None
    return signal(action, source, kind=kind, facts=facts, destination=whom, hour=hour, cloud=Cloud.AZURE)


def gcp_signal(action, source, *, facts=(), to="", hour=28.0):
    whom = Destination(kind=Kind.PROJECT, id=to, cloud=Cloud.GCP) if to else None
    return signal(
        action, source, kind="gcp-network", facts=facts, destination=whom, hour=hour, cloud=Cloud.GCP
    )


def tgw(*rows) -> Case:
    lines = [transit(A, DB, GIB, far=OTHER, hour=h) for h in range(HOURS)]
    return Case(text([*lines, *rows], TRANSIT), accounts=(ACCOUNT, OTHER))


def psc(entry, **more):
    entry["jsonPayload"]["psc"] = {"reporter": "CONSUMER", **more}
    return entry


INTRUDER: dict[str, Callable[[], Case]] = {
    # -- to a network of somebody else's, which the control plane or the log names
    "a peered VPC, over a route": lambda: aws(flow(A, NEW, 2), signals=[peered(), routed()]),
    "a peered VPC whose range lies in ours": lambda: aws(
        flow(A, "10.0.200.4", 2), signals=[peered(), routed("10.0.200.0/24")]),
    "a peered VPC, over a route of one address": lambda: aws(
        flow(A, "10.0.2.99", 2), signals=[peered(), routed("10.0.2.99/32")]),
    "a peered VPC, over a route that covers all private addresses": lambda: aws(
        flow(A, NEW, 2), signals=[peered(), routed("172.16.0.0/12")]),
    "a peered VPC since the first hour": lambda: aws(flow(A, NEW, 2, hour=0.5), signals=[peered(hour=0.1), routed(hour=0.2)]),
    "a peered VPC, over IPv6": lambda: aws(
        flow(A, "2600:1f18:9:1::4", 2), signals=[peered(), routed("2600:1f18:9::/56")]),
    "a peered VPC of unique local addresses": lambda: aws(flow(A, "fd12:9::4", 40)),
    "a peered VPC that pulls": lambda: aws(*spread(A, NEW, 40, 30, 31, 0.1), *spread(NEW, A, 0.4, 30, 31, 0.1, out=False)),
    "a peering to an account whose range is not told: new and large": lambda: aws(flow(A, NEW, 40), signals=[peered()]),
    "a shared subnet of another account": lambda: aws(
        flow(A, "10.0.9.9", 2), flow(A, "10.0.9.9", 2, eni=ENI_NEW, out=False, account=THEIRS)),
    "only the receiver's log, in another account": lambda: aws(
        flow("10.0.9.8", "10.0.9.9", 2, eni=ENI_NEW, out=False, account=THEIRS)),
    "a transit gateway that names the account": lambda: tgw(transit(A, NEW, 2 * GIB, hour=30)),
    "a transit gateway, at the other attachment": lambda: tgw(
        transit(A, NEW, 2 * GIB, hour=30, way="egress", attachment="tgw-attach-0b2")),
    "a transit gateway that both ends use": lambda: tgw(
        transit(A, NEW, 2 * GIB, hour=30), transit(NEW, A, GIB, mine=THEIRS, far=ACCOUNT, hour=30)),
    "a transit gateway's attachment, by its route": lambda: aws(
        flow(A, NEW, 2), signals=[attached(), routed(way=("gateway", "tgw-1"))]),
    "Shared VPC: a project that is not ours": lambda: gcp(google("10.0.1.5", "10.7.0.9", 2 * GIB, hour=30, peer="elsewhere-1")),
    "a Google network that only the new range tells": lambda: gcp(google("10.0.1.5", "172.29.1.4", 40 * GIB, hour=30)),
    "a Google network peered, by its receiver's log": lambda: gcp(
        google("10.0.1.5", "10.7.0.9", 2 * GIB, hour=30, peer="elsewhere-1", reporter="DEST")),
    "Private Service Connect: the attachment's project": lambda: gcp(
        psc(google("10.0.1.5", "10.0.2.200", 2 * GIB, hour=30), psc_attachment={"project_id": "elsewhere-1"})),
    "VNet peering into another subscription, as traffic analytics says": lambda: azure_rows(
        row_at(A, NEW, 2, 30, THEIR_SUB, "rg9/v9/s9")),
    "the same within our own range": lambda: azure_rows(row_at(A, "10.0.2.77", 2, 30, THEIR_SUB, "rg9/v9/s9")),
    "VNet peering, new range, raw logs": lambda: azure_tuples(to_azure(NEW, 40)),
    "VNet peering, and the other side asks for the data": lambda: azure_tuples(
        f"{START + 30 * 3600}000,{NEW},{A},1,443,6,I,C,NX,9,{GIB // 50},9,{40 * GIB}"),
    "a PrivateLink endpoint to somebody's service": lambda: aws(
        flow(A, "10.0.1.99", 2), flow(A, "10.0.1.99", 2, eni=ENI_NEW, out=False), signals=[endpoint(THEIR_SERVICE)]),
    "a Private Service Connect endpoint, by its address": lambda: gcp(
        google("10.0.1.5", "10.0.2.200", 2 * GIB, hour=30),
        signals=[gcp_signal("compute.googleapis.com:v1.compute.forwardingRules.insert", "projects/our-project/regions/r/forwardingRules/f",
                            facts=[("addresses", "10.0.2.200")], to="elsewhere-1")]),
    "VNet peering into another subscription, by the addresses it names": lambda: azure_tuples(
        to_azure("10.8.1.9", 2),
        signals=[azure_signal("microsoft.network/virtualnetworks/virtualnetworkpeerings/write", f"{VNET}main",
                              facts=[("peering", "p"), ("addresses", "10.8.0.0/16,10.9.0.0/16")], to=THEIR_SUB)]),
    "a private endpoint to somebody's storage, by its address": lambda: azure_tuples(
        to_azure("10.0.2.200", 2),
        signals=[azure_signal("microsoft.network/privateendpoints/write", "pe", facts=[("addresses", "10.0.2.200")], to=THEIR_SUB)]),
    # -- to a network that was made within the logs, in our own account
    "a new VPC": lambda: aws(flow(A, NEW, 2), signals=[made()]),
    "a new VPC by its own flow logs": lambda: aws(
        flow(A, "10.99.1.9", 2), flow(A, "10.99.1.9", 2, vpc="vpc-9", eni=ENI_NEW, out=False), signals=[made(range_="")]),
    "a new VPC whose second range receives": lambda: aws(
        flow(A, "10.200.1.4", 2),
        signals=[made(), made(range_="10.200.0.0/16", hour=29.2, action="ec2.amazonaws.com:AssociateVpcCidrBlock")]),
    "a new default VPC": lambda: aws(
        flow(A, "172.31.1.4", 2), flow(A, "172.31.1.4", 2, vpc="vpc-9", eni=ENI_NEW, out=False),
        signals=[signal("ec2.amazonaws.com:CreateDefaultVpc", "vpc-9", hour=29)]),
    "a new VPC over IPv6": lambda: aws(flow(A, "2600:1f18:9:1::4", 2), signals=[made(range_="2600:1f18:9::/56")]),
    "a new VPC that is deleted afterwards": lambda: aws(
        flow(A, NEW, 2), signals=[made(), signal("ec2.amazonaws.com:DeleteVpc", "vpc-9", hour=33)]),
    "a new VPC in a second account of ours": lambda: aws(
        flow(A, NEW, 2), flow(A, NEW, 2, vpc="vpc-9", eni=ENI_NEW, out=False, account=OTHER),
        signals=[made()], accounts=(ACCOUNT, OTHER)),
    "a new VPC that a source of a second account fills": lambda: aws(
        flow("10.5.0.4", NEW, 2, eni=ENI_NEW, account=OTHER), signals=[made()], accounts=(ACCOUNT, OTHER)),
    "a new VPC, and no CreateVpc in the logs": lambda: aws(
        flow(A, "10.99.1.9", 40), flow(A, "10.99.1.9", 40, vpc="vpc-9", eni=ENI_NEW, out=False)),
    "a new network on Google": lambda: gcp(
        google("10.0.1.5", "10.128.0.9", 2 * GIB, hour=30, peer="our-project"),
        signals=[gcp_signal("compute.googleapis.com:v1.compute.networks.insert", "projects/our-project/global/networks/x")]),
    "a new network on Azure": lambda: azure_tuples(
        to_azure(NEW, 2), signals=[azure_signal("microsoft.network/virtualnetworks/write", f"{VNET}new", facts=[("addresses", "172.29.0.0/16")])]),
    "a new network on Azure, as traffic analytics says": lambda: azure_rows(
        row_at(A, "10.0.77.4", 2, 30, OURS_SUB, "rg/new/s1"),
        signals=[azure_signal("microsoft.network/virtualnetworks/write", f"{VNET}new")]),
    # -- the same, hidden
    "slowly, to an account that is named": lambda: aws(*spread(A, NEW, 2, 2, 46, 0.25), signals=[peered(hour=1), routed(hour=1.5)]),
    "slowly, to a network made within the logs": lambda: aws(*spread(A, NEW, 2, 9, 47, 0.25), signals=[made(hour=8)]),
    "slowly, very much, to what is new": lambda: aws(*spread(A, NEW, 12, 8, 47, 0.25)),
    "many small destinations in one network": lambda: aws(*(flow(A, f"172.29.1.{n}", 0.2, 30) for n in range(2, 250))),
    "many small destinations in many networks": lambda: aws(
        *(flow(A, f"172.29.{n}.{m}", 0.05, 30) for n in range(1, 200) for m in (4, 9, 20, 77))),
    "many small destinations of a peered account": lambda: aws(
        *(flow(A, f"172.29.{n}.4", 0.02, 30) for n in range(1, 120)), signals=[peered(), routed()]),
    "many sources that each send little": lambda: aws(
        *(flow(f"10.0.{n}.9", NEW, 0.1, 30, f"eni-0{n:07x}") for n in range(10, 160))),
    "many sources and many destinations": lambda: aws(
        *(flow(f"10.0.{n}.9", f"172.29.{n}.{m}", 0.05, 30, f"eni-0{n:07x}") for n in range(10, 110) for m in range(3, 9))),
    "hundreds of machines that each send very little to a new VPC": lambda: aws(
        *(flow(f"10.0.{n}.{m}", NEW, 0.01, 30, f"eni-0{n:03x}{m:04x}") for n in range(10, 25) for m in range(10, 30)), signals=[made()]),
    "very little to each of many addresses of a peered account": lambda: aws(
        *(flow(A, f"172.29.1.{n}", 0.01, 30) for n in range(1, 250)), signals=[peered(), routed()]),
    "behind a translating gateway, its own interface": lambda: aws(
        *(flow("10.0.1.200", NEW, 8, 30 + n, "eni-0e0e0e0e") for n in range(5))),
    "behind a translating gateway, seen at both": lambda: aws(
        flow(A, NEW, 40), flow("10.0.1.200", NEW, 40, eni="eni-0e0e0e0e")),
    "behind a gateway that logs what it passes on": lambda: aws(
        passed(A, NEW, 40), passed(A, NEW, 40, out=True)),
    "behind a gateway alone, in an account of ours": lambda: aws(
        *(passed(A, NEW, 8, 30 + n) for n in range(5)), accounts=(ACCOUNT,)),
    "carrier-grade addresses": lambda: aws(flow(A, "100.99.1.4", 40)),
    "in the last minute of the logs": lambda: aws(flow(A, NEW, 40, hour=47.98)),
    "by a machine that was never seen before": lambda: aws(flow("10.0.4.4", NEW, 40, 30, "eni-0f0f0f0f")),
    "much to rented machines on the same cloud": lambda: aws(flow(A, "3.120.7.9", 200, service="EC2")),
}  # fmt: skip

ORDINARY: dict[str, Callable[[], Case]] = {
    "nothing else": aws,
    "backups by night, into a known network": lambda: aws(*(flow(A, "10.0.3.50", 300, h) for h in (2, 26))),
    "backups by night, to a vault that is outside": lambda: aws(*(flow(A, "192.168.7.9", 80, h) for h in (3, 27))),
    "one heavy day between machines that know each other": lambda: aws(flow(B, DB, 400, 40, ENI_B)),
    "replication into our second account": lambda: aws(
        *(flow(A, "10.1.2.6", 30, h) for h in range(30, 48)),
        *(flow(A, "10.1.2.6", 30, h, ENI_NEW, out=False, account=OTHER, vpc="vpc-2") for h in range(48)),
        accounts=(ACCOUNT, OTHER)),
    "a new replica in a region of ours that is listed": lambda: aws(
        flow(A, NEW, 300), ours=[(EntryKind.CIDR, "172.29.0.0/16")]),
    "a new replica in a listed VPC": lambda: aws(
        flow(A, NEW, 300), flow(A, NEW, 300, vpc="vpc-2", eni=ENI_NEW, out=False), ours=[(EntryKind.VPC, "vpc-2")]),
    "machines that autoscaling starts": lambda: aws(
        *(flow(DB, f"10.0.2.{n}", 8, 20 + n % 20, ENI_DB) for n in range(100, 150)),
        *(flow(DB, f"10.0.2.{n}", 8, 20 + n % 20, f"eni-0{n:07x}", out=False) for n in range(100, 150))),
    "machines that autoscaling starts in a subnet of their own": lambda: aws(
        *(flow(DB, f"10.0.77.{n}", 8, 20 + n % 20, ENI_DB) for n in range(100, 150))),
    "a cluster that shuffles": lambda: aws(
        *(flow(f"10.0.6.{n}", f"10.0.6.{n + 1}", 30, 33, f"eni-0{n:07x}") for n in range(10, 60))),
    "a load balancer and its new targets": lambda: aws(
        *(flow("10.0.1.250", f"10.0.8.{n}", 6, 32, "eni-0e0e0e0e") for n in range(4, 30))),
    "visitors from the internet": lambda: aws(*(flow(A, f"203.0.113.{n}", 30, 30) for n in range(2, 40))),
    "translation to the internet": lambda: aws(flow("10.0.1.200", "203.0.113.9", 300, 30, "eni-0e0e0e0e")),
    "first backup to S3": lambda: aws(flow(A, "52.218.1.1", 40, service="S3")),
    "an endpoint to a service of the provider": lambda: aws(
        flow(A, "10.0.1.99", 60), flow(A, "10.0.1.99", 60, eni=ENI_NEW, out=False),
        signals=[endpoint(Destination(kind=Kind.SERVICE, id="com.amazonaws.eu-west-1.s3"))]),
    "a large backup to S3": lambda: aws(flow(A, "52.218.1.1", 900, service="S3")),
    "a table copied to DynamoDB": lambda: aws(flow(A, "52.94.1.1", 20, service="DYNAMODB")),
    "images from ECR's addresses": lambda: aws(flow("52.46.1.1", A, 90, out=False)),
    "metadata, time and name servers": lambda: aws(
        *(flow(A, ip, 0.01, h) for h in range(HOURS) for ip in ("169.254.169.254", "169.254.169.123", "10.0.0.2"))),
    "health checks of Route 53 and load balancers": lambda: aws(
        *(flow(f"15.177.{n}.5", A, 0.001, h, out=False) for h in range(0, HOURS, 4) for n in range(40))),
    "pods with addresses of a second range": lambda: aws(
        *(flow("100.64.3.9", f"100.64.{n}.7", 6, 4 + n / 4, f"eni-1{n:07x}") for n in range(4, 120)),
        *(flow("100.64.3.9", f"100.64.{n}.7", 6, 4 + n / 4, f"eni-2{n:07x}", out=False) for n in range(4, 120))),
    "pods that are scheduled on the second day": lambda: aws(
        *(flow(f"100.64.{n}.7", A, 0.5, h, f"eni-1{n:07x}") for n in range(4, 30) for h in range(2)),
        *(flow(A, f"100.64.{n}.200", 12, 30) for n in range(100, 120))),
    "an office over a tunnel, listed": lambda: aws(
        *(flow(A, f"192.168.20.{n}", 60, 34) for n in range(5, 15)), ours=[(EntryKind.CIDR, "192.168.0.0/16")]),
    "an office over a tunnel since the first hour": lambda: aws(
        flow(A, "192.168.20.9", 0.1, 0.5), flow(A, "192.168.20.9", 90, 34)),
    "a new office machine in a range that is known": lambda: aws(
        flow(A, "192.168.20.9", 0.1, 0.5), flow(A, "192.168.20.77", 90, 34)),
    "a new VPC that hardly anything goes to": lambda: aws(*spread(A, NEW, 0.6, 30, 40), signals=[made()]),
    "VPCs of a pipeline": lambda: aws(
        flow(A, NEW, 2), signals=[made("vpc-7", "172.27.0.0/16", 20), made("vpc-8", "172.28.0.0/16", 21), made()]),
    "a new subnet of a known VPC": lambda: aws(
        flow(A, "10.0.77.4", 60), signals=[signal("ec2.amazonaws.com:CreateSubnet", "vpc-1", facts=[("range", "10.0.77.0/24")], hour=29)]),
    "a peering with an account of ours": lambda: aws(
        flow(A, NEW, 200), signals=[peered(OTHER), routed()], accounts=(ACCOUNT, OTHER)),
    "a transit gateway between accounts of ours": lambda: tgw(*(transit(A, "10.9.0.4", 90 * GIB, far=OTHER, hour=h) for h in (30, 31))),
    "answers from a vendor's account over a transit gateway": lambda: tgw(
        *(transit("172.30.1.4", A, 9 * GIB, mine=THEIRS, far=ACCOUNT, hour=h) for h in range(30, 40))),
    "a database and its standby in another zone": lambda: aws(
        *(flow(DB, "10.0.33.7", 12, h, ENI_DB) for h in range(20, 48)), *(flow(DB, "10.0.33.7", 12, h, ENI_NEW, out=False) for h in range(20, 48))),
    "a file system that is mounted on the second day": lambda: aws(flow(A, "10.0.1.77", 90, 30)),
    "a weekly backup to a vault that is known": lambda: aws(flow(A, "192.168.7.9", 0.2, 1), flow(A, "192.168.7.9", 500, 40)),
    "people over a client tunnel, whose range is listed": lambda: aws(
        *(flow(A, f"10.200.{n}.9", 3, 34) for n in range(1, 30)), ours=[(EntryKind.CIDR, "10.200.0.0/16")]),
    "a translating gateway and what it passes on to the internet": lambda: aws(
        *(passed(A, f"203.0.113.{n}", 20, 31) for n in range(2, 20))),
    "a firewall between networks of ours": lambda: aws(*(passed(A, DB, 60, h) for h in (31, 32))),
    "Google pods in a range of a project of ours": lambda: gcp(
        *(google("10.0.1.5", f"10.52.{n}.9", 9 * GIB, hour=30, peer="our-project") for n in range(1, 30))),
    "Google's own producers": lambda: gcp(*(google("10.0.1.5", "10.8.0.9", 30 * GIB, hour=h, peer="x1a2-tp") for h in range(30, 40))),
    "Google's interfaces to its services": lambda: gcp(google("10.0.1.5", "199.36.153.8", 200 * GIB, hour=30, service="storage.googleapis.com")),
    "Google machines of a project of ours": lambda: gcp(google("10.0.1.5", "10.0.9.9", 90 * GIB, hour=30, peer="our-project")),
    "Azure's wire server and its storage": lambda: azure_tuples(
        *(to_azure("168.63.129.16", 0.01, h) for h in range(HOURS)), to_azure("20.60.4.4", 300)),
    "Azure machines that a scale set starts": lambda: azure_tuples(*(to_azure(f"10.0.2.{n}", 20, 20 + n % 20) for n in range(50, 90))),
    "a spoke of ours, as traffic analytics says": lambda: azure_rows(
        *(row_at(A, "10.1.0.9", 50, h, OURS_SUB, "rg/spoke/s1") for h in range(HOURS))),
    "a private endpoint of ours in a known subnet": lambda: azure_rows(row_at(A, "10.0.2.44", 60, 30, OURS_SUB, "rg/main/s2")),
}  # fmt: skip


CATALOGUE = functools.cache(load)


def told(case: Case) -> list[str]:
    """Who findings at medium or above say received."""
    ours = Perimeter(
        entries=tuple(Entry(kind=k, id=i, verdict=Verdict.SELF) for k, i in case.ours),
        seen={
            Kind.ACCOUNT: dict.fromkeys(case.accounts, "seen"),
            Kind.PROJECT: {"our-project": "seen"},
            Kind.SUBSCRIPTION: {OURS_SUB: "seen", "s1": "seen"},
        },
        today=date(2026, 3, 5),
    )
    with Collector() as collector:
        collector.add(gathered(blob(case.content)).parts)
        shown = found(collector, case.signals, ours, CATALOGUE(), lambda *_: {})
    seen = ScanResult(
        transfers=tuple(f for f in shown if isinstance(f, Transfer)),
        signals=tuple(f for f in shown if isinstance(f, Signal)),
    )
    judged = report(seen, CATALOGUE(), ours).findings
    loud = [f for f in judged if f.severity in (Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL)]
    return [f.destination.key for f in loud if f.destination is not None]


@pytest.mark.parametrize("name", INTRUDER)
def test_what_an_intruder_does_is_told(name):
    assert told(INTRUDER[name]())


@pytest.mark.parametrize("name", ORDINARY)
def test_what_ordinary_networks_do_is_not(name):
    assert told(ORDINARY[name]()) == []
