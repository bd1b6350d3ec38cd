"""Finds the maker of a control: `MAKERS` in `makers/<cloud>/__init__.py`."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from exclave.audit.model import Control
    from exclave.harden.model import Maker
    from exclave.model import Cloud


def makers(cloud: Cloud) -> Mapping[str, str]:
    """Control → `module:function` of one cloud; empty where nothing is made for it."""
    name = f"exclave.harden.makers.{cloud.value}"
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
    maker: Maker = getattr(import_module(f"exclave.harden.makers.{control.cloud.value}.{module}"), name)
    return maker


def also_read(cloud: str) -> tuple[str, ...]:
    """Calls of the inventory's table that makers look at beside what the audit needs: `ALSO_READ` of a cloud's makers."""
    try:
        module = import_module(f"exclave.harden.makers.{cloud}")
    except ModuleNotFoundError:
        return ()
    found: tuple[str, ...] = getattr(module, "ALSO_READ", ())
    return found
