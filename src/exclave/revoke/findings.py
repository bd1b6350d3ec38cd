"""Findings to take back: read from JSON lines, made of an audit, and chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import msgspec
import orjson

from exclave.model import FOREIGN
from exclave.revoke.model import Found

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

TYPES = frozenset({"transfer", "exposure", "signal"})
MAX_LINE = 16 << 20


class BadFindingsError(Exception):
    """A file that isn't exclave's JSON lines, or an id that no finding has; the message says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which findings. Ids are exact, methods and destinations patterns; empty: not asked for."""

    ids: frozenset[str] = frozenset()
    methods: tuple[str, ...] = ()
    destinations: tuple[str, ...] = ()
    incidents: frozenset[str] = frozenset()

    def takes(self, found: Found) -> bool:
        """Whether a finding was chosen. Without a choice: what stands open to somebody who isn't ours."""
        if self.ids:
            return found.id in self.ids
        if not _stands(found):
            return False
        return (
            _matches(found.method, self.methods)
            and _matches(found.to, self.destinations)
            and (not self.incidents or found.incident in self.incidents)
        )


def chosen(found: Iterable[Found], choice: Choice) -> list[Found]:
    """The findings that were chosen, each once.

    Raises:
        BadFindingsError: an id was asked for that none has.
    """
    all_ = {f.id: f for f in found}
    missing = sorted((choice.ids - set(all_)) | (choice.incidents - {f.incident for f in all_.values()}))
    if missing:
        raise BadFindingsError(f"no finding has the id {', '.join(missing)}")
    return [f for f in all_.values() if choice.takes(f)]


def read(path: Path) -> Iterator[Found]:
    """The findings of a hunt's or an audit's .jsonl.

    Raises:
        BadFindingsError: it can't be read, or a line isn't one that exclave wrote.
    """
    try:
        with path.open("rb") as stream:
            for number, line in enumerate(stream, 1):
                if line.strip():
                    found = _line(line, f"{path}:{number}")
                    if found is not None:
                        yield found
    except OSError as error:
        raise BadFindingsError(f"{path}: can't be read: {error.strerror or error}") from error


def of_json(value: Mapping[str, Any], where: str) -> Found | None:
    """One line's object; None for lines of other types.

    Raises:
        BadFindingsError: it isn't a line that exclave wrote.
    """
    if not str(value.get("schema", "")).startswith("exclave/"):
        raise BadFindingsError(f"{where}: not a line that exclave wrote")
    if value.get("type") not in TYPES:
        return None
    revoke = value.get("revoke")
    revoke = revoke if isinstance(revoke, dict) else {}
    facts = value.get("facts")
    try:
        return msgspec.convert(
            {
                **{k: value.get(k) for k in ("type", "id", "method", "cloud", "source")},
                **{k: value.get(k) or "" for k in ("account", "region", "outcome", "incident")},
                "destination": value.get("destination"),
                "open": value.get("open"),
                "facts": dict(_pairs(facts)),
                "command": str(revoke.get("command", "")),
                "revoke": revoke.get("args") or {},
                "file": where,
            },
            Found,
        )
    except msgspec.ValidationError as error:
        raise BadFindingsError(f"{where}: {error}") from error


def _line(line: bytes, where: str) -> Found | None:
    if len(line) > MAX_LINE:
        raise BadFindingsError(f"{where}: the line is too long")
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise BadFindingsError(f"{where}: not JSON lines: {error}") from error
    if not isinstance(value, dict):
        raise BadFindingsError(f"{where}: not a line that exclave wrote")
    return of_json(value, where)


def _pairs(facts: Any) -> Iterator[tuple[str, str]]:
    """Facts as `[{name, value}]`, the way JSON lines have them; the first of a name counts."""
    seen: set[str] = set()
    for fact in facts if isinstance(facts, list) else ():
        if isinstance(fact, Mapping) and isinstance(fact.get("name"), str):
            name = fact["name"]
            if name not in seen:
                seen.add(name)
                yield name, str(fact.get("value", ""))


def _stands(found: Found) -> bool:
    verdict = str((found.destination or {}).get("verdict", ""))
    if verdict not in FOREIGN:
        return False
    if found.type == "signal":
        return found.open is True  # of most signals it can't be told
    return found.type == "exposure" or (found.outcome in ("offered", "taken") and found.open is not False)


def _matches(text: str, patterns: Sequence[str]) -> bool:
    return not patterns or any(fnmatchcase(text, p) for p in patterns)
