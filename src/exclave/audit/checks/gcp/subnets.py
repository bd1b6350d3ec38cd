"""VPC flow logs of subnets: by their own setting, or by a configuration of Network Management.

Sources: https://cloud.google.com/compute/docs/reference/rest/v1/subnetworks (logConfig) and
https://cloud.google.com/network-intelligence-center/docs/reference/networkmanagement/rest/v1/projects.locations.vpcFlowLogsConfigs
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exclave.audit.checks.gcp.scopes import mappings, part
from exclave.audit.judging import failed, passed, unseen
from exclave.audit.model import Item, Status
from exclave.inventory.model import NOT_RECORDED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from exclave.inventory import Inventory

CONFIGS, _GONE = "networkmanagement.ListVpcFlowLogsConfigs", "TARGET_RESOURCE_DOES_NOT_EXIST"
RESOURCES, SUBNET = "cloudasset.ListResources", "compute.googleapis.com/Subnetwork"
# subnets of proxies and of address translation have no flow logs
WITHOUT = frozenset({
    "REGIONAL_MANAGED_PROXY", "GLOBAL_MANAGED_PROXY", "INTERNAL_HTTPS_LOAD_BALANCER", "PRIVATE_SERVICE_CONNECT", "PRIVATE_NAT",
    "PEER_MIGRATION",
})  # fmt: skip
LEAST_SAMPLE = 0.5  # the default of Google


def flow_logs(inventory: Inventory, project: str) -> list[Item]:
    """One item per subnet that can have flow logs."""
    answer = inventory.one(RESOURCES, project)
    if answer.error is not None:
        return [unseen(answer, f"subnets of {project}")]
    configs = inventory.one(CONFIGS, project)
    items = []
    for asset in mappings(answer.items):
        data = part(asset, "resource", "data")
        if asset.get("assetType") != SUBNET or str(part(data, "purpose")) in WITHOUT:
            continue
        name = str(asset.get("name")).removeprefix("//compute.googleapis.com/")
        beside = [_narrowed(c) for c in mappings(configs.items) if _is_of(c, name, data)]
        status, why = min([_wrong(data), *beside], key=lambda found: found[0].rank)
        facts = (("subnet", name),)
        spoken = f"subnet {name.rpartition('/')[2]}: {why}"
        if status is Status.PASS:
            items.append(passed(name, where=answer.where))
        elif configs.error is not None and configs.error.code != NOT_RECORDED:
            items.append(unseen(configs, name))  # it may be switched on there
        elif status is Status.FAIL:
            items.append(failed(name, spoken, facts, answer.where))
        else:
            items.append(Item(resource=name, status=status, why=spoken, facts=facts, where=answer.where))
    return items


def _is_of(config: Mapping[str, Any], subnet: str, data: Any) -> bool:
    """Whether a configuration of Network Management is on, and of a subnet or of its network."""
    if config.get("state") == "DISABLED" or config.get("targetResourceState") == _GONE:
        return False
    network = str(part(data, "network") or "").partition("/projects/")[2]
    return config.get("subnet") == subnet or (
        bool(network) and config.get("network") == f"projects/{network}"
    )


def _wrong(data: Mapping[str, Any] | None) -> tuple[Status, str]:
    config = part(data, "logConfig")
    on = part(config, "enable")
    if on is not True and not (on is None and part(data, "enableFlowLogs") is True):
        return Status.FAIL, "its flow logs are off"
    return _narrowed(config)


def _narrowed(config: Any) -> tuple[Status, str]:
    """What a setting leaves out of the flows."""
    sample = part(config, "flowSampling")
    if isinstance(sample, int | float) and sample <= 0:
        return Status.FAIL, "its flow logs take no flow at all (flowSampling 0)"
    narrowed = part(config, "filterExpr")
    if isinstance(narrowed, str) and narrowed.strip().lower() not in ("", "true"):
        return Status.FAIL, f"its flow logs leave flows out by a filter ({narrowed[:100]})"
    if isinstance(sample, int | float) and sample < LEAST_SAMPLE:
        return Status.PARTIAL, f"its flow logs take one flow in {1 / sample:.0f} only"
    return Status.PASS, ""
