"""Files as diagnostic settings write them: JSON lines, one file an hour for each source.

`insights-activity-logs/resourceId=/SUBSCRIPTIONS/<id>/y=2026/m=03/d=02/h=08/m=00/PT1H.json`
(https://learn.microsoft.com/azure/azure-monitor/platform/activity-log, "Send to Azure Storage"), likewise
`insights-logs-storageread/resourceId=/subscriptions/.../blobServices/default/...` for resource logs and
`insights-logs-signinlogs/tenantId=<id>/...` for the directory's.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from exclave.simulate.files import Files

if TYPE_CHECKING:
    from collections.abc import Mapping

Lines = list[tuple[float, bytes]]  # seconds since the epoch, record


class Delivery(Files):
    """Writes the files of an hour. `flat` leaves out the folders, `packed` makes them gzip."""

    def __init__(self, out: Path, *, flat: bool, packed: bool) -> None:
        super().__init__(out)
        self._flat = flat
        self._packed = packed

    def deliver(self, hour: int, sources: Mapping[str, Lines]) -> None:
        """Writes the records of an hour (its first second), by source, in order of time. Raises OSError."""
        at = datetime.fromtimestamp(hour, UTC)
        for source in sorted(sources):
            ordered = sorted(sources[source], key=lambda pair: pair[0])
            body = b"".join([line + b"\n" for _, line in ordered])
            name = f"{source}/y={at:%Y}/m={at:%m}/d={at:%d}/h={at:%H}/m=00/PT1H.json"
            if self._flat:
                name = name.replace("/", "_")
            self.write(Path(name + ".gz" if self._packed else name), body, len(ordered), packed=self._packed)


def of_subscription(subscription: str) -> str:
    """The source of a subscription's activity log."""
    return f"insights-activity-logs/resourceId=/SUBSCRIPTIONS/{subscription.upper()}"


def of_store(store: str, category: str) -> str:
    """The source of a storage account's blob log (its resource id); `category` as in its records."""
    return f"insights-logs-{category.lower()}/resourceId={store}/blobServices/default"


def of_tenant(tenant: str, category: str) -> str:
    """The source of one of the directory's logs."""
    return f"insights-logs-{category.lower()}/tenantId={tenant}"
