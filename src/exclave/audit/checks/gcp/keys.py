"""Keys of service accounts that people made: their age, their use, and whether new ones can be made.

Sources: https://cloud.google.com/iam/docs/reference/rest/v1/projects.serviceAccounts.keys and
https://cloud.google.com/policy-intelligence/docs/activity-analyzer-service-account-authentication
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from exclave.audit.checks.gcp.constraints import effective, enforced
from exclave.audit.checks.gcp.scopes import mappings, moment, part, projects
from exclave.audit.judging import failed, judged, passed, unseen
from exclave.audit.model import Check, Item, Settings, Status
from exclave.inventory.model import NOT_RECORDED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from exclave.inventory import Answer, Inventory
    from exclave.perimeter import Perimeter

ACCOUNTS, KEYS, USED = (
    "iam.ListServiceAccounts",
    "iam.ListServiceAccountKeys",
    "policyanalyzer.QueryKeyActivities",
)
CREATION = ("iam.disableServiceAccountKeyCreation", "iam.managed.disableServiceAccountKeyCreation")
UPLOAD = ("iam.disableServiceAccountKeyUpload", "iam.managed.disableServiceAccountKeyUpload")
HMAC = "storage.ListHmacKeys"
DAY = timedelta(days=1)


def key_rotation(inventory: Inventory, _perimeter: Perimeter, settings: Settings) -> list[Check]:
    """One item per key that can be used, and one for the constraint against new ones."""
    checks: list[Check] = []
    for scope in projects(inventory):
        used = _used(inventory, scope.account)
        off = _off(inventory, scope.account)
        items = [enforced(inventory, scope.account, *CREATION), *_upload(inventory, scope.account)]
        for answer in inventory.answers(KEYS, account=scope.account):
            if answer.error is not None:
                items.append(unseen(answer, f"keys of {answer.key or 'every service account'}"))
                continue
            items += [
                _key(key, answer, used, settings)
                for key in mappings(answer.items)
                if key.get("disabled") is not True
                and key.get("keyType", "USER_MANAGED") == "USER_MANAGED"
                and answer.key not in off
            ]
        items += _hmac(inventory.one(HMAC, scope.account), off, settings)
        checks.append(judged(scope, items, "keys of service accounts and the constraints against new ones"))
    return checks


def _upload(inventory: Inventory, project: str) -> list[Item]:
    """Whether keys that were made elsewhere can be brought in; nothing where that was never recorded, or is not known there."""
    answers = [effective(inventory, constraint, project) for constraint in UPLOAD]
    if all(a.absent or _unrecorded(a) for a in answers):
        return []
    item = enforced(inventory, project, *UPLOAD)
    if item.status is not Status.FAIL:
        return [item]
    return [
        replace(item, status=Status.PARTIAL, why=f"{item.why}: keys that were made elsewhere can be uploaded")
    ]


def _hmac(answer: Answer, off: frozenset[str], settings: Settings) -> list[Item]:
    """One item per HMAC key that can be used."""
    if answer.error is not None:
        return [] if _unrecorded(answer) else [unseen(answer, "HMAC keys of Cloud Storage")]
    items = []
    for key in mappings(answer.items):
        account, name = str(key.get("serviceAccountEmail")), str(key.get("accessId"))
        if key.get("state", "ACTIVE") != "ACTIVE" or account in off:
            continue
        made = moment(key.get("timeCreated"))
        facts = (("account", account), ("hmac", name), ("created", str(key.get("timeCreated"))))
        if made is None:
            why = f"HMAC key {name} of {account}: nothing says when it was made"
            items.append(failed(name, why, facts, answer.where))
        elif settings.now - made >= timedelta(days=settings.key_days):
            why = f"HMAC key {name} of {account}: it is {(settings.now - made).days} days old, {settings.key_days} or more"
            items.append(failed(name, why, facts, answer.where))
        else:
            items.append(passed(name, facts=facts, where=answer.where))
    return items


def _unrecorded(answer: Answer) -> bool:
    return answer.error is not None and answer.error.code == NOT_RECORDED


def _off(inventory: Inventory, project: str) -> frozenset[str]:
    """Service accounts that are disabled: their keys open nothing."""
    return frozenset(
        str(a.get("email"))
        for answer in inventory.each(ACCOUNTS, account=project)
        for a in mappings(answer.items)
        if a.get("disabled") is True
    )


def _used(inventory: Inventory, project: str) -> Answer | dict[str, datetime | None]:
    """When each key was last used, by its id; the answer with an error where that is not known."""
    answer = inventory.one(USED, project)
    if answer.error is not None:
        return answer
    found: dict[str, datetime | None] = {}
    for item in mappings(answer.items):
        name = part(item, "activity", "serviceAccountKey", "fullResourceName") or item.get("fullResourceName")
        found[str(name).rpartition("/")[2]] = moment(part(item, "activity", "lastAuthenticatedTime"))
    return found


def _key(
    key: Mapping[str, Any], answer: Answer, used: Answer | dict[str, datetime | None], settings: Settings
) -> Item:
    name, account = str(key.get("name")), answer.key
    identifier = name.rpartition("/")[2]
    made = moment(key.get("validAfterTime"))
    ends = moment(key.get("validBeforeTime"))
    facts = [("account", account), ("key", name), ("created", str(key.get("validAfterTime")))]
    if ends is not None and ends <= settings.now:
        return passed(name, "it has ended", facts=tuple(facts), where=answer.where)
    reasons: list[str] = []
    if made is None:
        reasons.append("nothing says when it was made")
    elif settings.now - made >= timedelta(days=settings.key_days):
        reasons.append(f"it is {(settings.now - made).days} days old, {settings.key_days} or more")
    if isinstance(used, dict):
        last = used.get(identifier)
        facts.append(("last_used", last.isoformat() if last else "never"))
        if last is None and (made is None or settings.now - made >= DAY):
            reasons.append("Google has seen no use of it")
        elif last is not None and settings.now - last >= timedelta(days=settings.unused_days):
            reasons.append(f"it was last used {(settings.now - last).days} days ago")
    if reasons:
        return failed(name, f"{identifier} of {account}: " + ", ".join(reasons), tuple(facts), answer.where)
    if not isinstance(used, dict):
        blind = unseen(used, name)
        return Item(
            resource=name, status=Status.COULD_NOT_LOOK, why=blind.why, facts=(*facts, *blind.facts), where=used.where
        )  # fmt: skip
    return passed(name, facts=tuple(facts), where=answer.where)
