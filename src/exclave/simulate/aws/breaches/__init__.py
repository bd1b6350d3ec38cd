"""The breaches that can be simulated on AWS: one module each, listed here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exclave.simulate.aws.breaches import leaked_key

if TYPE_CHECKING:
    from exclave.simulate.breach import Breach

ALL: tuple[Breach, ...] = (leaked_key.BREACH,)
