"""Writes documents: what was recorded stands whatever happens next, and a later run goes on from there."""

from __future__ import annotations

import os
import re
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from exclave.inventory.model import GLOBAL, PLAN, SCHEMA, Answer, Call, Document, Scope
from exclave.inventory.reading import Held

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from exclave.inventory.model import Failure
    from exclave.model import Cloud

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")


class NotEmptyError(Exception):
    """There is an inventory in the folder already."""


class Recorder:
    """A folder that answers are written to, by several threads. One document a file, or a line for `each` calls."""

    def __init__(self, folder: Path, *, resume: bool) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._sound: set[Path] = set()  # line files that end in a line break
        if not resume and folder.is_dir() and any(folder.rglob("*.json*")):
            raise NotEmptyError(
                f"{folder} holds an inventory already: --resume goes on with it, or choose another folder"
            )
        folder.mkdir(parents=True, exist_ok=True)

    def path(self, call: str, scope: Scope, *, lines: bool) -> Path:
        """Where the documents of a call in a scope lie."""
        parts = (scope.cloud.value, _safe(scope.account), _safe(scope.region or GLOBAL))
        return self.folder.joinpath(*parts) / f"{_safe(call)}.json{'l' if lines else ''}"

    def done(self, call: Call, scope: Scope) -> frozenset[str]:
        """Keys that were recorded without an error; `""` for a call that is made once."""
        path = self.path(call.name, scope, lines=call.each is not None)
        if not path.is_file():
            return frozenset()
        return frozenset(document.key for document, _ in Held(path).read() if document.error is None)

    def write(
        self, call: Call, scope: Scope, *, args: Mapping[str, Any], key: str = "", identity: str = "", answer: Any = None,
        absent: str = "", error: Failure | None = None,
    ) -> None:  # fmt: skip
        """Record one call. Raises OSError as writing does."""
        document = Document(
            schema_=SCHEMA,
            cloud=scope.cloud,
            call=call.name,
            scope={"account": scope.account, "region": scope.region},
            args=dict(args),
            key=key,
            time=datetime.now(UTC).replace(microsecond=0),
            identity=identity,
            answer=answer,
            absent=absent,
            error={"code": error.code, "message": error.message, "permission": error.permission}
            if error
            else None,
        )
        content = msgspec.json.encode(document, enc_hook=str)
        path = self.path(call.name, scope, lines=call.each is not None)
        path.parent.mkdir(parents=True, exist_ok=True)
        if call.each is None:
            self._replace(path, content)
        else:
            self._append(path, content)

    def plan(
        self, cloud: Cloud, home: str, accounts: Mapping[str, list[str]], *, finished: bool, **more: Any
    ) -> None:
        """Record what is to be recorded, so that what is missing later is known to be."""
        answer = {"accounts": dict(accounts), "finished": finished, **more}
        self.write(Call(name=PLAN, scope="global"), Scope(cloud=cloud, account=home), args={}, answer=answer)

    def answers(self, call: Call, scope: Scope) -> Iterator[Answer]:
        """What was recorded of a call in a scope, errors too."""
        path = self.path(call.name, scope, lines=call.each is not None)
        if not path.is_file():
            return
        for document, where in Held(path).read():
            if document.error is None:
                yield Answer(
                    call=call.name, scope=scope, args=document.args, key=document.key, answer=document.answer,
                    path=call.items, absent=document.absent, where=where,
                )  # fmt: skip

    def _replace(self, path: Path, content: bytes) -> None:
        part = path.with_name(f".{path.name}.{threading.get_ident()}.part")
        part.write_bytes(content + b"\n")
        part.replace(path)

    def _append(self, path: Path, content: bytes) -> None:
        with self._lock:
            if path not in self._sound:
                _mend(path)
                self._sound.add(path)
            # one write, so that a process that dies leaves at most one broken line
            descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                os.write(descriptor, content + b"\n")
            finally:
                os.close(descriptor)


def _mend(path: Path) -> None:
    """Cut off a last line that a dying process left unfinished."""
    if not path.is_file():
        return
    content = path.read_bytes()
    if content and not content.endswith(b"\n"):
        with path.open("r+b") as stream:
            stream.truncate(content.rfind(b"\n") + 1)


def _safe(name: str) -> str:
    """A name from a cloud as the name of a file: no separators, never `.` or `..`."""
    plain = _UNSAFE.sub("_", name)[:120]
    return plain if plain.strip(".") else f"_{plain}"
