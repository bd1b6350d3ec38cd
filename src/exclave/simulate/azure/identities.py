"""The ordinary traffic of the directory: people and applications sign in, somebody changes a group."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Any

import orjson

from exclave.simulate.azure import directory
from exclave.simulate.azure.cell import time_text
from exclave.simulate.azure.delivery import of_tenant
from exclave.simulate.template import Template, compile_record, drawer

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from exclave.simulate.azure.delivery import Lines
    from exclave.simulate.azure.organisation import Person, Tenant

_GIVEN = frozenset({"time"})
_STAMP = directory.Stamp("@@time@@", "@@uuid:id@@", "@@uuid:corr@@")
_SECRETS = "Update application \N{EN DASH} Certificates and secrets management "  # with a blank at its end
_WRONG_PASSWORD, _NEEDS_MFA = 50126, 50074


class Identities:
    """Stamps the records of the directory's logs."""

    def __init__(self, rng: Random, tenant: Tenant) -> None:
        self._rng = rng
        self._tenant = tenant
        self._makers = self._table()
        self._weights = list(accumulate(weight for weight, _ in self._makers))
        self._templates: dict[tuple[int, str], tuple[str, Template]] = {}

    def hour(self, start: int, count: int) -> dict[str, Lines]:
        """So many records of an hour, by source."""
        out: dict[str, Lines] = {}
        for number in self._rng.choices(range(len(self._makers)), cum_weights=self._weights, k=count):
            person = self._rng.choice(self._tenant.people)
            known = self._templates.get((number, person.name))
            if known is None:
                made = self._makers[number][1](person)
                source = of_tenant(self._tenant.id, made["category"])
                known = (source, compile_record(made, {}, drawer(self._rng, {}), _GIVEN))
                self._templates[number, person.name] = known
            source, template = known
            at = start + self._rng.random() * 3599
            record = template.fill({**template.draw(), "time": time_text(at).encode()})
            out.setdefault(source, []).append((at, record))
        return out

    def _table(self) -> list[tuple[float, Callable[[Person], dict[str, Any]]]]:
        tenant = self._tenant
        applications = (tenant.pipeline, tenant.workload, tenant.backup)

        def person_in(**more: Any) -> Callable[[Person], dict[str, Any]]:
            return lambda person: directory.sign_in(tenant, person, ip=person.ip, stamp=_STAMP, **more)

        def application_in(number: int) -> Callable[[Person], dict[str, Any]]:
            who = applications[number]
            return lambda _: directory.application_sign_in(
                tenant, who, ip=who.ip, managed=number == 1, key="@@uuid:key@@", stamp=_STAMP
            )

        remediated = {"risk": "low", "state": "remediated", "events": ("unfamiliarFeatures",)}
        return [
            (20, person_in()),
            (30, person_in(interactive=False)),
            (1.5, person_in(error=_WRONG_PASSWORD)),
            (1.5, person_in(error=_NEEDS_MFA)),
            (0.1, person_in(**remediated)),
            (16, application_in(0)),
            (22, application_in(1)),
            (6, application_in(2)),
            (0.1, self._risk),
            (3, lambda person: self._audit(person, "Update user", "UserManagement", "Mobile")),
            (
                2,
                lambda person: self._audit(
                    person, "Add member to group", "GroupManagement", "Group.DisplayName"
                ),
            ),
            (
                0.1,
                lambda person: self._audit(
                    person, "Add member to role", "RoleManagement", "Role.DisplayName"
                ),
            ),
            (0.05, self._guest),
            (
                0.05,
                lambda person: self._audit(
                    person,
                    _SECRETS,
                    "ApplicationManagement",
                    "KeyDescription",
                ),
            ),
        ]

    def _risk(self, person: Person) -> dict[str, Any]:
        return directory.risk(
            self._tenant,
            kind="unfamiliarFeatures",
            level="low",
            state="remediated",
            ip=person.ip,
            person=person,
            stamp=_STAMP,
        )

    def _audit(self, person: Person, activity: str, category: str, changed: str) -> dict[str, Any]:
        name = f"{person.name}@{self._tenant.domain}"
        change = {"displayName": changed, "oldValue": "[]", "newValue": orjson.dumps(["new"]).decode()}
        target = {
            "id": person.oid,
            "displayName": None,
            "type": "User",
            "userPrincipalName": name,
            "modifiedProperties": [change],
        }
        if category == "ApplicationManagement":
            target |= {"id": self._tenant.pipeline.oid, "type": "Application", "userPrincipalName": None}
        return self._made(person, activity, category, target)

    def _guest(self, person: Person) -> dict[str, Any]:
        upn = f"partner_consulting.example#EXT#@{self._tenant.company.replace('-', '')}.onmicrosoft.com"
        target = {"id": "@@uuid:guest@@", "type": "User", "userPrincipalName": upn, "modifiedProperties": []}
        return self._made(person, "Invite external user", "UserManagement", target)

    def _made(self, person: Person, activity: str, category: str, target: dict[str, Any]) -> dict[str, Any]:
        return directory.audit(
            self._tenant,
            activity,
            category=category,
            by=directory.by_person(self._tenant, person, person.ip),
            targets=[target],
            stamp=_STAMP,
        )
