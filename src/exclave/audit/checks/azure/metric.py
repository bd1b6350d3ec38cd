"""Metric alerts on what leaves storage accounts: static or dynamic threshold, on the account or on many at once.

Criteria: https://learn.microsoft.com/rest/api/monitor/metric-alerts/create-or-update; the metric:
https://learn.microsoft.com/azure/azure-monitor/reference/supported-metrics/microsoft-storage-storageaccounts-metrics
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from exclave.audit.checks.azure import receivers, suppression
from exclave.audit.checks.azure.ids import listed, name_of, norm, properties, same, texts
from exclave.audit.checks.azure.moments import moment, span
from exclave.audit.judging import judged, passed, unseen
from exclave.audit.model import Check, Item, Settings, Status

if TYPE_CHECKING:
    from collections.abc import Mapping

    from exclave.inventory import Answer, Inventory
    from exclave.perimeter import Perimeter

ALERTS, ACCOUNTS = "insights.MetricAlerts", "arg.StorageAccounts"
TYPE, METRIC = "Microsoft.Storage/storageAccounts", "Egress"
MOST_BYTES = 1 << 40  # a window's threshold above which nothing is noticed in time: 1 TiB
# Bytes of one answer, which Average and Maximum are of: tools read in pieces (AzCopy of at most 100 MiB).
MOST_READ = 100 << 20
MOST_PERIODS = timedelta(days=1)  # that a dynamic threshold may wait for
_OVER = frozenset({"greaterthan", "greaterthanorequal", "greaterorlessthan"})
# The part of an account that has all of its traffic, by the account's kind; of any other kind it is the account itself.
_WHOLE = {"blobstorage": "blobservices", "blockblobstorage": "blobservices", "filestorage": "fileservices"}


def metric(inventory: Inventory, _perimeter: Perimeter, settings: Settings) -> list[Check]:
    """One item per storage account: some enabled alert on its egress that tells somebody."""
    found = receivers.groups(inventory)
    checks: list[Check] = []
    for accounts in inventory.answers(ACCOUNTS):
        alerts = inventory.one(ALERTS, accounts.scope.account)
        if accounts.error is not None or (alerts.error is not None and accounts.items):
            items = [unseen(a) for a in (accounts, alerts) if a.error is not None]
        else:
            rules = suppression.rules(inventory, accounts.scope.account, settings)
            items = [
                _account(a, alerts, found, rules, settings) for a in accounts.items if isinstance(a, dict)
            ]
        none = "there are no storage accounts"
        checks.append(judged(accounts.scope, items, "storage accounts", none_why=none))
    return checks


def _account(
    account: Mapping[str, Any],
    alerts: Answer,
    groups: receivers.Groups,
    rules: suppression.Rules,
    settings: Settings,
) -> Item:
    identifier = str(account.get("id"))
    facts = [("location", str(account.get("location"))), ("group", str(account.get("resourceGroup")))]
    best: tuple[Status, str] = (Status.FAIL, "no metric alert watches all of its egress")
    for alert in alerts.items:
        if (
            not isinstance(alert, dict)
            or not watches(alert, account)
            or METRIC not in _metrics(alert, account)
        ):
            continue
        status, why = _alert(alert, identifier, groups, rules, settings)
        if status is Status.PASS:
            facts.append(("alert", str(alert.get("id"))))
            return passed(identifier, facts=tuple(facts), where=alerts.where)
        if best[0] is Status.FAIL:
            best = (status, f"alert {name_of(alert.get('id') or alert.get('name'))}: {why}")
    why = f"{name_of(identifier)}: {best[1]}"
    return Item(resource=identifier, status=best[0], why=why, facts=tuple(facts), where=alerts.where)


def watches(alert: Mapping[str, Any], account: Mapping[str, Any]) -> bool:
    """Whether an alert's scope has the account: named, or by type and region in its group or subscription."""
    held = properties(alert)
    target = norm(account.get("id"))
    for scope in map(norm, texts(held, "scopes")):
        part = _WHOLE.get(str(account.get("kind", "")).lower())
        if scope == target or (part and scope.startswith(f"{target}/{part}/")):
            return True
        if scope and target.startswith(f"{scope}/"):
            region = str(held.get("targetResourceRegion") or "").replace(" ", "").lower()
            if same(held.get("targetResourceType"), TYPE) and region in (
                "", "global", str(account.get("location", "")).lower(),
            ):  # fmt: skip
                return True
    return False


def _metrics(alert: Mapping[str, Any], account: Mapping[str, Any]) -> list[str]:
    """The metrics of an alert's criteria that are of the whole account."""
    criteria = properties(alert).get("criteria")
    whole = {norm(TYPE), norm(f"{TYPE}/{_WHOLE.get(str(account.get('kind', '')).lower(), '')}")}
    return [
        str(c.get("metricName"))
        for c in listed(criteria, "allOf")
        if norm(c.get("metricNamespace") or TYPE) in whole
    ]


def _alert(
    alert: Mapping[str, Any],
    account: str,
    groups: receivers.Groups,
    rules: suppression.Rules,
    settings: Settings,
) -> tuple[Status, str]:
    held = properties(alert)
    reasons: list[str] = []
    if held.get("enabled") is False:
        reasons.append("it is disabled")
    every, window = span(held.get("evaluationFrequency")), span(held.get("windowSize"))
    if every and window and every > window:
        reasons.append(f"it looks at {window} every {every} only: what leaves between is not seen")
    criteria = listed(held.get("criteria"), "allOf")
    if len(criteria) > 1:
        reasons.append(f"it waits for {len(criteria)} conditions at once")
    for criterion in criteria:
        if str(criterion.get("metricName")) == METRIC:
            reasons += _criterion(criterion, settings) + _patience(criterion, every or window)
    reached, why = groups.reached([str(a.get("actionGroupId") or "") for a in listed(held, "actions")])
    if reached is Status.FAIL:
        reasons.append(why)
    severity = f"Sev{held.get('severity', 3)}"
    quiet, silence = suppression.silenced(rules, account, alert, "Platform", severity, TYPE)
    if quiet is Status.FAIL:
        reasons.append(silence)
    if reasons:
        return Status.FAIL, "; ".join(reasons)
    return max((reached, why), (quiet, silence), key=lambda j: j[0].rank)


def _criterion(criterion: Mapping[str, Any], settings: Settings) -> list[str]:
    """What keeps a criterion from meaning: more leaves than usual, or than so many bytes."""
    reasons: list[str] = []
    operator = str(criterion.get("operator", "")).lower()
    if operator not in _OVER:
        reasons.append(f"its operator is {criterion.get('operator')}: it is quiet when much leaves")
    aggregation = str(criterion.get("timeAggregation", "")).lower()
    if aggregation not in ("total", "average", "maximum"):
        reasons.append(f"its aggregation is {criterion.get('timeAggregation')}, not Total")
    for dimension in listed(criterion, "dimensions"):
        values = texts(dimension, "values")
        if str(dimension.get("operator", "Include")).lower() != "include" or "*" not in values:
            said = ", ".join(values[:3])
            reasons.append(f"it looks only at {dimension.get('name')} {dimension.get('operator')} {said}")
    if str(criterion.get("criterionType", "")).lower().startswith("dynamic"):
        begins = moment(criterion.get("ignoreDataBefore"))
        if begins is not None and begins > settings.now:
            reasons.append(f"it ignores all data before {begins:%Y-%m-%d}")
        return reasons
    threshold = criterion.get("threshold")
    if not isinstance(threshold, int | float) or isinstance(threshold, bool):
        reasons.append("it has no threshold")
    elif aggregation in ("average", "maximum") and threshold > MOST_READ:
        said = f"its aggregation is {criterion.get('timeAggregation')}, of one answer: reading in pieces never reaches "
        reasons.append(f"{said}{threshold / (1 << 20):,.0f} MiB")
    elif threshold > MOST_BYTES:
        reasons.append(f"its threshold is {threshold / (1 << 30):,.0f} GiB, more than {MOST_BYTES >> 30:,}")
    return reasons


def _patience(criterion: Mapping[str, Any], every: timedelta | None) -> list[str]:
    """Whether a dynamic threshold waits too long: so many looks in which it is passed."""
    waits = criterion.get("failingPeriods")
    count = waits.get("minFailingPeriodsToAlert") if isinstance(waits, dict) else None
    if every and isinstance(count, int | float) and count * every > MOST_PERIODS:
        return [f"it waits until it was passed {count:g} times, looking every {every}"]
    return []
