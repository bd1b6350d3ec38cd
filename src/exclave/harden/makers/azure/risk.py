"""What stands open in Identity Protection: a report for people, a feed for a hunt, and the export of the logs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from exclave.audit.checks.azure.ids import norm, properties, subscription_of
from exclave.audit.checks.azure.risk import DETECTIONS, EXPORTS, FEED, USERS
from exclave.audit.model import Status
from exclave.change.model import equals, has
from exclave.harden.makers.azure import changes
from exclave.harden.makers.azure.arm import Resource, Template
from exclave.harden.markdown import table
from exclave.harden.model import Artefact, Made
from exclave.harden.results import by_account

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from exclave.audit.model import Result
    from exclave.change.model import Step
    from exclave.harden.model import Options
    from exclave.inventory import Inventory
    from exclave.perimeter import Perimeter

CONTROL = "azure.detect.identity-risk"
TYPE, API = "microsoft.aadiam/diagnosticSettings", "2017-04-01"
LOGS = (*FEED, "RiskyServicePrincipals", "ServicePrincipalRiskEvents", "SignInLogs", "AuditLogs")
PEOPLE = "look into each user at risk, reset or dismiss: https://learn.microsoft.com/entra/id-protection/howto-identity-protection-remediate-unblock"
DIGEST = "choose who gets the weekly digest and the mail about users at risk: Entra admin center, Identity Protection, Notify"
HUNT = "give the feed to a hunt beside the logs: exclave hunt LOGS... {}"
WHERE = "no workspace is known: say where the risk logs go by --set log-workspace=ID or --set log-storage=ID"
ROLE = "the export is a setting of the tenant: a Security Administrator makes it"


def make(results: Sequence[Result], inventory: Inventory, _perimeter: Perimeter, options: Options) -> Made:
    """The report, the feed and the export, for the tenant."""
    artefacts: list[Artefact] = []
    steps: list[Step] = []
    notes = [PEOPLE, DIGEST]
    for tenant, mine in by_account(results).items():
        region = mine[0].check.scope.region
        users, detections = (
            [i for i in inventory.one(call, tenant, region).items if isinstance(i, dict)]
            for call in (USERS, DETECTIONS)
        )
        artefacts.append(_report(tenant, users, detections))
        if detections:
            feed = changes.file_name(CONTROL, tenant, "json", "feed")
            artefacts.append(_feed(feed, detections))
            notes.append(HUNT.format(feed))
        if any("export" in i.resource and i.status is Status.PARTIAL for r in mine for i in r.check.items):
            place = _place(inventory, options)
            if not place:
                notes.append(WHERE)
                continue
            notes.append(ROLE)
            made = _export(tenant, place, inventory, region, options, mine)
            steps.append(made[0])
            artefacts += made[1]
    return Made(artefacts=tuple(artefacts), steps=tuple(steps), notes=tuple(dict.fromkeys(notes)))


def _export(
    tenant: str, place: tuple[str, str], inventory: Inventory, region: str, options: Options, results: Sequence[Result]
) -> tuple[Step, list[Artefact]]:  # fmt: skip
    name = f"{options.prefix}-risk"
    identifier = f"/providers/{TYPE}/{name}"
    body: dict[str, Any] = {
        "properties": {place[0]: place[1], "logs": [{"category": c, "enabled": True} for c in LOGS]}
    }
    before = next(
        (
            s
            for s in inventory.one(EXPORTS, tenant, region).items
            if isinstance(s, dict) and s.get("name") == name
        ),
        None,
    )
    undo = changes.call("DELETE", identifier, API, tenant)
    if before is not None:
        undo = changes.call("PUT", identifier, API, tenant, {"properties": dict(properties(before))})
    step = changes.step(
        f"export the risk logs of Entra to {place[1]}", identifier, tenant, [changes.call("PUT", identifier, API, tenant, body)],
        read=changes.reading(identifier, API, tenant, (f"properties.{place[0]}", "properties.logs")), before=before, undo=[undo],
        after=[equals(f"properties.{place[0]}", place[1]), *(has("properties.logs[]", {"category": c, "enabled": True}) for c in FEED)],
        results=results, breaks=("logs cost by what is taken in",),
    )  # fmt: skip
    resource = Resource(symbol="setting", type=TYPE, api=API, name=name, body=body)
    artefacts = changes.templates(
        CONTROL, tenant, Template(resources=(resource,), where="tenant"), options, about="the export of Entra's risk logs",
        undo=f"az rest --method delete --url {changes.url(identifier, API)}", notes=(ROLE,),
    )  # fmt: skip
    return step, artefacts


def _place(inventory: Inventory, options: Options) -> tuple[str, str] | None:
    if chosen := options.value("log-workspace"):
        return "workspaceId", chosen
    if chosen := options.value("log-storage"):
        return "storageAccountId", chosen
    known = sorted(
        str(w.get("id"))
        for _, w in inventory.items("arg.Workspaces")
        if isinstance(w, dict) and subscription_of(w.get("id")) and norm(w.get("id"))
    )
    return ("workspaceId", known[0]) if known else None


def _report(
    tenant: str, users: Sequence[Mapping[str, Any]], detections: Sequence[Mapping[str, Any]]
) -> Artefact:
    people = [
        (str(u.get("userPrincipalName") or u.get("id")), str(u.get("riskLevel")), str(u.get("riskState")), str(u.get("riskLastUpdatedDateTime")))
        for u in users
    ]  # fmt: skip
    seen = [
        (str(d.get("userPrincipalName") or d.get("userId")), str(d.get("riskEventType")), str(d.get("riskLevel")),
         str(d.get("ipAddress") or ""), str(d.get("detectedDateTime")))
        for d in detections
    ]  # fmt: skip
    text = (
        f"# Identity Protection\n\n## Users at risk: {len(people)}\n\n"
        + table(("user", "level", "state", "since"), people)
        + f"\n## Open detections: {len(seen)}\n\n"
        + table(("user", "what", "level", "from", "when"), seen)
        + f"\n{PEOPLE}\n"
    )
    return Artefact(
        control=CONTROL, name=changes.file_name(CONTROL, tenant, "text"), format="text", text=text, about="what stands open",
        undo="# nothing to undo",
    )  # fmt: skip


def _feed(name: str, detections: Sequence[Mapping[str, Any]]) -> Artefact:
    """The detections as Graph gives them, which a hunt reads."""
    text = orjson.dumps(
        {"value": list(detections)}, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    ).decode()
    return Artefact(
        control=CONTROL, name=name, format="json", text=text, about="open risk detections, for a hunt", undo="# nothing to undo",
        deploy=f"exclave hunt LOGS... {name}",
    )  # fmt: skip
