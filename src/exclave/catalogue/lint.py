"""The catalogue as a whole: what no single entry can see, and what the schema can't say."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from exclave.catalogue import paths
from exclave.catalogue.readers import READERS
from exclave.model import SignalKind, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exclave.catalogue.entry import Method, Read, ResourceSpec, Where
    from exclave.catalogue.loader import Catalogue

_ID = re.compile(r"(aws|azure|gcp)\.[a-z0-9-]+\.[a-z0-9-]+")
_EVENT = re.compile(r"(\*|[a-z0-9.\-/]+):[A-Za-z0-9_.\-/*]+")
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_FOREIGN_WORDS = (" external", " public", " unknown")
_OUR_WORDS = (" self", " organization", " trusted")


def problems(catalogue: Catalogue) -> list[str]:
    """Everything that is wrong with a catalogue, one sentence each; empty when it is sound."""
    out: list[str] = []
    seen: dict[str, str] = {}
    for name, file in catalogue.files:
        for method in file.method:
            if method.id in seen:
                out.append(f"{name}: {method.id} is already in {seen[method.id]}")
            seen[method.id] = name
            if not name.startswith(f"{method.cloud}/"):
                out.append(f"{name}: {method.id} belongs in the folder {method.cloud}/")
            out.extend(f"{name}: {method.id}: {what}" for what in _of_method(method))
        for rule in file.lineage:
            out.extend(
                f"{name}: lineage {rule.events[0]}: {w}"
                for w in _paths(_spec_paths(rule.child), _spec_paths(rule.parent), rule.where)
            )
    return out


def _of_method(method: Method) -> Iterator[str]:
    if not _ID.fullmatch(method.id):
        yield "an id is cloud.service.way in lower case"
    if (method.outcome is None) == (method.signal is None):
        yield "an entry is either a transfer (`outcome`) or a signal (`signal`)"
    yield from _of_match(method)
    for read in (*method.read, *method.removes):
        yield from _of_read(read)
    if method.outcome and not method.read:
        yield "a transfer reads a destination"
    yield from _of_references(method)
    yield from _paths(
        [*method.resource.id_paths, method.resource.name, method.resource.size_gib, method.resource.account],
        list(method.facts.values()),
        *[m.where for m in method.match],
        *[r.when for r in (*method.read, *method.removes)],
        *[c.where for c in method.closes],
    )
    for key in method.severity:
        if key != "default" and key not in list(Verdict):
            yield f"severity for {key!r}, which is no verdict"
    yield from _of_actions(method)
    yield from _of_closes(method)
    yield from _of_examples(method)


def _of_match(method: Method) -> Iterator[str]:
    if not method.match or not all(m.events for m in method.match):
        yield "`match` names no event"
    for event in (event for rule in method.match for event in rule.events):
        if not _EVENT.fullmatch(event):
            yield f"event {event!r} is not service:action"


def _of_references(method: Method) -> Iterator[str]:
    if not method.references:
        yield "no reference"
    for link in method.references:
        if not link.startswith("https://"):
            yield f"reference {link!r} is not an https address"


def _of_closes(method: Method) -> Iterator[str]:
    for name in {name for close in method.closes for name in close.same} - set(method.facts):
        yield f"closes: same names {name!r}, which is none of the entry's facts"
    yield from _paths([p for c in method.closes if isinstance(c.same, dict) for p in c.same.values()])


def _of_read(read: Read) -> Iterator[str]:
    if read.reader not in READERS:
        yield f"no reader {read.reader!r}"
    elif not read.path and read.reader not in ("caller", "gcp-foreign-caller", "gcp-outside-caller", "fixed"):
        yield f"reader {read.reader} needs a path"
    if read.reader in ("value", "fixed") and read.kind is None:
        yield f"reader {read.reader} needs a kind"
    if read.path:
        yield from _paths([read.path])


def _of_actions(method: Method) -> Iterator[str]:
    for revoke in method.revoke:
        for name in _PLACEHOLDER.findall(f"{revoke.call} {revoke.args}"):
            fact = name.removeprefix("fact.")
            if (
                name
                and name not in _FILLED
                and not (name.startswith("fact.") and fact in method.facts)
                and ":" not in name
            ):
                yield f"revoke uses {{{name}}}, which nothing fills"
    if method.outcome == "offered" and not method.revoke and not method.known_gaps:
        yield "an offer says how it is revoked, or `known_gaps` says why it can't be"
    prevent = method.prevent
    if method.outcome == "offered" and not (prevent.actions or prevent.settings or prevent.note):
        yield "an offer says how it is prevented"


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)


_FILLED = frozenset({"resource.id", "resource.short", "resource.name", "destination.id", "account", "region"})


def _of_examples(method: Method) -> Iterator[str]:
    lines = [line for e in method.example for line in e.expect]
    if not any(e.expect for e in method.example):
        yield "no example that matches"
    if method.signal is not None:
        words = {line.removeprefix("failed ").partition(" ")[0] for line in lines}
        if not words <= set(SignalKind):
            yield f"examples expect {words}, which are no signals"
        return
    if not any(line.endswith(_FOREIGN_WORDS) for line in lines):
        yield "no example with a foreign destination"
    if not any(line.endswith(_OUR_WORDS) for line in lines) and not _always_foreign(method):
        yield "no example inside the perimeter"
    if not any(
        not e.expect or all(line.startswith(("revoked", "attempted")) for line in e.expect)
        for e in method.example
    ):
        yield "no example of a look-alike that is not a transfer"


def _always_foreign(method: Method) -> bool:
    """Whether no destination of the entry can be ours: a URL for whoever holds it, the public."""
    return all(r.reader in ("fixed", "group", "sas") for r in method.read) or method.caller == "foreign"


def _spec_paths(spec: ResourceSpec) -> list[str]:
    return [*spec.id_paths, spec.name, spec.size_gib, spec.account]


def _paths(*groups: list[str] | Where) -> Iterator[str]:
    for group in groups:
        for path in group:
            if path:
                try:
                    paths.split(path)
                except ValueError as error:
                    yield str(error)
