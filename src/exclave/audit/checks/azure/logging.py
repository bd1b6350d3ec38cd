"""The activity log exported: every category, of every region, to a place of ours that keeps it.

Diagnostic setting: https://learn.microsoft.com/rest/api/monitor/subscription-diagnostic-settings; log profile
(the older form): https://learn.microsoft.com/rest/api/monitor/log-profiles
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from exclave.audit.checks.azure.ids import listed, name_of, norm, properties, subscription_of, texts
from exclave.audit.judging import failed, judged, passed, unseen
from exclave.audit.model import Check, Item, Settings, Status
from exclave.model import OURS, Cloud, Destination, Kind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from exclave.inventory import Answer, Inventory
    from exclave.perimeter import Perimeter

SETTINGS, PROFILES, LOCATIONS = "insights.DiagnosticSettings", "insights.LogProfiles", "azure.Locations"
WORKSPACES, ACCOUNTS = "arg.Workspaces", "arg.StorageAccounts"
# https://learn.microsoft.com/azure/azure-monitor/essentials/activity-log-schema#categories
CATEGORIES = (
    "Administrative", "Security", "ServiceHealth", "Alert", "Recommendation", "Policy", "Autoscale", "ResourceHealth",
)  # fmt: skip
PROFILE_CATEGORIES = ("Write", "Delete", "Action")
LEAST_DAYS = 90
KEPT_FOREVER = frozenset({-1, 0})

_PLACES = ("workspaceId", "storageAccountId", "eventHubAuthorizationRuleId", "serviceBusRuleId")
_NO_RESOURCE = "its destination is no resource"


@dataclass(frozen=True, slots=True)
class Places:
    """Where logs can go: what is known of workspaces and storage accounts, by id."""

    workspaces: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    accounts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    seen: frozenset[tuple[str, str]] = frozenset()  # call and subscription that could be listed
    failures: Mapping[tuple[str, str], str] = field(default_factory=dict)


def activity_all_regions(inventory: Inventory, perimeter: Perimeter, _settings: Settings) -> list[Check]:
    """One item per category: some diagnostic setting, or the log profile, exports it and it is kept."""
    places = places_of(inventory)
    checks: list[Check] = []
    for answer in inventory.answers(SETTINGS):
        account = answer.scope.account
        profiles = inventory.one(PROFILES, account)
        kept: dict[str, list[tuple[str, Status, str]]] = {c: [] for c in CATEGORIES}
        for setting in answer.items if answer.error is None else ():
            _setting(setting, account, perimeter, places, kept)
        profile = _profile(profiles, inventory.one(LOCATIONS, account), account, perimeter, places)
        if answer.error is not None and profile is None:
            items = [unseen(answer)]
        else:
            items = [_category(c, kept[c], profile, answer) for c in CATEGORIES]
            if blind := next((a for a in (answer, profiles) if a.error is not None), None):
                # what could not be read might export it
                items = [i if i.status is Status.PASS else unseen(blind, i.resource) for i in items]
        checks.append(judged(answer.scope, items, "categories of the activity log"))
    return checks


def _category(
    category: str,
    found: Sequence[tuple[str, Status, str]],
    profile: tuple[str, Status, str] | None,
    answer: Answer,
) -> Item:
    options = [*found, *([profile] if profile else [])]
    if not options:
        why = f"nothing exports the category {category}"
        return failed(category, why, (("category", category),), answer.where)
    name, status, why = min(options, key=lambda o: o[1].rank)
    if status is Status.PASS:
        return passed(category, facts=(("setting", name),), where=answer.where)
    facts = (("category", category), ("setting", name))
    return Item(
        resource=category, status=status, why=f"{category}: {name}: {why}", facts=facts, where=answer.where
    )


def _setting(
    setting: object,
    account: str,
    perimeter: Perimeter,
    places: Places,
    kept: dict[str, list[tuple[str, Status, str]]],
) -> None:
    held = properties(setting)
    name = f"setting {setting.get('name')}" if isinstance(setting, dict) else "setting"
    for log in listed(held, "logs"):
        if log.get("enabled") is not True:
            continue
        group = str(log.get("categoryGroup") or "").lower()
        one = str(log.get("category") or "").lower()
        verdict = (
            name,
            *destination(held, account, perimeter, places, short=_too_short(log.get("retentionPolicy"))),
        )
        for category in CATEGORIES:
            if (
                group in ("alllogs", "audit")
                and (group == "alllogs" or category in ("Administrative", "Security", "Policy"))
            ) or category.lower() == one:
                kept[category].append(verdict)


def destination(
    held: Mapping[str, Any], account: str, perimeter: Perimeter, places: Places, *, short: str = ""
) -> tuple[Status, str]:
    """Whether one of a setting's destinations is ours and keeps what it gets.

    `short`: why a storage account keeps it for too few days, where the setting itself says so.
    """
    judged_: list[tuple[Status, str]] = []
    if workspace := held.get("workspaceId"):
        judged_.append(_place(str(workspace), places.workspaces, WORKSPACES, places))
    if store := held.get("storageAccountId"):
        found = _place(str(store), places.accounts, ACCOUNTS, places)
        judged_.append((Status.FAIL, short) if short and found[0] is Status.PASS else found)
    if hub := held.get("eventHubAuthorizationRuleId") or held.get("serviceBusRuleId"):
        kept = (Status.PARTIAL, "it goes only to an event hub: nothing shows that it is kept")
        judged_.append(kept if subscription_of(str(hub)) else (Status.FAIL, _NO_RESOURCE))
    if held.get("marketplacePartnerId"):
        judged_.append((Status.PARTIAL, "it goes only to a partner of the marketplace"))
    if not judged_:
        return Status.FAIL, "it goes nowhere"
    if strange := foreign(held, account, perimeter):
        return Status.FAIL, strange
    return min(judged_, key=lambda j: j[0].rank)


def foreign(held: Mapping[str, Any], account: str, perimeter: Perimeter) -> str:
    """The destination of a setting that isn't ours, in words; "" if there is none."""
    return next(
        (found for key in _PLACES if (found := _foreign(str(held.get(key) or ""), account, perimeter))), ""
    )


def _place(
    identifier: str,
    known: Mapping[str, Mapping[str, Any]],
    call: str,
    places: Places,
) -> tuple[Status, str]:
    if not subscription_of(identifier):
        return Status.FAIL, _NO_RESOURCE
    found = known.get(norm(identifier))
    if found is None:
        if (call, subscription_of(identifier)) in places.seen:
            return Status.FAIL, f"its destination {name_of(identifier)} doesn't exist"
        if why := places.failures.get((call, subscription_of(identifier))):
            return Status.COULD_NOT_LOOK, f"its destination {name_of(identifier)}: {why}"
        return Status.PASS, ""  # of ours, in a subscription that was not recorded
    days = properties(found).get("retentionInDays")
    if (
        isinstance(days, int)
        and not isinstance(days, bool)
        and days not in KEPT_FOREVER
        and days < LEAST_DAYS
    ):
        return Status.FAIL, f"{name_of(identifier)} keeps it {days} days, less than {LEAST_DAYS}"
    return Status.PASS, ""


def _foreign(identifier: str, account: str, perimeter: Perimeter) -> str:
    subscription = subscription_of(identifier)
    target = Destination(kind=Kind.SUBSCRIPTION, id=subscription, cloud=Cloud.AZURE)
    if not subscription or subscription == account.lower():
        return ""
    judgement = perimeter.judge(target, account)
    return "" if judgement.verdict in OURS else f"it goes to subscription {subscription}, which is not ours"


def _profile(
    profiles: Answer, locations: Answer, account: str, perimeter: Perimeter, places: Places
) -> tuple[str, Status, str] | None:
    """The log profile (a subscription has one at most), where there is one."""
    if profiles.error is not None or profiles.absent:
        return None
    for profile in profiles.items:
        held = properties(profile)
        name = f"log profile {profile.get('name')}" if isinstance(profile, dict) else "log profile"
        reasons: list[str] = []
        have = {t.replace(" ", "").lower() for t in texts(held, "locations")}
        wanted = {
            str(one.get("name", "")).lower()
            for one in locations.items
            if isinstance(one, dict)
            and (one.get("metadata") or {}).get("regionType", "Physical") == "Physical"
        }
        missing = sorted({*wanted, "global"} - have)
        if locations.error is not None and have:
            return name, Status.COULD_NOT_LOOK, "the subscription's regions are not recorded"
        if missing:
            reasons.append(f"it leaves out {len(missing)} regions: {', '.join(missing[:5])}")
        lacking = [
            c for c in PROFILE_CATEGORIES if c.lower() not in {t.lower() for t in texts(held, "categories")}
        ]
        if lacking:
            reasons.append(f"it leaves out {', '.join(lacking)}")
        if short := _too_short(held.get("retentionPolicy")):
            reasons.append(short)
        status, why = destination(held, account, perimeter, places)
        if status is Status.COULD_NOT_LOOK and not reasons:
            return name, status, why
        if status is not Status.PASS:
            reasons.append(why)
        if reasons:
            return (
                name,
                Status.FAIL if status is not Status.PARTIAL or len(reasons) > 1 else status,
                "; ".join(reasons),
            )
        return name, Status.PASS, ""
    return None


def _too_short(policy: object) -> str:
    days = policy.get("days") if isinstance(policy, dict) and policy.get("enabled") is True else None
    if isinstance(days, int) and not isinstance(days, bool) and 0 < days < LEAST_DAYS:
        return f"it is kept {days} days, less than {LEAST_DAYS}"
    return ""


def places_of(inventory: Inventory) -> Places:
    """The workspaces and storage accounts of an inventory."""
    found: dict[str, dict[str, Mapping[str, Any]]] = {WORKSPACES: {}, ACCOUNTS: {}}
    seen: set[tuple[str, str]] = set()
    failures: dict[tuple[str, str], str] = {}
    for call, known in found.items():
        for answer in inventory.each(call):
            if answer.error is None:
                seen.add((call, answer.scope.account))
                known.update({norm(i.get("id")): i for i in answer.items if isinstance(i, dict)})
            else:
                failures[call, answer.scope.account] = f"{call}: {answer.error.words}"
    return Places(found[WORKSPACES], found[ACCOUNTS], frozenset(seen), failures)
