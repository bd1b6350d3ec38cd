"""One subscription: the operations that happen there, and their records in its activity log."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import accumulate
from typing import TYPE_CHECKING

from exclave.simulate.azure import ids, records
from exclave.simulate.template import Template, compile_record, drawer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

    from exclave.simulate.azure.call import Call, Caller
    from exclave.simulate.azure.delivery import Lines
    from exclave.simulate.azure.organisation import Subscription, Tenant

TOKEN_SECONDS = 3600
GIVEN = frozenset({"time", "uti", "born", "dies"})
_ASLEEP = 0.05  # how much people do at night


class Cell:
    """Draws operations by weight and stamps their records. Built once, used for every hour."""

    def __init__(
        self,
        *,
        rng: Random,
        tenant: Tenant,
        subscription: Subscription,
        calls: Sequence[Call],
        callers: dict[str, tuple[Caller, ...]],
    ) -> None:
        self.subscription = subscription
        self._rng = rng
        self._tenant = tenant
        self._calls = calls
        self._single = [call for call in calls if len(call.steps) == 1]
        self._callers = callers
        self._weights = {
            day: list(accumulate(c.weight * (_ASLEEP if c.by == "person" and not day else 1) for c in calls))
            for day in (True, False)
        }
        self._templates: dict[tuple[int, int], tuple[Template, ...]] = {}
        self._tokens: dict[tuple[str, int], tuple[int, dict[str, bytes]]] = {}
        others = [other for other in tenant.subscriptions if other.id != subscription.id]
        self.peer = rng.choice(others) if others else subscription

    def hour(self, start: int, count: int, *, day: bool) -> Lines:
        """So many records of an hour that begins at `start`; the last operation may be a short one."""
        out: Lines = []
        while len(out) < count:
            (call,) = self._rng.choices(self._calls, cum_weights=self._weights[day])
            if len(call.steps) > count - len(out):
                call = self._rng.choice(self._single)
            out += self.stamp(call, start)
        return out

    def stamp(self, call: Call, start: int, seconds: int = 3600) -> Lines:
        """The records of an operation that begins and ends in the hour."""
        callers = self._callers[call.by]
        which = int(self._rng.random() * len(callers))
        key = (id(call), which)
        templates = self._templates.get(key)
        if templates is None:
            templates = self._compile(call, callers[which])
            self._templates[key] = templates
        lasts = call.pause * (len(templates) - 1)
        at = start + self._rng.random() * max(1, seconds - lasts - 1)
        values: dict[str, bytes] = {}
        for template in templates:
            values |= {name: draw() for name, draw in template.draws.items() if name not in values}
        values |= self._token(call.by, which, int(at) // TOKEN_SECONDS)
        out: Lines = []
        for template in templates:
            out.append((at, template.fill_upper({**values, "time": time_text(at).encode()})))
            at += call.pause * (0.4 + 0.6 * self._rng.random())
        return out

    def _token(self, by: str, which: int, period: int) -> dict[str, bytes]:
        known = self._tokens.get((by, which))
        if known is None or known[0] != period:
            born = period * TOKEN_SECONDS - 300
            values = {"uti": ids.token(self._rng), "born": str(born), "dies": str(born + 3900)}
            known = (period, {name: value.encode() for name, value in values.items()})
            self._tokens[by, which] = known
        return known[1]

    def _compile(self, call: Call, caller: Caller) -> tuple[Template, ...]:
        mine = self.subscription
        fixed = {
            "sub": mine.id,
            "region": mine.region,
            "tenant": self._tenant.id,
            "workspace": self._tenant.workspace,
            "network": mine.network,
            "gallery": mine.gallery,
            "group0": mine.groups[0],
            "group1": mine.groups[1],
            "group2": mine.groups[2],
            "server": mine.servers[0],
            "peer": self.peer.id,
            "peergroup": self.peer.groups[1],
            "peerstore": self.peer.stores[0].name,
        }
        choices = {
            "machine": mine.machines,
            "disk": mine.disks,
            "snapshot": mine.snapshots,
            "store": tuple(store.name for store in mine.stores),
            "vault": mine.vaults,
            "database": mine.databases,
            "app": mine.apps,
            "oid": tuple(person.oid for person in self._tenant.people),
        }
        path = f"/subscriptions/@@sub@@{'/' if call.on else ''}{call.on}"
        made = (
            records.activity(
                tenant=self._tenant,
                time="@@time@@",
                resource=path,
                upper=_upper(path),
                name=call.name,
                result=step,
                claims=caller.claims,
                evidence=caller.evidence,
                ip=caller.ip,
                correlation="@@uuid:corr@@",
                code=_code(call, step),
                body=call.request,
                answer=call.answer,
                message=call.message if step == "Failure" else "",
                category=call.category,
                request_id=f"@@uuid:srv{number}@@",
                duration=0 if step == "Start" else "@@int:20:9000@@",
            )
            for number, step in enumerate(call.steps)
        )
        drawn = drawer(self._rng, choices)
        return tuple(compile_record(record, fixed, drawn, GIVEN) for record in made)


def time_text(second: float) -> str:
    """Seconds since the epoch as Azure writes a time: seven digits of fraction."""
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "0Z"


def _upper(path: str) -> str:
    """A resource id in upper case, its slots so that they are filled in upper case."""
    parts = path.split("@@")
    return "".join(f"@@upper:{part}@@" if number % 2 else part.upper() for number, part in enumerate(parts))


def _code(call: Call, step: str) -> str:
    if step == "Start":
        return ""
    return "Accepted" if step == "Accept" else call.code
