"""Glob patterns over paths with `/`: `*`, `?`, `[...]` within a name, `**` for any number of folders."""

from __future__ import annotations

import fnmatch
import re

MAGIC = re.compile(r"[*?\[]")
_TOKEN = re.compile(r"\*+|\?|\[!?\]?[^\]/]*\]|.", re.DOTALL)


def glob_pattern(pattern: str) -> re.Pattern[str]:
    """A regular expression for files that the glob matches, and for files under folders that it matches."""
    *folders, last = pattern.rstrip("/").split("/")
    above = "".join("(?:[^/]+/)*" if part == "**" else _name(part) + "/" for part in folders)
    end = ".+" if last == "**" else _name(last) + "(?:/.*)?"
    return re.compile(rf"{above}{end}\Z", re.DOTALL)


def prefix_of(pattern: str) -> str:
    """The folder (without its `/`) under which everything lies that the glob can match; '' for the top."""
    magic = MAGIC.search(pattern)
    return (pattern[: magic.start()] if magic else pattern).rpartition("/")[0]


def _name(part: str) -> str:
    return "".join(_piece(found) for found in _TOKEN.findall(part))


def _piece(written: str) -> str:
    if written.startswith("*"):
        return "[^/]*"
    if written == "?":
        return "[^/]"
    if written.startswith("[") and len(written) > 1:
        return "(?!/)" + fnmatch.translate(written).removesuffix(r"\Z")
    return re.escape(written)
