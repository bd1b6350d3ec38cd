"""One operation of somebody, as the records that it leaves in the activity log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from exclave.simulate.azure import ids, records
from exclave.simulate.azure.call import DONE
from exclave.simulate.azure.cell import time_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from random import Random

    from exclave.simulate.azure.delivery import Lines
    from exclave.simulate.azure.organisation import Tenant


@dataclass(frozen=True, slots=True)
class Who:
    """Somebody who acts: his token's claims, the role that lets him, the address, and how truth names him."""

    claims: Mapping[str, Any]
    evidence: Mapping[str, Any]
    ip: str
    id: str


def operation(
    rng: Random,
    tenant: Tenant,
    who: Who,
    *,
    at: float,
    resource: str,
    name: str,
    steps: tuple[str, ...] = DONE,
    code: str = "OK",
    body: object = None,
    answer: object = None,
    message: str = "",
    pause: float = 2,
) -> tuple[str, Lines]:
    """The correlation id and the records of an operation that begins at `at`; arguments as in `Call`."""
    correlation = ids.uuid(rng)
    out: Lines = []
    for step in steps:
        made = records.activity(
            tenant=tenant,
            time=time_text(at),
            resource=resource,
            name=name,
            result=step,
            claims=who.claims,
            evidence=who.evidence,
            ip=who.ip,
            correlation=correlation,
            code="" if step == "Start" else "Accepted" if step == "Accept" else code,
            body=body,
            answer=answer,
            message=message if step == "Failure" else "",
            request_id=ids.uuid(rng),
            duration=0 if step == "Start" else rng.randrange(20, 9000),
        )
        out.append((at, orjson.dumps(made)))
        at += pause * (0.4 + 0.6 * rng.random())
    return correlation, out
