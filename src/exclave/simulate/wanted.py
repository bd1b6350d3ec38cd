"""What is asked of a cloud's stage, and what it gives back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from exclave.model import Cloud
    from exclave.simulate.breach import Breach
    from exclave.simulate.written import Written


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Arguments as in `simulate`, which has checked them; `breaches` of this cloud alone.

    `data_events` is the share of records about data (objects read and written); None for what is usual in
    the cloud. `accounts` are subscriptions or projects in the other clouds. `packed`: gzip, also where the
    cloud itself does not.
    """

    seed: int
    records: int
    days: int
    start: datetime
    accounts: int
    breaches: Sequence[Breach]
    data_events: float | None = None
    flat: bool = False
    pretty: bool = False
    packed: bool = False
    flow_records: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A cloud that can be simulated: its breaches by name, and what writes its logs below a folder.

    `play` raises OSError. The same arguments write the same bytes, whichever other clouds are written beside.
    """

    cloud: Cloud
    breaches: Mapping[str, Breach]
    play: Callable[[Path, Wanted], Written]
