"""Templates for Azure Resource Manager, as data: written as JSON by a library, and as Bicep by `bicep`.

A text of the inventory can't become an expression: one that begins with `[` is escaped as
https://learn.microsoft.com/azure/azure-resource-manager/templates/template-expressions says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import orjson

SCHEMAS = {
    "resourceGroup": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
    "subscription": "https://schema.management.azure.com/schemas/2018-05-01/subscriptionDeploymentTemplate.json#",
    "tenant": "https://schema.management.azure.com/schemas/2019-08-01/tenantDeploymentTemplate.json#",
}
PARAMETERS = "https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#"
VERSION = "1.0.0.0"
Where = Literal["resourceGroup", "subscription", "tenant"]


@dataclass(frozen=True, slots=True)
class Param:
    """The value of a parameter."""

    name: str


@dataclass(frozen=True, slots=True)
class IdOf:
    """The id of another resource of the template, by its symbol."""

    symbol: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """What is decided on deployment. `default` None: it must be given."""

    type: Literal["string", "array", "int", "object", "bool"] = "string"
    about: str = ""
    default: Any = None
    allowed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One resource. `symbol` names it in the template; `body` is everything but type, version and name."""

    symbol: str
    type: str
    api: str
    name: str | Param
    body: Mapping[str, Any]
    after: tuple[str, ...] = ()  # symbols of what must be there before


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A template. Both writings of it are the same for the same data."""

    resources: tuple[Resource, ...]
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    where: Where = "resourceGroup"


def to_json(template: Template) -> str:
    """The template as an ARM template."""
    of = {r.symbol: r for r in template.resources}
    document: dict[str, Any] = {"$schema": SCHEMAS[template.where], "contentVersion": VERSION}
    if template.parameters:
        document["parameters"] = {n: _parameter(p) for n, p in template.parameters.items()}
    document["resources"] = [_resource(r, of, template.where) for r in template.resources]
    return _text(document)


def parameters(values: Mapping[str, Any]) -> str:
    """A parameters file."""
    held = {name: {"value": value} for name, value in values.items()}
    return _text({"$schema": PARAMETERS, "contentVersion": VERSION, "parameters": held})


def _text(document: Mapping[str, Any]) -> str:
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()


def _parameter(parameter: Parameter) -> dict[str, Any]:
    found: dict[str, Any] = {"type": parameter.type}
    if parameter.default is not None:
        found["defaultValue"] = _value(parameter.default, {}, "resourceGroup")
    if parameter.allowed:
        found["allowedValues"] = list(parameter.allowed)
    if parameter.about:
        found["metadata"] = {"description": parameter.about}
    return found


def _resource(resource: Resource, of: Mapping[str, Resource], where: Where) -> dict[str, Any]:
    found: dict[str, Any] = {
        "type": resource.type,
        "apiVersion": resource.api,
        "name": _value(resource.name, of, where),
        **{k: _value(v, of, where) for k, v in resource.body.items()},
    }
    if resource.after:
        found["dependsOn"] = [_id(of[s], where) for s in resource.after]
    return found


def _value(value: Any, of: Mapping[str, Resource], where: Where) -> Any:
    if isinstance(value, Param):
        return f"[parameters('{value.name}')]"
    if isinstance(value, IdOf):
        return _id(of[value.symbol], where)
    if isinstance(value, str):
        return f"[{value}" if value.startswith("[") else value
    if isinstance(value, Mapping):
        return {k: _value(v, of, where) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_value(v, of, where) for v in value]
    return value


def _id(resource: Resource, where: Where) -> str:
    function = {
        "resourceGroup": "resourceId",
        "subscription": "subscriptionResourceId",
        "tenant": "tenantResourceId",
    }[where]
    names = resource.name
    parts = (
        [f"parameters('{names.name}')"]
        if isinstance(names, Param)
        else ["'" + n.replace("'", "''") + "'" for n in names.split("/")]
    )
    return f"[{function}('{resource.type}', {', '.join(parts)})]"
