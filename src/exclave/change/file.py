"""Plans and undo records on disk: private (0600), whole or not there, and never lost by a crash.

An undo file is JSON lines: a head, then a line before each change (`will`) and one after it (`did`). The last
line may be torn where the process died while writing it; a torn `will` means that its change wasn't begun.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import msgspec

from exclave.change.model import PLAN, UNDO, Plan, Step

MAX_BYTES = 256 << 20


class BadFileError(Exception):
    """A plan or undo file that can't be used; the message says which and why."""


class Will(msgspec.Struct, frozen=True, kw_only=True, tag="will", tag_field="type"):
    """A step that is about to be made. `before`: what was read just before it."""

    step: Step
    before: Any = None


class Did(msgspec.Struct, frozen=True, kw_only=True, tag="did", tag_field="type"):
    """A step that was made, or not wholly, and what was read after it; or that was undone since."""

    id: str
    now: Any = None
    result: Literal["applied", "failed", "undone"] = "applied"


class Head(
    msgspec.Struct, frozen=True, kw_only=True, tag="head", tag_field="type", rename={"schema_": "schema"}
):
    """The first line: what the file is, when it was begun and by whom."""

    schema_: str = UNDO
    made_at: datetime
    identity: str = ""


class Undoable(msgspec.Struct, frozen=True, kw_only=True):
    """One change of an undo file.

    `begun`: the file ends before the change was known to be made; `failed`: an error came while it was made.
    Of those that are not `begun`, `now` is what was read afterwards.
    """

    step: Step
    before: Any
    now: Any = None
    state: Literal["begun", "failed", "applied"] = "begun"


class UndoFile(msgspec.Struct, frozen=True, kw_only=True):
    """An undo file as read: what can be undone, the latest change last. `problems`: torn or unknown lines."""

    identity: str
    made_at: datetime
    changes: tuple[Undoable, ...]
    problems: tuple[str, ...] = ()


def write_plan(path: Path, plan: Plan) -> None:
    """Writes a plan. Raises OSError as writing does."""
    content = msgspec.json.format(msgspec.json.encode(plan), indent=1) + b"\n"
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.absolute().parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise


def read_plan(path: Path) -> Plan:
    """A plan from a file.

    Raises:
        BadFileError: it can't be read, is no plan, or of a version that this program doesn't know.
    """
    try:
        plan = msgspec.json.decode(_content(path), type=Plan)
    except msgspec.MsgspecError as error:
        raise BadFileError(f"{path} is no plan: {error}") from error
    if plan.schema_ != PLAN:
        raise BadFileError(f"{path}: {plan.schema_!r} is not a plan of this version ({PLAN})")
    for step in plan.steps:
        if not step.change:
            raise BadFileError(f"{path}: step {step.id} changes nothing")
    return plan


class UndoLog:
    """The undo file being written: every line is on the disk before the method returns."""

    def __init__(self, path: Path, identity: str = "") -> None:
        self.path = path
        # O_EXCL: an earlier undo file is the only way back from an earlier run, so it is never written over
        self._handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        self._write(Head(made_at=datetime.now(UTC).replace(microsecond=0), identity=identity))
        _sync_folder(path)

    def will(self, step: Step, before: Any) -> None:
        """Note a step before its change."""
        self._write(Will(step=step, before=before))

    def did(self, step: Step, now: Any, *, failed: bool = False) -> None:
        """Note what was read after the change."""
        self._write(Did(id=step.id, now=now, result="failed" if failed else "applied"))

    def close(self) -> None:
        """Close the file."""
        os.close(self._handle)

    def _write(self, line: Will | Did | Head) -> None:
        _append(self._handle, line)


def mark_undone(path: Path, step: Step) -> None:
    """Note in an undo file that a step was undone. Raises OSError as writing does."""
    handle = os.open(path, os.O_WRONLY | os.O_APPEND)
    try:
        os.write(handle, b"\n")  # ends a torn line
        _append(handle, Did(id=step.id, result="undone"))
    finally:
        os.close(handle)


def read_undo(path: Path) -> UndoFile:
    """An undo file.

    Raises:
        BadFileError: it can't be read or is no undo file.
    """
    lines = _content(path).split(b"\n")
    try:
        head = msgspec.json.decode(lines[0], type=Head)
    except msgspec.MsgspecError as error:
        raise BadFileError(f"{path} is no undo file: {error}") from error
    if head.schema_ != UNDO:
        raise BadFileError(f"{path}: {head.schema_!r} is not an undo file of this version ({UNDO})")
    found: dict[str, Undoable] = {}
    problems: list[str] = []
    for number, line in enumerate(lines[1:], 2):
        if not line.strip():
            continue
        try:
            entry = msgspec.json.decode(line, type=Will | Did)
        except msgspec.MsgspecError as error:
            problems.append(f"line {number} can't be read: {error}")
            continue
        if isinstance(entry, Will):
            found[entry.step.id] = Undoable(step=entry.step, before=entry.before)
        elif entry.id not in found:
            problems.append(f"line {number} is of step {entry.id}, which isn't in the file")
        elif entry.result == "undone":
            del found[entry.id]
        else:
            known = found[entry.id]
            found[entry.id] = msgspec.structs.replace(known, now=entry.now, state=entry.result)
    return UndoFile(
        identity=head.identity,
        made_at=head.made_at,
        changes=tuple(found.values()),
        problems=tuple(problems),
    )


def _content(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise BadFileError(f"{path} is larger than {MAX_BYTES >> 20} MiB")
        return path.read_bytes()
    except OSError as error:
        raise BadFileError(f"{path}: {error.strerror or error}") from error


def _append(handle: int, line: Will | Did | Head) -> None:
    content = msgspec.json.encode(line) + b"\n"
    while content:
        content = content[os.write(handle, content) :]
    os.fsync(handle)


def _sync_folder(path: Path) -> None:
    """The name too must outlive a crash; not every system can do that."""
    with suppress(OSError):
        handle = os.open(path.absolute().parent, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
