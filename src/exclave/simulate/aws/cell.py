"""One account in one region: the calls that happen there, and their records in it."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import accumulate
from typing import TYPE_CHECKING

from exclave.simulate.aws import ids, records
from exclave.simulate.aws.call import Call, Caller
from exclave.simulate.aws.organisation import GLOBAL_REGION, Account, Organisation
from exclave.simulate.template import Template, compile_record, drawer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

    from exclave.simulate.aws.callers import Callers

SESSION_SECONDS = 6 * 3600  # how long a session lasts, at most
_BEFORE = 600  # how long before its period a session was issued


class Cell:
    """Draws calls by weight and stamps their records. Built once, used for every time window."""

    def __init__(
        self,
        *,
        rng: Random,
        organisation: Organisation,
        account: Account,
        region: str,
        calls: Sequence[Call],
        callers: Callers,
    ) -> None:
        local = region in (account.home, account.second)
        self.account = account
        self.region = region
        self._rng = rng
        self._organisation = organisation
        self._callers = callers
        here = [
            call
            for call in calls
            if (call.everywhere and region == GLOBAL_REGION) or (local and not call.everywhere)
        ]
        self._management = [call for call in here if not call.data]
        self._data = [call for call in here if call.data]
        self._templates: dict[tuple[int, int], tuple[Template, Template | None]] = {}
        self._sessions: dict[tuple[str, int], tuple[int, dict[str, bytes]]] = {}
        self._weights: dict[tuple[bool, bool], list[float]] = {}
        others = [other for other in organisation.accounts if other.id != account.id]
        self.peer = rng.choice(others) if others else account

    @property
    def quiet(self) -> bool:
        """Whether nothing happens here."""
        return not self._management

    def calls(self, count: int, *, data: bool, day: bool) -> list[Call]:
        """So many calls, drawn by weight. At night people sleep."""
        table = self._data if data else self._management
        weights = self._weights.get((data, day))
        if weights is None:
            asleep = 1.0 if day else 0.05
            weights = list(accumulate(call.weight * (asleep if call.by == "person" else 1) for call in table))
            self._weights[data, day] = weights
        return self._rng.choices(table, cum_weights=weights, k=count)

    def stamp(self, call: Call, start: int, seconds: int) -> tuple[int, bytes, bytes | None]:
        """A record of a call at some second of the window: that second, the record, its twin for `peer`.

        `start` and the first of the result are seconds since the epoch.
        """
        callers = self._callers.of(call.by)
        which = int(self._rng.random() * len(callers))
        key = (id(call), which)
        pair = self._templates.get(key)
        if pair is None:
            pair = self._compile(call, callers[which])
            self._templates[key] = pair
        template, twin = pair
        second = start + int(self._rng.random() * seconds)
        values = template.draw()
        values.update(_clock(second, template.names))
        values.update(self._session(call.by, which, second // SESSION_SECONDS))
        if twin is None:
            return second, template.fill(values), None
        other = twin.draw()
        other.update((name, value) for name, value in values.items() if name != "uuid:eid")
        return second, template.fill(values), twin.fill(other)

    def _session(self, by: str, which: int, period: int) -> dict[str, bytes]:
        known = self._sessions.get((by, which))
        if known is None or known[0] != period:
            key = ids.unique_id(self._rng, "ASIA").encode()
            known = (period, {"akid": key, "born": time_text(period * SESSION_SECONDS - _BEFORE)})
            self._sessions[by, which] = known
        return known[1]

    def _compile(self, call: Call, caller: Caller) -> tuple[Template, Template | None]:
        mine = self._template(call, caller, self.account.id)
        if not call.twin or self.peer is self.account:
            return mine, None
        foreign = records.foreign(
            account=self.account.id, principal=str(caller.identity.get("principalId", "AROA"))
        )
        return mine, self._template(call, Caller(foreign, caller.ip, caller.agent), self.peer.id)

    def _template(self, call: Call, caller: Caller, recipient: str) -> Template:
        account = self.account
        identity = caller.identity
        if call.kind == "AwsServiceEvent":
            identity = {"accountId": account.id, "invokedBy": caller.ip}
        made = records.record(
            identity=identity,
            time="@@time@@",
            service=call.service,
            name=call.name,
            account=recipient,
            region=self.region,
            ip=caller.ip,
            agent=call.agent or caller.agent,
            event_id="@@uuid:eid@@",
            request_id="" if call.kind == "AwsServiceEvent" else "@@uuid:rid@@",
            request=call.request,
            response=call.response,
            read=call.read,
            error=call.error,
            message=call.message,
            extra=call.extra,
            resources=call.resources,
            shared_id="@@uuid:shared@@" if call.shared else "",
            kind=call.kind,
            details=call.details,
            data=call.data,
        )
        fixed = {
            "account": account.id,
            "region": self.region,
            "org": self._organisation.id,
            "peer": self.peer.id,
            "orgarn": self._organisation.arn,
            "vpc": account.vpc,
            "arn": str(caller.identity.get("arn", "")),
            "otherregion": account.second if self.region == account.home else account.home,
        }
        choices = {
            "volume": account.volumes,
            "snapshot": account.snapshots,
            "instance": account.instances,
            "database": account.databases,
            "bucket": account.buckets,
            "key": account.keys,
            "subnet": account.subnets,
            "group": account.groups,
            "function": account.functions,
        }
        return compile_record(made, fixed, drawer(self._rng, choices))


def _clock(second: int, names: tuple[str, ...]) -> dict[str, bytes]:
    """The slots that tell the time; the costly ones only when they are among `names`."""
    text = time_text(second)
    values = {"time": text, "day": text[:10].replace(b"-", b"/"), "seconds": b"%d" % second}
    values["millis"] = values["seconds"] + b"000"
    if "expires" in names:
        later = datetime.fromtimestamp(second + 3600, UTC)
        values["expires"] = later.strftime("%b %d, %Y, %I:%M:%S %p").encode()
    return values


def time_text(second: int) -> bytes:
    """Seconds since the epoch as CloudTrail writes a time."""
    return datetime.fromtimestamp(second, UTC).isoformat()[:19].encode() + b"Z"
