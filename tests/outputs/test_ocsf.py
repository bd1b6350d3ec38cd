# ruff: noqa: C901, PLR0912
"""Rules taken from the published schema, version 1.3.0: required attributes, enumerations, constraints."""

from __future__ import annotations

import io
import json

import pytest

from exclave.outputs import write

from . import sample

# class detection_finding and the base event
ATTRIBUTES = {
    "activity_id": int, "activity_name": str, "category_uid": int, "category_name": str, "class_uid": int,
    "class_name": str, "type_uid": int, "type_name": str, "time": int, "start_time": int, "severity_id": int,
    "severity": str, "status_id": int, "status": str, "message": str, "metadata": dict, "finding_info": dict,
    "cloud": dict, "resources": list, "evidences": list, "remediation": dict, "count": int, "end_time": int,
}  # fmt: skip
REQUIRED = {
    "activity_id",
    "category_uid",
    "class_uid",
    "type_uid",
    "time",
    "severity_id",
    "metadata",
    "finding_info",
    "cloud",
}
OBJECTS = {
    "metadata": {"version", "product", "profiles", "uid", "correlation_uid", "original_time"},
    "finding_info": {
        "uid",
        "title",
        "desc",
        "types",
        "created_time",
        "first_seen_time",
        "analytic",
        "data_sources",
        "attacks",
    },
    "cloud": {"provider", "account", "region"},
    "remediation": {"desc"},
}
RESOURCE = {"uid", "name", "type", "region", "owner", "data"}
EVIDENCE = {"actor", "api", "data", "src_endpoint"}
EVIDENCE_ONE_OF = {
    "actor",
    "api",
    "connection_info",
    "data",
    "database",
    "databucket",
    "device",
    "dst_endpoint",
    "email",
    "file",
    "process",
    "query",
    "src_endpoint",
    "url",
}
SEVERITIES = {
    0: "Unknown",
    1: "Informational",
    2: "Low",
    3: "Medium",
    4: "High",
    5: "Critical",
    6: "Fatal",
    99: "Other",
}
STATUSES = {0: "Unknown", 1: "New", 2: "In Progress", 3: "Suppressed", 4: "Resolved", 99: "Other"}
ACCOUNT_TYPES = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 99}
USER_TYPES = {0: "Unknown", 1: "User", 2: "Admin", 3: "System"}


def findings(report):
    stream = io.BytesIO()
    write(report, "ocsf", stream)
    return json.loads(stream.getvalue())


def problems(event):
    """What the schema would refuse, in words."""
    yield from (f"missing {name}" for name in REQUIRED - set(event))
    yield from (f"not in the class: {name}" for name in set(event) - set(ATTRIBUTES))
    yield from (f"type of {n}" for n, v in event.items() if n in ATTRIBUTES and type(v) is not ATTRIBUTES[n])
    for name, known in OBJECTS.items():
        yield from (f"not in {name}: {extra}" for extra in set(event.get(name, {})) - known)
    if event["type_uid"] != event["class_uid"] * 100 + event["activity_id"]:
        yield "type_uid"
    if (
        SEVERITIES[event["severity_id"]] != event["severity"]
        or STATUSES[event["status_id"]] != event["status"]
    ):
        yield "caption"
    product = event["metadata"].get("product", {})
    if not (
        product.get("name") and product.get("vendor_name") and event["metadata"].get("version") == "1.3.0"
    ):
        yield "metadata"
    info = event["finding_info"]
    if not (info.get("uid") and info.get("title")):
        yield "finding_info needs uid and title"
    if info["analytic"].get("type_id") not in {0, 1, 2, 3, 4, 99}:
        yield "analytic.type_id"
    for attack in info.get("attacks", []):
        if not {"tactic", "technique", "sub_technique"} & set(attack):
            yield "attack names nothing"
    accounts = [event["cloud"].get("account")]
    for resource in event["resources"]:
        yield from (f"not in resource: {extra}" for extra in set(resource) - RESOURCE)
        if not {"uid", "name"} & set(resource):
            yield "resource without uid or name"
        accounts.append(resource.get("owner", {}).get("account"))
    for evidence in event["evidences"]:
        yield from (f"not in evidence: {extra}" for extra in set(evidence) - EVIDENCE)
        if not EVIDENCE_ONE_OF & set(evidence):
            yield "evidence of nothing"
        if not evidence["api"].get("operation"):
            yield "api.operation"
        user = evidence["actor"]["user"]
        if not {"account", "name", "uid"} & set(user):
            yield "user without account, name, uid"
        if user["type_id"] != 99 and USER_TYPES.get(user["type_id"]) != user["type"]:
            yield "user.type"
        accounts.append(user.get("account"))
    for account in filter(None, accounts):
        if account["type_id"] not in ACCOUNT_TYPES or not account["uid"]:
            yield "account"


@pytest.mark.parametrize("report", [sample.report(), sample.poisoned("\x1b"), sample.many(30)])
def test_every_finding_follows_the_published_rules(report):
    found = findings(report)
    assert found
    for event in found:
        assert list(problems(event)) == []


def test_the_rules_of_this_test_notice_what_is_wrong():
    event = findings(sample.report())[0]
    assert list(problems({**event, "severity_id": 4}))
    assert list(problems({**event, "destination": {}}))
    assert list(
        problems({name: value for name, value in event.items() if name != "cloud"} | {"cloud": {"x": 1}})
    )
    assert list(problems({**event, "evidences": [{**event["evidences"][0], "api": {}}]}))


def test_a_transfer_says_to_whom_and_how_to_take_it_back():
    event = next(e for e in findings(sample.report()) if e["metadata"]["uid"] == "t-f60718")
    assert event["evidences"][0]["data"]["destination"]["id"] == sample.THEIRS
    assert event["finding_info"]["attacks"][0]["technique"]["uid"] == "T1537"
    assert "modify-snapshot-attribute" in event["remediation"]["desc"]
    assert event["metadata"]["correlation_uid"] == "inc-4f1c02"
    assert event["time"] == 1772415844000


def test_nothing_found_is_an_empty_array():
    assert findings(sample.empty()) == []
