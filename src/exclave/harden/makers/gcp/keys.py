"""Keys of service accounts: unused ones disabled, old ones planned for, new ones forbidden.

Source: https://cloud.google.com/iam/docs/reference/rest/v1/projects.serviceAccounts.keys/disable
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exclave.audit.checks.gcp.keys import CREATION
from exclave.change.model import equals, lacks
from exclave.harden.makers.gcp import changes, policies
from exclave.harden.makers.gcp.place import gcloud, place_of, terraform
from exclave.harden.makers.gcp.script import Script
from exclave.harden.markdown import table
from exclave.harden.model import Artefact, Made
from exclave.harden.results import fact, items_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exclave.audit.model import Item, Result
    from exclave.change.model import Step
    from exclave.harden.model import Options
    from exclave.inventory import Inventory
    from exclave.perimeter import Perimeter

CONTROL = "gcp.credentials.key-rotation"
ABOUT = "disables keys that nobody uses, and forbids new ones"
URL = "https://iam.googleapis.com/v1"
IN_USE = "keys that are in use are not disabled: the plan for each is in the text; --set disable-used=yes disables them too"


def make(results: Sequence[Result], inventory: Inventory, _perimeter: Perimeter, options: Options) -> Made:
    """A step for each unused key, a plan for those in use, and the constraint."""
    place = place_of(inventory, results, options)
    script, undo = Script(CONTROL, ABOUT), Script(CONTROL, "takes away what the script made")
    steps: list[Step] = []
    notes: list[str] = []
    resources: dict[str, dict[str, Any]] = {}
    rotated: list[Item] = []
    lacking: dict[str, list[str]] = {}
    for result, item in items_of(results):
        if constraint := fact(item, "constraint"):
            lacking.setdefault(constraint, []).append(result.check.scope.account)
        elif _goes(item, options):
            steps.append(_disable(fact(item, "key"), result))
            _lines(script, undo, fact(item, "key"))
        else:
            rotated.append(item)
    if lacking and place.organization:
        rules: policies.Rules = [{"enforce": True}]
        for constraint, parent in policies.parents(inventory, place, lacking):
            mine = [r for r in results if r.check.scope.account in lacking[constraint]]
            can = "make" if constraint in CREATION else "upload"
            breaks = [f"nobody can {can} keys for service accounts any more; those that there are stay"]
            steps.append(policies.step(inventory, constraint, parent, rules, breaks, mine))
            policies.script_lines(script, undo, constraint, parent, rules, inventory)
            if not policies.is_set(inventory, parent, constraint):
                label, block = policies.resource(constraint, parent, rules)
                resources.setdefault("google_org_policy_policy", {})[label] = block
    elif lacking:
        notes.append(policies.NO_ORGANIZATION)
    if rotated:
        notes.append(IN_USE)
    return Made(
        artefacts=tuple(_artefacts(script, undo, resources, rotated, options)),
        steps=tuple(steps),
        notes=tuple(notes),
    )


def _goes(item: Item, options: Options) -> bool:
    """Whether a key is disabled: nobody uses it, or the user says so. An HMAC key's use is not known."""
    unused = fact(item, "last_used") == "never" or "last used" in item.why
    return bool(fact(item, "key")) and (unused or options.value("disable-used") == "yes")


def _artefacts(
    script: Script, undo: Script, resources: dict[str, dict[str, Any]], rotated: list[Item], options: Options
) -> list[Artefact]:
    out: list[Artefact] = []
    if options.wants("gcloud") and not script.empty:
        out += gcloud(script, undo, ABOUT)
    if options.wants("terraform") and resources:
        out.append(terraform(CONTROL, resources, "forbids new keys"))
    if options.wants("text") and rotated:
        named = [(i, fact(i, "key").rpartition("/")[2] or fact(i, "hmac")) for i in rotated]
        rows = [(fact(i, "account"), name, i.why) for i, name in named]
        text = (
            "# Keys to rotate\n\n" + table(("service account", "key", "why"), rows) + "\n"
            "For each: let the workload take on the account itself where it can (attached service account, workload identity "
            "federation). Else make a second key, move the workload over, disable the old key for a week, then delete it.\n"
        )
        out.append(
            Artefact(
                control=CONTROL, name=f"{CONTROL}.rotation.md", format="text", text=text, about="the plan for keys in use"
            )
        )  # fmt: skip
    return out


def _disable(name: str, result: Result) -> Step:
    url = f"{URL}/{name}"
    return changes.step(
        f"disable key {name.rpartition('/')[2]}",
        name,
        [(f"POST {url}:disable", {})],
        account=result.check.scope.account,
        read=changes.reading(result.check.scope.account, f"GET {url}", keep=("disabled",)),
        before={},
        undo=[(f"POST {url}:enable", {})],
        after=[equals("disabled", True)],
        undone=[lacks("disabled", True)],
        breaks=["who uses this key, unseen by Google, can't sign in any more"],
        results=[result],
    )


def _lines(script: Script, undo: Script, name: str) -> None:
    parts = name.split("/")  # projects/p/serviceAccounts/mail/keys/id
    for one, verb in ((script, "disable"), (undo, "enable")):
        one.run("gcloud", "iam", "service-accounts", "keys", verb, parts[-1], f"--iam-account={parts[3] if len(parts) > 3 else ''}")  # noqa: PLR2004  # fmt: skip
