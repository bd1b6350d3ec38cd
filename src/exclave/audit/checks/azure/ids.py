"""Resource ids and answers of Azure: compared without case, missing parts are empty."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def same(one: object, other: object) -> bool:
    """Whether two ids name one thing: Azure compares them without case."""
    return norm(one) == norm(other)


def norm(identifier: object) -> str:
    """An id in lower case, with one slash before it and none behind."""
    text = str(identifier or "").strip().lower().strip("/")
    return f"/{text}" if text else ""


def subscription_of(identifier: object) -> str:
    """The subscription in a resource id, in lower case; "" if there is none."""
    parts = norm(identifier).split("/")
    return parts[2] if len(parts) > 2 and parts[1] == "subscriptions" else ""  # noqa: PLR2004 - "", subscriptions, id


def group_of(identifier: object) -> str:
    """The resource group in a resource id, as it is written; "" if there is none."""
    parts = str(identifier or "").strip("/").split("/")
    return parts[3] if len(parts) > 3 and parts[2].lower() == "resourcegroups" else ""  # noqa: PLR2004


def name_of(identifier: object) -> str:
    """The last part of a resource id."""
    return str(identifier or "").rstrip("/").rsplit("/", 1)[-1]


def properties(resource: object) -> Mapping[str, Any]:
    """A resource's `properties`; empty when it has none."""
    found = resource.get("properties") if isinstance(resource, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def listed(value: object, key: str) -> list[Mapping[str, Any]]:
    """The objects in a list at a key; empty when there is no such list."""
    found = value.get(key) if isinstance(value, Mapping) else None
    return [item for item in found if isinstance(item, Mapping)] if isinstance(found, list) else []


def texts(value: object, *keys: str) -> list[str]:
    """Every text at the keys, whether it stands alone or in a list (`addressPrefix`, `addressPrefixes`)."""
    out: list[str] = []
    for key in keys:
        found = value.get(key) if isinstance(value, Mapping) else None
        out += [str(t) for t in (found if isinstance(found, list) else [found]) if isinstance(t, str) and t]
    return out
