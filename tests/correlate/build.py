"""Findings and records made by hand."""

from __future__ import annotations

import itertools
import json
import re
from datetime import UTC, datetime, timedelta

import msgspec

from exclave.catalogue.loader import load
from exclave.correlate.report import report
from exclave.correlate.revoke import revoke_call
from exclave.detect.match import index, match
from exclave.detect.result import ScanResult, merge
from exclave.formats import cloudtrail
from exclave.model import (
    Actor,
    Closure,
    Cloud,
    Derivation,
    Destination,
    Evidence,
    Kind,
    Outcome,
    Resource,
    Signal,
    Transfer,
)
from exclave.perimeter import Perimeter

OURS, THIEF = "123456789012", "111122223333"
START = datetime(2026, 3, 2, 1, tzinfo=UTC)
CATALOGUE = load()
INDEX = index(CATALOGUE)
PERIMETER = Perimeter(seen={Kind.ACCOUNT: {OURS: "its CloudTrail is among these logs"}})
_numbers = itertools.count(1)


def record(
    minute,
    name,
    request=None,
    response=None,
    *,
    service="ec2.amazonaws.com",
    who="dana",
    key="ASIADANA000000000000",
    **more,
):
    """A CloudTrail record, so many minutes after the start."""
    number = next(_numbers)
    return {
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "AssumedRole",
            "arn": f"arn:aws:sts::{OURS}:assumed-role/ops/{who}",
            "accountId": OURS,
            "accessKeyId": key,
        },
        "eventTime": (START + timedelta(minutes=minute)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "eventSource": service,
        "eventName": name,
        "awsRegion": "eu-west-1",
        "sourceIPAddress": "198.51.100.9",
        "userAgent": "aws-cli",
        "requestParameters": request or {},
        "responseElements": response or {},
        "eventID": f"event-{number:06}",
        "recipientAccountId": OURS,
        **more,
    }


def share(minute, snapshot, *accounts, remove=False, **more):
    items = [{"group": "all"} if a == "all" else {"userId": a} for a in accounts]
    change = {"remove" if remove else "add": {"items": items}}
    return record(
        minute, "ModifySnapshotAttribute", {"snapshotId": snapshot, "createVolumePermission": change}, **more
    )


def scanned(*records):
    """What the catalogue finds in records."""
    found = [
        f
        for number, r in enumerate(records, 1)
        for f in match(
            cloudtrail.event(r, Evidence(file="log.json", record=number, event_id=r["eventID"])), INDEX
        )
    ]
    return merge(
        [
            ScanResult(
                transfers=tuple(f for f in found if isinstance(f, Transfer)),
                signals=tuple(f for f in found if isinstance(f, Signal)),
                closures=tuple(f for f in found if isinstance(f, Closure)),
                derivations=tuple(f for f in found if isinstance(f, Derivation)),
            )
        ]
    )


def told(*records, issued=(), perimeter=PERIMETER):
    """The report on records."""
    return report(scanned(*records), CATALOGUE, perimeter, issued=issued)


def taken_back(method, rule):
    """The command by which a share of this method would be taken back, every value filled in."""
    facts = set(re.findall(r"\{fact\.(\w+)", json.dumps([rule.call, rule.args])))
    cloud = Cloud(method.id.partition(".")[0])
    transfer = Transfer(
        method=method.id, time=None, cloud=cloud, account=OURS, region="eu-west-1", action="x:y",
        actor=Actor(kind="user", id="a"), source=Resource(kind=(rule.of or ("x",))[0], id="resource", name="name"),
        destination=Destination(kind=Kind((rule.when or ["account"])[0]), id=THIEF), outcome=Outcome.OFFERED,
        evidence=None, facts=tuple((name, "1") for name in facts),
    )  # fmt: skip
    return revoke_call(transfer, msgspec.structs.replace(method, revoke=(rule,))).command
