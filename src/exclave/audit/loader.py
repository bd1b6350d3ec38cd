"""Reads the controls: TOML files in the package, each with a check of the same id."""

from __future__ import annotations

import difflib
import tomllib
from fnmatch import fnmatchcase
from importlib import import_module, resources
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from exclave.audit.model import Control

if TYPE_CHECKING:
    from exclave.audit.model import CheckFunction
    from exclave.model import Cloud


class BadControlError(Exception):
    """A file of controls, or an id, that can't be used; the message says what to do."""


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    control: tuple[Control, ...]


def load(folder: Path | None = None) -> tuple[Control, ...]:
    """Every control, by cloud and file, in the order they are written.

    Raises:
        BadControlError: a file is no TOML or says something unknown.
    """
    root = folder or Path(str(resources.files("exclave.audit"))) / "controls"
    out: list[Control] = []
    for file in sorted(root.glob("*/*.toml")):
        try:
            out.extend(msgspec.convert(tomllib.loads(file.read_text("utf-8")), _File).control)
        except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
            raise BadControlError(f"{file.parent.name}/{file.name}: {error}") from error
    return tuple(out)


def control(identifier: str) -> Control:
    """One control by its id.

    Raises:
        BadControlError: there is none; the message names the nearest.
    """
    known = load()
    for one in known:
        if one.id == identifier:
            return one
    near = difflib.get_close_matches(identifier, [c.id for c in known], 3, 0.5)
    raise BadControlError(f"no control {identifier!r}" + (f"; near: {', '.join(near)}" if near else ""))


def chosen(patterns: tuple[str, ...], cloud: Cloud | None = None) -> tuple[Control, ...]:
    """Controls whose ids fit one of the patterns (`aws.alarm.*`); all when there are none.

    Raises:
        BadControlError: a pattern fits no control.
    """
    known = [c for c in load() if cloud is None or c.cloud is cloud]
    for pattern in patterns:
        if not any(fnmatchcase(c.id, pattern) for c in known):
            near = difflib.get_close_matches(pattern, [c.id for c in known], 3, 0.5)
            raise BadControlError(
                f"no control fits {pattern!r}" + (f"; near: {', '.join(near)}" if near else "")
            )
    return tuple(c for c in known if not patterns or any(fnmatchcase(c.id, p) for p in patterns))


def check_of(control_: Control) -> CheckFunction:
    """The function that checks a control, by its id in `checks/<cloud>/__init__.py`.

    Raises:
        BadControlError: there is none.
    """
    try:
        registered = import_module(f"exclave.audit.checks.{control_.cloud}").CHECKS
        module, _, name = registered[control_.id].partition(":")
    except (ModuleNotFoundError, KeyError):
        raise BadControlError(
            f"{control_.id}: no check is registered in exclave.audit.checks.{control_.cloud}"
        ) from None
    found: CheckFunction = getattr(import_module(f"exclave.audit.checks.{control_.cloud}.{module}"), name)
    return found
