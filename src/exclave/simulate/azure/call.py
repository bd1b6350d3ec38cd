"""One kind of ordinary operation: who does it, how often, on what, and what its records say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

WRITTEN = ("Start", "Accept", "Success")
DONE = ("Start", "Success")
REFUSED = ("Start", "Failure")
ONE = ("Success",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A row of the traffic tables; strings may hold the slots that `template` describes.

    `by`: person, pipeline, workload, backup, policy. `on`: the resource id below the subscription; `weight` is
    relative. `steps` are the records that it leaves: Start, Accept, Success or Failure, so many seconds apart
    as `pause` says; `code` is how it ends.
    """

    by: str
    name: str
    on: str
    weight: float
    request: Any = None
    answer: Any = None
    steps: tuple[str, ...] = DONE
    code: str = "OK"
    message: str = ""
    category: str = "Administrative"
    pause: int = 2


@dataclass(frozen=True, slots=True)
class Caller:
    """A caller as records show it. The token's id and times are the slots `uti`, `born` and `dies`."""

    claims: Mapping[str, Any]
    evidence: Mapping[str, Any]
    ip: str
