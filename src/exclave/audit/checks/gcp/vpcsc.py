"""VPC Service Controls: is a project inside an enforced perimeter, which services it binds, and what its rules let through.

Source: https://cloud.google.com/access-context-manager/docs/reference/rest/v1/accessPolicies.servicePerimeters
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exclave.audit.checks.gcp.accesslevels import Levels, levels
from exclave.audit.checks.gcp.constraints import named
from exclave.audit.checks.gcp.scopes import ancestors, home_of, mappings, number_of, part, texts
from exclave.audit.judging import failed, passed, unseen
from exclave.audit.model import Item, Status
from exclave.model import FOREIGN, Cloud, Destination, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from exclave.inventory import Inventory
    from exclave.perimeter import Perimeter

POLICIES, PERIMETERS = "accesscontextmanager.ListAccessPolicies", "accesscontextmanager.ListServicePerimeters"
SERVICES = ("storage.googleapis.com", "bigquery.googleapis.com")
NAME = "VPC Service Controls"
ANYBODY = frozenset({"ANY_IDENTITY", "ANY_USER_ACCOUNT", "ANY_SERVICE_ACCOUNT"})


def service_perimeter(inventory: Inventory, project: str, perimeter: Perimeter) -> Item:
    """Whether an enforced perimeter holds a project, binds the services that hold data, and has no wide rule."""
    facts = (("constraint", NAME), ("project", project))
    home = home_of(inventory, project)
    if not home:
        return failed(NAME, "the project is in no organisation, so no service perimeter can hold it", facts)
    answers = list(inventory.each(PERIMETERS, account=home)) or [inventory.one(POLICIES, home)]
    found = [
        (p, a.where) for a in answers if a.error is None for p in mappings(a.items) if a.call == PERIMETERS
    ]
    number = number_of(inventory, project)
    mine = {f"projects/{number}", f"projects/{project}"} | {
        f"{kind}s/{i}" for kind, i in ancestors(inventory, project) if kind == "folder"
    }
    holding = [(p, where) for p, where in found if mine & set(texts(part(p, "status", "resources")))]
    regular = [h for h in holding if h[0].get("perimeterType") != "PERIMETER_TYPE_BRIDGE"]
    blind = next((a for a in answers if a.error is not None), None)
    if not regular:
        if blind is not None:
            return unseen(blind, NAME)
        if not number:
            why = "nothing says which number the project has, by which perimeters name it"
            return Item(resource=NAME, status=Status.COULD_NOT_LOOK, why=why, facts=facts)
        return failed(NAME, _outside(found, mine), facts, next((a.where for a in answers), ""))
    first, where = regular[0]
    known = levels(inventory, home, perimeter)
    reasons = [why for one, _ in regular for why in _wrong(one, perimeter, known)]
    reasons += [
        why for one, _ in holding if one not in [r for r, _ in regular] for why in _bridge(one, perimeter)
    ]
    if reasons:
        return failed(NAME, f"perimeter {_title(first)}: {'; '.join(reasons)}", (*facts, ("perimeter", str(first.get("name")))), where)  # fmt: skip
    if known.blind is not None and any(known.unknown(_levels(one)) for one, _ in regular):
        return unseen(known.blind, NAME)
    if level := next((n for one, _ in regular if (n := known.unfollowed(_levels(one)))), ""):
        why = f"access level {level.rpartition('/')[2]} is an expression (CEL) that is not followed here: look whom it lets in"
        return Item(resource=NAME, status=Status.COULD_NOT_LOOK, why=why, facts=facts, where=where)
    return passed(NAME, where=where, facts=facts)


def _levels(one: Mapping[str, Any]) -> list[str]:
    """The access levels that a perimeter and its rules name."""
    status = part(one, "status")
    sources = [
        s for r in mappings(part(status, "ingressPolicies")) for s in mappings(part(r, "ingressFrom", "sources"))
    ]  # fmt: skip
    return texts(part(status, "accessLevels")) + [n for s in sources for n in texts(s.get("accessLevel"))]


def _outside(found: list[tuple[Mapping[str, Any], str]], mine: set[str]) -> str:
    for one, _ in found:
        if mine & set(texts(part(one, "spec", "resources"))):
            return f"perimeter {_title(one)} holds the project in dry run only"
    return "no enforced service perimeter holds the project"


def _wrong(one: Mapping[str, Any], perimeter: Perimeter, known: Levels) -> Iterator[str]:
    status = part(one, "status")
    bound = set(texts(part(status, "restrictedServices")))
    missing = [s for s in SERVICES if s not in bound and "*" not in bound]
    if missing:
        yield f"it does not restrict {', '.join(missing)}"
    for name in texts(part(status, "accessLevels")):
        if whom := known.wide(name):
            yield f"access level {name.rpartition('/')[2]} lets in {whom}"
    for rule in mappings(part(status, "ingressPolicies")):
        yield from _ingress(rule, perimeter, known)
    for rule in mappings(part(status, "egressPolicies")):
        yield from _egress(rule, perimeter)


def _ingress(rule: Mapping[str, Any], perimeter: Perimeter, known: Levels) -> Iterator[str]:
    what = _operations(part(rule, "ingressTo"))
    if not what:
        return
    source = rule.get("ingressFrom")
    sources = list(mappings(part(source, "sources")))
    if str(part(source, "identityType")) in ANYBODY:
        wide = (known.wide(n) for s in sources for n in texts(s.get("accessLevel")))
        if whom := next((w for w in wide if w), "" if sources else "anybody from anywhere"):
            yield f"an ingress rule{_titled(rule)} lets in {whom} ({what})"
    for one in sources:
        for resource in texts(one.get("resource")):
            if _foreign(resource.removeprefix("//compute.googleapis.com/"), perimeter):
                yield f"an ingress rule{_titled(rule)} lets in {resource}, not known to be ours ({what})"
    for identity in texts(part(source, "identities")):
        stranger = named(identity)  # of a pool of identities the project that it is in
        if stranger is not None and perimeter.judge(stranger).verdict in FOREIGN:
            yield f"an ingress rule{_titled(rule)} lets in {identity}, not known to be ours ({what})"


def _egress(rule: Mapping[str, Any], perimeter: Perimeter) -> Iterator[str]:
    what = _operations(part(rule, "egressTo"))
    if not what:
        return
    resources = texts(part(rule, "egressTo", "resources"))
    if str(part(rule, "egressFrom", "identityType")) in ANYBODY and "*" in resources:
        yield f"an egress rule{_titled(rule)} lets anybody take data to any project ({what})"
        return
    who = ", ".join(texts(part(rule, "egressFrom", "identities")))
    if "*" in resources and who:
        yield f"an egress rule{_titled(rule)} lets {who[:150]} take data to any project ({what})"
    if texts(part(rule, "egressTo", "externalResources")):
        yield f"an egress rule{_titled(rule)} lets data go to another cloud"
    yield from (
        f"an egress rule{_titled(rule)} lets data go to {r}, not known to be ours"
        for r in resources
        if r != "*" and _foreign(r, perimeter)
    )


def _operations(to: Any) -> str:
    """The services of a rule that hold data, or all of them; "" where it is about none."""
    names = [str(o.get("serviceName")) for o in mappings(part(to, "operations"))]
    if texts(part(to, "roles")):
        names.append("by role")
    return ", ".join("every service" if n == "*" else n for n in names)[:150]


def _bridge(one: Mapping[str, Any], perimeter: Perimeter) -> Iterator[str]:
    for resource in texts(part(one, "status", "resources")):
        if _foreign(resource, perimeter):
            yield f"bridge {_title(one)} leads to {resource}, not known to be ours"


def _foreign(resource: str, perimeter: Perimeter) -> bool:
    head, _, tail = resource.partition("/")
    kinds = {"projects": Kind.PROJECT, "folders": Kind.ORG_UNIT, "organizations": Kind.ORGANIZATION}
    if head not in kinds:
        return False
    return (
        perimeter.judge(Destination(kind=kinds[head], id=tail.partition("/")[0], cloud=Cloud.GCP)).verdict
        in FOREIGN
    )


def _title(one: Mapping[str, Any]) -> str:
    return str(one.get("title") or str(one.get("name")).rpartition("/")[2])


def _titled(rule: Mapping[str, Any]) -> str:
    return f" ({rule['title']})" if rule.get("title") else ""
