"""A service perimeter around projects: added to one of the organisation's, or made.

Sources: https://cloud.google.com/access-context-manager/docs/reference/rest/v1/accessPolicies.servicePerimeters,
https://registry.terraform.io/providers/hashicorp/google/latest/docs/resources/access_context_manager_service_perimeter
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from exclave.audit.checks.gcp.scopes import mappings, part, texts
from exclave.audit.checks.gcp.vpcsc import PERIMETERS, POLICIES, SERVICES
from exclave.change.model import gone, has, there
from exclave.harden.makers.gcp import changes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from exclave.audit.model import Result
    from exclave.change.model import Request, Step
    from exclave.harden.makers.gcp.place import Place
    from exclave.harden.makers.gcp.script import Script
    from exclave.harden.model import Options
    from exclave.inventory import Inventory

URL = "https://accesscontextmanager.googleapis.com/v1"
BREAKS = (
    "requests to Cloud Storage and BigQuery of these projects from outside the perimeter are refused, those of people and "
    "pipelines that nobody thought of too: run it dry first, and add access levels and rules"
)
MADE = "accessPolicies[].name"
BY_HAND = "service perimeter {}: take its wide rules away by hand, only their owner knows who needs them"


@dataclass(slots=True)
class Found:
    """What is made."""

    steps: list[Step] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    resources: dict[str, dict[str, Any]] = field(default_factory=dict)


def make(
    projects: Sequence[str], results: Sequence[Result], inventory: Inventory, place: Place, options: Options, script: Script, undo: Script
) -> Found:  # fmt: skip
    """A perimeter that holds the projects, or steps that widen those that hold them already but lack services."""
    found = Found()
    answer = inventory.one(POLICIES, place.home)
    if answer.error is not None:
        found.notes.append(f"service perimeters: {answer.error.words}")
        return found
    mine = [r for r in results if r.check.scope.account in projects]
    existing = [
        p
        for a in inventory.each(PERIMETERS, account=place.home)
        if a.error is None
        for p in mappings(a.items)
    ]
    numbers = [place.numbers[p] for p in projects if p in place.numbers]
    left: list[str] = []
    for number in numbers:
        holding = [p for p in existing if f"projects/{number}" in texts(part(p, "status", "resources"))]
        regular = next((p for p in holding if p.get("perimeterType") != "PERIMETER_TYPE_BRIDGE"), None)
        if regular is None:
            left.append(number)
            continue
        lacking = [s for s in SERVICES if s not in texts(part(regular, "status", "restrictedServices"))]
        if lacking:
            one = _widened(regular, lacking, place, mine)
            found.steps += [] if any(s.id == one.id for s in found.steps) else [one]
        else:
            found.notes.append(BY_HAND.format(regular.get("title") or regular.get("name")))
    if left:
        _new(left, mine, inventory, place, options, found)
        _written(left, answer.items, place, options, script, undo, found)
    return found


def _new(
    numbers: list[str], results: Sequence[Result], inventory: Inventory, place: Place, options: Options, found: Found
) -> None:  # fmt: skip
    policies = inventory.one(POLICIES, place.home).items
    policy = _whole(policies)
    first = None
    name: Any = f"{policy}/servicePerimeters/{_short(options)}"
    parent = f"{URL}/{policy}"
    if not policy:
        first = _of_ours(place, options)
        found.steps.append(_policy(first, bool(policies), place, options, results))
        name = {"$first": MADE, "$then": f"/servicePerimeters/{_short(options)}"}
        parent = f"{URL}/{{$first:{MADE}}}"
    one = f"{parent}/servicePerimeters/{_short(options)}"
    perimeter: dict[str, Any] = {
        "name": name,
        "title": options.prefix,
        "perimeterType": "PERIMETER_TYPE_REGULAR",
        "status": {"resources": [f"projects/{n}" for n in numbers], "restrictedServices": list(SERVICES)},
    }
    found.steps.append(
        changes.step(
            f"put {len(numbers)} projects into service perimeter {_short(options)}",
            f"{policy or 'the new access policy'}/servicePerimeters/{_short(options)}",
            [(f"POST {parent}/servicePerimeters", perimeter)],
            account=place.home,
            first=first,
            read=changes.reading(
                place.home, f"GET {one}", keep=("status.resources", "status.restrictedServices")
            ),
            undo=[(f"DELETE {one}", {})],
            after=[has("status.resources", f"projects/{n}") for n in numbers],
            breaks=[BREAKS],
            results=results,
        )
    )


def _of_ours(place: Place, options: Options) -> Request:
    """The call that reads the access policy that the plan makes: the listing, for its answer is an operation of the future."""
    listing = changes.reading(
        place.home, f"GET {URL}/accessPolicies?parent={place.home}", keep=("accessPolicies[].name", "accessPolicies[].title")
    )  # fmt: skip
    return msgspec.structs.replace(listing, where={"accessPolicies[]": {"title": options.prefix}})


def _policy(
    listing: Request, others: bool, place: Place, options: Options, results: Sequence[Result]
) -> Step:
    """An access policy for the organisation. `others`: there are some of parts of it."""
    return changes.step(
        "make an access policy for the organisation",
        f"access policy of {place.home}",
        [(f"POST {URL}/accessPolicies", {"parent": place.home, "title": options.prefix})],
        account=place.home,
        read=listing,
        before={"accessPolicies": []} if others else {},
        undo=[(f"DELETE {URL}/{{$now:{MADE}}}", {})],
        after=[there(MADE)],
        undone=[gone(MADE)],
        results=results,
    )


def _widened(one: Mapping[str, Any], services: list[str], place: Place, results: Sequence[Result]) -> Step:
    url = f"{URL}/{one.get('name')}"
    before = texts(part(one, "status", "restrictedServices"))
    mask = "?updateMask=status.restrictedServices"
    return changes.step(
        f"restrict {', '.join(services)} in service perimeter {one.get('title') or one.get('name')}",
        str(one.get("name")),
        [(f"PATCH {url}{mask}", {"status": {"restrictedServices": [*before, *services]}})],
        account=place.home,
        read=changes.reading(place.home, f"GET {url}", keep=("status.restrictedServices",)),
        before={"status": {"restrictedServices": before}} if before else {"status": {}},
        undo=[(f"PATCH {url}{mask}", {"status": {"restrictedServices": before}})],
        after=[has("status.restrictedServices", s) for s in services],
        breaks=[BREAKS],
        results=results,
    )


def _written(
    numbers: list[str], policies: Sequence[Any], place: Place, options: Options, script: Script, undo: Script, found: Found
) -> None:  # fmt: skip
    """The new perimeter by gcloud and Terraform."""
    policy = _whole(policies).partition("/")[2]
    resources = ",".join(f"projects/{n}" for n in numbers)
    if policy:
        where = f"--policy={policy}"
    else:
        script.run("gcloud", "access-context-manager", "policies", "create", f"--organization={place.organization}", f"--title={options.prefix}")  # fmt: skip
        where = ""
    for one, verb in ((script, "create"), (undo, "delete")):
        if not policy:
            # one with scopes is of a part of the organisation
            one.raw(f"policy=$(gcloud access-context-manager policies list --organization={place.organization} '--filter=NOT scopes:*' '--format=value(name.basename())' | head -n 1)")  # fmt: skip
        more = (
            [
                f"--title={options.prefix}",
                f"--resources={resources}",
                f"--restricted-services={','.join(SERVICES)}",
            ]
            if verb == "create"
            else ["--quiet"]
        )
        arguments = ["gcloud", "access-context-manager", "perimeters", verb, _short(options), *more]
        if where:
            one.run(*arguments, where)
        else:
            one.run_with("$policy", *arguments, "--policy=")
    made: dict[str, Any] = {
        "parent": f"accessPolicies/{policy}",
        "name": f"accessPolicies/{policy}/servicePerimeters/{_short(options)}",
        "title": options.prefix,
        "status": {"resources": [f"projects/{n}" for n in numbers], "restricted_services": list(SERVICES)},
    }
    if not policy:
        from exclave.harden.terraform import Reference

        found.resources["google_access_context_manager_access_policy"] = {
            "policy": {"parent": place.home, "title": options.prefix}
        }
        made["parent"] = Reference("google_access_context_manager_access_policy.policy.id")
        made["name"] = Reference(
            f'"accessPolicies/${{google_access_context_manager_access_policy.policy.name}}/servicePerimeters/{_short(options)}"'
        )
    found.resources["google_access_context_manager_service_perimeter"] = {_short(options): made}


def _whole(policies: Sequence[Any]) -> str:
    """The name of the policy of the whole organisation; "" when there is none (one with scopes is of a part)."""
    return next((str(p.get("name")) for p in mappings(list(policies)) if not p.get("scopes")), "")


def _short(options: Options) -> str:
    """Names of perimeters are letters, digits and underscores."""
    return options.prefix.replace("-", "_")
