"""The breaches that can be simulated on Google Cloud: one module each, listed here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exclave.simulate.gcp.breaches import (
    bigquery_copy,
    image_share,
    snapshot_share,
    storage_transfer,
    transfer_pulled,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from exclave.simulate.breach import Breach

BREACHES: Mapping[str, Breach] = {
    module.BREACH.name: module.BREACH
    for module in (image_share, bigquery_copy, storage_transfer, snapshot_share, transfer_pulled)
}
