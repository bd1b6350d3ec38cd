"""perimeter.toml: read strictly, with includes, and what a hunt makes of it together with what the logs show."""

from __future__ import annotations

import difflib
import ipaddress
import re
import tomllib
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from exclave.model import Verdict
from exclave.perimeter.flow_limits import BadLimitError, FlowLimits, limits
from exclave.perimeter.judge import Entry, EntryKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

MAX_INCLUDES = 16
_BARE_ID = re.compile(r"=\s*\[?\s*0\d{11}\b")  # TOML has no numbers that begin with 0
_GUID = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
# What an id must look like, where anything else could never match: it would stand there and do nothing.
_FORMS: Mapping[EntryKind, tuple[str, str]] = {
    EntryKind.ACCOUNT: (
        r"\d{12}",
        "an account id has 12 digits; of Azure it is a [[subscription]], of Google a [[project]]",
    ),
    EntryKind.SUBSCRIPTION: (_GUID, "a subscription id looks like 00000000-0000-0000-0000-000000000000"),
    EntryKind.TENANT: (
        _GUID,
        "a tenant id looks like 00000000-0000-0000-0000-000000000000; its mail domain is a [[domain]]",
    ),
    EntryKind.ORGANIZATION: (
        r"o-[a-z0-9]{10,32}(/.*)?|\d+",
        "an organisation id of AWS looks like o-abc1234567, one of Google is a number such as 123456789012",
    ),
    EntryKind.FOLDER: (r"\d+", "a folder id of Google is a number such as 123456789012"),
    EntryKind.PROJECT: (
        r"([a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]|\d+",
        "a project is named by its id, such as acme-prod-1 (6 to 30 lower-case letters, digits and hyphens), or by its number; not by its display name",
    ),
}
_KEYS = frozenset({"id", "ids", "as", "name", "why", "owner", "until"})
_VERDICTS = {
    "self": Verdict.SELF,
    "organization": Verdict.ORGANIZATION,
    "trusted": Verdict.TRUSTED,
    "vendor": Verdict.VENDOR,
    "external": Verdict.EXTERNAL,
}


class BadPerimeterError(Exception):
    """A perimeter file that can't be used; the message says where and what to do."""


@dataclass(frozen=True, slots=True)
class PerimeterFile:
    """What a perimeter file and its includes say. `assume_seen`: accounts whose logs are read count as ours."""

    entries: tuple[Entry, ...]
    assume_seen: bool
    vendor_lists: tuple[Path, ...]
    flows: FlowLimits = field(default_factory=FlowLimits)


def read(path: Path) -> PerimeterFile:
    """Reads a perimeter file and what it includes.

    Raises:
        BadPerimeterError: a file that can't be read or parsed, an unknown key (the nearest is named), a wrong verdict
            or date.
    """
    entries: list[Entry] = []
    vendors: list[Path] = []
    assume = True
    flows: tuple[Any, Path] = ({}, path)
    waiting: list[tuple[Path, str]] = [(path, "")]  # and what names it
    passed: set[Path] = set()
    while waiting:
        file, named = waiting.pop(0)
        if file.resolve() in passed:
            continue
        passed.add(file.resolve())
        if len(passed) > MAX_INCLUDES:
            raise BadPerimeterError(f"{path}: more than {MAX_INCLUDES} files included")
        content = _parsed(file, named)
        known = [*(k.value for k in EntryKind), "include", "vendors", "assume-seen", "flows"]
        for key in content:
            if key not in known:
                raise BadPerimeterError(f"{file}: unknown table or key {key!r}{_near(key, known)}")
        waiting += [
            (file.parent / name, f" (include of {file})") for name in _strings(content, "include", file)
        ]
        vendors += [file.parent / name for name in _strings(content, "vendors", file)]
        if "flows" in content:
            flows = (content["flows"], file)
        assumed = content.get("assume-seen", True)
        if not isinstance(assumed, bool):
            raise BadPerimeterError(f"{file}: assume-seen is true or false")
        assume = assume and assumed
        for kind in EntryKind:
            entries += _table(content.get(kind, []), kind, file)
    return PerimeterFile(tuple(entries), assume, tuple(vendors), _flows(flows))


def _flows(stated: tuple[Any, Path]) -> FlowLimits:
    table, file = stated
    if not isinstance(table, dict):
        raise BadPerimeterError(f"{file}: write [flows], with one bracket")
    try:
        return limits(table)
    except BadLimitError as error:
        raise BadPerimeterError(f"{file}: [flows]: {error}") from error


def _parsed(file: Path, named: str) -> Mapping[str, Any]:
    text = ""
    try:
        text = file.read_text("utf-8")
        return tomllib.loads(text)
    except OSError as error:
        raise BadPerimeterError(f"{file}: can't be read: {error.strerror}{named}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        hint = " (account ids are text: put them in quotes)" if _BARE_ID.search(text) else ""
        raise BadPerimeterError(f"{file}: not valid TOML: {error}{hint}") from error


def _strings(content: Mapping[str, Any], key: str, file: Path) -> Sequence[str]:
    value = content.get(key, [])
    if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
        raise BadPerimeterError(f"{file}: {key} is a list of file names")
    return value


def _table(rows: Any, kind: EntryKind, file: Path) -> Iterator[Entry]:
    if not isinstance(rows, list):
        raise BadPerimeterError(f"{file}: write [[{kind}]], with two brackets: there may be several")
    for number, row in enumerate(rows, 1):
        where = f"{file}: [[{kind}]] {number}"
        if not isinstance(row, dict):
            raise BadPerimeterError(f"{where}: not a table")
        for key in row:
            if key not in _KEYS:
                raise BadPerimeterError(f"{where}: unknown key {key!r}{_near(key, sorted(_KEYS))}")
        ids = row.get("ids", []) if "ids" in row else [row.get("id")]
        if not isinstance(ids, list) or not ids or not all(isinstance(i, str) and i.strip() for i in ids):
            raise BadPerimeterError(
                f'{where}: id must be text in quotes (ids a list of it), e.g. id = "111122223333"'
            )
        verdict = row.get("as", "self")
        if verdict not in _VERDICTS:
            raise BadPerimeterError(f"{where}: as = {verdict!r}; one of {', '.join(_VERDICTS)}")
        for identifier in map(str.strip, ids):
            if wrong := _misshapen(kind, identifier):
                raise BadPerimeterError(f"{where}: id {identifier!r}: {wrong}")
            yield Entry(
                kind=kind,
                id=identifier,
                verdict=_VERDICTS[verdict],
                name=_text(row, "name", where),
                why=_text(row, "why", where),
                owner=_text(row, "owner", where),
                until=_until(row.get("until"), where),
                where=where,
            )


def _misshapen(kind: EntryKind, identifier: str) -> str:
    if kind is EntryKind.CIDR:
        try:
            ipaddress.ip_network(identifier, strict=False)
        except ValueError:
            return "not a range of addresses, such as 203.0.113.0/24"
    form, wrong = _FORMS.get(kind, ("", ""))
    return "" if not form or re.fullmatch(form, identifier) else wrong


def _text(row: Mapping[str, Any], key: str, where: str) -> str:
    value = row.get(key, "")
    if not isinstance(value, str):
        raise BadPerimeterError(f"{where}: {key} is text")
    return value


def _until(value: Any, where: str) -> date | None:
    if value is None:
        return None
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise BadPerimeterError(f"{where}: until is a date, e.g. 2027-01-31, not {value!r}") from None


def _near(key: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(key, known, 1)
    return f"; did you mean {near[0]!r}?" if near else f"; known: {', '.join(known)}"
