"""Two runs side by side: what is new, gone or changed, by the stable ids of JSON lines; and baselines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import orjson

from exclave.audit.model import Status

if TYPE_CHECKING:
    from pathlib import Path

    from exclave.audit.model import AuditReport

COMPARED = ("control", "exposure", "transfer", "signal", "incident")
# Fields in which a difference counts; others (evidence's place, times) differ from run to run.
_TELLING = ("status", "severity", "count", "of", "why", "open", "blocked", "outcome", "destination")


class BadLinesError(Exception):
    """A file that isn't exclave's JSON lines; the message says where."""


Lines = Mapping[str, Mapping[str, Any]]


def read(path: Path) -> Lines:
    """The findings of a .jsonl by id.

    Raises:
        BadLinesError: it can't be read, or a line is no JSON object of exclave's.
    """
    found: dict[str, Mapping[str, Any]] = {}
    try:
        with path.open("rb") as stream:
            for number, line in enumerate(stream, 1):
                if not line.strip():
                    continue
                value = orjson.loads(line)
                if not isinstance(value, dict) or not str(value.get("schema", "")).startswith("exclave/"):
                    raise BadLinesError(f"{path}:{number}: not a line that exclave wrote")
                if value.get("type") in COMPARED and isinstance(value.get("id"), str):
                    found[value["id"]] = value
    except OSError as error:
        raise BadLinesError(f"{path}: can't be read: {error.strerror}") from error
    except orjson.JSONDecodeError as error:
        raise BadLinesError(f"{path}: not JSON lines: {error}") from error
    return found


def against(report: AuditReport, baseline: Lines) -> AuditReport:
    """The report, with what the baseline has marked as known: a control that failed then, an exposure that stood."""
    if not baseline:
        return report
    wrong = (Status.FAIL.value, Status.PARTIAL.value)
    results = tuple(
        replace(r, known=r.check.status in wrong and baseline.get(r.id, {}).get("status") in wrong)
        for r in report.results
    )
    exposures = tuple(
        replace(e, known=e.id in baseline and (not baseline[e.id].get("blocked") or bool(e.blocked)))
        for e in report.exposures
    )
    return replace(report, results=results, exposures=exposures)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One difference. `fields`: which of a finding that stands in both, as (name, before, after)."""

    kind: str  # new, gone, changed
    line: Mapping[str, Any]
    fields: tuple[tuple[str, Any, Any], ...] = ()


def changes(old: Lines, new: Lines) -> list[Change]:
    """What is new, gone and changed, in that order, each in order of type and id."""
    found = [Change(kind="new", line=new[i]) for i in new if i not in old]
    found += [Change(kind="gone", line=old[i]) for i in old if i not in new]
    for identifier in new:
        before = old.get(identifier)
        if before is not None:
            after = new[identifier]
            fields = tuple(
                (f, before.get(f), after.get(f)) for f in _TELLING if before.get(f) != after.get(f)
            )
            if fields:
                found.append(Change(kind="changed", line=after, fields=fields))
    order = {"new": 0, "gone": 1, "changed": 2}
    return sorted(found, key=lambda c: (order[c.kind], str(c.line.get("type")), str(c.line.get("id"))))


def hunted(files: Iterable[Path]) -> Mapping[str, frozenset[str]]:
    """Who did what, by a hunt's lines: principal (the role behind a session) → actions in lower case.

    Raises:
        BadLinesError: as `read`.
    """
    found: dict[str, set[str]] = {}
    for path in files:
        for line in read(path).values():
            actor, action = line.get("actor"), line.get("action")
            if isinstance(actor, dict) and isinstance(action, str) and not line.get("error"):
                service, _, operation = action.partition(":")
                name = f"{service.removesuffix('.amazonaws.com')}:{operation}".lower()
                for who in (actor.get("issuer"), actor.get("id")):
                    if isinstance(who, str) and who:
                        found.setdefault(who, set()).add(name)
    return {who: frozenset(actions) for who, actions in found.items()}
