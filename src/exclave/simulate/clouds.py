"""The clouds that can be simulated. A new one is a package with a STAGE, and its line here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exclave.simulate.aws.stage import STAGE as AWS
from exclave.simulate.azure.stage import STAGE as AZURE
from exclave.simulate.gcp.stage import STAGE as GCP

if TYPE_CHECKING:
    from collections.abc import Mapping

    from exclave.model import Cloud
    from exclave.simulate.breach import Breach
    from exclave.simulate.wanted import Stage

STAGES: Mapping[Cloud, Stage] = {stage.cloud: stage for stage in (AWS, AZURE, GCP)}
BREACHES: Mapping[str, Breach] = {
    name: breach for stage in STAGES.values() for name, breach in stage.breaches.items()
}
