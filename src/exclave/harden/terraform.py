"""Terraform's JSON syntax (.tf.json): built as data; texts are escaped, references are objects of their own.

Source: https://developer.hashicorp.com/terraform/language/syntax/json
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

# With the versions that know every argument written here: the least that was looked at, and the first major that was not.
PROVIDERS = {
    "aws": {"source": "hashicorp/aws", "version": ">= 6.25, < 7"},
    "google": {"source": "hashicorp/google", "version": ">= 6.50, < 9"},
}


class Reference(str):
    """An expression of Terraform's, such as `aws_sns_topic.alarms.arn`. Never made of what an inventory says."""

    __slots__ = ()


def escaped(text: str) -> str:
    """A text in which Terraform sees no template."""
    return text.replace("${", "$${").replace("%{", "%%{")


def to_json(document: Mapping[str, Any]) -> str:
    """The configuration as text, keys in the order they were given."""
    # JSON's own escapes make visible what isn't
    return json.dumps(_written(document), indent=2, ensure_ascii=True) + "\n"


def configuration(
    provider: Mapping[str, Any],
    resources: Mapping[str, Mapping[str, Any]],
    *,
    variables: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """A configuration with one provider.

    Args:
        provider: name → its block: `{"aws": {"region": ..., "allowed_account_ids": [...]}}`.
        resources: type → name → arguments.
        variables: name → block.
    """
    found: dict[str, Any] = {
        "terraform": {"required_providers": {name: PROVIDERS[name] for name in provider}},
        "provider": dict(provider),
    }
    if variables:
        found["variable"] = dict(variables)
    found["resource"] = {kind: dict(named) for kind, named in resources.items()}
    return found


def _written(value: Any) -> Any:
    if isinstance(value, Reference):
        return f"${{{value}}}"
    if isinstance(value, str):
        return escaped(value)
    if isinstance(value, Mapping):
        return {escaped(str(key)): _written(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_written(each) for each in value]
    return value
