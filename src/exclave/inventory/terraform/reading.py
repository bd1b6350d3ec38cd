"""The output of `terraform show -json`, of a state or a plan, translated into documents.

Terraform knows what it manages and no more: resources beside it, and facts that it doesn't keep (deliveries, last
use), could not be looked at. Of a plan the planned values count: what will stand once it is applied.
Format: https://developer.hashicorp.com/terraform/internals/json-format
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from exclave.inventory.table import load
from exclave.inventory.terraform.special import SPECIAL
from exclave.inventory.translate import Thing, Translation, at, rows, text
from exclave.model import Cloud, Problem

SAID = "Terraform"
UNKNOWN_ACCOUNT = "unknown-account"
MAX_DEPTH = 64  # modules in modules
_ARN = re.compile(r"arn:aws[a-z-]*:[a-z0-9-]+:([a-z0-9-]*):(\d{12}):")
_PROVIDER = re.compile(r"(^|/)hashicorp/aws$|^aws$|(^|/)aws$")

Documents = list[tuple[dict[str, Any], str]]


def is_terraform(content: object) -> bool:
    """Whether JSON is the output of `terraform show -json`."""
    return isinstance(content, Mapping) and "format_version" in content and (
        "terraform_version" in content or "values" in content or "planned_values" in content
    )  # fmt: skip


def translated(content: Mapping[str, Any], file: str) -> tuple[Documents, list[Problem]]:
    """The documents of a state or plan, each with where it comes from, and what could not be read.

    Args:
        content: the parsed JSON.
        file: its name, for messages.
    """
    major = str(content.get("format_version", "")).partition(".")[0]
    if major not in ("0", "1"):
        what = f"format_version {content.get('format_version')!r} of terraform show -json is not known"
        return [], [Problem(where=file, what=what, hint="versions 0 and 1 are")]
    planned = content.get("planned_values")
    root = at(planned if isinstance(planned, Mapping) else content.get("values"), "root_module")
    found = [r for r in _resources(root, 0) if _is_aws(r)]
    prior = list(_resources(at(content, "prior_state.values.root_module"), 0))
    account, region = _home(found + prior, content)
    translation = Translation(load(Cloud.AWS), SAID, file)
    by_type = rows(Path(str(resources.files("exclave.inventory.terraform"))))
    managed = unread = 0
    for resource in found:
        if resource.get("mode") != "managed":
            continue
        managed += 1
        thing = _thing(resource, account, region)
        special = SPECIAL.get(thing.type)
        if special is not None:
            special(translation, thing)
        unread += not translation.take(thing, by_type) and special is None
    said = "a plan" if isinstance(planned, Mapping) else "a state"
    what = (
        f"{said} of Terraform with {managed} AWS resources, {unread} of them of no matter here: "
        "what Terraform does not manage was not looked at"
    )
    problems = [Problem(where=file, what=what, hint="exclave collect aws records the account itself")]
    return translation.documents(), problems + translation.problems


def _resources(module: Any, depth: int) -> Iterator[Mapping[str, Any]]:
    if not isinstance(module, Mapping) or depth > MAX_DEPTH:
        return
    for resource in module.get("resources") or ():
        if isinstance(resource, Mapping) and isinstance(resource.get("values"), Mapping):
            yield resource
    for child in module.get("child_modules") or ():
        yield from _resources(child, depth + 1)


def _is_aws(resource: Mapping[str, Any]) -> bool:
    return str(resource.get("type", "")).startswith("aws_") or bool(
        _PROVIDER.search(str(resource.get("provider_name", "")))
    )


def _home(found: list[Mapping[str, Any]], content: Mapping[str, Any]) -> tuple[str, str]:
    """The account and region of resources that don't say theirs: the usual ones, else as configured."""
    accounts: Counter[str] = Counter()
    regions: Counter[str] = Counter()
    for resource in found:
        values = resource["values"]
        if resource.get("type") == "aws_caller_identity":
            accounts[text(values, "account_id")] += 1_000_000
        if own := _ARN.match(text(values, "arn")):
            accounts[own[2]] += 1
            regions[own[1]] += 1
        if here := text(values, "region"):
            regions[here] += 1
    accounts.pop("", None)
    regions.pop("", None)
    provider = text(content, "configuration.provider_config.aws.expressions.region.constant_value")
    account = accounts.most_common(1)[0][0] if accounts else UNKNOWN_ACCOUNT
    return account, provider or (regions.most_common(1)[0][0] if regions else "us-east-1")


def _thing(resource: Mapping[str, Any], account: str, region: str) -> Thing:
    values = resource["values"]
    arn = _ARN.match(text(values, "arn"))
    return Thing(
        type=str(resource.get("type", "")),
        address=str(resource.get("address") or resource.get("name") or "")[:500],
        account=arn[2] if arn else account,
        region=text(values, "region") or (arn[1] if arn else "") or region,
        values=values,
    )
