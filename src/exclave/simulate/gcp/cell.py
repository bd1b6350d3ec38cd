"""One project: the calls that happen in it, and their records."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import accumulate
from typing import TYPE_CHECKING

from exclave.simulate.gcp import ids, records
from exclave.simulate.template import Draw, Template, compile_record, drawer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

    from exclave.simulate.gcp.call import Call, Caller, Log
    from exclave.simulate.gcp.callers import Callers
    from exclave.simulate.gcp.organisation import Organisation, Project

_ASLEEP = 0.05  # how much people do at night, of what they do by day
Stamped = tuple["Log", int, bytes]


class Cell:
    """Draws calls by weight and stamps their records. Built once, used for every time window."""

    def __init__(
        self,
        *,
        rng: Random,
        organisation: Organisation,
        project: Project,
        calls: Sequence[Call],
        callers: Callers,
    ) -> None:
        self.project = project
        self._rng = rng
        self._callers = callers
        here = [call for call in calls if call.role in ("", project.role)]
        self._tables = {data: [call for call in here if call.data is data] for data in (True, False)}
        self._weights: dict[tuple[bool, bool], list[float]] = {}
        self._templates: dict[tuple[int, int], tuple[Template, ...]] = {}
        others = [other for other in organisation.projects if other.id != project.id]
        self._peer = rng.choice(others) if others else project
        self._fixed = _fixed(organisation, project, self._peer)
        self._choices = _choices(organisation, project, self._peer)

    def calls(self, count: int, *, data: bool, day: bool) -> list[Call]:
        """So many calls, drawn by weight. At night people sleep."""
        table = self._tables[data]
        weights = self._weights.get((data, day))
        if weights is None:
            asleep = 1.0 if day else _ASLEEP
            weights = list(accumulate(c.weight * (asleep if c.by == "person" else 1) for c in table))
            self._weights[data, day] = weights
        return self._rng.choices(table, cum_weights=weights, k=count)

    def stamp(self, call: Call, start: int, seconds: int) -> list[Stamped]:
        """The records of a call at some second of the window: one, or two where it starts an operation."""
        callers = self._callers.of(call.by)
        which = int(self._rng.random() * len(callers))
        templates = self._templates.get((id(call), which))
        if templates is None:
            templates = self._compile(call, callers[which])
            self._templates[id(call), which] = templates
        last = start + seconds - 1
        second = start + int(self._rng.random() * seconds)
        values: dict[str, bytes] = {}
        made: list[Stamped] = []
        for template in templates:
            # The two records of an operation say the same, but for their own ids.
            values = {
                **template.draw(),
                **{name: value for name, value in values.items() if name != "iid"},
                **self._clock(second),
            }
            made.append((call.log, second, template.fill(values)))
            second = min(last, second + self._rng.randint(*call.seconds))
        return made

    def _clock(self, second: int) -> dict[str, bytes]:
        fraction = int(self._rng.random() * 900_000)
        at = datetime.fromtimestamp(second, UTC).isoformat()[:19]
        return {
            "time": f"{at}.{fraction:06}Z".encode(),
            "received": f"{at}.{fraction + 99_000:06}{fraction % 997:03}Z".encode(),
            "day": at[:10].encode(),
            "millis": b"%d" % (second * 1000),
            "seconds": b"%d" % second,
        }

    def _compile(self, call: Call, caller: Caller) -> tuple[Template, ...]:
        if not call.running:
            return (self._template(call, caller, None),)
        operation = {"id": "@@operation@@", "producer": f"{call.service}.googleapis.com"}
        return (
            self._template(call, caller, {**operation, "first": True}),
            self._template(call, caller, {**operation, "last": True}),
        )

    def _template(self, call: Call, caller: Caller, operation: dict[str, object] | None) -> Template:
        ending = operation is not None and "last" in operation
        request = call.request
        if ending and isinstance(request, dict):
            request = {"@type": request["@type"]}  # what was asked stands in the first record alone
        made = records.entry(
            scope=call.scope or f"projects/{self.project.id}",
            project="" if call.scope else self.project.id,
            log=call.log,
            service=call.service,
            method=call.method,
            target=call.target,
            caller=caller,
            time="@@time@@",
            received="@@received@@",
            insert_id="@@iid@@",
            permissions=() if ending else call.permissions,
            request=request,
            response=None if ending else call.response,
            metadata=call.metadata,
            service_data=call.service_data,
            code=call.code,
            message=call.message,
            severity=call.severity,
            operation=operation,
            labels=call.labels,
            more=call.more,
        )
        return compile_record(made, self._fixed, self._draw)

    def _draw(self, name: str) -> Draw:
        if name == "iid":
            return lambda: ids.insert_id(self._rng).encode()
        if name == "operation":
            return lambda: ids.operation(self._rng, 1_760_000_000_000 + self._rng.getrandbits(33)).encode()
        if name == "etag":
            return lambda: ids.etag(self._rng).encode()
        if name.startswith("digits"):
            return lambda: ids.number(self._rng, 19).encode()
        return drawer(self._rng, self._choices)(name)


def _fixed(organisation: Organisation, project: Project, peer: Project) -> dict[str, str]:
    return {
        "project": project.id,
        "number": project.number,
        "region": project.region,
        "zone": project.zone,
        "org": organisation.id,
        "domain": organisation.domain,
        "customer": organisation.customer,
        "tooling": organisation.tooling.id,
        "pipeline": organisation.pipeline,
        "peer": peer.id,
        "peernumber": peer.number,
        "peeraccount": peer.accounts[0],
        "peerbucket": peer.buckets[0],
        "folder": dict(organisation.folders)[project.folder],
    }


def _choices(organisation: Organisation, project: Project, peer: Project) -> dict[str, tuple[str, ...]]:
    return {
        "instance": project.instances,
        "disk": project.disks,
        "snapshot": project.snapshots,
        "image": project.images,
        "bucket": project.buckets,
        "dataset": project.datasets,
        "table": project.tables,
        "account": project.accounts,
        "secret": project.secrets,
        "database": project.databases,
        "person": tuple(person.mail for person in organisation.people),
        "group": organisation.groups,
        "peerbuckets": peer.buckets,
    }
