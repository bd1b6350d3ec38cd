"""Which permissions hardening needs: what the audit reads, what makers look at besides, and what their steps ask (permissions.toml)."""

from __future__ import annotations

import tomllib
from fnmatch import fnmatchcase
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

import msgspec

from exclave.audit import needs as audited
from exclave.audit.loader import chosen
from exclave.harden.registry import also_read
from exclave.inventory.table import chosen as with_parents
from exclave.inventory.table import load as load_table

if TYPE_CHECKING:
    from exclave.model import Cloud


class Need(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the steps of some controls need. `beside`: what the provider asks of a call's caller beyond the call itself."""

    controls: tuple[str, ...]
    permissions: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    need: tuple[Need, ...]


@cache
def table() -> tuple[Need, ...]:
    """The rows of permissions.toml."""
    text = resources.files("exclave.harden").joinpath("permissions.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), _File).need


def of(control: str) -> list[Need]:
    """The rows of one control."""
    return [n for n in table() if any(fnmatchcase(control, p) for p in n.controls)]


def permissions(cloud: Cloud, patterns: tuple[str, ...] = (), *, changing: bool = True) -> list[str]:
    """The permissions in the provider's spelling, each once, in order.

    Args:
        cloud: whose.
        patterns: controls; all when empty.
        changing: also those of --apply and --undo; otherwise only what planning reads.

    Raises:
        BadControlError: a pattern fits no control.
    """
    besides = with_parents(load_table(cloud), also_read(cloud.value)).values()
    found = {*audited.permissions(cloud, patterns, exposures=False), *(c.needs for c in besides)}
    for control in chosen(patterns, cloud) if changing else ():
        for need in of(control.id):
            found |= {*need.permissions, *need.beside}
    return sorted(found)
