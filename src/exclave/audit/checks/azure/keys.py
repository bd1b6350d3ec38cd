"""Keys and secrets that live long: a storage account's two keys, how long what they sign may last, secrets of applications.

Storage: https://learn.microsoft.com/azure/storage/common/storage-account-keys-manage (keyCreationTime, keyPolicy,
sasPolicy). Applications: https://learn.microsoft.com/graph/api/resources/passwordcredential
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from exclave.audit.checks.azure.ids import listed, properties
from exclave.audit.checks.azure.moments import moment, span
from exclave.audit.judging import failed, judged, passed, unseen
from exclave.audit.model import Check, Item, Settings, Status

if TYPE_CHECKING:
    from exclave.inventory import Inventory
    from exclave.inventory.model import Answer
    from exclave.perimeter import Perimeter

ACCOUNTS, APPLICATIONS, PRINCIPALS = "arg.StorageAccounts", "graph.Applications", "graph.ServicePrincipals"
KEYS = ("key1", "key2")
LONGEST = timedelta(days=731)  # two years, the most that the portal offers for a secret


def key_rotation(inventory: Inventory, _perimeter: Perimeter, settings: Settings) -> list[Check]:
    """Per subscription one item for each storage account; for the tenant one for each secret."""
    checks: list[Check] = []
    for answer in inventory.answers(ACCOUNTS):
        if answer.error is not None:
            items = [unseen(answer)]
        else:
            items = [_account(a, settings, answer.where) for a in answer.items if isinstance(a, Mapping)]
        checks.append(judged(answer.scope, items, "storage accounts"))
    for answer in inventory.answers(APPLICATIONS):
        principals = inventory.one(PRINCIPALS, answer.scope.account, answer.scope.region)
        items = _secrets(answer, "application", settings) + _secrets(
            principals, "service principal", settings
        )
        checks.append(judged(answer.scope, items, "secrets of applications"))
    return checks


def _account(account: Mapping[str, Any], settings: Settings, where: str) -> Item:
    held, name = properties(account), str(account.get("name"))
    identifier = str(account.get("id"))
    facts = [("name", name), ("location", str(account.get("location")))]
    if held.get("allowSharedKeyAccess") is False:
        return passed(identifier, "its keys give no access", facts=tuple(facts), where=where)
    reasons: list[str] = []
    made = held.get("keyCreationTime")
    old: list[str] = []
    for key in KEYS:
        when = moment(made.get(key)) if isinstance(made, Mapping) else None
        if when is None:
            reasons.append(f"nothing says when {key} was made: it was not rotated since that is recorded")
            old.append(key)
        elif settings.now - when >= timedelta(days=settings.key_days):
            reasons.append(f"{key} is {(settings.now - when).days} days old, {settings.key_days} or more")
            old.append(key)
    reasons += _policies(held, settings)
    facts.append(("old", ",".join(old)))
    if reasons:
        return failed(identifier, f"{name}: " + "; ".join(reasons), tuple(facts), where)
    if str((held.get("sasPolicy") or {}).get("expirationAction")).lower() != "block":
        why = f"{name}: a SAS that lasts longer is logged, not refused (expirationAction)"
        return Item(resource=identifier, status=Status.PARTIAL, why=why, facts=tuple(facts), where=where)
    return passed(identifier, facts=tuple(facts), where=where)


def _policies(held: Mapping[str, Any], settings: Settings) -> list[str]:
    """The account's own limits on the age of its keys, and on the life of what they sign."""
    reasons: list[str] = []
    policy = held.get("keyPolicy")
    days = policy.get("keyExpirationPeriodInDays") if isinstance(policy, Mapping) else None
    if not isinstance(days, int) or isinstance(days, bool) or days < 1:
        reasons.append("it has no reminder to rotate its keys (keyPolicy)")
    elif days > settings.key_days:
        reasons.append(f"it reminds of rotation only after {days} days")
    sas = held.get("sasPolicy")
    period = span(sas.get("sasExpirationPeriod")) if isinstance(sas, Mapping) else None
    if period is None or period <= timedelta(0):
        reasons.append("nothing limits how long a SAS may last (sasPolicy)")
    elif period > timedelta(days=settings.key_days):
        reasons.append(f"a SAS may last {period.days} days")
    return reasons


def _secrets(answer: Answer, kind: str, settings: Settings) -> list[Item]:
    if answer.error is not None:
        return [unseen(answer, f"secrets of every {kind}")]
    return [
        _secret(owner, secret, kind, settings, answer.where)
        for owner in answer.items
        for secret in listed(owner, "passwordCredentials")
    ]


def _secret(
    owner: Mapping[str, Any], secret: Mapping[str, Any], kind: str, settings: Settings, where: str
) -> Item:
    name = f"{kind} {owner.get('displayName')}"
    made, ends = moment(secret.get("startDateTime")), moment(secret.get("endDateTime"))
    facts = (
        ("kind", kind), ("owner", str(owner.get("id"))), ("secret", str(secret.get("keyId"))),
        ("made", made.isoformat() if made else ""), ("ends", ends.isoformat() if ends else ""),
    )  # fmt: skip
    resource = f"{owner.get('id')}/{secret.get('keyId')}"
    if ends is not None and ends < settings.now:
        return passed(resource, "it has expired", facts=facts, where=where)
    if made is None:
        why = f"{name}: nothing says when its secret {secret.get('keyId')} was made"
        return Item(resource=resource, status=Status.COULD_NOT_LOOK, why=why, facts=facts, where=where)
    age = (settings.now - made).days
    if age >= settings.key_days:
        lasts = f", and lasts until {ends:%Y-%m-%d}" if ends else ", and never ends"
        return failed(
            resource,
            f"{name}: its secret is {age} days old, {settings.key_days} or more{lasts}",
            facts,
            where,
        )
    if ends is None or ends - made > LONGEST:
        lasts = f"lasts until {ends:%Y-%m-%d}" if ends else "never ends"
        return failed(resource, f"{name}: its secret is young but {lasts}", facts, where)
    return passed(resource, facts=facts, where=where)
