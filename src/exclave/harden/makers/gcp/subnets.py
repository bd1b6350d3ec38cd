"""Flow logs of subnets switched on. Source: https://cloud.google.com/compute/docs/reference/rest/v1/subnetworks/patch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exclave.audit.checks.gcp.scopes import mappings, part
from exclave.audit.checks.gcp.subnets import RESOURCES
from exclave.change.model import equals, lacks
from exclave.harden.makers.gcp import changes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from exclave.audit.model import Result
    from exclave.change.model import Step
    from exclave.harden.makers.gcp.script import Script
    from exclave.inventory import Inventory

URL = "https://compute.googleapis.com/compute/v1"
WANTED: dict[str, Any] = {
    "enable": True, "aggregationInterval": "INTERVAL_5_SEC", "flowSampling": 0.5, "metadata": "INCLUDE_ALL_METADATA", "filterExpr": "true",
}  # fmt: skip
_FLAGS = {
    "flowSampling": "flow-sampling", "aggregationInterval": "aggregation-interval", "metadata": "metadata", "filterExpr": "filter-expr",
}  # fmt: skip
NOW = {"$now": "fingerprint"}


def step(name: str, result: Result, inventory: Inventory) -> Step | None:
    """Switch on the flow logs of `projects/p/regions/r/subnetworks/s`; None when the inventory lacks it."""
    project = result.check.scope.account
    data = _data(name, project, inventory)
    if data is None:
        return None
    old = data.get("logConfig")
    url = f"{URL}/{name}"
    return changes.step(
        f"switch on flow logs of subnet {name.rpartition('/')[2]}",
        name,
        [(f"PATCH {url}", {"logConfig": WANTED, "fingerprint": NOW})],
        account=project,
        read=changes.reading(project, f"GET {url}", keep=("logConfig", "fingerprint")),
        before={k: data[k] for k in ("logConfig", "fingerprint") if k in data},
        undo=[(f"PATCH {url}", {"logConfig": old or {"enable": False}, "fingerprint": NOW})],
        after=[equals("logConfig.enable", True)],
        undone=[
            lacks("logConfig.enable", True) if part(old, "enable") is not True else equals("logConfig", old)
        ],
        breaks=["flow logs are charged for by volume"],
        results=[result],
    )


def _data(name: str, project: str, inventory: Inventory) -> dict[str, Any] | None:
    answer = inventory.one(RESOURCES, project)
    data = next(
        (
            part(a, "resource", "data")
            for a in mappings(answer.items)
            if str(a.get("name")).endswith(f"/{name}")
        ),
        None,
    )
    return data if isinstance(data, dict) else None


def flow_logs(name: str, result: Result, inventory: Inventory) -> Mapping[str, Any]:
    """How a subnet's flow logs are set now."""
    config = (_data(name, result.check.scope.account, inventory) or {}).get("logConfig")
    return config if isinstance(config, dict) else {}


def script_lines(script: Script, undo: Script, name: str, old: Mapping[str, Any]) -> None:
    """The same by gcloud."""
    parts = name.split("/")
    if len(parts) < 6:  # noqa: PLR2004 - projects/p/regions/r/subnetworks/s
        return
    where = (parts[5], f"--region={parts[3]}", f"--project={parts[1]}")
    update = ("gcloud", "compute", "networks", "subnets", "update")
    script.run(
        *update, *where, "--enable-flow-logs", "--logging-flow-sampling=0.5", "--logging-aggregation-interval=interval-5-sec",
        "--logging-metadata=include-all", "--logging-filter-expr=true",
    )  # fmt: skip
    undo.run(*update, *where, *(_as_before(old) if old.get("enable") is True else ("--no-enable-flow-logs",)))


def _as_before(old: Mapping[str, Any]) -> Iterator[str]:
    yield "--enable-flow-logs"
    for key, flag in _FLAGS.items():
        if key in old:
            value = str(old[key])
            named = value.removesuffix("_METADATA").lower().replace("_", "-")  # gcloud's word for the API's
            yield f"--logging-{flag}={named if flag in ('aggregation-interval', 'metadata') else value}"
