"""Where a path of the catalogue is found in a record: the keys as the log writes them.

The hunt follows a path leniently: keys without case, lists looked through, JSON in strings parsed, EC2's wrappers
taken off. Rules of other tools can't, so each path is looked up in the entry's own examples, and every spelling
seen there becomes a place of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from exclave.catalogue import paths
from exclave.catalogue.examples import log_of, record
from exclave.formats.logs import parser_of
from exclave.model import Cloud, Evidence

if TYPE_CHECKING:
    from exclave.catalogue.entry import Example, Method

_WRAPPERS = (("requestParameters", "Request"), ("responseElements", "Response"))


@dataclass(frozen=True, slots=True)
class Place:
    """One spelling of a path: its keys, `[]` where a list stands, and what the examples show there.

    `leaf`: a scalar, or a list of scalars. `in_text`: it lies in a string that holds JSON.
    """

    keys: tuple[str, ...]
    leaf: bool = True
    in_text: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The keys without the marks of lists."""
        return tuple(k for k in self.keys if k != "[]")

    @property
    def single(self) -> bool:
        """Whether it can hold one value only."""
        return "[]" not in self.keys and "*" not in self.keys


def sample(method: Method, example: Example) -> Mapping[str, Any]:
    """The record of an example: AWS as CloudTrail writes it, other logs in the one shape that paths speak of."""
    raw = record(method, example)
    log = log_of(method, example)
    return raw if log == "cloudtrail" else parser_of(log)(raw, Evidence(file=example.name, record=1)).fields


def places(path: str, records: tuple[Mapping[str, Any], ...], cloud: Cloud) -> tuple[Place, ...]:
    """The places of a path: as the entry writes it, and as its examples do."""
    segments = paths.split(path)
    seen: dict[tuple[str, ...], Place] = {}
    for sample in records:
        for keys, value, in_text in _found(sample, segments, cloud):
            place = _place(keys, value, in_text)
            known = seen.get(place.keys)
            seen[place.keys] = place if known is None else _worst(known, place)
    written = Place(keys=segments)
    # What stands as one object in an example may stand as a list in the next record, and the other way round.
    like = next((p for p in seen.values() if p.names == written.names), written)
    seen.setdefault(written.keys, Place(keys=written.keys, leaf=like.leaf, in_text=like.in_text))
    return tuple(seen[k] for k in sorted(seen))


def _place(keys: tuple[str, ...], value: Any, in_text: bool) -> Place:
    if isinstance(value, list):
        return Place(
            keys=(*keys, "[]"), leaf=not any(isinstance(v, dict | list) for v in value), in_text=in_text
        )
    return Place(keys=keys, leaf=not isinstance(value, dict), in_text=in_text)


def _worst(one: Place, other: Place) -> Place:
    return Place(keys=one.keys, leaf=one.leaf and other.leaf, in_text=one.in_text or other.in_text)


def _found(
    sample: Mapping[str, Any], segments: tuple[str, ...], cloud: Cloud
) -> Iterator[tuple[tuple[str, ...], Any, bool]]:
    yield from _walk(sample, segments, (), in_text=False)
    if cloud is Cloud.AWS:
        for part, suffix in _WRAPPERS:
            wrapper = f"{sample.get('eventName', '')}{suffix}"
            body = sample.get(part)
            if segments[0] == part and isinstance(body, dict) and isinstance(body.get(wrapper), dict):
                yield from _walk(body[wrapper], segments[1:], (part, wrapper), in_text=False)


def _walk(
    value: Any, segments: tuple[str, ...], keys: tuple[str, ...], *, in_text: bool
) -> Iterator[tuple[tuple[str, ...], Any, bool]]:
    """As catalogue.paths walks, with the keys that it went through."""
    if not segments:
        if value is not None:
            yield keys, value, in_text
        return
    if isinstance(value, str):
        parsed = paths.embedded(value)
        value, in_text = parsed, in_text or parsed is not value
    for inner, rest, through in _steps(value, segments, keys):
        yield from _walk(inner, rest, through, in_text=in_text)


def _steps(
    value: Any, segments: tuple[str, ...], keys: tuple[str, ...]
) -> Iterator[tuple[Any, tuple[str, ...], tuple[str, ...]]]:
    """Where the first segment leads: a value, the segments that are left, the keys that it went through."""
    head, rest = segments[0], segments[1:]
    if head == "[]":
        mark = (*keys, "[]") if isinstance(value, list) else keys
        for item in value if isinstance(value, list) else () if value is None else (value,):
            if rest and paths.paired(item, rest[0]):
                yield item["value"], rest[1:], (*mark, "value")
            else:
                yield item, rest, mark
    elif isinstance(value, Mapping):
        for name in _names(value, head):
            yield value[name], rest, (*keys, "*" if head == "*" else name)
    elif isinstance(value, list):
        for item in value:
            if isinstance(item, Mapping | list):
                yield item, segments, (*keys, "[]")


def _names(value: Mapping[str, Any], head: str) -> list[str]:
    """The keys that a segment means: any, its own, or else the first that differs by case alone."""
    if head == "*":
        return list(value)
    return [head] if head in value else [k for k in value if k.lower() == head.lower()][:1]
