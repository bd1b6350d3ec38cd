"""What queries over tables and text have in common: where a path can be followed, and text to look for where it can't.

A condition through a list, or in JSON kept in a string, is looked for in the text of what stands above the list. That
finds the key and the value wherever they stand there, so it matches more, not less. A negation can't be told so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from exclave.catalogue.entry import Scalar
    from exclave.exports.places import Place
    from exclave.exports.rule import Test

_SPECIAL = frozenset(r".^$*+?()[]{}|\/")  # of regular expressions in every dialect that is written here


def told(test: Test) -> bool:
    """Whether a query can say the condition: what is negated has to be one value at a place of its own."""
    return test.positive or all(direct(p) for p in test.places)


def direct(place: Place) -> bool:
    """Whether a path leads to one value, without lists and JSON in strings on the way."""
    return place.single and not place.in_text


def above(place: Place) -> tuple[str, ...]:
    """The keys down to the first list or `*`; the first alone where the rest may lie in a string."""
    keys = place.keys
    stop = next((i for i, k in enumerate(keys) if k in ("[]", "*")), len(keys))
    return keys[: 1 if place.in_text else stop]


def token(place: Place, values: tuple[Scalar, ...] | None) -> str:
    """A regular expression, to be used without case, for the text of what stands above a place.

    It finds the last key with one of the values (any, if None), or the values by themselves where the list is what
    stands above.
    """
    below = [k for k in place.keys[len(above(place)) :] if k not in ("[]", "*")]
    if not below:
        return rf"(^|[^A-Za-z0-9_])({_some(values)})([^A-Za-z0-9_]|$)" if values else r"[A-Za-z0-9_]"
    return _keyed(below[-1], values, ends_in_list=place.keys[-1] in ("[]", "*"))


def line_token(place: Place, values: tuple[Scalar, ...] | None) -> str:
    """As `token`, for the text of the whole record."""
    last = next(k for k in reversed(place.keys) if k not in ("[]", "*"))
    return _keyed(last, values, ends_in_list=place.keys[-1] in ("[]", "*"))


def _keyed(key: str, values: tuple[Scalar, ...] | None, *, ends_in_list: bool) -> str:
    name = rf'"{escaped(key)}\\*"\s*:\s*'
    if values is None:
        return name + (r"[\[{]?\s*[^\]}\s]" if ends_in_list else "")
    if ends_in_list:
        return rf'{name}([\[{{][^\]}}]*[\[{{:,"\s])?\\*"?({_some(values)})([^A-Za-z0-9_]|$)'
    return rf'{name}\\*"?({_some(values)})([^A-Za-z0-9_]|$)'


def _some(values: tuple[Scalar, ...]) -> str:
    # In JSON, and all the more in JSON that is kept in a string, a quote has backslashes before it.
    return "|".join(escaped(plain(v)).replace('"', r'\\*"') for v in values)


def escaped(text: str) -> str:
    """A text in which no character has a meaning of its own."""
    return "".join(f"\\{c}" if c in _SPECIAL else c for c in text)


def plain(value: Scalar) -> str:
    """A scalar as JSON writes it, without quotes."""
    return ("true" if value else "false") if isinstance(value, bool) else str(value)
