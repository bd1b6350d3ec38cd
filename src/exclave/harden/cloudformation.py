"""CloudFormation templates: built as data and written by a YAML library, so that no name can break out of its place."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_RESOLVE = "{{resolve:"  # CloudFormation puts a secret's or a parameter's value there, wherever it stands


# CloudFormation reads YAML 1.1, in which more words than these are no text; all but plain words are quoted.
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*(?:::?[A-Za-z*][A-Za-z0-9_./*-]*)*")
_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})


class UnsafeTextError(Exception):
    """A text of the inventory means something to the artefact's tool; the message says which and why."""


def ref(name: str) -> dict[str, Any]:
    """The value of a parameter, or the id of a resource."""
    return {"Ref": name}


def attribute(resource: str, name: str) -> dict[str, Any]:
    """An attribute of a resource."""
    return {"Fn::GetAtt": [resource, name]}


def template(
    description: str,
    resources: Mapping[str, Any],
    *,
    parameters: Mapping[str, Any] | None = None,
    outputs: Mapping[str, Any] | None = None,
    conditions: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """A template. Resources are named `{"Type": ..., "Properties": ...}` as CloudFormation wants them."""
    found: dict[str, Any] = {"AWSTemplateFormatVersion": "2010-09-09", "Description": description}
    if parameters:
        found["Parameters"] = dict(parameters)
    if conditions:
        found["Conditions"] = dict(conditions)
    found["Resources"] = dict(resources)
    if outputs:
        found["Outputs"] = dict(outputs)
    return found


def to_yaml(document: Mapping[str, Any]) -> str:
    """The template as YAML.

    Raises:
        UnsafeTextError: a text of the inventory would be resolved by CloudFormation.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString

    def plain(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {str(key): plain(each) for key, each in value.items()}
        if isinstance(value, list | tuple):
            return [plain(each) for each in value]
        if isinstance(value, str) and not (_PLAIN.fullmatch(value) and value.lower() not in _WORDS):
            return DoubleQuotedScalarString(value)
        return value

    _check(document)
    yaml = YAML(typ="rt", pure=True)
    yaml.default_flow_style = False
    yaml.allow_unicode = False  # what can't be seen is written as an escape
    yaml.width = 120
    yaml.indent(mapping=2, sequence=4, offset=2)
    out = io.StringIO()
    yaml.dump(plain(document), out)
    return out.getvalue()


def _check(value: Any) -> None:
    for text in _texts(value):
        if _RESOLVE in text:
            raise UnsafeTextError(
                f"a text of the inventory has {_RESOLVE!r} in it, which CloudFormation would act on"
            )


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, each in value.items():
            yield str(key)
            yield from _texts(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _texts(each)
