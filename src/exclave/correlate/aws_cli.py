"""How the AWS CLI names a call: `rds:ModifyDBSnapshotAttribute` is `aws rds modify-db-snapshot-attribute`."""

from __future__ import annotations

import re

_PLURAL = re.compile(r"([A-Z]{2,}s)$")  # ARNs, ACLs: one word
_FIRST = re.compile(r"(.)([A-Z][a-z]+)")
_END = re.compile(r"([a-z0-9])([A-Z])")
# SDK client names that the AWS CLI calls otherwise
_SERVICES = {"s3": "s3api", "config": "configservice", "codedeploy": "deploy"}


def kebab(name: str) -> str:
    """An operation or a parameter, as the CLI has it."""
    name = _PLURAL.sub(lambda m: f"-{m[1].lower()}", name)
    return _END.sub(r"\1-\2", _FIRST.sub(r"\1-\2", name)).lower().lstrip("-")


def words(call: str) -> list[str]:
    """The command that is a call: `aws`, the service, the operation."""
    service, _, operation = call.partition(":")
    return ["aws", _SERVICES.get(service, service), kebab(operation)]
