"""The same templates in Bicep. Every text is quoted so that nothing in it means something to Bicep.

https://learn.microsoft.com/azure/azure-resource-manager/bicep/data-types#strings
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from exclave.harden.makers.azure.arm import IdOf, Param, Parameter, Resource, Template

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ESCAPES = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_MARKS = ("\ud800", "\udfff")


def to_bicep(template: Template) -> str:
    """The template in Bicep."""
    return "\n".join(_lines(template)) + "\n"


def quoted(text: str) -> str:
    """A text as a Bicep string."""
    out = "".join(_ESCAPES.get(c) or _character(c) for c in text).replace("${", "\\${")
    return f"'{out}'"


def _character(c: str) -> str:
    if c.isprintable() and not _MARKS[0] <= c <= _MARKS[1]:
        return c
    return f"\\u{{{ord(c):x}}}"


def _lines(template: Template) -> Iterator[str]:
    yield f"targetScope = {quoted(template.where)}"
    for name, parameter in template.parameters.items():
        yield ""
        yield from _parameter(name, parameter)
    for resource in template.resources:
        yield ""
        yield from _resource(resource)


def _parameter(name: str, parameter: Parameter) -> Iterator[str]:
    if parameter.about:
        yield f"@description({quoted(parameter.about)})"
    if parameter.allowed:
        yield "@allowed(" + _value(list(parameter.allowed), 0) + ")"
    default = f" = {_value(parameter.default, 0)}" if parameter.default is not None else ""
    yield f"param {name} {parameter.type}{default}"


def _resource(resource: Resource) -> Iterator[str]:
    body: dict[str, Any] = {"name": resource.name, **resource.body}
    yield f"resource {resource.symbol} {quoted(f'{resource.type}@{resource.api}')} = " + _object(
        body, 0, [s for s in resource.after if not _names(resource.body, s)]
    )


def _names(value: Any, symbol: str) -> bool:
    """Whether a body names another resource, from which Bicep sees the order itself."""
    if isinstance(value, IdOf):
        return value.symbol == symbol
    if isinstance(value, Mapping):
        return any(_names(v, symbol) for v in value.values())
    return isinstance(value, list | tuple) and any(_names(v, symbol) for v in value)


def _object(value: Mapping[str, Any], depth: int, after: list[str]) -> str:
    inner = "  " * (depth + 1)
    lines = [f"{inner}{_key(k)}: {_value(v, depth + 1)}" for k, v in value.items()]
    if after:
        lines.append(f"{inner}dependsOn: [" + "".join(f"\n{inner}  {s}" for s in after) + f"\n{inner}]")
    return "{\n" + "\n".join(lines) + "\n" + "  " * depth + "}" if lines else "{}"


def _key(name: str) -> str:
    return name if _NAME.fullmatch(name) else quoted(name)


def _value(value: Any, depth: int) -> str:
    if isinstance(value, Param):
        return value.name
    if isinstance(value, IdOf):
        return f"{value.symbol}.id"
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "null"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, Mapping):
        return _object(value, depth, [])
    if isinstance(value, list | tuple):
        inner = "  " * (depth + 1)
        items = "".join(f"\n{inner}{_value(v, depth + 1)}" for v in value)
        return f"[{items}\n{'  ' * depth}]" if value else "[]"
    return f"json({quoted(repr(value))})"  # a fraction: Bicep has none of its own
