"""Records as byte fragments: built once as a dict, then stamped out with fresh ids by one `%` each.

In a record, `@@name@@` inside a string is a slot. The same slot in one record has the same value (a request
id that stands in the response again), and `@@upper:name@@` has it in upper case. A string that is nothing but
`@@int:LOW:HIGH@@`, `@@millis@@` or `@@seconds@@` becomes a number.
"""

from __future__ import annotations

import re
from binascii import b2a_base64
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from exclave.simulate import ids

if TYPE_CHECKING:
    from random import Random

# Not drawn: the record's time (RFC 3339, slashes, in an hour's time, milliseconds and seconds since the
# epoch) and its caller's session.
GIVEN = frozenset({"time", "received", "day", "expires", "millis", "seconds", "akid", "born"})
Draw = Callable[[], bytes]
_UPPER = "upper:"
_SLOT = re.compile(rb'"@@(int:\d+:\d+|millis|seconds)@@"|@@([a-z0-9:]+)@@')


@dataclass(frozen=True, slots=True)
class Template:
    """`layout` holds a `%b` for each slot; `names` says which, `draws` how they are drawn."""

    layout: bytes
    names: tuple[str, ...]
    draws: Mapping[str, Draw]

    def draw(self) -> dict[str, bytes]:
        """Fresh values for the slots that are drawn."""
        return {name: draw() for name, draw in self.draws.items()}

    def fill_upper(self, values: dict[str, bytes]) -> bytes:
        """As `fill`, where some slots are in upper case; adds those to `values`. Raises KeyError likewise."""
        for name in self.names:
            if name.startswith(_UPPER):
                values[name] = values[name.removeprefix(_UPPER)].upper()
        return self.fill(values)

    def fill(self, values: Mapping[str, bytes]) -> bytes:
        """The record with these values. Raises KeyError when a slot has none."""
        return self.layout % tuple([values[name] for name in self.names])


def compile_record(
    record: Mapping[str, Any],
    fixed: Mapping[str, str],
    draw: Callable[[str], Draw],
    given: Collection[str] = GIVEN,
) -> Template:
    """Turns a record with slots into a template. `fixed` slots are filled in now, `draw` makes the others.

    Those in `given` are left to the caller of `fill`.
    """
    text = orjson.dumps(record)
    for name, value in fixed.items():
        text = text.replace(b"@@" + name.encode() + b"@@", value.encode())
        text = text.replace(b"@@upper:" + name.encode() + b"@@", value.upper().encode())
    text = text.replace(b"%", b"%%")
    names: list[str] = []

    def note(match: re.Match[bytes]) -> bytes:
        names.append((match[1] or match[2]).decode())
        return b"%b"

    layout = _SLOT.sub(note, text)
    plain = dict.fromkeys(name.removeprefix(_UPPER) for name in names)
    drawn = {name: draw(name) for name in plain if name not in given}
    return Template(layout, tuple(names), drawn)


def drawer(rng: Random, choices: Mapping[str, tuple[str, ...]]) -> Callable[[str], Draw]:
    """How slots are drawn.

    `uuid:…`, `hex…` (17 digits), `long…` (64 digits), `key…` (16 of base 32), `token…` (720 of base 64),
    `int:LOW:HIGH`, and `pick:NAME` out of `choices`. A digit at the end tells apart two slots of one kind. Raises KeyError on another name.
    """

    def draw(name: str) -> Draw:
        kind, _, rest = name.partition(":")
        if kind == "int":
            low, high = (int(part) for part in rest.split(":"))
            return lambda: b"%d" % (low + int(rng.random() * (high - low + 1)))
        if kind == "pick":
            options = [option.encode() for option in choices[rest]]
            return lambda: options[int(rng.random() * len(options))]
        return {"uuid": _uuid, "hex": _hex, "long": _long, "key": _key, "token": _token}[
            kind.rstrip("0123456789")
        ](rng)

    return draw


def _uuid(rng: Random) -> Draw:
    return lambda: ids.uuid(rng).encode()


def _hex(rng: Random) -> Draw:
    return lambda: b"0%016x" % rng.getrandbits(64)


def _long(rng: Random) -> Draw:
    return lambda: b"%064x" % rng.getrandbits(256)


def _key(rng: Random) -> Draw:
    return lambda: ids.base32(rng, 16).encode()


def _token(rng: Random) -> Draw:
    return lambda: b2a_base64(rng.randbytes(540), newline=False)
