"""One kind of ordinary call: who makes it, how often, and what stands in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A row of the traffic tables; strings may hold the slots that `template` describes.

    `by`: person, pipeline, workload, vendor; `vendor-account` for a vendor that has yet to assume its role;
    `role:NAME:SERVICE` for a role that a service works with; `service:NAME` for a service by itself.
    `weight` is relative. `everywhere` calls are recorded in us-east-1 only. `twin`: the same call is also in
    the trail of another own account (cross-account AssumeRole).
    """

    by: str
    service: str
    name: str
    weight: float
    request: Any = None
    response: Any = None
    read: bool = False
    error: str = ""
    message: str = ""
    extra: Mapping[str, Any] | None = None
    resources: tuple[Mapping[str, str], ...] = ()
    everywhere: bool = False
    data: bool = False
    agent: str = ""
    kind: str = "AwsApiCall"
    details: Mapping[str, Any] | None = None
    shared: bool = False
    twin: bool = False


@dataclass(frozen=True, slots=True)
class Caller:
    """A caller as records show it. A session's key id and time of issue are the slots `akid` and `born`."""

    identity: Mapping[str, Any]
    ip: str
    agent: str
