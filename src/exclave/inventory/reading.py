"""Documents of an inventory read from files: checked on loading, built only when they are asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from exclave.inventory.model import GLOBAL, PLAN, SCHEMA, Document, Scope
from exclave.model import Cloud, Problem

if TYPE_CHECKING:
    from pathlib import Path

QUERY = "config.SelectAggregateResourceConfig"
MAX_BYTES = 1 << 30  # of one file; an answer of a million snapshots is below


@dataclass(frozen=True, slots=True)
class Held:
    """The documents of one call in one scope: in a file, or in memory, with the places they come from."""

    path: Path | None = None
    documents: tuple[Document, ...] = ()
    places: tuple[str, ...] = ()

    def read(self) -> Iterator[tuple[Document, str]]:
        """Each document with the name of where it stands. What can't be read was a problem on loading."""
        if self.path is None:
            for number, document in enumerate(self.documents):
                yield document, self.places[number] if self.places else "memory"
            return
        for document, where, _ in _documents(self.path, Document):
            if document is not None:
                yield document, where


class Head(msgspec.Struct, frozen=True, kw_only=True, rename={"schema_": "schema"}):
    """A document whose answer is checked but not built: what loading needs."""

    schema_: str
    cloud: Cloud
    call: str
    scope: dict[str, str]
    time: datetime | None = None
    answer: msgspec.Raw = msgspec.Raw(b"null")
    error: dict[str, str] | None = None


def _documents(path: Path, type_: type[Any]) -> Iterator[tuple[Any, str, str]]:
    """Each document of a file, or None with what is wrong."""
    try:
        if path.stat().st_size > MAX_BYTES:
            yield None, str(path), f"larger than {MAX_BYTES >> 20} MiB"
            return
        if path.suffix == ".json":
            yield _decoded(path.read_bytes(), str(path), type_)
            return
        with path.open("rb") as stream:
            for number, line in enumerate(stream, 1):
                if line.strip():
                    yield _decoded(line, f"{path}:{number}", type_)
    except OSError as error:
        yield None, str(path), f"can't be read: {error.strerror}"


def _decoded(content: bytes, where: str, type_: type[Any]) -> tuple[Any, str, str]:
    try:
        return msgspec.json.decode(content, type=type_), where, ""
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        return None, where, f"not a document of an inventory: {error}"


class Building:
    """What loading gathers."""

    def __init__(self) -> None:
        self.held: dict[tuple[str, Scope], list[Held]] = {}
        self.memory: dict[tuple[str, Scope], list[Document]] = {}
        self.problems: list[Problem] = []
        self.planned: set[Scope] = set()
        self.translated: dict[tuple[str, Scope], list[tuple[Document, str]]] = {}
        self.queries: list[tuple[Document | None, Path | None]] = []  # answers of AWS Config
        self.sources: dict[tuple[Cloud, str], str] = {}  # account → what it was translated from
        self.first: datetime | None = None
        self.last: datetime | None = None
        self.files = self.documents = 0

    def take_file(self, path: Path) -> None:
        """Every document of a file, checked but not kept."""
        self.files += 1
        for document, where, problem in _documents(path, Head):
            if document is None:
                self.problems.append(
                    Problem(where=where, what=problem, hint="exclave collect --resume records it again")
                )
            else:
                self.take(document, path)

    def take(self, document: Document | Head, path: Path | None) -> None:
        """One document."""
        if document.schema_ != SCHEMA:
            self.problems.append(
                Problem(where=str(path or "document"), what=f"schema {document.schema_!r} is not {SCHEMA}")
            )
            return
        self.documents += 1
        scope = Scope(
            cloud=document.cloud,
            account=document.scope.get("account", ""),
            region=document.scope.get("region", GLOBAL) or GLOBAL,
        )
        if document.time is not None and document.time.tzinfo is not None:
            self.first = min(document.time, self.first or document.time)
            self.last = max(document.time, self.last or document.time)
        if document.call == PLAN:
            answer = (
                document.answer if isinstance(document, Document) else msgspec.json.decode(document.answer)
            )
            self.planned |= _planned(answer, document.cloud)
            if isinstance(answer, Mapping) and answer.get("finished") is False:
                hint = f"exclave collect {document.cloud} --resume goes on"
                self.problems.append(
                    Problem(where=str(path or "plan"), what="the recording was not finished", hint=hint)
                )
            return
        if document.call.startswith(QUERY):
            self._query(document, path)
            return
        key = (document.call, scope)
        self.planned.add(scope)
        if path is None:
            assert isinstance(document, Document)
            self.memory.setdefault(key, []).append(document)
        elif Held(path) not in self.held.setdefault(key, []):
            self.held[key].append(Held(path))

    def take_translated(self, documents: Iterable[tuple[dict[str, Any], str]], said: str) -> None:
        """Documents made of what another tool knows. What was recorded of the cloud itself comes before them."""
        for raw, place in documents:
            document = msgspec.convert(raw, Document)
            scope = Scope(
                cloud=document.cloud, account=document.scope["account"], region=document.scope["region"]
            )
            self.documents += 1
            self.planned |= {scope, Scope(cloud=scope.cloud, account=scope.account)}
            self.sources.setdefault((scope.cloud, scope.account), said)
            self.translated.setdefault((document.call, scope), []).append((document, place))

    def _query(self, document: Document | Head, path: Path | None) -> None:
        if document.error is not None:
            what = f"AWS Config was not told of: {document.error.get('code', '')} {document.error.get('message', '')}"
            self.problems.append(Problem(where=str(path or document.call), what=what.strip()))
        else:
            self.queries.append((document if isinstance(document, Document) else None, path))

    def asked(self) -> Iterator[tuple[Any, str]]:
        """The answers of AWS Config among the documents, each with where it stands."""
        for document, path in self.queries:
            for one, where in Held(path, (document,) if document else ()).read():
                yield one.answer, where

    def settled(self) -> dict[tuple[str, Scope], tuple[Held, ...]]:
        """The documents by call and scope: translated ones first, those in memory last; the later count."""
        held: dict[tuple[str, Scope], tuple[Held, ...]] = {
            key: (Held(None, tuple(d for d, _ in found), tuple(p for _, p in found)),)
            for key, found in self.translated.items()
        }
        for key, files in self.held.items():
            held[key] = (*held.get(key, ()), *files)
        for key, documents in self.memory.items():
            held[key] = (*held.get(key, ()), Held(None, tuple(documents)))
        return held


def _planned(answer: object, cloud: Cloud) -> set[Scope]:
    """The scopes of a plan: `{"accounts": {account: [region, ...]}}`; each account is a scope itself."""
    found: set[Scope] = set()
    accounts = answer.get("accounts") if isinstance(answer, Mapping) else None
    for account, regions in accounts.items() if isinstance(accounts, Mapping) else ():
        found.add(Scope(cloud=cloud, account=str(account)))
        listed = regions if isinstance(regions, list) else []
        found |= {Scope(cloud=cloud, account=str(account), region=str(r)) for r in listed}
    return found
