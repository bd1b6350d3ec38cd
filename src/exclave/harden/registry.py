"""Finds the maker of a control: `MAKERS` in `makers/<cloud>/__init__.py`."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from exclave.audit.model import Control
    from exclave.change.model import Step
    from exclave.harden.model import Maker
    from exclave.model import Cloud


_MAKERS = "exclave.harden.makers"


def makers(cloud: Cloud) -> Mapping[str, str]:
    """Control → `module:function` of one cloud; empty where nothing is made for it."""
    name = f"{_MAKERS}.{cloud.value}"
    try:
        found: Mapping[str, str] = import_module(name).MAKERS
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        return {}
    return found


def maker_of(control: Control) -> Maker | None:
    """The function that makes a control, or None when there is none."""
    registered = makers(control.cloud).get(control.id)
    if registered is None:
        return None
    module, _, name = registered.partition(":")
    maker: Maker = getattr(import_module(f"{_MAKERS}.{control.cloud.value}.{module}"), name)
    return maker


def in_turn(steps: Iterable[Step]) -> tuple[Step, ...]:
    """Steps as they are made one after the other: `IN_TURN` of a cloud's makers fits those together that change one thing."""
    by_cloud: dict[Cloud, list[Step]] = {}
    for step in steps:
        by_cloud.setdefault(step.cloud, []).append(step)
    out: list[Step] = []
    for cloud, found in by_cloud.items():
        module, _, name = getattr(import_module(f"{_MAKERS}.{cloud.value}"), "IN_TURN", "").partition(":")
        out += getattr(import_module(f"{_MAKERS}.{cloud.value}.{module}"), name)(found) if module else found
    return tuple(out)


def also_read(cloud: str) -> tuple[str, ...]:
    """Calls of the inventory's table that makers look at beside what the audit needs: `ALSO_READ` of a cloud's makers."""
    try:
        module = import_module(f"{_MAKERS}.{cloud}")
    except ModuleNotFoundError:
        return ()
    found: tuple[str, ...] = getattr(module, "ALSO_READ", ())
    return found
