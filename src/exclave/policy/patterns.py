"""Wildcard patterns of IAM: `*` any run of characters, `?` exactly one.

Three questions, each in time proportional to the length of the first argument: does a pattern match a
text, does it match everything another pattern matches, and can both match one text. A pattern is a tuple
of tokens, so that a character that came out of a policy variable stays literal.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from __future__ import annotations

STAR = "**"  # two characters, so that neither can be a character of a text
ANY = "??"

Tokens = tuple[str, ...]

ARN_PARTS = 6  # arn:partition:service:region:account:resource


def tokens(pattern: str) -> Tokens:
    """A pattern as tokens, where runs of wildcards stand in one order (`?` before a single `*`)."""
    return _tidy([STAR if c == "*" else ANY if c == "?" else c for c in pattern])


def literal(text: str) -> Tokens:
    """A text in which `*` and `?` mean themselves."""
    return tuple(text)


def join(parts: list[Tokens]) -> Tokens:
    """Several pieces as one pattern."""
    return _tidy([token for part in parts for token in part])


def is_wild(pattern: Tokens) -> bool:
    """Whether it holds a wildcard."""
    return STAR in pattern or ANY in pattern


def covers(wide: Tokens, narrow: Tokens) -> bool:
    """Whether `wide` matches every text that `narrow` matches. A `narrow` without wildcards is a text."""
    masks = _masks(wide)
    star = masks.get(STAR, 0)
    any_ = masks.get(ANY, 0)
    state = _free(1, star)
    for token in narrow:
        if token == STAR:
            state &= star
        elif token == ANY:
            state = ((state & any_) << 1) | (state & star)
        else:
            state = ((state & (any_ | masks.get(token, 0))) << 1) | (state & star)
        state = _free(state, star)
        if not state:
            return False
    return bool(state >> len(wide) & 1)


def overlap(one: Tokens, other: Tokens) -> bool:
    """Whether some text is matched by both."""
    masks = _masks(other)
    star = masks.get(STAR, 0)
    any_ = masks.get(ANY, 0)
    full = (1 << (len(other) + 1)) - 1
    state = _free(1, star)
    for token in one:
        if token == STAR:
            lowest = state & -state
            state = full & ~(lowest - 1)
        elif token == ANY:
            state = ((state & ~star) << 1 & full) | (state & star)
        else:
            state = ((state & (any_ | masks.get(token, 0))) << 1) | (state & star)
        state = _free(state, star)
        if not state:
            return False
    return bool(state >> len(other) & 1)


def action_tokens(pattern: str) -> Tokens:
    """An action or a pattern of actions; names of actions have no case."""
    return tokens(pattern.lower())


def arn_covers(wide: Tokens, narrow: Tokens) -> bool:
    """`covers`, part by part where both are whole ARNs, so that no wildcard reaches over a colon."""
    ours, theirs = _arn_parts(wide), _arn_parts(narrow)
    if ours is None or theirs is None:
        return covers(wide, narrow)
    return all(covers(a, b) for a, b in zip(ours, theirs, strict=True))


def arn_overlap(one: Tokens, other: Tokens) -> bool:
    """`overlap`, part by part where both are whole ARNs."""
    ours, theirs = _arn_parts(one), _arn_parts(other)
    if ours is None or theirs is None:
        return overlap(one, other)
    return all(overlap(a, b) for a, b in zip(ours, theirs, strict=True))


def _arn_parts(pattern: Tokens) -> list[Tokens] | None:
    parts: list[Tokens] = []
    start = 0
    for index, part in enumerate(pattern):
        if part == ":" and len(parts) < ARN_PARTS - 1:
            parts.append(pattern[start:index])
            start = index + 1
    parts.append(pattern[start:])
    return parts if len(parts) == ARN_PARTS and parts[0] == tuple("arn") else None


def _tidy(raw: list[str]) -> Tokens:
    out: list[str] = []
    star = False
    for token in raw:
        if token == STAR:
            star = True
            continue
        if star and token != ANY:
            out.append(STAR)
            star = False
        out.append(token)
    if star:
        out.append(STAR)
    return tuple(out)


def _masks(pattern: Tokens) -> dict[str, int]:
    masks: dict[str, int] = {}
    for index, token in enumerate(pattern):
        masks[token] = masks.get(token, 0) | (1 << index)
    return masks


def _free(state: int, star: int) -> int:
    """Positions reached without reading a character: a `*` may match nothing. No two `*` adjoin."""
    return state | ((state & star) << 1)
