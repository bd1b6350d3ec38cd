"""What stands shared outside the perimeter: the catalogue's `inventory` parts over recorded answers.

The same readers and the same judge as in a hunt: each item of an answer is read as if it were an event.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from exclave.audit.ids import digest
from exclave.audit.model import Exposure, Looked
from exclave.audit.since import Times
from exclave.catalogue import paths
from exclave.correlate import judge
from exclave.correlate.revoke import revoke_call
from exclave.detect.match import holds, read_all, resources_of
from exclave.inventory.model import GLOBAL, Answer, walk
from exclave.model import OURS, Actor, Destination, Event, Evidence, Outcome, Resource, Severity, Transfer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from exclave.catalogue.entry import Blocked, Method, Standing
    from exclave.catalogue.loader import Catalogue
    from exclave.inventory.store import Inventory
    from exclave.perimeter import Perimeter

_NOBODY = Actor(kind="unknown", id="")
MAX_ERRORS = 5  # kinds of errors told per source
MAX_PLACES = 3  # of each


def exposures(
    inventory: Inventory, perimeter: Perimeter, catalogue: Catalogue
) -> tuple[tuple[Exposure, ...], tuple[Looked, ...]]:
    """Every standing share whose receiver isn't ours, the loudest first, and how far was looked."""
    clouds = {s.cloud for s in inventory.scopes}
    found: dict[str, Exposure] = {}
    looked: list[Looked] = []
    for method in catalogue.methods:
        if method.cloud not in clouds:
            continue
        for standing in method.inventory:
            tally = _Tally()
            for one in _of(method, standing, inventory, perimeter, tally):
                found.setdefault(one.id, one)
            if tally.of or tally.failed:
                looked.append(
                    Looked(
                        method=method.id,
                        call=standing.call,
                        of=tally.of,
                        exposed=tally.exposed,
                        failed=tally.failed,
                        what=standing.resource.kind,
                        why=tuple(_told(tally.errors))[:MAX_ERRORS],
                        codes=tuple(tally.codes),
                    )
                )
    return tuple(
        sorted(found.values(), key=lambda e: (-e.severity.rank, e.method, e.source.id, e.id))
    ), tuple(looked)


@dataclass(slots=True)
class _Tally:
    of: int = 0
    exposed: int = 0
    failed: int = 0
    errors: dict[str, dict[str, None]] = field(default_factory=dict)  # in words → where
    codes: dict[str, None] = field(default_factory=dict)


def _told(errors: Mapping[str, Mapping[str, None]]) -> Iterator[str]:
    """Each error once, with the accounts and regions that it came from."""
    for what, where in errors.items():
        some = list(where)[:MAX_PLACES]
        more = f" and {len(where) - len(some):,} more" if len(where) > len(some) else ""
        yield f"{what}, in {', '.join(some)}{more}"


def _of(
    method: Method, standing: Standing, inventory: Inventory, perimeter: Perimeter, tally: _Tally
) -> Iterator[Exposure]:
    blocks = [(b, _settings(b, inventory)) for b in standing.blocked]
    times = Times(inventory, standing)
    for answer in inventory.each(standing.call):
        if answer.error is not None:
            tally.failed += 1
            tally.errors.setdefault(answer.error.words, {})[str(answer.scope)] = None
            tally.codes[answer.error.code] = None
            continue
        if answer.absent:
            tally.of += 1
            continue
        for item, parent in _items(answer, standing):
            event = _event(answer, item, parent)
            if not holds(standing.where, event.fields):
                continue
            tally.of += 1
            made = list(_exposed(method, standing, answer, event, perimeter))
            tally.exposed += bool(made)
            for one in made:
                yield _blocked(replace(one, since=times.of(answer, event.fields)), event.fields, blocks)


def _exposed(
    method: Method, standing: Standing, answer: Answer, event: Event, perimeter: Perimeter
) -> Iterator[Exposure]:
    facts = tuple((k, v) for k, p in standing.facts.items() if (v := paths.text(event.fields, p)))
    for destination in read_all(standing.read, event):
        for source in resources_of(standing.resource, event):
            transfer = judge.transfer(_transfer(method, event, source, destination, facts), method, perimeter)
            judgement = transfer.judgement
            if judgement is None or judgement.verdict in OURS:
                continue
            yield Exposure(
                id=exposure_id(method.id, source, destination, event.account, event.region),
                method=method.id,
                title=method.title, cloud=event.cloud, account=event.account, region=event.region,
                source=source,
                destination=destination, judgement=judgement, severity=transfer.severity, why=transfer.why,
                where=answer.where, call=answer.call, facts=facts, revoke=revoke_call(transfer, method),
            )  # fmt: skip


def exposure_id(method: str, source: Resource, destination: Destination, account: str, region: str) -> str:
    """`x-` and 16 hex digits, made of what stands open, so that it is the same in every audit."""
    return "x-" + digest(method, source.key, destination.key, account, region)


def _transfer(
    method: Method,
    event: Event,
    source: Resource,
    destination: Destination,
    facts: tuple[tuple[str, str], ...],
) -> Transfer:
    return Transfer(
        method=method.id, time=event.time, cloud=event.cloud, account=event.account, region=event.region,
        action=event.name, actor=event.actor, source=source, destination=destination, outcome=Outcome.OFFERED,
        evidence=event.evidence, facts=facts, whole=method.whole,
    )  # fmt: skip


def _items(answer: Answer, standing: Standing) -> Iterator[tuple[Any, Any]]:
    """Each item with what it was listed in."""
    path = standing.items or answer.path
    above, _, last = path.rpartition(".")
    for parent in walk(answer.answer, above):
        for item in walk(parent, last):
            yield item, parent


def _event(answer: Answer, item: Any, parent: Any = None) -> Event:
    scope = answer.scope
    service, _, operation = answer.call.partition(".")
    fields = {
        "item": item,
        "args": answer.args,
        "answer": answer.answer,
        "parent": parent,
        "account": scope.account,
    }
    return Event(
        cloud=scope.cloud, log="inventory", time=answer.time, service=service, action=operation,
        actor=_NOBODY,
        account=scope.account, region="" if scope.region == GLOBAL else scope.region, error="", dry_run=False,
        fields=fields, raw=fields, evidence=Evidence(file=answer.where, record=0),
    )  # fmt: skip


def _settings(blocked: Blocked, inventory: Inventory) -> Mapping[tuple[str, str, str], bool]:
    """(account, region, shared value) → whether the setting that blocks holds there."""
    out: dict[tuple[str, str, str], bool] = {}
    for answer in inventory.each(blocked.call):
        if answer.error is None and not answer.absent:
            for item in answer.items or [None]:
                event = _event(answer, item)
                same = paths.text(event.fields, blocked.same) if blocked.same else ""
                out[(event.account, event.region, same)] = holds(blocked.where, event.fields)
    return out


def _blocked(
    one: Exposure,
    fields: Mapping[str, Any],
    blocks: Iterable[tuple[Blocked, Mapping[tuple[str, str, str], bool]]],
) -> Exposure:
    for rule, known in blocks:
        same = paths.text(fields, rule.same) if rule.same else ""
        if one.destination.kind in rule.kinds and known.get((one.account, one.region, same)):
            note = rule.note or f"{rule.call} blocks it"
            low = min(one.severity, Severity.LOW, key=lambda s: s.rank)
            return replace(one, blocked=note, severity=low, why=(*one.why, f"without effect now: {note}"))
    return one
