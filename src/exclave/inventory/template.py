"""Arguments of calls: `{path}` filled in from an item that another call listed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from exclave.catalogue import paths
from exclave.inventory.model import walk

if TYPE_CHECKING:
    from exclave.inventory.model import Answer, Call, Scope

WHOLE = ""  # the key of an item that is a text itself
_PARTITIONS = (("cn-", "aws-cn"), ("us-gov-", "aws-us-gov"))
_SLOT = re.compile(r"\{([A-Za-z0-9_.'\[\]-]*)(:?)\}")


def filled(template: Any, item: Any) -> Any:
    """A JSON value with every `{path}` in its strings filled in; `{}` is an item that is a text itself.

    A string that is one path alone keeps a number's type.
    """
    if isinstance(template, str):
        whole = _SLOT.fullmatch(template)
        number = paths.first(item, whole[1]) if whole and whole[1] and not whole[2] else None
        if isinstance(number, int) and not isinstance(number, bool):
            return number
        return filled_text(template, item)
    if isinstance(template, list):
        return [filled(value, item) for value in template]
    if isinstance(template, Mapping):
        return {key: filled(value, item) for key, value in template.items()}
    return template


def filled_text(template: str, item: Any) -> str:
    """A text with every `{path}` filled in; what the item lacks is empty. `{path:}` is the name at an ARN's end."""

    def found(match: re.Match[str]) -> str:
        text = paths.text(item, match[1]) if match[1] else _whole(item)
        return text.rpartition(":")[2] if match[2] else text

    return _SLOT.sub(found, template)


def _whole(item: Any) -> str:
    return str(item.get(WHOLE, "") if isinstance(item, Mapping) else item)


def place(scope: Scope) -> dict[str, str]:
    """What every template may name: `{account}`, `{region}` and (AWS) `{partition}` of the scope."""
    name = next((p for start, p in _PARTITIONS if scope.region.startswith(start)), "aws")
    return {"account": scope.account, "region": scope.region, "partition": name}


def slots(template: Any) -> Iterator[str]:
    """The paths that a template names."""
    if isinstance(template, str):
        yield from (path for path, _ in _SLOT.findall(template))
    elif isinstance(template, list | Mapping):
        for value in template.values() if isinstance(template, Mapping) else template:
            yield from slots(value)


def wanted_items(call: Call, parent: Answer) -> Iterator[Any]:
    """The items of the parent's answer that a call is made for, each with the parent's `args`."""
    each = call.each
    if each is None:
        return
    for item in walk(parent.answer, each.items) if each.items else parent.items:
        own = item if isinstance(item, Mapping) else {WHOLE: item}
        joined = {**own, "args": dict(parent.args), **place(parent.scope)}
        if all(paths.text(joined, path) in allowed for path, allowed in each.where.items()):
            yield joined
