"""Configuration items of AWS Config, translated into documents.

They come as answers of advanced queries (`{"Results": ["{...}", ...]}`, of an aggregator or of one account), of
BatchGetAggregateResourceConfig, or in snapshots that Config delivers. Config knows some types of resources and
some facts of them: policies of passwords, keys' last use, deliveries of trails, EBS snapshots are not in it.
Sources: https://docs.aws.amazon.com/config/latest/APIReference/API_SelectAggregateResourceConfig.html,
https://docs.aws.amazon.com/config/latest/developerguide/config-item-table.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from exclave.catalogue.paths import embedded
from exclave.inventory.config.special import SPECIAL
from exclave.inventory.model import GLOBAL
from exclave.inventory.table import load
from exclave.inventory.translate import Row, Thing, Translation, rows
from exclave.model import Cloud, Problem

SAID = "AWS Config"
_LISTS = ("Results", "configurationItems", "ConfigurationItems", "BaseConfigurationItems")
_GONE = ("ResourceDeleted", "ResourceDeletedNotRecorded", "ResourceNotRecorded")
MAX_DEPTH = 32

Documents = list[tuple[dict[str, Any], str]]


def is_config(content: object) -> bool:
    """Whether JSON is an answer or an export of AWS Config."""
    return isinstance(content, Mapping) and any(isinstance(content.get(name), list) for name in _LISTS)


def types() -> tuple[str, ...]:
    """The types of resources that are of use here, in order."""
    return tuple(sorted({*_rows(), *SPECIAL}))


def translated(content: Mapping[str, Any], file: str) -> tuple[Documents, list[Problem]]:
    """The documents of one answer or export, each with where it comes from, and what could not be read."""
    return together([(content, file)])


def together(contents: Iterable[tuple[Mapping[str, Any], str]]) -> tuple[Documents, list[Problem]]:
    """The documents of several answers, laid together."""
    table, by_type = load(Cloud.AWS), _rows()
    documents: Documents = []
    problems: list[Problem] = []
    translation: Translation | None = None
    for content, file in contents:
        translation = translation or Translation(table, SAID, file)
        for item in _items(content):
            thing = _thing(item) if isinstance(item, Mapping) else None
            if thing is None:
                what = (
                    "not a configuration item: it needs accountId, awsRegion, resourceType and configuration"
                )
                problems.append(Problem(where=file, what=what))
                continue
            if (special := SPECIAL.get(thing.type)) is not None:
                special(translation, thing)
            translation.take(thing, by_type)
    if translation is not None:
        documents = translation.documents()
        # a fact that Config lacks is told where the check that needs it could not look
    return documents, list(dict.fromkeys(problems))


def _rows() -> dict[str, list[Row]]:
    return rows(Path(str(resources.files("exclave.inventory.config"))))


def _items(content: Mapping[str, Any]) -> Iterator[Any]:
    for name in _LISTS:
        listed = content.get(name)
        for item in listed if isinstance(listed, list) else ():
            yield embedded(item)


def _thing(item: Mapping[str, Any]) -> Thing | None:
    values = {str(k): v for k, v in item.items()}
    status = values.get("configurationItemStatus")
    configuration = embedded(values.get("configuration"))
    account, region = (
        str(values.get("accountId") or values.get("awsAccountId") or ""),
        values.get("awsRegion"),
    )
    type_ = values.get("resourceType")
    if not account.isdigit() or not isinstance(type_, str) or not isinstance(configuration, Mapping):
        return None
    further = values.get("supplementaryConfiguration")
    supplementary = {k: embedded(v) for k, v in further.items()} if isinstance(further, Mapping) else {}
    values |= {
        "configuration": configuration, "supplementaryConfiguration": supplementary, "up": _up(configuration, 0),
        "supplementary": _up(supplementary, 0),
    }  # fmt: skip
    return Thing(
        type="" if status in _GONE else type_, address=str(values.get("arn") or values.get("resourceId") or ""), account=account.zfill(12),
        region=str(region) if region and region != GLOBAL else "us-east-1", values=values,
    )  # fmt: skip


def _up(value: Any, depth: int) -> Any:
    """Keys with a capital first letter, as the services' own APIs spell them."""
    if depth > MAX_DEPTH:
        return None
    if isinstance(value, Mapping):
        return {k[:1].upper() + k[1:]: _up(v, depth + 1) for k, v in value.items()}
    if isinstance(value, list):
        return [_up(v, depth + 1) for v in value]
    return value
