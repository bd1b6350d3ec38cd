"""The perimeter of a hunt: what the file says, and what the logs show, with a word on each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from exclave.model import Kind
from exclave.perimeter import Perimeter
from exclave.perimeter_file import PerimeterFile, read

DEFAULT = Path("perimeter.toml")
_PLURALS = {Kind.ACCOUNT: "accounts", Kind.SUBSCRIPTION: "subscriptions", Kind.PROJECT: "projects", Kind.TENANT: "tenants"}
MAX_NAMED = 8

Seen = Mapping[Kind, Mapping[str, str]]
