"""A catalogue entry as a rule that other tools can be told: names, conditions, and what can't be told.

Every exported rule must match whatever the entry finds, but for names that are in every log a thousand times. So what
a tool can't say is left out, which makes the rule match more, never less; each thing left out is stated with the rule.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from exclave.catalogue.entry import Condition, Match, Method, Read, Scalar, Where
from exclave.exports.places import Place, places, sample
from exclave.model import Cloud

if TYPE_CHECKING:
    from collections.abc import Callable

DRY_RUN = ("Client.DryRunOperation", "DryRunOperation", "DryRunOperationException")
DATED = frozenset(
    {"lambda.amazonaws.com", "cloudfront.amazonaws.com"}
)  # append an API date to their event names
_DATE = "20"  # every such date begins so: AddPermission20150331v2
_OMITTED = "requestParameters.omitted"  # CloudTrail's mark in records whose request was too large
_CALLER_READERS = frozenset({"caller", "copier", "gcp-foreign-caller", "gcp-outside-caller"})


@dataclass(frozen=True, slots=True)
class Test:
    """A condition on one path: there is (not) a value; one of `any_of`; none of `none_of`. All that are given hold."""

    path: str
    places: tuple[Place, ...]
    exists: bool | None = None
    any_of: tuple[Scalar, ...] | None = None
    none_of: tuple[Scalar, ...] | None = None

    @property
    def positive(self) -> bool:
        """Whether it asks for a value."""
        return self.exists is True or self.any_of is not None

    @property
    def plain(self) -> bool:
        """Whether a tool that follows keys only can check it at every place."""
        return all(p.leaf and not p.in_text and "*" not in p.keys for p in self.places)

    @property
    def words(self) -> str:
        """The condition in words."""
        parts = []
        if self.exists is not None:
            parts.append("is there" if self.exists else "is not there")
        if self.any_of is not None:
            parts.append(
                ("is " if len(self.any_of) == 1 else "is one of ") + ", ".join(map(_word, self.any_of))
            )
        if self.none_of is not None:
            parts.append(
                ("is not " if len(self.none_of) == 1 else "is none of ") + ", ".join(map(_word, self.none_of))
            )
        return f"{self.path} {' and '.join(parts)}"


@dataclass(frozen=True, slots=True)
class Clause:
    """Events of one log, conditions that all hold, and places of which one has a value (`presence`, if any)."""

    log: str
    events: tuple[tuple[str, str], ...]  # service ("*" for any), action
    tests: tuple[Test, ...]
    presence: tuple[Test, ...]

    @property
    def services(self) -> tuple[str, ...]:
        """The services, in order."""
        return tuple(dict.fromkeys(s for s, _ in self.events))

    def actions(self, service: str) -> tuple[str, ...]:
        """The actions of one service, in order."""
        return tuple(dict.fromkeys(a for s, a in self.events if s == service))

    @property
    def dry_runs(self) -> bool:
        """Whether the events may be dry runs, which do nothing."""
        return any(s == "ec2.amazonaws.com" for s, _ in self.events)


@dataclass(frozen=True, slots=True)
class Rule:
    """An entry as clauses, any of which is enough.

    `foreign_caller`: it counts only when the caller is of another account than the log's. `receiver`: the one
    path that names the receiver, where that is all it takes to compare it with a list of accounts; else None.
    `too_common`: events that are left out, as each call of theirs would match.
    """

    method: Method
    clauses: tuple[Clause, ...]
    foreign_caller: bool
    receiver: Test | None
    too_common: tuple[str, ...] = ()


def _word(value: Scalar) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def rule_of(method: Method) -> Rule:
    """An entry as a rule. The entry must be one with its examples: load the catalogue with `compiled=False`."""
    records = tuple(sample(method, e) for e in method.example)

    def test(path: str, condition: Condition | Scalar) -> Test:
        found = places(path, records, method.cloud)
        if not isinstance(condition, Condition):
            return Test(path=path, places=found, any_of=(condition,))
        return Test(
            path=path, places=found, exists=condition.exists, any_of=condition.in_, none_of=condition.not_in
        )

    def tests(where: Where) -> tuple[Test, ...]:
        return tuple(test(path, condition) for path, condition in where.items())

    presence = tuple(
        test(path, True if path == _OMITTED else Condition(exists=True)) for path in _presence(method)
    )
    told = {t.path for t in presence} - {_OMITTED}
    flooding = [m for m in method.match if m.common and told <= set(m.where)]
    clauses = tuple(
        Clause(log=log, events=events, tests=tests(m.where), presence=presence)
        for m in method.match
        if m not in flooding
        for log, events in _by_log(method.cloud, m).items()
    )
    return Rule(
        method=method,
        clauses=clauses,
        foreign_caller=method.caller == "foreign"
        or (
            _receives(method) and bool(method.read) and all(r.reader in _CALLER_READERS for r in method.read)
        ),
        receiver=_receiver(method, test),
        too_common=tuple(e.partition(":")[2] for m in flooding for e in m.events),
    )


def log_of_event(cloud: Cloud, stated: str, service: str, action: str) -> str:
    """The log that an event stands in: as the entry states, else the cloud's audit log; parts of a log have names of their own."""
    if stated == "entra":
        return {
            "sign-in": "entra-sign-in",
            "risk-detection": "entra-risk",
            "risky-user": "entra-risky-user",
        }.get(action, stated)
    if service == "cloudaudit.googleapis.com" and action == "PolicyDenied":
        return "gcp-denied"
    return stated or {Cloud.AWS: "cloudtrail", Cloud.AZURE: "azure-activity", Cloud.GCP: "gcp-audit"}[cloud]


def names_of(service: str, actions: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Event names to be equal to, and beginnings of event names where the service appends its API's date."""
    return actions, tuple(a + _DATE for a in actions) if service in DATED else ()


def without_presence(clause: Clause) -> Clause:
    """A clause that does not ask for a receiver."""
    return replace(clause, presence=())


def _by_log(cloud: Cloud, match: Match) -> dict[str, tuple[tuple[str, str], ...]]:
    out: dict[str, tuple[tuple[str, str], ...]] = {}
    for event in match.events:
        service, _, action = event.partition(":")
        log = log_of_event(cloud, match.log, service, action)
        out[log] = (*out.get(log, ()), (service, action))
    return out


def _receives(method: Method) -> bool:
    """Whether the entry counts only where its readers name somebody."""
    return method.outcome is not None or method.needs_destination


def _presence(method: Method) -> tuple[str, ...]:
    """Paths of which one has a value in whatever the entry finds; none where it can do without."""
    reads: tuple[Read, ...] = (*method.read, *method.removes)
    if not _receives(method) or not all(r.path for r in reads):
        return ()
    found = tuple(dict.fromkeys(r.path for r in reads))
    if method.outcome is None:
        return found
    # A transfer whose request the log left out is found too; CloudTrail marks it, the others just lack it.
    return (*found, _OMITTED) if method.cloud is Cloud.AWS else ()


def _receiver(method: Method, test: Callable[[str, Condition | Scalar], Test]) -> Test | None:
    reads = method.read
    if not _receives(method) or len(reads) != 1 or reads[0].reader != "account" or reads[0].when:
        return None
    found = test(reads[0].path, Condition(exists=True))
    return found if found.plain and all(p.single for p in found.places) else None
