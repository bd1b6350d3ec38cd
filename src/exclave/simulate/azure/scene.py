"""The stage on which a breach of a tenant is told: a clock, a victim, somebody's tenant outside, a record book."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from exclave.simulate.azure import directory, ids, records
from exclave.simulate.azure.call import DONE
from exclave.simulate.azure.cell import time_text
from exclave.simulate.azure.delivery import of_subscription, of_tenant
from exclave.simulate.azure.operation import Who, operation
from exclave.simulate.scene import Telling

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from random import Random

    from exclave.simulate.azure.organisation import Application, Person, Subscription, Tenant
    from exclave.simulate.breach import Story


class Scene(Telling):
    """Told events become records of the log that would hold them, and steps of the story's truth."""

    def __init__(
        self, *, rng: Random, tenant: Tenant, victim: Subscription, story: Story, start: datetime
    ) -> None:
        super().__init__(rng=rng, story=story, start=start, account=victim.id, region=victim.region)
        self.tenant = tenant
        self.victim = victim
        self.outsider = ids.uuid(rng)  # a subscription of the adversary's
        self.outside_tenant = ids.uuid(rng)
        self.outsider_ip = ids.public_ip(rng)
        self.records: list[tuple[str, float, bytes]] = []  # source, second, record
        self.expires: datetime | None = None  # when the last offer ends by itself
        self._tokens: dict[str, tuple[float, str]] = {}

    # -- the cast

    def as_person(self, person: Person, role: str = "Contributor") -> Who:
        """Somebody's session in the adversary's hands; noted as an actor."""
        upn = f"{person.name}@{self.tenant.domain}"
        uti, born = self._token(person.oid)
        claims = records.of_person(self.tenant, person, self.outsider_ip, uti, born, "pwd,mfa")
        self.actor(upn, uti)
        return Who(claims, records.evidence(self.tenant, person.oid, role, "User"), self.outsider_ip, upn)

    def as_application(self, application: Application, role: str = "Contributor") -> Who:
        """A service principal whose secret the adversary has; noted as an actor."""
        uti, born = self._token(application.oid)
        claims = records.of_application(self.tenant, application, uti, born)
        self.actor(application.oid, uti)
        shown = records.evidence(self.tenant, application.oid, role, "ServicePrincipal")
        return Who(claims, shown, self.outsider_ip, application.oid)

    def _token(self, oid: str) -> tuple[str, str]:
        born, uti = self._tokens.get(oid, (0.0, ""))
        now = self.now.timestamp()
        if now - born > 3300:  # noqa: PLR2004 - a token lasts about an hour
            born, uti = now - self.rng.uniform(5, 60), ids.token(self.rng)
            self._tokens[oid] = (born, uti)
        return uti, str(int(born))

    # -- events

    def operate(
        self,
        who: Who,
        resource: str,
        name: str,
        *,
        steps: tuple[str, ...] = DONE,
        phase: str = "",
        after: float = 0.0,
        **more: Any,
    ) -> None:
        """An operation of the control plane `after` so many minutes; `phase` as in `step`, `more` as in `operation`."""
        self.wait(after + self.rng.uniform(0.05, 0.6))
        at = self.now.timestamp()
        correlation, lines = operation(
            self.rng, self.tenant, who, at=at, resource=resource, name=name, steps=steps, **more
        )
        source = of_subscription(self.victim.id)
        self.records += [(source, second, line) for second, line in lines]
        last = resource.rstrip("/").rsplit("/", 1)[-1].lower()
        self.step(f"{correlation}/{name.lower()}/{last}", name, phase=phase)

    def sign_in(self, person: Person, *, risk: str = "none", phase: str = "", **more: Any) -> None:
        """The adversary signs in as somebody."""
        uti, _ = self._token(person.oid)
        made = directory.sign_in(
            self.tenant,
            person,
            ip=self.outsider_ip,
            country="RO",
            risk=risk,
            token=uti,
            stamp=self._stamp(),
            **more,
        )
        self._note(made, "Sign-in activity", phase)

    def application_sign_in(self, application: Application, *, error: int = 0, phase: str = "") -> None:
        """The adversary gets a token with an application's secret."""
        uti, _ = self._token(application.oid)
        made = directory.application_sign_in(
            self.tenant,
            application,
            ip=self.outsider_ip,
            country="RO",
            error=error,
            token=uti,
            key=ids.uuid(self.rng),
            stamp=self._stamp(),
        )
        self._note(made, "Sign-in activity", phase)

    def risk(self, *, kind: str, level: str, phase: str = "prepare", after: float = 0.0, **of: Any) -> None:
        """Identity Protection sees something; `of` is person or application."""
        made = directory.risk(
            self.tenant,
            kind=kind,
            level=level,
            state="atRisk",
            ip=self.outsider_ip,
            stamp=self._stamp(after),
            **of,
        )
        self._note(made, made["operationName"], phase)

    def audit(
        self,
        activity: str,
        *,
        category: str,
        by: Mapping[str, Any],
        targets: Sequence[Mapping[str, Any]],
        phase: str = "",
        after: float = 0.0,
    ) -> None:
        """A change of the directory."""
        made = directory.audit(
            self.tenant, activity, category=category, by=by, targets=targets, stamp=self._stamp(after)
        )
        self._note(made, activity, phase)

    def _stamp(self, after: float = 0.0) -> directory.Stamp:
        self.wait(after + self.rng.uniform(0.05, 0.6))
        return directory.Stamp(time_text(self.now.timestamp()), ids.uuid(self.rng), ids.uuid(self.rng))

    def _note(self, made: Mapping[str, Any], name: str, phase: str) -> None:
        source = of_tenant(self.tenant.id, made["category"])
        self.records.append((source, self.now.timestamp(), orjson.dumps(made)))
        self.step(made["properties"]["id"], name, phase=phase)
