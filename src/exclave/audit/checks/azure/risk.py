"""Identity Protection: whether its reports can be read, what stands open in them, and whom they reach.

https://learn.microsoft.com/graph/api/resources/identityprotection-overview; the notifications' settings are in
Graph's beta only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from exclave.audit.checks.azure.ids import listed, properties
from exclave.audit.checks.azure.logging import Places, destination, foreign, places_of
from exclave.audit.judging import failed, judged, passed, unseen
from exclave.audit.model import Check, Item, Settings, Status

if TYPE_CHECKING:
    from exclave.inventory import Inventory
    from exclave.inventory.model import Answer
    from exclave.perimeter import Perimeter

USERS, DETECTIONS, NOTIFY = "graph.RiskyUsers", "graph.RiskDetections", "graph.RiskNotifications"
EXPORTS = "aadiam.DiagnosticSettings"
FEED = ("RiskyUsers", "UserRiskEvents")
OPEN = frozenset({"atrisk", "confirmedcompromised"})


def identity_risk(inventory: Inventory, perimeter: Perimeter, _settings: Settings) -> list[Check]:
    """Items: the two reports, each open user and detection, who gets the mails, and whether the logs are exported."""
    checks: list[Check] = []
    places = places_of(inventory)
    for users in inventory.answers(USERS):
        account, region = users.scope.account, users.scope.region
        detections, notify, exports = (
            inventory.one(call, account, region) for call in (DETECTIONS, NOTIFY, EXPORTS)
        )
        items = [*_report(users, "risky users"), *_report(detections, "risk detections")]
        known = {str(u.get("id")) for u in users.items if _is_open(u)}
        items += [_user(u, users.where) for u in users.items if _is_open(u)]
        items += [
            _detection(d, detections.where)
            for d in detections.items
            if _is_open(d) and str(d.get("userId")) not in known
        ]
        items += [_recipients(notify), _exported(exports, perimeter, places)]
        checks.append(judged(users.scope, items, "parts of identity protection"))
    return checks


def _report(answer: Answer, name: str) -> list[Item]:
    if answer.error is not None:
        return [unseen(answer, f"report of {name}")]
    if answer.absent:
        why = f"the report of {name} can't be had: the tenant has no licence for Identity Protection (Entra ID P2)"
        return [failed(f"report of {name}", why, where=answer.where)]
    return [passed(f"report of {name}", where=answer.where)]


def _is_open(one: object) -> bool:
    return isinstance(one, Mapping) and str(one.get("riskState", "")).lower() in OPEN


def _user(user: Mapping[str, Any], where: str) -> Item:
    name = str(user.get("userPrincipalName") or user.get("id"))
    why = f"{name} is {user.get('riskState')} (risk {user.get('riskLevel')}) since {user.get('riskLastUpdatedDateTime')}"
    return failed(str(user.get("id")), why, (("user", name), ("level", str(user.get("riskLevel")))), where)


def _detection(one: Mapping[str, Any], where: str) -> Item:
    name = str(one.get("userPrincipalName") or one.get("userId"))
    why = f"{name}: {one.get('riskEventType')} of {one.get('detectedDateTime')} stands open (risk {one.get('riskLevel')})"
    return failed(str(one.get("id")), why, (("user", name), ("level", str(one.get("riskLevel")))), where)


def _recipients(answer: Answer) -> Item:
    name = "recipients of the weekly digest"
    if answer.error is not None:
        return unseen(answer, name)
    if answer.absent:
        return Item(
            resource=name,
            status=Status.PARTIAL,
            why="nobody gets a digest without a licence",
            where=answer.where,
        )
    held = answer.answer if isinstance(answer.answer, Mapping) else {}
    listed_ = [r for key in ("notificationRecipients", "additionalRecipients") for r in listed(held, key)]
    digest = [r for r in listed_ if r.get("isWeeklyDigestRecipient") is True]
    alerts = [r for r in listed_ if r.get("isRiskyUsersAlertsRecipient") is True]
    lacking = [w for w, r in (("weekly digest", digest), ("mail about users at risk", alerts)) if not r]
    if lacking:
        why = f"nobody gets the {' or the '.join(lacking)}"
        return Item(resource=name, status=Status.PARTIAL, why=why, where=answer.where)
    return passed(name, facts=(("recipients", str(len(digest))),), where=answer.where)


def _exported(answer: Answer, perimeter: Perimeter, places: Places) -> Item:
    """Whether the risk logs go to a place of ours, where a hunt can read them."""
    name = "export of the risk logs"
    if answer.error is not None:
        return unseen(answer, name)
    ways: dict[str, list[tuple[Status, str, str]]] = {category: [] for category in FEED}
    for setting in answer.items:
        held = properties(setting)
        status, why = destination(held, answer.scope.account, perimeter, places)
        if status is Status.PARTIAL:
            status, why = Status.PASS, ""  # an event hub: a hunt can read from it
        elif status is Status.FAIL and not foreign(held, answer.scope.account, perimeter):
            status = Status.PARTIAL  # nowhere, or to what is gone, is as without an export
        for log in listed(held, "logs"):
            if log.get("enabled") is True and log.get("category") in ways:
                ways[str(log["category"])].append((status, why, str(setting.get("name"))))
    lacking = [c for c, found in ways.items() if not found]
    if lacking:
        why = f"no diagnostic setting of Entra exports {' and '.join(lacking)}: a hunt can't join risks to what was done"
        return Item(resource=name, status=Status.PARTIAL, why=why, where=answer.where)
    status, why, setting = max(
        (min(found, key=lambda f: f[0].rank) for found in ways.values()), key=lambda f: f[0].rank
    )
    facts = (("setting", setting),)
    if status is Status.PASS:
        return passed(name, facts=facts, where=answer.where)
    return Item(
        resource=name, status=status, why=f"setting {setting}: {why}", facts=facts, where=answer.where
    )
