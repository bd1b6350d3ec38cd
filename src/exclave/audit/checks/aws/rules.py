"""Rules of EventBridge: does one in every region fire on an event, and reach somebody?

Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from exclave.audit.checks.aws import selectors
from exclave.audit.checks.aws.event_pattern import fires, named
from exclave.audit.checks.aws.samples import exceptions, samples

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from exclave.audit.checks.aws.grants import Found
    from exclave.audit.checks.aws.topics import Topics
    from exclave.inventory import Answer, Inventory

RULES, TARGETS = "events.ListRules", "events.ListTargetsByRule"
SENDER = "events.amazonaws.com"
ON = ("ENABLED", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS")
_DETAIL = "detail."


@dataclass(frozen=True, slots=True)
class Logging:
    """A trail that logs: without one EventBridge is told of no call. `region` "" when of all.

    `selectors`: the answer that says what it records, None where nothing is known of it; `blind`: could not look.
    """

    region: str
    selectors: Any
    blind: str

    def sees(self, region: str, record: Mapping[str, Any]) -> bool:
        """Whether it records this one."""
        return self.region in ("", region) and (
            self.selectors is None or selectors.records(self.selectors, record)
        )


@dataclass(frozen=True, slots=True)
class _Rule:
    name: str
    pattern: Any
    wrong: str
    blind: str
    topics: Sequence[str] = ()  # where they are all that it tells


class Rules:
    """The rules of an account's default buses, and the trails behind them."""

    def __init__(self, inventory: Inventory, account: str, topics: Topics, trails: Sequence[Logging]) -> None:
        self._account, self._topics, self._trails = account, topics, trails
        self._buses: dict[str, list[_Rule]] = {}
        self._unseen: dict[str, str] = {}  # region -> why its rules could not be seen
        for answer in inventory.answers(RULES, account=account):
            region = answer.scope.region
            if answer.error is not None:
                self._unseen[region] = f"rules in {region}: {answer.error.words}"
            targets = {a.key: a for a in inventory.each(TARGETS, account=account, region=region)}
            self._buses[region] = [
                _rule(rule, targets.get(str(rule.get("Name"))), topics, region)
                for rule in answer.items
                if rule.get("EventPattern")
                and str(rule.get("EventBusName") or "default").rpartition("/")[2] == "default"
            ]

    def fire(self, event: str) -> tuple[str, str]:
        """What is wrong with the rules of some region, and what could not be seen; both empty when all fire."""
        if not self._buses:
            return "there are no rules", ""
        missing, why, blind = [], "", ""
        for region in self._buses:
            wrong, unseen = self._in(event, region)
            missing += [region] if wrong else []
            why = why or (wrong if wrong != "none" else "")
            blind = blind or unseen
        if not missing:
            return "", blind
        some = len(missing) < len(self._buses)
        where = f"no rule of EventBridge fires on it in {', '.join(sorted(missing)[:5])}" if some else ""
        return why or where or "none", blind

    def _in(self, event: str, region: str) -> tuple[str, str]:
        """The same of one region; "none" where no rule is meant for the event."""
        if unseen := self._unseen.get(region):
            return "", unseen
        rules = self._buses[region]
        base = [{**r, "awsRegion": region} for r in samples(event, self._account)]
        # who asks may be split between rules
        meant = [r for r in rules if any(self._fires(r, event, region, [record]) for record in base)]
        if not meant:
            return "none", ""
        whole = [r for r in meant if not r.wrong and not r.blind]
        if not whole:
            blind = next((r.blind for r in meant if r.blind), "")
            return ("", blind) if blind else (next(r.wrong for r in meant), "")
        # of the region there is a rule of its own
        names = [
            (p.removeprefix(_DETAIL), v)
            for r in whole
            for p, v in named(r.pattern)
            if p.startswith(_DETAIL) and p != f"{_DETAIL}awsRegion"
        ]
        names += [n for t in self._trails if t.selectors for n in selectors.named(t.selectors)]
        for words, record in (*(("for every caller", r) for r in base), *exceptions(base, names)):
            firing = [r for r in whole if self._fires(r, event, region, [record])]
            if not firing:
                return f"rule {whole[0].name} does not fire {words}", ""
            if not any(self._heard(r, event, region, record) for r in firing):
                return f"rule {firing[0].name}: the filter policy of the subscription to its topic lets nothing of it through {words}", ""  # fmt: skip
            seeing = [t for t in self._trails if t.sees(region, record)]
            if not seeing:
                return "no trail logs it, so EventBridge is told of no such call", ""
            if all(t.blind for t in seeing):
                return "", seeing[0].blind
        return "", ""

    def _fires(self, rule: _Rule, event: str, region: str, records: Iterable[Mapping[str, Any]]) -> bool:
        return all(fires(rule.pattern, self._sent(event, region, record)) for record in records)

    def _heard(self, rule: _Rule, event: str, region: str, record: Mapping[str, Any]) -> bool:
        return not rule.topics or self._topics.heard(rule.topics, [self._sent(event, region, record)])

    def _sent(self, event: str, region: str, record: Mapping[str, Any]) -> dict[str, Any]:
        source = event.partition(".")[0]
        return {
            "version": "0", "source": f"aws.{source}", "detail-type": "AWS API Call via CloudTrail",
            "account": self._account, "region": region, "resources": [], "detail": record,
        }  # fmt: skip


def _rule(rule: Mapping[str, Any], reached: Answer | None, topics: Topics, region: str) -> _Rule:
    name = str(rule.get("Name"))
    wrong = blind = ""
    arns = [str(t.get("Arn")) for t in reached.items] if reached is not None else []
    if rule.get("State") not in ON:
        wrong = f"rule {name} is off"
    elif reached is None or reached.error is not None:
        said = reached.error.words if reached is not None and reached.error is not None else "not recorded"
        blind = f"targets of rule {name}: {said}"
    elif not arns:
        wrong = f"rule {name} has no target"
    else:
        own = str(rule.get("Arn") or f"arn:aws:events:{region}:{reached.scope.account}:rule/{name}")
        others = [_told(t, topics, own) for t in reached.items if ":sns:" not in str(t.get("Arn"))]
        there = [a for a in arns if ":sns:" in a]
        if ("", "") not in others:
            found = [*others, *([topics.reached(there, SENDER, region)] if there else [])]
            wrong, blind = next((f for f in found if f == ("", "")), None) or next(
                (f for f in found if f[1]), found[-1]
            )
            wrong, blind = (wrong and f"rule {name}: {wrong}"), (blind and f"rule {name}: {blind}")
            return _Rule(name, rule.get("EventPattern"), wrong, blind, there)
    return _Rule(name, rule.get("EventPattern"), wrong, blind)


def _told(target: Mapping[str, Any], topics: Topics, rule: str) -> Found:
    """What keeps a target that is no topic from being told."""
    arn = str(target.get("Arn"))
    if topics.receivers.gone(arn):
        return f"its target {arn} does not exist", ""
    if target.get("RoleArn"):
        return "", ""  # by a role of its own EventBridge needs nothing of the target's policy
    wrong, blind = topics.receivers.refuses(arn, SENDER, rule)
    return (wrong and f"its target: {wrong}"), blind
