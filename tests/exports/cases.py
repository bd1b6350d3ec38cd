"""Every example of the catalogue, with what its entry finds in it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from exclave.catalogue.examples import log_of, record
from exclave.catalogue.loader import load
from exclave.exports.rule import Rule, rule_of
from exclave.model import Cloud
from tests.catalogue.harness import lines

if TYPE_CHECKING:
    from exclave.catalogue.entry import Example, Method

TRUSTED = ("123456789012", "210987654321")
_OURS = (" self", " organization", " trusted")


@cache
def methods() -> tuple[Method, ...]:
    return load(compiled=False).methods


@cache
def rule(identifier: str) -> Rule:
    return rule_of(next(m for m in methods() if m.id == identifier))


def of_cloud(cloud: Cloud) -> tuple[Method, ...]:
    return tuple(m for m in methods() if m.cloud is cloud)


@cache
def cloudtrail() -> tuple[tuple[Method, Example], ...]:
    return tuple((m, e) for m in of_cloud(Cloud.AWS) for e in m.example if log_of(m, e) == "cloudtrail")


@cache
def cases() -> tuple[tuple[Method, Example], ...]:
    return tuple((m, e) for m in methods() for e in m.example)


def name(case: tuple[Method, Example]) -> str:
    return f"{case[0].id}: {case[1].name}"


def found(method: Method, example: Example) -> list[str]:
    """What the entry finds in its example; nothing where its name is left out of rules."""
    return (
        []
        if record(method, example).get("eventName") in rule(method.id).too_common
        else lines(method, example)
    )


def only_ours(found_lines: list[str]) -> bool:
    """Whether everything found went to our own accounts, which a rule with a list of them may leave out."""
    return bool(found_lines) and all(line.endswith(_OURS) for line in found_lines)


__all__ = [
    "TRUSTED",
    "cases",
    "cloudtrail",
    "found",
    "methods",
    "name",
    "of_cloud",
    "only_ours",
    "record",
    "rule",
]
