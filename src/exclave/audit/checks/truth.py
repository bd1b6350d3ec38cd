"""Three answers of a condition that is not known in full: it holds, it doesn't, or (None) that depends on what isn't looked at."""

from __future__ import annotations

Truth = bool | None


def either(one: Truth, other: Truth) -> Truth:
    """Whether one of two holds."""
    return True if True in (one, other) else None if None in (one, other) else False


def both(one: Truth, other: Truth) -> Truth:
    """Whether both hold."""
    return False if False in (one, other) else None if None in (one, other) else True


def opposite(of: Truth) -> Truth:
    """Whether something does not hold."""
    return None if of is None else not of
