"""What binds data to the organisation: organisation policies, uniform buckets, and a service perimeter."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from exclave.audit.checks.gcp.constraints import DOMAINS, STORAGE_USE
from exclave.audit.checks.gcp.perimeter import PUBLIC, SQL, UNIFORM
from exclave.audit.checks.gcp.vpcsc import NAME as SERVICE_PERIMETER
from exclave.change.model import equals
from exclave.harden.makers.gcp import changes, policies, vpcsc
from exclave.harden.makers.gcp.place import customers, gcloud, organizations, place_of, terraform
from exclave.harden.makers.gcp.script import Script
from exclave.harden.model import Artefact, Made
from exclave.harden.results import fact, items_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from exclave.audit.model import Result
    from exclave.change.model import Step
    from exclave.harden.makers.gcp.place import Place
    from exclave.harden.model import Options
    from exclave.inventory import Inventory
    from exclave.perimeter import Perimeter

CONTROL = "gcp.perimeter"
ABOUT = "binds data to the organisation"
BREAKS = {
    DOMAINS: "nobody outside can be given a role any more; what was given before stays",
    PUBLIC: "public buckets stop being public",
    UNIFORM: "new buckets take no access lists on objects",
    STORAGE_USE: "projects of others can't use images, disks and snapshots of ours",
    SQL[0]: "new Cloud SQL instances get no public address",
    SQL[1]: "authorised networks can't be added to Cloud SQL instances",
}
BUCKET_URL = "https://storage.googleapis.com/storage/v1/b"


@dataclass(slots=True)
class _Work:
    """What is made while going through the failures."""

    script: Script
    undo: Script
    steps: list[Step] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    resources: dict[str, dict[str, Any]] = field(default_factory=dict)


def make(results: Sequence[Result], inventory: Inventory, perimeter: Perimeter, options: Options) -> Made:
    """Policies for what is not enforced, buckets made uniform, projects put into a service perimeter."""
    place = place_of(inventory, results, options)
    work = _Work(Script(CONTROL, ABOUT), Script(CONTROL, "takes away what the script made"))
    found = [(r, r.check.scope.account, i) for r, i in items_of(results)]
    wanted: dict[str, list[str]] = {}
    for _, project, item in found:
        name = fact(item, "constraint")
        if name and name != SERVICE_PERIMETER:
            wanted.setdefault(name, []).append(project)
    if place.organization:
        _policies(wanted, results, inventory, perimeter, place, work)
    else:
        work.notes.append(policies.NO_ORGANIZATION)
    for result, project, item in found:
        if bucket := fact(item, "bucket"):
            work.steps.append(_uniform(bucket, project, result))
            for script, on in ((work.script, ""), (work.undo, "no-")):
                script.run("gcloud", "storage", "buckets", "update", f"gs://{bucket}", f"--{on}uniform-bucket-level-access")  # fmt: skip
    outside = [p for _, p, i in found if fact(i, "constraint") == SERVICE_PERIMETER]
    if outside and place.organization:
        more = vpcsc.make(outside, results, inventory, place, options, work.script, work.undo)
        work.steps += more.steps
        work.notes += more.notes
        work.resources |= more.resources
    artefacts: list[Artefact] = []
    if options.wants("gcloud") and not work.script.empty:
        artefacts += gcloud(work.script, work.undo, ABOUT)
    if options.wants("terraform") and work.resources:
        artefacts.append(terraform(CONTROL, work.resources, ABOUT))
    return Made(artefacts=tuple(artefacts), steps=tuple(work.steps), notes=tuple(work.notes))


def _policies(
    wanted: dict[str, list[str]], results: Sequence[Result], inventory: Inventory, perimeter: Perimeter, place: Place, work: _Work
) -> None:  # fmt: skip
    for constraint, parent in policies.parents(inventory, place, wanted):
        rules = _rules(constraint, place, inventory, perimeter)
        mine = [r for r in results if r.check.scope.account in wanted[constraint]]
        breaks = [BREAKS.get(constraint, "")]
        work.steps.append(policies.step(inventory, constraint, parent, rules, breaks, mine))
        policies.script_lines(work.script, work.undo, constraint, parent, rules, inventory)
        if not policies.is_set(inventory, parent, constraint):
            label, block = policies.resource(constraint, parent, rules)
            work.resources.setdefault("google_org_policy_policy", {})[label] = block


def _rules(constraint: str, place: Place, inventory: Inventory, perimeter: Perimeter) -> policies.Rules:
    if constraint == DOMAINS:
        values = [*customers(inventory, perimeter)] or [
            f"is:principalSet://iam.googleapis.com/{o}" for o in organizations(place, perimeter)
        ]
        return [{"values": {"allowedValues": values}}]
    if constraint == STORAGE_USE:
        return [{"values": {"allowedValues": [f"under:{o}" for o in organizations(place, perimeter)]}}]
    return [{"enforce": True}]


def _uniform(bucket: str, project: str, result: Result) -> Step:
    url = f"{BUCKET_URL}/{bucket}"
    path = "iamConfiguration.uniformBucketLevelAccess.enabled"

    def body(on: bool) -> dict[str, Any]:
        return {"iamConfiguration": {"uniformBucketLevelAccess": {"enabled": on}}}

    return changes.step(
        f"make bucket {bucket} uniform",
        bucket,
        [(f"PATCH {url}", body(True))],
        account=project,
        read=changes.reading(project, f"GET {url}", keep=(path,)),
        before=body(False),
        undo=[(f"PATCH {url}", body(False))],
        after=[equals(path, True)],
        breaks=[
            "access lists of objects stop counting: who read by them alone loses access (90 days to undo)"
        ],
        results=[result],
    )
