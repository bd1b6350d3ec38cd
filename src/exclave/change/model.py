"""The words of a change: a request, a step that makes some, a plan of steps; and how a step is checked afterwards.

All of them are JSON as they stand, so that a plan can be reviewed, kept and applied later.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec

from exclave.audit.ids import digest
from exclave.model import Cloud

PLAN = "exclave-plan/1"
UNDO = "exclave-undo/1"
NOW, MADE, FIRST = "$now", "$made", "$first"


class Request(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One API call.

    `call`: for AWS the SDK's client and operation (`ec2:ModifySnapshotAttribute`), else a verb and a URL
    (`PATCH https://...`). `args`: the SDK's parameters, or the JSON body. A value `{"$now": "path"}` in the
    args of a change or an undo is taken from what `read` answered just before: an etag, a revision.
    In a URL of Google's it is written `{$now:path}`. Of a change
    `{"$made": "path"}` is taken from what the step's own calls before it answered, the latest first: a new id.

    Of a reading call, `absent` are error codes that mean that there is nothing (an HTTP 404 always does), and
    `keep` the paths of the answer that matter; all of it where there are none. `where`: path of a list → the
    members that its items must have to matter (`{"Policies[]": {"Name": "x"}}`).
    """

    cloud: Cloud
    call: str
    account: str = ""
    region: str = ""
    args: dict[str, Any] = {}
    absent: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    where: dict[str, dict[str, Any]] = {}


class Expect(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What reading must answer after a change, as data: see `gone`, `there`, `equals`, `has`, `lacks`.

    `path` is one of the catalogue's (`Grants[].GranteePrincipal`); "" is the whole answer.
    """

    what: Literal["gone", "there", "equals", "has", "lacks"]
    path: str = ""
    value: Any = None


def gone(path: str = "") -> Expect:
    """Nothing stands at the path; without one, there is no such thing any more."""
    return Expect(what="gone", path=path)


def there(path: str = "") -> Expect:
    """Something stands at the path."""
    return Expect(what="there", path=path)


def equals(path: str, value: Any) -> Expect:
    """The one value at the path is this (lists in any order; texts that are JSON by what they say)."""
    return Expect(what="equals", path=path, value=value)


def has(path: str, value: Any) -> Expect:
    """One of the values at the path is this, or an object that has at least these members."""
    return Expect(what="has", path=path, value=value)


def lacks(path: str, value: Any) -> Expect:
    """None of the values at the path is this."""
    return Expect(what="lacks", path=path, value=value)


class Step(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing that is changed: how it is read, what stood there, the calls, how they are undone and checked.

    `undo` is empty where it can't be undone, and `breaks` then says so. `undone`: what reading must answer
    after the undo, where that isn't simply `before` (a grant comes back under another id).

    `first` is read before everything else, at the step's turn and again at its undo, and isn't compared with anything:
    of it comes `{"$first": "path"}` in args (with a `$then` that is put behind it) and `{$first:path}` in URLs, those of
    `read` too. So a step can name what an earlier one made, and send the etag of the moment.
    """

    id: str
    title: str
    resource: str
    account: str = ""
    region: str = ""
    why: tuple[str, ...] = ()
    first: Request | None = None
    read: Request | None = None
    before: Any = None  # what `read` answered when it was planned; None: nothing there
    change: tuple[Request, ...] = ()
    undo: tuple[Request, ...] = ()
    after: tuple[Expect, ...] = ()
    undone: tuple[Expect, ...] = ()
    breaks: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()  # ids of the transfers, exposures or controls that it answers

    @property
    def cloud(self) -> Cloud:
        """The provider."""
        return self.change[0].cloud


class Skipped(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something asked for that could not be planned, and why; `command` where a person can do it."""

    what: str
    why: str
    command: str = ""
    looked: bool = True  # False where it could not be looked at (denied, unreachable)
    stands: bool = True  # False where there is nothing to change any more


class Plan(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"schema_": "schema"}
):
    """What is to be changed, in order. `identity`: who read the state that it was planned on."""

    schema_: str = PLAN
    made_at: datetime
    identity: str = ""
    steps: tuple[Step, ...] = ()
    skipped: tuple[Skipped, ...] = ()


def step_id(*requests: Request) -> str:
    """`s-` and 16 hex digits, made of what is changed: the same in every plan."""
    parts: list[str] = []
    for request in requests:
        args = msgspec.json.encode(request.args, order="deterministic").decode()
        parts += [request.cloud, request.account, request.region, request.call, args]
    return "s-" + digest(*parts)
