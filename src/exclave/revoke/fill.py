"""Filling in calls: `{name}` in a text, `{=path}` for a whole value, `{json=path}` for it as JSON in a text.

What can be named: `resource.id`, `resource.short` (without what an ARN puts before), `resource.last` (after the last
slash), `resource.name`, `segment.bucket` and `segment.object` of an object's name, `destination.id`, `account`, `region`, `fact.NAME` (`number.NAME` as a number), `revoke.ARGUMENT` of the catalogue's call;
`before` (what was read), `doc` (what is put: edited, or as it was for an undo) and `item` (what is taken away).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec

from exclave.catalogue import paths
from exclave.change.model import NOW, Request
from exclave.model import Cloud, short_id
from exclave.perimeter.google import relative_name

if TYPE_CHECKING:
    from exclave.revoke.model import Call, Found, Way

_SLOT = re.compile(r"\{([a-z]+(?:\.[A-Za-z0-9_\[\]-]+)*)\}")
_WHOLE = re.compile(r"\{(json)?=([a-z]+(?:\.[A-Za-z0-9_\[\]-]+)*)\}")
_FACT = re.compile(r"\{=?(?:fact|number)\.([A-Za-z0-9_-]+)")
_DIGITS = 19
_SAFE_IN_URL = "/:@!$'()*+,;=~-._"


class MissingError(Exception):
    """Something that a call needs isn't known; the message names it."""


def values(found: Found) -> dict[str, Any]:
    """What a finding tells."""
    resource, destination = found.source, found.destination or {}
    identifier = found.resource
    facts = dict(found.facts)
    if found.cloud is Cloud.GCP:
        identifier, facts = relative_name(identifier), {k: relative_name(v) for k, v in facts.items()}
        if resource.get("kind") == "gcp-service-account" and "/" not in identifier:
            identifier = f"projects/-/serviceAccounts/{identifier}"
    bucket, _, object_ = identifier.partition("/buckets/")[2].partition("/objects/")
    return {
        "resource": {
            "id": identifier,
            "short": short_id(identifier),
            "last": identifier.rstrip("/").rpartition("/")[2],
            "name": resource.get("name") or "",
            "kind": resource.get("kind") or "",
        },
        "destination": {"id": destination.get("id") or "", "kind": destination.get("kind") or ""},
        "account": found.account,
        "region": found.region,
        "segment": {"bucket": bucket, "object": object_},
        "fact": facts,
        "number": {k: int(v) for k, v in facts.items() if v.isdecimal() and len(v) < _DIGITS},
        "revoke": dict(found.revoke),
    }


def facts_named(way: Way) -> set[str]:
    """The facts of a finding that a way can't do without."""
    text_ = msgspec.json.encode((way.read, way.change, way.set, way.drop, way.stands)).decode()
    return set(_FACT.findall(text_))


def request(call: Call, found: Found, known: Mapping[str, Any]) -> Request:
    """A call filled in.

    Raises:
        MissingError: something that it names isn't known.
    """
    verb, space, url = call.call.partition(" ")
    name = f"{verb} {text(url, known, in_url=True)}" if space else call.call
    args = fill(call.args, known)
    for path, source in call.now.items():
        args = _put(args, path.split("."), {NOW: source})
    return Request(
        cloud=found.cloud, account=found.account, region=text(call.region, known) or found.region, call=name,
        args=args, absent=call.absent, keep=call.keep, where=fill(call.where, known),
    )  # fmt: skip


def fill(template: Any, known: Mapping[str, Any]) -> Any:
    """A JSON value with its places filled in. Raises MissingError."""
    if isinstance(template, str):
        whole = _WHOLE.fullmatch(template)
        if whole is None:
            return text(template, known)
        value = paths.first(known, whole[2])
        if value is None:
            raise MissingError(whole[2])
        return msgspec.json.encode(value).decode() if whole[1] else value
    if isinstance(template, list | tuple):
        return [fill(v, known) for v in template]
    if isinstance(template, Mapping):
        return {k: made for k, v in template.items() if (made := _member(v, known)) is not None}
    return template


def text(template: str, known: Mapping[str, Any], *, in_url: bool = False) -> str:
    """A text with its places filled in; in a URL what they hold can't leave the path. Raises MissingError."""

    def of(match: re.Match[str]) -> str:
        value = paths.text(known, match[1])
        if not value:
            raise MissingError(match[1])
        if not in_url:
            return value
        return quote(value, safe="" if match[1].startswith("segment.") else _SAFE_IN_URL)

    return _SLOT.sub(of, template)


def _member(template: Any, known: Mapping[str, Any]) -> Any:
    """A member of an object; `{=?path}` is left out where there is no value."""
    if isinstance(template, str) and template.startswith("{=?"):
        return paths.first(known, template[3:-1])
    return fill(template, known)


def _put(value: Any, path: list[str], new: Any) -> Any:
    if not path:
        return new
    held = dict(value) if isinstance(value, Mapping) else {}
    held[path[0]] = _put(held.get(path[0]), path[1:], new)
    return held
