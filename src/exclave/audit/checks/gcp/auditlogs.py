"""Audit logs: Data Access switched on for everything and everybody, kept by a sink of the organisation, nothing left out.

Sources: https://cloud.google.com/logging/docs/audit/configure-data-access (the settings of the organisation, folders
and projects add up, and so do exempted members), https://cloud.google.com/logging/docs/export/aggregated_sinks
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exclave.audit.checks.gcp.scopes import (
    FOLDER_POLICY,
    HOME_POLICY,
    POLICY,
    home_of,
    mappings,
    part,
    projects,
    texts,
)
from exclave.audit.checks.gcp.sinks import excluded, wrong_with
from exclave.audit.checks.gcp.subnets import flow_logs
from exclave.audit.judging import failed, judged, passed, unseen
from exclave.audit.model import Check, Item, Settings, Status
from exclave.inventory.model import Scope
from exclave.model import Cloud

if TYPE_CHECKING:
    from exclave.inventory import Answer, Inventory
    from exclave.perimeter import Perimeter

SINKS, HOME_SINKS = "logging.ListSinks", "logging.ListHomeSinks"
EXCLUSIONS, HOME_EXCLUSIONS = "logging.ListExclusions", "logging.ListHomeExclusions"
TYPES = ("ADMIN_READ", "DATA_READ", "DATA_WRITE")
ALL = "allServices"
_WHAT = "settings of logging"


def logging(inventory: Inventory, perimeter: Perimeter, _settings: Settings) -> list[Check]:
    """For the organisation: its audit configuration, a sink that keeps everything, no exclusions. For each project: what
    these come to in it, its own exclusions, and the flow logs of its subnets.
    """  # noqa: D205 - one sentence for each kind of scope
    checks = []
    found = projects(inventory)
    homes = {s.account: home_of(inventory, s.account) for s in found}
    policies = {h: inventory.one(HOME_POLICY, h) for h in sorted(set(homes.values())) if h}
    for home, policy in policies.items():
        scope = Scope(cloud=Cloud.GCP, account=home)
        own = tuple(f"projects/{p}" for p, h in homes.items() if h == home)
        items = _configured([policy], home)
        items.append(
            _sink(inventory.one(HOME_SINKS, home), home, (home, *own), inventory, perimeter, above=True)
        )
        items += _exclusions(inventory.one(HOME_EXCLUSIONS, home), home)
        checks.append(judged(scope, items, _WHAT))
    for scope in found:
        parent, home = f"projects/{scope.account}", homes[scope.account]
        above = [policies[home]] if home else []
        above += inventory.answers(FOLDER_POLICY, account=scope.account)
        items = _configured([*above, inventory.one(POLICY, scope.account)], scope.account)
        if not home:
            sinks = inventory.one(SINKS, scope.account)
            items.append(_sink(sinks, parent, (parent,), inventory, perimeter, above=False))
        items += _exclusions(inventory.one(EXCLUSIONS, scope.account), parent)
        items += flow_logs(inventory, scope.account)
        checks.append(judged(scope, items, _WHAT))
    return checks


def _configured(policies: list[Answer], where: str) -> list[Item]:
    """One item per type of Data Access log, over the policies that add up."""
    blind = next((p for p in policies if p.error is not None), None)
    configs = [c for p in policies if p.error is None for c in mappings(part(p.answer, "auditConfigs"))]
    document = next((p.where for p in policies if p.where), "")
    items = []
    for kind in TYPES:
        name = f"{kind} of {where}"
        facts = (("log_type", kind), ("resource", where))
        exempt = _exempted(configs, kind)
        on = any(c.get("service") == ALL and _logs(c, kind) for c in configs)
        if exempt:
            items.append(failed(name, f"{kind} logs leave out {exempt}", facts, document))
        elif on:
            items.append(
                passed(name, facts=facts, where=document)
                if blind is None
                else unseen(blind, name)  # members may be exempted there
            )
        elif blind is not None:
            items.append(unseen(blind, name))
        else:
            some = sorted({str(c.get("service")) for c in configs if _logs(c, kind)})
            only = f" (only those of {', '.join(some[:4])})" if some else ""
            items.append(failed(name, f"{kind} logs are not on for all services{only}", facts, document))
    return items


def _logs(config: Any, kind: str) -> bool:
    return any(entry.get("logType") == kind for entry in mappings(config.get("auditLogConfigs")))


def _exempted(configs: list[Any], kind: str) -> str:
    found = [
        f"{member}{'' if c.get('service') == ALL else ' of ' + str(c.get('service'))}"
        for c in configs
        for entry in mappings(c.get("auditLogConfigs"))
        if entry.get("logType") == kind
        for member in texts(entry.get("exemptedMembers"))
    ]
    more = f" and {len(found) - 3} more" if len(found) > 3 else ""  # noqa: PLR2004
    return ", ".join(found[:3]) + more


def _sink(
    answer: Answer, where: str, parents: tuple[str, ...], inventory: Inventory, perimeter: Perimeter, *, above: bool
) -> Item:  # fmt: skip
    """The item for a sink that keeps all audit logs: one that is whole is enough."""
    name = f"sink of {where}"
    facts = (("sink", ""), ("resource", where))
    if answer.error is not None:
        return unseen(answer, name)
    wrongs, blinds = [], []
    for sink in mappings(answer.items):
        spoken = str(sink.get("name"))
        if spoken in ("_Required", "_Default"):
            continue
        reasons, blind = wrong_with(sink, parents, inventory, perimeter, above=above)
        if not reasons and not blind:
            return passed(f"{name} {spoken}", facts=(("sink", spoken),), where=answer.where)
        if reasons:
            wrongs.append(f"sink {spoken}: {'; '.join(reasons)}")
        else:
            blinds.append(f"sink {spoken}: {blind}")
    if blinds:
        return Item(resource=name, status=Status.COULD_NOT_LOOK, why=blinds[0], where=answer.where)
    why = ". ".join(wrongs) or f"no sink of {where} keeps the audit logs"
    return failed(name, why, facts, answer.where)


def _exclusions(answer: Answer, where: str) -> list[Item]:
    if answer.error is not None:
        return [unseen(answer, f"exclusions of {where}")]
    items = []
    for exclusion in mappings(answer.items):
        name = f"{where}/exclusions/{exclusion.get('name')}"
        taken = excluded(exclusion, (where,))
        facts = (("exclusion", name),)
        if taken:
            items.append(
                failed(
                    name,
                    f"exclusion {exclusion.get('name')} of {where} takes away {taken}",
                    facts,
                    answer.where,
                )
            )
        else:
            items.append(passed(name, where=answer.where))
    return items
