"""Audit logs: Data Access on, a locked log bucket, a sink that fills it, exclusions off, flow logs on.

Sources: https://cloud.google.com/logging/docs/export/aggregated_sinks, https://cloud.google.com/logging/docs/buckets
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from exclave.audit.checks.gcp.auditlogs import ALL, HOME_EXCLUSIONS, TYPES
from exclave.audit.checks.gcp.scopes import HOME_POLICY, mappings, part
from exclave.change.model import equals, has, lacks
from exclave.harden.makers.gcp import bindings, changes, subnets
from exclave.harden.makers.gcp.central import ABOUT, CONTROL, URL, Work, central
from exclave.harden.makers.gcp.place import gcloud, place_of, terraform
from exclave.harden.model import Artefact, Made
from exclave.harden.results import fact, items_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from exclave.audit.model import Item, Result
    from exclave.harden.model import Options
    from exclave.inventory import Inventory
    from exclave.perimeter import Perimeter


def make(results: Sequence[Result], inventory: Inventory, _perimeter: Perimeter, options: Options) -> Made:
    """One step per thing that is missing, each where it is missing."""
    work = Work(place_of(inventory, results, options), options)
    found = list(items_of(results))
    configs = [(r, i) for r, i in found if fact(i, "log_type")]
    if configs:
        _audit_config(configs, inventory, work)
    sinks = [(r, i) for r, i in found if any(key == "sink" for key, _ in i.facts)]
    if sinks:
        kept = central([r for r, _ in sinks], inventory, work.place, options)
        work.steps += kept.steps
        work.notes += kept.notes
        work.resources |= kept.resources
        work.script.lines += kept.script.lines
        work.undo.lines += kept.undo.lines
    for result, item in found:
        if name := fact(item, "exclusion"):
            _exclusion(name, result, inventory, work)
        elif name := fact(item, "subnet"):
            step = subnets.step(name, result, inventory)
            work.steps += [step] if step is not None else []
            subnets.script_lines(work.script, work.undo, name, subnets.flow_logs(name, result, inventory))
    artefacts: list[Artefact] = []
    if options.wants("gcloud") and not work.script.empty:
        artefacts += gcloud(work.script, work.undo, ABOUT)
    if options.wants("terraform") and work.resources:
        artefacts.append(terraform(CONTROL, work.resources, ABOUT))
    return Made(artefacts=tuple(artefacts), steps=tuple(work.steps), notes=tuple(work.notes))


def _audit_config(found: list[tuple[Result, Item]], inventory: Inventory, work: Work) -> None:
    """All three types for all services, nobody exempted: at the organisation, and where a project exempts somebody."""
    parents = {work.place.home: [r for r, _ in found]}
    for result, item in found:
        account = result.check.scope.account
        if "/" not in account and "leave out" in item.why:
            parents.setdefault(f"projects/{account}", []).append(result)
    for parent, results in parents.items():
        policy = bindings.policy_of(inventory, parent)
        if policy is None:
            work.notes.append(
                f"{parent}: its policy could not be read ({HOME_POLICY}), so Data Access logs are not planned"
            )
            continue
        before = list(mappings(part(policy, "auditConfigs")))
        wanted = _configs(before, all_services=parent == work.place.home)
        if wanted == before:
            continue
        types = (
            [has("auditConfigs[].auditLogConfigs[].logType", t) for t in TYPES]
            if parent == work.place.home
            else []
        )
        work.steps.append(
            bindings.audit_step(parent, policy, wanted, [equals("auditConfigs", wanted), *types], results)
        )
        kind, _, identifier = parent.partition("/")
        group = "organizations" if kind == "organizations" else "projects"
        identifier = shlex.quote(identifier)
        for one, configs in ((work.script, wanted), (work.undo, before)):
            one.raw("# the policy as it is, with another audit configuration")
            policy_file = one.file({"auditConfigs": configs})
            one.raw(f'gcloud {group} get-iam-policy {identifier} --format=json > "{policy_file}.now"')
            one.raw(
                f"python3 -c 'import json, sys; a, b = (json.load(open(f)) for f in sys.argv[1:]); a.update(b); print(json.dumps(a))' "
                f'"{policy_file}.now" "{policy_file}" > "{policy_file}.new"'
            )
            one.raw(f'gcloud {group} set-iam-policy {identifier} "{policy_file}.new" --quiet')
        if (
            work.place.organization
            and parent == work.place.home
            and not any(c.get("service") == ALL for c in before)
        ):
            work.resource(
                "google_organization_iam_audit_config", "all",
                {"org_id": work.place.organization, "service": ALL, "audit_log_config": [{"log_type": t} for t in TYPES]},
            )  # fmt: skip


def _configs(before: Sequence[Mapping[str, Any]], *, all_services: bool) -> list[dict[str, Any]]:
    """Audit configurations with nobody exempted, and all types for all services where asked for."""
    out = []
    for config in before:
        if all_services and config.get("service") == ALL:
            continue
        entries = [
            {k: v for k, v in entry.items() if k != "exemptedMembers"}
            for entry in mappings(config.get("auditLogConfigs"))
        ]
        out.append({**config, "auditLogConfigs": entries})
    if all_services:
        out.append({"service": ALL, "auditLogConfigs": [{"logType": t} for t in TYPES]})
    return out


def _exclusion(name: str, result: Result, inventory: Inventory, work: Work) -> None:
    """Switch an exclusion off; it stays there for its owner to mend."""
    url, parent = f"{URL}/{name}", name.partition("/exclusions/")[0]
    account = parent.removeprefix("projects/")
    answer = inventory.one(
        HOME_EXCLUSIONS
        if parent == work.place.home and work.place.organization
        else "logging.ListExclusions",
        account,
    )
    there = next((e for e in mappings(answer.items) if name.endswith(f"/{e.get('name')}")), {})
    before = {"disabled": there["disabled"]} if "disabled" in there else {}
    mask = "?updateMask=disabled"
    work.steps.append(
        changes.step(
            f"switch off exclusion {name}",
            name,
            [(f"PATCH {url}{mask}", {"disabled": True})],
            account=account,
            read=changes.reading(account, f"GET {url}", keep=("disabled",)),
            before=before,
            undo=[(f"PATCH {url}{mask}", {"disabled": False})],
            after=[equals("disabled", True)],
            undone=[lacks("disabled", True)],
            breaks=["more log entries are kept, and charged for"],
            results=[result],
        )
    )
    short = name.rpartition("/")[2]
    kind, _, identifier = parent.partition("/")
    for script, on in ((work.script, "true"), (work.undo, "false")):
        script.run("gcloud", "logging", "sinks", "update", "_Default", f"--update-exclusion=name={short},disabled={on}", f"--{kind[:-1]}={identifier}")  # fmt: skip
