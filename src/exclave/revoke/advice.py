"""What a person can do where the program has no way: the words of advice.toml, which stand beside the ways."""

from __future__ import annotations

import tomllib
from fnmatch import fnmatchcase
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from exclave.model import Cloud

UNKNOWN = "no way to take this back is known to the program"
TAKEN = "it can't be taken back"


class _Advice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    methods: tuple[str, ...]
    words: str


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    abuse: dict[str, str]
    advice: tuple[_Advice, ...]


def words(method: str, cloud: Cloud, outcome: str) -> str:
    """Why a finding without a way isn't planned, and what to do instead. Who was offered something may not have it yet."""
    named = next((a for a in _table().advice if any(fnmatchcase(method, p) for p in a.methods)), None)
    if named is None or ("*" in named.methods and outcome != "taken"):
        return UNKNOWN
    told = named.words.replace("{abuse}", _table().abuse[cloud])
    return f"{TAKEN if outcome == 'taken' else UNKNOWN}: {told}"


@cache
def _table() -> _File:
    text = resources.files("exclave.revoke").joinpath("advice.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), _File)
