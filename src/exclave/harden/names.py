"""Names and addresses that the user gives for what is made, checked before anything is made of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from exclave.perimeter import EntryKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exclave.perimeter import Perimeter

# The prefix begins names of buckets, roles, stacks: what all of them take.
_PREFIX = re.compile(r"[a-z][a-z0-9-]{0,18}[a-z0-9]")
_NOTIFY = re.compile(
    r"[^\s@<>\"']+@[^\s@<>\"']+|arn:[a-z-]+:(?:sns|sqs|lambda):[^\s]+|https://[^\s]+|\+\d{5,15}"
)
_PRINCIPAL = re.compile(r"arn:[a-z*-]+:(?:iam|sts)::[\d*]+:[^\s]+")
BREAK_GLASS = re.compile(r"break[- ]?glass", re.IGNORECASE)


class BadNameError(Exception):
    """A name or address that can't be used; the message says which and why."""


def checked(prefix: str, notify: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """The prefix and whom to tell.

    Raises:
        BadNameError: one of them can't be used.
    """
    if not _PREFIX.fullmatch(prefix):
        raise BadNameError(
            f"--prefix {prefix!r}: small letters, digits and hyphens, at most 20, for names of buckets begin with it"
        )
    for who in notify:
        if not _NOTIFY.fullmatch(who):
            raise BadNameError(
                f"--notify {who!r} is no mail address, https:// URL, phone number, or ARN of a queue, function or topic"
            )
    return prefix, tuple(dict.fromkeys(notify))


def break_glass(perimeter: Perimeter, given: Sequence[str]) -> tuple[str, ...]:
    """Principals that no policy may lock out: those given, and the perimeter's that are named so.

    Raises:
        BadNameError: one is no ARN pattern of a principal, or fits everybody.
    """
    for pattern in given:
        if not _PRINCIPAL.fullmatch(pattern) or pattern.endswith((":*", ":role/*", ":user/*")):
            raise BadNameError(
                f"--break-glass {pattern!r}: the ARN of a role or user, such as arn:aws:iam::*:role/break-glass; not of everybody"
            )
    named = [
        e.id
        for e in perimeter.entries
        if e.kind is EntryKind.PRINCIPAL and BREAK_GLASS.search(e.name) and not e.expired(perimeter.today)
    ]
    return tuple(dict.fromkeys((*given, *named)))
