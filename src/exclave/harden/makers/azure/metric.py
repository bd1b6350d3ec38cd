"""Metric alerts on what leaves storage accounts: one for each that has none, and templates of every form."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from exclave.audit.checks.azure.ids import name_of, norm, properties
from exclave.audit.checks.azure.metric import ALERTS
from exclave.audit.model import Status
from exclave.change.model import equals
from exclave.harden.makers.azure import changes
from exclave.harden.makers.azure import metric_templates as templates
from exclave.harden.makers.azure.telling import telling
from exclave.harden.model import Artefact, Made
from exclave.harden.results import by_account

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exclave.audit.model import Result
    from exclave.change.model import Step
    from exclave.harden.model import Options
    from exclave.inventory import Inventory
    from exclave.perimeter import Perimeter

CONTROL = "azure.alert.metric"
LEARNS = "a dynamic threshold learns from the account's own past: it is quiet for some days, and in an account that always leaks"
SEVERAL = "whether Azure takes Egress of storage accounts by type and region was not verified: the steps make one alert for each account"


def make(results: Sequence[Result], inventory: Inventory, _perimeter: Perimeter, options: Options) -> Made:
    """One dynamic alert for each account, or a static one with `--set threshold-bytes=N`; templates with parameters."""
    artefacts: list[Artefact] = []
    steps: list[Step] = []
    notes: list[str] = []
    bytes_ = options.value("threshold-bytes")
    threshold = int(bytes_) if bytes_.isdigit() else None
    for account, mine in by_account(results).items():
        who = telling(inventory, account, options, mine)
        notes += who.notes
        steps += who.steps
        there = {norm(a.get("id")): a for a in inventory.one(ALERTS, account).items if isinstance(a, dict)}
        lacking = [i.resource for r in mine for i in r.check.items if i.status is Status.FAIL]
        for target in lacking:
            name = f"{options.prefix}-egress-{name_of(target)}"
            identifier = (
                f"/subscriptions/{account}/resourceGroups/{who.group}/providers/{templates.TYPE}/{name}"
            )
            wish = templates.body([target], templates.criterion(threshold), who.id, many=threshold is None)
            before = there.get(norm(identifier))
            undo = changes.call("DELETE", identifier, templates.API, account)
            if before is not None:
                old = {k: before[k] for k in ("location", "tags", "properties") if before.get(k) is not None}
                undo = changes.call("PUT", identifier, templates.API, account, old)
            steps.append(
                changes.step(
                    f"{'change' if before else 'make'} the alert {name}", identifier, account,
                    [*who.first, changes.call("PUT", identifier, templates.API, account, wish)],
                    read=changes.reading(identifier, templates.API, account, ("location", "properties.enabled", "properties.scopes", "properties.criteria", "properties.actions")),
                    before=before, undo=[undo],
                    after=[equals("properties.enabled", True), equals("properties.scopes", properties(wish)["scopes"])],
                    results=mine, why=changes.why(mine),
                )
            )  # fmt: skip
        artefacts += _artefacts(account, lacking, who.id, who.group, options)
    return Made(
        artefacts=tuple(artefacts), steps=tuple(steps), notes=tuple(dict.fromkeys((*notes, LEARNS, SEVERAL)))
    )


def _artefacts(
    account: str, lacking: Sequence[str], group_id: str, group: str, options: Options
) -> list[Artefact]:
    prefix = options.prefix
    first = next(
        iter(lacking),
        f"/subscriptions/{account}/resourceGroups/GROUP/providers/Microsoft.Storage/storageAccounts/ACCOUNT",
    )
    told = {"actionGroupId": group_id, "severity": 2}
    one = {"alertName": f"{prefix}-egress", "storageAccountId": first}
    region = options.value("location", "westeurope")
    component = (
        f"/subscriptions/{account}/resourceGroups/GROUP/providers/Microsoft.Insights/components/COMPONENT"
    )
    found: list[Artefact] = []
    for part, template, values, about in (
        ("static", templates.single(dynamic=False), {**one, "thresholdBytes": templates.LEAST_BYTES}, "a metric alert with a static threshold"),
        ("dynamic", templates.single(dynamic=True), {**one, "alertName": f"{prefix}-egress-unusual"}, "a metric alert with a dynamic threshold"),
        ("several", templates.several(), {"alertName": f"{prefix}-egress-all", "scopes": [f"/subscriptions/{account}"], "region": region}, "one metric alert for all accounts of a region"),
        ("availability", templates.availability(), {
            "testName": f"{prefix}-available", "alertName": f"{prefix}-unavailable", "url": "https://www.example.com/", "location": region,
            "componentId": component, "tags": {f"hidden-link:{component}": "Resource"},
        }, "an availability test with its alert"),
    ):  # fmt: skip
        undo = f"az monitor metrics alert delete --resource-group {shlex.quote(group)} --name {values['alertName']}"
        if "testName" in values:
            # its own command is one of an extension, which a machine may lack
            undo += f" && az resource delete --resource-group {shlex.quote(group)} --name {values['testName']} --resource-type Microsoft.Insights/webtests"
        found += changes.templates(
            CONTROL, account, template, options, about=about, group=group, part=part, undo=undo, values={**values, **told},
            notes=("set the parameters: every value in the parameters file is only a beginning",),
        )  # fmt: skip
    return found
