"""What a trail's event selectors let it record.

Source: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_AdvancedFieldSelector.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from exclave.catalogue import paths

_MANAGEMENT = "Management"
_WANTED_BY = {"All": (True, False), "ReadOnly": (True,), "WriteOnly": (False,)}


def all_management(answer: Mapping[str, Any]) -> bool:
    """Whether every management event is recorded, reading and writing, by one selector or by several together."""
    seen: set[bool] = set()
    for selector in _classic(answer):
        if selector.get("IncludeManagementEvents") is True and not selector.get(
            "ExcludeManagementEventSources"
        ):
            seen.update(_WANTED_BY.get(str(selector.get("ReadWriteType", "All")), ()))
    for selector in _advanced(answer):
        fields = _fields(selector)
        # any further field (eventSource NotEquals kms) leaves events out
        if set(fields) <= {"eventCategory", "readOnly"} and _equals(fields, "eventCategory") == [_MANAGEMENT]:
            seen.update(_read_only(fields))
    return seen == {True, False}


def all_data(answer: Mapping[str, Any], type_: str, whole: tuple[str, ...]) -> bool:
    """Whether every data event of a type is recorded. `whole`: values that mean all resources of the type."""
    seen: set[bool] = set()
    for selector in _classic(answer):
        if any(
            r.get("Type") == type_ and any(v in whole for v in r.get("Values") or ())
            for r in selector.get("DataResources") or ()
        ):
            seen.update(_WANTED_BY.get(str(selector.get("ReadWriteType", "All")), ()))
    for selector in _advanced(answer):
        fields = _fields(selector)
        if (
            set(fields) == {"eventCategory", "resources.type"} | ({"readOnly"} & set(fields))
            and _equals(fields, "eventCategory") == ["Data"]
            and type_ in _equals(fields, "resources.type")
        ):
            seen.update(_read_only(fields))
    return seen == {True, False}


def records(answer: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
    """Whether a management event that writes is recorded."""
    for selector in _classic(answer):
        if (
            selector.get("IncludeManagementEvents") is True
            and False in _WANTED_BY.get(str(selector.get("ReadWriteType", "All")), ())
            and event.get("eventSource") not in (selector.get("ExcludeManagementEventSources") or ())
        ):
            return True
    return any(
        _equals(fields, "eventCategory") == [_MANAGEMENT]
        and all(_fits(f, _value(event, name)) for name, f in fields.items() if name != "eventCategory")
        for fields in map(_fields, _advanced(answer))
    )


def named(answer: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Field and value of each exception of the advanced selectors."""
    return [
        (name, str(value))
        for fields in map(_fields, _advanced(answer))
        for name, field in fields.items()
        for operator in ("NotEquals", "NotStartsWith", "NotEndsWith")
        for value in field.get(operator) or ()
    ]


def _value(event: Mapping[str, Any], name: str) -> str:
    return paths.text(event, name)


def _fits(field: Mapping[str, Any], value: str) -> bool:
    tests = (
        ("Equals", lambda w: value == w), ("StartsWith", value.startswith), ("EndsWith", value.endswith),
    )  # fmt: skip
    for name, test in tests:
        if field.get(name) and not any(test(str(w)) for w in field[name]):
            return False
        if field.get(f"Not{name}") and any(test(str(w)) for w in field[f"Not{name}"]):
            return False
    return True


def _read_only(fields: Mapping[str, Mapping[str, Any]]) -> set[bool]:
    if "readOnly" not in fields:
        return {True, False}
    return {str(v).lower() == "true" for v in _equals(fields, "readOnly")}


def _equals(fields: Mapping[str, Mapping[str, Any]], name: str) -> list[Any]:
    found = fields.get(name, {})
    other = [k for k, v in found.items() if k not in ("Field", "Equals") and v]
    return list(found.get("Equals") or ()) if not other else []


def _classic(answer: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [s for s in answer.get("EventSelectors") or () if isinstance(s, Mapping)]


def _advanced(answer: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [s for s in answer.get("AdvancedEventSelectors") or () if isinstance(s, Mapping)]


def _fields(selector: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {str(f.get("Field")): f for f in selector.get("FieldSelectors") or () if isinstance(f, Mapping)}
