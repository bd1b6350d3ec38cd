"""Alarms: the whole chain from a call to a person, followed link by link.

log (the project's, or a log bucket that a sink of the organisation fills) → metric that counts the call → alert policy
on that metric, switched on, which one event meets → notification channel. Or a policy on the log itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from exclave.audit.checks.gcp.auditlogs import HOME_SINKS, SINKS
from exclave.audit.checks.gcp.channels import snoozed, unreached
from exclave.audit.checks.gcp.conditions import policy_wrong, unfollowed, watches
from exclave.audit.checks.gcp.events import covers, load
from exclave.audit.checks.gcp.logfilter import BadFilterError, Compiled, compiled
from exclave.audit.checks.gcp.scopes import home_of, mappings, number_of, part, projects
from exclave.audit.checks.gcp.sinks import same_bucket
from exclave.audit.judging import failed, judged, passed, unseen
from exclave.audit.model import Check, Item, Settings, Status
from exclave.inventory.model import NOT_RECORDED, Scope
from exclave.model import Cloud

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from exclave.audit.checks.gcp.events import LogEvent
    from exclave.inventory import Answer, Inventory
    from exclave.perimeter import Perimeter

METRICS, POLICIES, CHANNELS, SNOOZES = (
    "logging.ListMetrics",
    "monitoring.ListAlertPolicies",
    "monitoring.ListNotificationChannels",
    "monitoring.ListSnoozes",
)
_LOGGING = "logging.googleapis.com/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """What counts or matches entries in a project: `wrong` behind it for an entry on a kind of resource, or `blind`.

    `bucket`: the log bucket that it counts in; "" for the project's own log.
    """

    name: str
    project: str
    bucket: str
    filter: Compiled
    metric: str  # "" for a policy on the log itself
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """The answers of one project that a chain is made of."""

    metrics: Answer
    policies: Answer
    channels: Answer
    snoozes: Answer
    now: datetime


def alert(inventory: Inventory, _perimeter: Perimeter, settings: Settings) -> list[Check]:
    """One item per call that must raise an alarm, for the organisation and for each project."""
    found = projects(inventory)
    watched = {
        s.account: Watched(
            metrics=inventory.one(METRICS, s.account),
            policies=inventory.one(POLICIES, s.account),
            channels=inventory.one(CHANNELS, s.account),
            snoozes=inventory.one(SNOOZES, s.account),
            now=settings.now,
        )
        for s in found
    }
    links = [link for project, answers in watched.items() for link in _links(project, answers)]
    checks = []
    homes = {s.account: home_of(inventory, s.account) for s in found}
    for home in sorted({h for h in homes.values() if h}):
        scope = Scope(cloud=Cloud.GCP, account=home)
        checks.append(_check(scope, home, "organization", home, links, watched, inventory))
    for scope in found:
        parent = f"projects/{scope.account}"
        checks.append(_check(scope, parent, "project", homes[scope.account], links, watched, inventory))
    return checks


def _check(
    scope: Scope, parent: str, level: str, home: str, links: list[Link], watched: Mapping[str, Watched], inventory: Inventory
) -> Check:  # fmt: skip
    sinks = _sinks(inventory, home, scope.account)
    own = [link for link in links if f"projects/{link.project}" == parent and not link.bucket]
    items: list[Item] = []
    for event in (e for e in load() if level in e.level):
        central = [k for k in links if k.bucket and _fills(k.bucket, sinks, event, parent, inventory)]
        items.append(_item(event, parent, [*own, *central], watched))
    filled = _targets(sinks, inventory)
    mine = [w for account, w in watched.items() if account == scope.account or account in filled] or list(
        watched.values()
    )
    asked = [a for w in mine for a in (w.metrics, w.policies)] + [sinks]
    blinds = [a for a in asked if a.error is not None]
    if blinds and any(i.status is Status.FAIL for i in items):
        # what could not be read might hold the alarm
        items = [unseen(blinds[0], i.resource) if i.status is Status.FAIL else i for i in items]
    return judged(scope, items, "calls that raise an alarm")


def _sinks(inventory: Inventory, home: str, project: str) -> Answer:
    """The sinks that may fill a central log bucket: the organisation's, without one the project's own."""
    return inventory.one(HOME_SINKS, home) if home else inventory.one(SINKS, project)


def _targets(sinks: Answer, inventory: Inventory) -> set[str]:
    """The projects whose log buckets are filled: the metrics on these, and their policies, are there."""
    named = {
        str(sink.get("destination") or "").partition("/projects/")[2].partition("/")[0]
        for sink in mappings(sinks.items)
    }
    return {s.account for s in projects(inventory) if {s.account, number_of(inventory, s.account)} & named}


def _item(event: LogEvent, parent: str, links: list[Link], watched: Mapping[str, Watched]) -> Item:
    facts = (("event", event.name), ("group", event.group), ("resource", parent))
    wrongs: list[str] = []
    blinds: list[str] = []
    for link in links:
        if not covers(link.filter, event, parent):
            continue
        wrong, blind = _behind(link, event, watched[link.project])
        if not wrong and not blind:
            return passed(f"{event.name} in {parent}", link.name, facts=facts, where=link.where)
        (blinds if blind else wrongs).append(blind or wrong)
    name = f"{event.name} in {parent}"
    if blinds:
        return Item(resource=name, status=Status.COULD_NOT_LOOK, why=blinds[0], facts=facts)
    why = (
        "; ".join(dict.fromkeys(wrongs))
        or f"no metric and no policy on the log of {parent} sees it, whoever makes the call"
    )
    return failed(name, f"{event.group} changes: {why}", facts)


def _links(project: str, answers: Watched) -> Iterator[Link]:
    """Everything in a project that counts entries, or is a policy on the log."""
    for metric in mappings(answers.metrics.items):
        try:
            filter_ = compiled(str(metric.get("filter") or ""))
        except BadFilterError:
            continue
        name = str(metric.get("name") or "")
        if not name:
            continue
        yield Link(
            name=f"metric {name}", project=project, bucket=str(metric.get("bucketName") or ""), filter=filter_,
            metric=name.rpartition("/metrics/")[2], where=answers.metrics.where,
        )  # fmt: skip
    for policy in mappings(answers.policies.items):
        for condition in mappings(policy.get("conditions")):
            spoken = part(condition, "conditionMatchedLog", "filter")
            if not isinstance(spoken, str):
                continue
            try:
                filter_ = compiled(spoken)
            except BadFilterError:
                continue
            yield Link(
                name=str(policy.get("name")), project=project, bucket="", filter=filter_, metric="", where=answers.policies.where,
            )  # fmt: skip


def _behind(link: Link, event: LogEvent, answers: Watched) -> tuple[str, str]:
    """What is wrong behind a link, and what could not be seen there; both "" when the chain is whole."""
    if answers.policies.error is not None:
        return "", f"alert policies behind {link.name}: {answers.policies.error.words}"
    if not link.metric:
        policy = next(p for p in mappings(answers.policies.items) if p.get("name") == link.name)
        return _told(policy, answers)
    metric = next(m for m in mappings(answers.metrics.items) if f"metric {m.get('name')}" == link.name)
    if wrong := _uncounted(metric):
        return f"metric {link.metric}: {wrong}", ""
    wrongs: list[str] = []
    blinds: list[str] = []
    for policy in mappings(answers.policies.items):
        for condition in mappings(policy.get("conditions")):
            found = _opened(condition, policy, link, event, answers)
            if found == ("", ""):
                return found
            wrong, blind = found or ("", "")
            wrongs += [wrong] if wrong and not blind else []
            blinds += [blind] if blind else []
    if blinds:
        return "", blinds[0]
    return "; ".join(dict.fromkeys(wrongs)) or f"no alert policy is on metric {link.metric}", ""


def _opened(
    condition: Mapping[str, Any], policy: Mapping[str, Any], link: Link, event: LogEvent, answers: Watched
) -> tuple[str, str] | None:
    """What is wrong from a condition on a link's metric onwards, and what could not be seen; None when it is on another."""
    if language := unfollowed(condition, link.metric):
        return "", f"policy {_name(policy)}: {language}"
    on, wrong = watches(condition, link.metric, _counted_under(link, event))
    if not on:
        return None
    return (f"policy {_name(policy)}: {wrong}", "") if wrong else _told(policy, answers)


def _counted_under(link: Link, event: LogEvent) -> tuple[str, ...]:
    """Resource types of a metric's time series: the entry's, or global where Cloud Monitoring doesn't know that type; of
    a metric on a log bucket that bucket's.
    """  # noqa: D205 - one sentence
    return ("logging_bucket",) if link.bucket else (event.resource, "global")


def _told(policy: Mapping[str, Any], answers: Watched) -> tuple[str, str]:
    wrong = policy_wrong(policy) or snoozed(policy, answers.snoozes, answers.now)
    blind = ""
    if not wrong:
        wrong, blind = unreached(policy, answers.channels)
    silence = answers.snoozes.error
    if silence is not None and silence.code != NOT_RECORDED and not wrong:
        blind = blind or f"snoozes: {silence.words}"
    spoken = f"policy {_name(policy)}: "
    return (spoken + wrong if wrong else ""), (spoken + blind if blind else "")


def _uncounted(metric: Mapping[str, Any]) -> str:
    if metric.get("disabled") is True:
        return "it is disabled"
    if part(metric, "metricDescriptor", "valueType") == "DISTRIBUTION":
        return "it is a distribution, not a count"
    return ""


def _fills(bucket: str, sinks: Answer, event: LogEvent, parent: str, inventory: Inventory) -> bool:
    """Whether a sink of the organisation brings a call in the log of `parent` to a log bucket."""
    for sink in mappings(sinks.items):
        destination = str(sink.get("destination") or "")
        whole = sink.get("disabled") is not True and (
            parent.startswith("organizations/") or sinks.call == SINKS or sink.get("includeChildren") is True
        )
        if not whole or not destination.startswith(_LOGGING):
            continue
        if not same_bucket(destination.removeprefix(_LOGGING), bucket, inventory):
            continue
        try:
            kept = covers(compiled(str(sink.get("filter") or "")), event, parent)
            lost = any(
                x.get("disabled") is not True
                and not covers(_inverse(str(x.get("filter") or "")), event, parent)
                for x in mappings(sink.get("exclusions"))
            )
        except BadFilterError:
            continue
        if kept and not lost:
            return True
    return False


def central_buckets(inventory: Inventory, home: str, project: str) -> list[str]:
    """Log buckets that sinks of the organisation fill with every call of the table, from the organisation and a project."""
    sinks = _sinks(inventory, home, project)
    found = []
    for sink in mappings(sinks.items):
        bucket = str(sink.get("destination") or "").removeprefix(_LOGGING)
        if not bucket.startswith("projects/"):
            continue
        if all(
            _fills(bucket, sinks, event, parent, inventory)
            for event in load()
            for parent in ((home,) if home else ()) + (f"projects/{project}",)
        ):
            found.append(bucket)
    return found


def _inverse(text: str) -> Compiled:
    filter_ = compiled(text, sampled=True)
    return Compiled(lambda entry: not filter_(entry), filter_.named)


def _name(policy: Mapping[str, Any]) -> str:
    return str(policy.get("displayName") or policy.get("name"))
