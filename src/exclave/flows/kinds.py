"""The kinds of flow logs that are read record by record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from exclave.flows import azure, azure_analytics, gcp
from exclave.model import Cloud

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from exclave.flows.model import Row


class Reading(NamedTuple):
    """Whose logs they are, what a record is, what a table's first line is, and the flows of a record, None for what can't be read."""

    cloud: Cloud
    is_record: Callable[[Mapping[str, Any]], bool]
    is_header: Callable[[Collection[str]], bool]
    rows: Callable[[Mapping[str, Any]], Iterator[Row | None]]


READ_AS_ROWS = {
    "azure": Reading(Cloud.AZURE, azure.is_record, lambda _: False, azure.rows),
    "azure-analytics": Reading(
        Cloud.AZURE, azure_analytics.is_record, azure_analytics.is_header, azure_analytics.rows
    ),
    "gcp": Reading(Cloud.GCP, gcp.is_record, gcp.is_header, gcp.rows),
}
