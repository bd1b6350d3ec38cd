"""What is known of a request: context keys and their values, and answers that may be "can't tell" (None)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct


class Fact(Struct, frozen=True):
    """What is known of one context key.

    `values` empty: the key is absent. `patterns`: the value is some text that one of `values` matches;
    otherwise `values` are the request's own.
    """

    values: tuple[str, ...] = ()
    patterns: bool = False


ABSENT = Fact()
Facts = Mapping[str, Fact]  # keys in lower case


def every(answers: Iterable[bool | None]) -> bool | None:
    """And: false if one is, else None if one is, else true."""
    unsure = False
    for answer in answers:
        if answer is False:
            return False
        unsure = unsure or answer is None
    return None if unsure else True


def some(answers: Iterable[bool | None]) -> bool | None:
    """Or: true if one is, else None if one is, else false."""
    unsure = False
    for answer in answers:
        if answer:
            return True
        unsure = unsure or answer is None
    return None if unsure else False


def negate(answer: bool | None) -> bool | None:
    """Not; can't tell stays so."""
    return None if answer is None else not answer
