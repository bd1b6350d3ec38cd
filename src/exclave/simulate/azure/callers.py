"""Who does the ordinary things, as the records of each subscription show them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exclave.simulate.azure import records
from exclave.simulate.azure.call import Caller

if TYPE_CHECKING:
    from random import Random

    from exclave.simulate.azure.organisation import Application, Person, Tenant

_TEAM = 5  # people who work in one subscription
_UTI, _BORN = "@@uti@@", "@@born@@"


def callers(rng: Random, tenant: Tenant) -> dict[str, tuple[Caller, ...]]:
    """The callers of one subscription, by the `by` of a call."""
    people = rng.sample(tenant.people, _TEAM)
    return {
        "person": tuple(_person(tenant, person) for person in people),
        "pipeline": (_application(tenant, tenant.pipeline, "Contributor"),),
        "workload": (_application(tenant, tenant.workload, "Contributor"),),
        "backup": (_application(tenant, tenant.backup, "Disk Snapshot Contributor"),),
        "policy": (_application(tenant, tenant.policy, "Log Analytics Contributor"),),
    }


def _person(tenant: Tenant, person: Person) -> Caller:
    claims = records.of_person(tenant, person, person.ip, _UTI, _BORN, "pwd,mfa")
    return Caller(claims, records.evidence(tenant, person.oid, "Contributor", "User"), person.ip)


def _application(tenant: Tenant, application: Application, role: str) -> Caller:
    claims = records.of_application(tenant, application, _UTI, _BORN)
    shown = records.evidence(tenant, application.oid, role, "ServicePrincipal")
    return Caller(claims, shown, application.ip)
