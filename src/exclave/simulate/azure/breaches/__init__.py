"""The breaches that can be simulated on Azure: one module each, listed here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exclave.simulate.azure.breaches import disk_export, gallery_share, object_replication

if TYPE_CHECKING:
    from collections.abc import Mapping

    from exclave.simulate.breach import Breach

BREACHES: Mapping[str, Breach] = {
    disk_export.BREACH.name: disk_export.BREACH,
    object_replication.BREACH.name: object_replication.BREACH,
    gallery_share.BREACH.name: gallery_share.BREACH,
}
