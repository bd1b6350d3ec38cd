"""One event against the catalogue: which methods it shows, and for whom."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from exclave.catalogue import paths
from exclave.catalogue.entry import Close, Condition, LineageSpec, Method, Read, ResourceSpec, Where
from exclave.catalogue.kinds import kind_of
from exclave.catalogue.readers import READERS
from exclave.catalogue.readers.common import canonical_stranger
from exclave.model import (
    Closure,
    Cloud,
    Derivation,
    Destination,
    Event,
    Kind,
    Outcome,
    Resource,
    Signal,
    SignalKind,
    Transfer,
)
from exclave.perimeter.google import bucket_name, is_copier, relative_name

if TYPE_CHECKING:
    from exclave.catalogue.loader import Catalogue

Found = Transfer | Signal | Closure | Derivation
MAX_RESOURCES = 100  # resources one event may name
MAX_DESTINATIONS = 500  # destinations one event may name


@dataclass(frozen=True, slots=True)
class Index:
    """The catalogue by event name, lower case."""

    methods: Mapping[str, tuple[tuple[Method, Where, str], ...]]
    closes: Mapping[str, tuple[tuple[Method, Close], ...]]
    lineage: Mapping[str, tuple[LineageSpec, ...]]


def index(catalogue: Catalogue) -> Index:
    """The catalogue, ready to match."""
    methods: dict[str, list[tuple[Method, Where, str]]] = {}
    closes: dict[str, list[tuple[Method, Close]]] = {}
    lineage: dict[str, list[LineageSpec]] = {}
    for method in catalogue.methods:
        for rule in method.match:
            for name in rule.events:
                methods.setdefault(name.lower(), []).append((method, rule.where, rule.log))
        for close in method.closes:
            for name in close.events:
                closes.setdefault(name.lower(), []).append((method, close))
    for descent in catalogue.lineage:
        for name in descent.events:
            lineage.setdefault(name.lower(), []).append(descent)
    return Index(
        {k: tuple(v) for k, v in methods.items()},
        {k: tuple(v) for k, v in closes.items()},
        {k: tuple(v) for k, v in lineage.items()},
    )


def match(event: Event, catalogue: Index) -> Iterator[Found]:
    """Everything that the catalogue finds in one event. A dry run is nothing."""
    if event.dry_run or not event.action.isascii():  # lower-casing takes some letters to ASCII ones
        return
    name = event.name.lower()
    anywhere = f"*:{event.action.lower()}"
    entries = catalogue.methods.get(name) or catalogue.methods.get(anywhere, ())
    for method, where, log in entries:
        if (not log or log == event.log) and holds(where, event.fields):
            yield from _of_method(method, event)
    if event.error:
        return
    for method, close in catalogue.closes.get(name, ()):
        if holds(close.where, event.fields):
            yield from _closures(method, close, event)
    for descent in catalogue.lineage.get(name, ()):
        if holds(descent.where, event.fields):
            yield from _derivations(descent, event)


def denied(event: Event, catalogue: Index, found: Iterable[Found]) -> Iterator[str]:
    """The methods (ids) that an operation's name alone would show, and that its request shows it not to be.

    Azure writes the request down in the first record of an operation only, so that the later ones would show them.
    """
    if not isinstance(paths.first(event.fields, _REQUESTS[Cloud.AZURE]), Mapping | list):
        return
    shown = {
        one.method
        for one in found
        if isinstance(one, Signal) or (isinstance(one, Transfer) and one.outcome is not Outcome.REVOKED)
    }
    properties = {k: v for k, v in event.fields["properties"].items() if k != "requestBody"}
    later = {**event.fields, "properties": properties}
    for method, where, log in catalogue.methods.get(event.name.lower(), ()):
        if method.id not in shown and (not log or log == event.log) and holds(where, later):
            yield method.id


def holds(where: Where, fields: Mapping[str, Any]) -> bool:
    """Whether all conditions hold. Scalars compare as text, without case."""
    return all(_holds(rule, paths.values(fields, path)) for path, rule in where.items())


def _holds(rule: Condition | str | float | bool, found: list[Any]) -> bool:
    if not isinstance(rule, Condition):
        wanted = _plain(rule)
        return any(_plain(v) == wanted for v in found)
    if rule.exists is not None and rule.exists != bool(found):
        return False
    if rule.in_ is not None:
        wanted_any = {_plain(v) for v in rule.in_}
        if not any(_plain(v) in wanted_any for v in found):
            return False
    if rule.not_in is not None:
        barred = {_plain(v) for v in rule.not_in}
        return not any(_plain(v) in barred for v in found)
    return True


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value).lower() if isinstance(value, str | int | float) else ""


def _of_method(method: Method, event: Event) -> Iterator[Found]:
    if method.caller == "foreign" and not _foreign_caller(event):
        return
    if method.caller == "foreign" and method.outcome == "taken" and _callers_own(method.resource, event):
        return
    if method.signal is not None:
        yield from _signals(method, method.signal, event)
    elif not event.error or method.outcome != "revoked":
        yield from _transfers(method, event)


def _signals(method: Method, kind: SignalKind, event: Event) -> Iterator[Signal]:
    destinations: list[Destination | None] = [*read_all(method.read, event)] or [None]
    if method.needs_destination and destinations == [None]:
        return
    for resource in resources_of(method.resource, event):
        for destination in destinations:
            yield Signal(
                method=method.id,
                signal=kind,
                destination=destination,
                failed=bool(event.error),
                source=resource,
                facts=_facts(method, event),
                **_common(event),
            )


def _facts(method: Method, event: Event) -> tuple[tuple[str, str], ...]:
    return tuple((k, v) for k, p in method.facts.items() if (v := paths.text(event.fields, p)))


def _transfers(method: Method, event: Event) -> Iterator[Found]:
    facts = _facts(method, event)
    offered = read_all(method.read, event)
    # A failed end of a long operation never holds the request; its beginning does (detect/pairs.py).
    told = not event.error or (event.cloud is Cloud.GCP and bool(event.shared_id))
    tells = method.outcome == "offered" or (method.outcome == "taken" and event.cloud is Cloud.GCP)
    if not offered and tells and method.read and told and (left_out := omitted(event)):
        note = "the log left out the request, so the destination can't be read"
        offered = [Destination(kind=Kind.UNKNOWN, id=left_out, cloud=event.cloud, note=note)]
    outcome = Outcome.ATTEMPTED if event.error else Outcome(method.outcome or "offered")
    removed = [] if event.error else read_all(method.removes, event)
    for resource in resources_of(method.resource, event):
        for destination in offered:
            yield Transfer(
                method=method.id,
                source=resource,
                destination=destination,
                outcome=outcome,
                facts=facts,
                whole=method.whole,
                **_common(event),
            )
        for destination in removed:
            yield Transfer(
                method=method.id,
                source=resource,
                destination=destination,
                outcome=Outcome.REVOKED,
                facts=facts,
                **_common(event),
            )
        if method.whole and not offered and not event.error:
            # Every grant is stated and there is none: what stood open on the resource has ended.
            yield _closure(method, event, resource)


def _common(event: Event) -> dict[str, Any]:
    return {
        "time": event.time,
        "cloud": event.cloud,
        "account": sys.intern(event.account),
        "region": sys.intern(event.region),
        "action": sys.intern(event.name),
        "actor": event.actor,
        "evidence": event.evidence,
        "error": event.error,
        "shared_id": event.shared_id,
    }


def read_all(reads: Iterable[Read], event: Event) -> list[Destination]:
    """What an entry's readers find in an event, each destination once."""
    out: dict[str, Destination] = {}
    for read in reads:
        if read.when and not holds(read.when, event.fields):
            continue
        found = paths.values(event.fields, read.path) if read.path else []
        for destination in READERS[read.reader](found, read, event):
            if len(out) < MAX_DESTINATIONS:
                out.setdefault(destination.key, destination)
    return list(out.values())


def resources_of(spec: ResourceSpec, event: Event) -> list[Resource]:
    """The resources that an event is about; one without id where the log doesn't name it."""
    ids: list[str] = []
    for path in spec.id_paths:
        ids = [str(v) for v in paths.values(event.fields, path) if isinstance(v, str | int) and str(v)]
        if ids:
            break
    if event.cloud is Cloud.GCP:
        ids = [bucket_name(i) if spec.kind == "gcs-bucket" else relative_name(i) for i in ids]
    size = paths.first(event.fields, spec.size_gib) if spec.size_gib else None
    try:
        size_gib = float(size) if isinstance(size, str | int | float) and size != "" else None
    except ValueError:
        size_gib = None
    name = paths.text(event.fields, spec.name) if spec.name else ""
    account = paths.text(event.fields, spec.account) if spec.account else event.account
    return [
        Resource(
            kind=kind_of(spec.kind, i),
            id=i[:2048],
            account=account,
            region=event.region,
            name=name,
            size_gib=size_gib,
        )
        for i in list(dict.fromkeys(ids or [""]))[:MAX_RESOURCES]
    ]


def omitted(event: Event) -> str:
    """`omitted` where the log left the request out, `missing` where a tool seems to have stripped it, else ""."""
    if event.cloud is Cloud.GCP:
        # What a call says may stand in any of three parts; one that holds its type alone says nothing.
        parts = (
            paths.first(event.fields, f"protoPayload.{part}")
            for part in ("request", "serviceData", "metadata")
        )
        return (
            ""
            if any(p and not (isinstance(p, Mapping) and set(p) <= {"@type"}) for p in parts)
            else "omitted"
        )
    request = paths.first(event.fields, _REQUESTS[event.cloud])
    if event.cloud is Cloud.AWS:
        # CloudTrail marks what it leaves out of oversized records; a call with parameters never has none.
        return (
            "missing"
            if request is None
            else "omitted"
            if isinstance(request, Mapping) and request.get("omitted") is True
            else ""
        )
    return (
        "" if isinstance(request, Mapping | list) else "omitted"
    )  # a body that was cut off is no JSON any more


_REQUESTS = {Cloud.AWS: "requestParameters", Cloud.AZURE: "properties.requestBody"}


def _foreign_caller(event: Event) -> bool:
    actor = event.actor
    if actor.kind == "anonymous" or canonical_stranger(event):
        return True
    if event.cloud is Cloud.GCP and is_copier(actor.id):
        return True  # of which project, its number says, and the log has its own by name
    return (
        actor.kind not in ("service", "unknown")
        and bool(actor.account)
        and bool(event.account)
        and actor.account != event.account
    )


def _callers_own(spec: ResourceSpec, event: Event) -> bool:
    """Whether the record says that what a foreign caller used is his own, and not of the account whose log this is."""
    owners = {v for v in paths.values(event.fields, "resources[].accountId") if isinstance(v, str)}
    ids = [r.id for r in resources_of(spec, event) if r.id.startswith("arn:")]
    owners |= {i.split(":", 5)[4] for i in ids if i.count(":") >= 5}  # noqa: PLR2004 - arn:partition:service:region:account:resource
    return event.cloud is Cloud.AWS and event.actor.account in owners and event.account not in owners


def _closures(method: Method, close: Close, event: Event) -> Iterator[Closure]:
    targets: list[Resource | None] = [None]
    if close.resource:
        targets = [
            r for r in resources_of(ResourceSpec(kind=method.resource.kind, id=close.resource), event) if r.id
        ]
    if isinstance(close.same, dict):
        facts = tuple((k, v) for k, p in close.same.items() if (v := paths.text(event.fields, p)))
        if len(facts) < len(close.same):
            return  # which of several it ends isn't known
    else:
        facts = tuple(f for f in _facts(method, event) if f[0] in close.same)
    for target in targets:
        yield _closure(method, event, target, only_public=close.only_public, facts=facts)


def _closure(
    method: Method,
    event: Event,
    resource: Resource | None,
    *,
    only_public: bool = False,
    facts: tuple[tuple[str, str], ...] = (),
) -> Closure:
    return Closure(
        method=method.id,
        time=event.time,
        account=event.account,
        region=event.region,
        action=event.name,
        actor=event.actor,
        evidence=event.evidence,
        resource=resource,
        only_public=only_public,
        facts=facts,
        shared_id=event.shared_id,
    )


def _derivations(rule: LineageSpec, event: Event) -> Iterator[Derivation]:
    views = [event]
    if rule.each:
        items = paths.values(event.fields, rule.each)[:MAX_RESOURCES]
        views = [replace(event, fields={**event.fields, "item": item}) for item in items]
    for view in views:
        children = [r for r in resources_of(rule.child, view) if r.id]
        parents = [r for r in resources_of(rule.parent, view) if r.id]
        for child in children:
            for parent in parents:
                if child.key != parent.key:
                    yield Derivation(
                        child=child,
                        parent=parent,
                        action=event.name,
                        time=event.time,
                        actor=event.actor,
                        evidence=event.evidence,
                    )
