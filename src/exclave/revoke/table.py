"""The table of ways to take a share back: `ways/<cloud>/*.toml`. What revoke asks and changes is in there and nowhere else."""

from __future__ import annotations

import tomllib
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from exclave.model import Cloud
from exclave.revoke.model import Way

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


class BadWayError(Exception):
    """A file of ways that can't be used; the message says which and why."""


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    way: tuple[Way, ...]


def load() -> dict[str, tuple[Way, ...]]:
    """The ways of each method, in the order in which they are tried.

    Raises:
        BadWayError: a file is no TOML or says something unknown.
    """
    found: dict[str, list[Way]] = {}
    for cloud in Cloud:
        folder = Path(str(resources.files("exclave.revoke"))) / "ways" / cloud.value
        for file in sorted(folder.glob("*.toml")):
            try:
                content = msgspec.convert(tomllib.loads(file.read_text("utf-8")), _File)
            except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
                raise BadWayError(f"{file.name}: {error}") from error
            for way in content.way:
                for method in way.methods:
                    found.setdefault(method, []).append(way)
    return {method: tuple(ways) for method, ways in found.items()}


def cloud_of(way: Way) -> Cloud:
    """The provider of a way: its methods' first part."""
    return Cloud(way.methods[0].partition(".")[0])


def every(ways: Mapping[str, tuple[Way, ...]], cloud: Cloud) -> list[Way]:
    """Each way of a cloud once."""
    out: dict[int, Way] = {}
    for many in ways.values():
        for way in many:
            if cloud_of(way) is cloud:
                out[id(way)] = way
    return list(out.values())


def reading_calls(ways: Iterable[Way]) -> Iterator[str]:
    """The SDK operations that planning asks."""
    for way in ways:
        yield way.read.call
