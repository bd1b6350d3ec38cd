"""Access keys of IAM users and the root user: their age, their use, and where roles would do.

Sources: https://docs.aws.amazon.com/IAM/latest/APIReference/API_AccessKeyMetadata.html and API_AccessKeyLastUsed.html
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from exclave.audit.checks.aws.trails import moment
from exclave.audit.judging import failed, judged, passed, unseen
from exclave.audit.model import Check, Item, Settings, Status

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from exclave.inventory import Answer, Inventory
    from exclave.perimeter import Perimeter

DETAILS, KEYS, USED, SUMMARY = (
    "iam.GetAccountAuthorizationDetails", "iam.ListAccessKeys", "iam.GetAccessKeyLastUsed", "iam.GetAccountSummary",
)  # fmt: skip
HOUR = 3600


def key_rotation(inventory: Inventory, _perimeter: Perimeter, settings: Settings) -> list[Check]:
    """One item per active key: younger than allowed, used, and the only active one of its user."""
    checks: list[Check] = []
    for details in inventory.answers(DETAILS):
        account = details.scope.account
        used = {a.key: a for a in inventory.each(USED, account=account)}
        items = [_root(a) for a in inventory.answers(SUMMARY, account=account)]
        for answer in inventory.answers(KEYS, account=account):
            if answer.error is not None:
                items.append(unseen(answer, f"keys of {answer.key or 'every user'}"))
                continue
            active = [k for k in answer.items if k.get("Status") == "Active"]
            items += [_key(k, active, used, answer, settings) for k in active]
        checks.append(judged(details.scope, items, "active access keys"))
    return checks


def _key(
    key: Mapping[str, Any], active: list[Any], used: Mapping[str, Answer], answer: Answer, settings: Settings
) -> Item:
    name, user = str(key.get("AccessKeyId")), str(key.get("UserName") or answer.key)
    created = moment(key.get("CreateDate"))
    reasons: list[str] = []
    if created is None:
        reasons.append("nothing says when it was made")
    elif settings.now - created >= timedelta(days=settings.key_days):
        reasons.append(f"it is {(settings.now - created).days} days old, {settings.key_days} or more")
    if len(active) > 1:
        reasons.append("its user has two active keys")
    facts = [("user", user), ("created", str(key.get("CreateDate"))), ("active_keys", str(len(active)))]
    last = used.get(name)
    if last is None or last.error is not None:
        if not reasons:
            return (
                unseen(last, name)
                if last is not None
                else Item(resource=name, status=Status.COULD_NOT_LOOK, why=f"{USED}: not recorded")
            )
    else:
        when = moment((last.answer or {}).get("AccessKeyLastUsed", {}).get("LastUsedDate"))
        facts.append(("last_used", when.isoformat() if when else "never"))
        age = settings.now - created if created else timedelta(0)
        if when is None and age >= timedelta(days=1):
            reasons.append("it was never used")
        elif when is not None and settings.now - when >= timedelta(days=settings.unused_days):
            reasons.append(f"it was last used {(settings.now - when).days} days ago")
    if reasons:
        return failed(name, f"{name} of {user}: " + ", ".join(reasons), tuple(facts), answer.where)
    return passed(name, facts=tuple(facts), where=answer.where)


def _root(answer: Answer) -> Item:
    if answer.error is not None:
        return unseen(answer, "root user")
    present = answer.text("SummaryMap.AccountAccessKeysPresent")
    if not present:
        why = f"{SUMMARY}: it does not say whether the root user has a key"
        return Item(resource="root user", status=Status.COULD_NOT_LOOK, why=why, where=answer.where)
    if present != "0":
        return failed(
            "root user",
            "the root user has an access key, which nothing can limit",
            (("user", "root"),),
            answer.where,
        )
    return passed("root user", where=answer.where)


def temporary(inventory: Inventory, _perimeter: Perimeter, settings: Settings) -> list[Check]:
    """One item per active key (a role would do), and per role whose sessions may last too long or never end."""
    checks: list[Check] = []
    for details in inventory.answers(DETAILS):
        account = details.scope.account
        items = [
            i for a in inventory.answers("iam.ListRoles", account=account) for i in _sessions(a, settings)
        ]
        items += [_root(a) for a in inventory.answers(SUMMARY, account=account)]
        for answer in inventory.answers(KEYS, account=account):
            if answer.error is not None:
                items.append(unseen(answer, f"keys of {answer.key or 'every user'}"))
                continue
            for key in answer.items:
                name, user = str(key.get("AccessKeyId")), str(key.get("UserName") or answer.key)
                if key.get("Status") == "Active":
                    items.append(
                        failed(
                            name,
                            f"{user} has the long-lived key {name}: a role gives credentials that end",
                            (("user", user),),
                            answer.where,
                        )
                    )
        checks.append(judged(details.scope, items, "credentials and roles"))
    return checks


def _sessions(roles: Answer, settings: Settings) -> Iterator[Item]:
    if roles.error is not None:
        yield unseen(roles, "roles")
    for role in roles.items:
        if str(role.get("Path", "")).startswith("/aws-service-role/"):
            continue
        arn = str(role.get("Arn"))
        seconds = role.get("MaxSessionDuration")
        if isinstance(seconds, int) and seconds > settings.session_hours * HOUR:
            yield failed(
                arn,
                f"sessions of {role.get('RoleName')} may last {seconds // HOUR} hours, more than {settings.session_hours}",
                (("seconds", str(seconds)),),
                roles.where,
            )
        else:
            yield passed(arn, where=roles.where)
