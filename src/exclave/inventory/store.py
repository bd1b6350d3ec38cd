"""An inventory: recorded answers, from a folder or from memory, asked by call and scope.

Documents say themselves which call and scope they are of; where they lie doesn't matter, so folders of
several runs can be laid together. `.json` files hold one document, `.jsonl` files one a line; of two
documents with one call, scope and key the later in the file counts.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from exclave.inventory.model import GLOBAL, NOT_RECORDED, Answer, Call, Document, Failure, Scope
from exclave.inventory.others import take_file, take_queries
from exclave.inventory.reading import Building, Held
from exclave.inventory.table import Table, load_all
from exclave.inventory.template import filled_text, wanted_items
from exclave.model import Cloud, Coverage, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime


def _documents(folder: Path, problems: list[Problem]) -> list[Path]:
    """The files of documents below a folder, in order. A folder that is shut is a problem."""

    def shut(error: OSError) -> None:
        reason = (error.strerror or str(error)).lower()
        problems.append(
            Problem(
                where=str(error.filename),
                what=f"can't be read: {reason}",
                hint="run as a user who may read it",
            )
        )

    return sorted(
        Path(parent, name)
        for parent, _, names in os.walk(folder, onerror=shut)
        for name in names
        if name.endswith((".json", ".jsonl"))
    )


@dataclass(frozen=True, slots=True)
class Inventory:
    """Recorded answers. Pure to ask: the same documents give the same answers.

    `held`: by call and scope. `scopes`: everything that was recorded or that collect set out to record.
    """

    held: Mapping[tuple[str, Scope], tuple[Held, ...]] = field(default_factory=dict)
    scopes: tuple[Scope, ...] = ()
    problems: tuple[Problem, ...] = ()
    table: Table = field(default_factory=dict)
    first: datetime | None = None
    last: datetime | None = None
    files: int = 0
    documents: int = 0
    sources: Mapping[tuple[Cloud, str], str] = field(default_factory=dict)

    @classmethod
    def load(cls, *folders: Path, table: Table | None = None) -> Inventory:
        """The inventory in some folders, and in files of Terraform and AWS Config. What can't be read is a problem."""
        building = Building()
        for folder in folders:
            if folder.is_file():
                take_file(building, folder)
                continue
            if not folder.is_dir():
                building.problems.append(
                    Problem(where=str(folder), what="no such folder", hint="exclave collect makes one")
                )
                continue
            for path in _documents(folder, building.problems):
                building.take_file(path)
        return cls._built(building, table)

    @classmethod
    def of(cls, documents: Iterable[Mapping[str, Any]], table: Table | None = None) -> Inventory:
        """An inventory of documents in memory, written as in the files."""
        building = Building()
        for number, raw in enumerate(documents, 1):
            try:
                building.take(msgspec.convert(raw, Document, strict=False), None)
            except msgspec.ValidationError as error:
                building.problems.append(Problem(where=f"document {number}", what=str(error)))
        return cls._built(building, table)

    @classmethod
    def _built(cls, building: Building, table: Table | None) -> Inventory:
        take_queries(building)
        return cls(
            held=building.settled(),
            scopes=tuple(sorted(building.planned)),
            problems=tuple(building.problems),
            table=load_all() if table is None else table,
            first=building.first,
            last=building.last,
            files=building.files,
            documents=building.documents,
            sources=building.sources,
        )

    def accounts(self, cloud: Cloud) -> tuple[str, ...]:
        """Accounts (subscriptions, projects) of a cloud that were, or should have been, looked at."""
        return tuple(sorted({s.account for s in self.scopes if s.cloud is cloud}))

    def regions(self, cloud: Cloud, account: str) -> tuple[str, ...]:
        """Regions of one account."""
        return tuple(
            sorted(
                {
                    s.region
                    for s in self.scopes
                    if (s.cloud, s.account) == (cloud, account) and s.region != GLOBAL
                }
            )
        )

    def answers(self, call: str, *, account: str | None = None, region: str | None = None) -> list[Answer]:
        """What a call answered, in order of scope and key.

        A scope, or an item of the call it is made for, without a document gives an answer whose error says
        that it was not recorded: who goes through the answers misses nothing.
        """
        return list(self.each(call, account=account, region=region))

    def each(self, call: str, *, account: str | None = None, region: str | None = None) -> Iterator[Answer]:
        """As `answers`, one by one, for calls with very many."""
        spec = self.table.get(call)
        for scope in self._scopes_of(call, spec):
            if account in (None, scope.account) and region in (None, scope.region):
                yield from self._in_scope(call, spec, scope)

    def one(self, call: str, account: str, region: str = GLOBAL) -> Answer:
        """The answer of a call that is made once in a scope; with an error when it was not recorded."""
        for answer in self.each(call, account=account, region=region):
            return answer
        cloud = next((s.cloud for s in self.scopes if s.account == account), Cloud.AWS)
        return self._missing(call, Scope(cloud=cloud, account=account, region=region))

    def items(
        self, call: str, *, account: str | None = None, region: str | None = None
    ) -> Iterator[tuple[Answer, Any]]:
        """Every item of every answer; answers with an error have none, so look at those first."""
        for answer in self.each(call, account=account, region=region):
            for item in answer.items:
                yield answer, item

    def coverage(self) -> Coverage:
        """What was read."""
        return Coverage(
            files=self.files,
            records=self.documents,
            accounts=frozenset(s.account for s in self.scopes),
            first=self.first,
            last=self.last,
            problems=self.problems,
            formats={f"{cloud} inventory": n for cloud in Cloud if (n := len(self.accounts(cloud)))},
        )

    def _scopes_of(self, call: str, spec: Call | None) -> list[Scope]:
        recorded = {scope for name, scope in self.held if name == call}
        if spec is None or spec.scope == "organization":
            return sorted(recorded)
        is_global = spec.scope == "global"
        return sorted(
            recorded
            | {
                s
                for s in self.scopes
                if s.cloud is spec.cloud
                and (s.region == GLOBAL) == is_global
                and "/" not in s.account  # an organisation, or a folder of projects
                and (not spec.only or s.region in spec.only)
            }
        )

    def _in_scope(self, call: str, spec: Call | None, scope: Scope) -> Iterator[Answer]:
        held = self.held.get((call, scope), ())
        if spec is None or spec.each is None:
            found = self._read(call, spec, scope, held)
            yield from found.values() if found else (self._missing(call, scope),)
            return
        expected = self._expected(spec, scope)
        found = self._read(call, spec, scope, held)
        yield from found.values()
        for key in expected:
            if isinstance(key, Answer):
                yield key
            elif key not in found:
                yield self._missing(call, scope, key)

    def _expected(self, spec: Call, scope: Scope) -> Iterator[str | Answer]:
        """The keys that an `each` call should have, or the error that keeps us from knowing them."""
        assert spec.each is not None
        parent = self.table.get(spec.each.call)
        for answer in self._in_scope(spec.each.call, parent, scope):
            if answer.error is not None:
                yield Answer(
                    call=spec.name, scope=scope, error=answer.error, where=answer.where, key=answer.key
                )
                continue
            for item in wanted_items(spec, answer):
                yield filled_text(spec.key, item)

    def _read(self, call: str, spec: Call | None, scope: Scope, held: tuple[Held, ...]) -> dict[str, Answer]:
        found: dict[str, Answer] = {}
        path = spec.items if spec else ""
        for one in held:
            for document, where in one.read():
                if document.call != call or not _is_of(document, scope):
                    continue  # a file may hold several calls
                error = (
                    Failure(**{k: document.error.get(k, "") for k in ("code", "message", "permission")})
                    if document.error
                    else None
                )
                earlier = found.get(document.key)
                if error is not None and earlier is not None and earlier.error is None:
                    continue  # what was once recorded stands, whatever a later run was refused
                found[document.key] = Answer(
                    call=call,
                    scope=scope,
                    args=document.args,
                    key=document.key,
                    answer=document.answer,
                    path=path,
                    absent=document.absent,
                    error=error,
                    time=document.time,
                    identity=document.identity,
                    where=where,
                )
        return found

    def _missing(self, call: str, scope: Scope, key: str = "") -> Answer:
        source = self.sources.get((scope.cloud, scope.account))
        reason = f"not in {source}" if source else "nothing was recorded of it"
        for held in self.held.get(("sts.AssumeRole", Scope(cloud=scope.cloud, account=scope.account)), ()):
            for document, _ in held.read():
                if document.error:
                    reason = f"the role could not be taken on: {document.error.get('code', '')}"
        return Answer(call=call, scope=scope, key=key, error=Failure(code=NOT_RECORDED, message=reason))


def _is_of(document: Document, scope: Scope) -> bool:
    where = document.scope
    region = where.get("region", GLOBAL) or GLOBAL
    return (document.cloud, where.get("account", ""), region) == (scope.cloud, scope.account, scope.region)
