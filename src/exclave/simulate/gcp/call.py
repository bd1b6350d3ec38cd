"""What a row of ordinary traffic is: a call, and who makes it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


class Log(StrEnum):
    """The four audit logs, as their names end."""

    ACTIVITY = "activity"
    DATA = "data_access"
    SYSTEM = "system_event"
    POLICY = "policy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a call is about: `name` is the resourceName, `kind` and `labels` the monitored resource.

    The label project_id is added to the others. `location` is where it lies, "" where the record doesn't say.
    """

    name: str
    kind: str
    labels: Mapping[str, str]
    location: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call as it stands in the log; strings may hold slots (template.py).

    `by` is a kind of caller (callers.py) and `weight` relative. `permissions` are those that it needed, each of
    them on the target unless it says `permission@resource`. `code` other than 0 is a failure. `running` calls start an
    operation: they leave a record when it begins and one when it ends. `role` is where it happens: in every
    project, or only in those whose `Project.role` it names. `scope` is whose log it is, when not the project's.
    """

    by: str
    service: str
    method: str
    target: Target
    weight: float
    log: Log = Log.ACTIVITY
    permissions: tuple[str, ...] = ()
    request: Any = None
    response: Any = None
    metadata: Any = None
    service_data: Any = None
    code: int = 0
    message: str = ""
    severity: str = ""
    running: bool = False
    role: str = ""
    scope: str = ""
    labels: Mapping[str, str] | None = None
    seconds: tuple[int, int] = (2, 40)  # how long its operation takes
    more: Mapping[str, Any] | None = None  # further keys of the payload

    @property
    def data(self) -> bool:
        """Whether the record stands in the data access log."""
        return self.log is Log.DATA


@dataclass(frozen=True, slots=True)
class Caller:
    """A caller as records show it: authenticationInfo, the address and the user agent ("" where they are left out)."""

    identity: Mapping[str, Any]
    ip: str
    agent: str
    network: str = ""
