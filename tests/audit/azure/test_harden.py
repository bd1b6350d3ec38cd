"""An account on which a control is missing: audit fails it, `harden --apply` makes it, audit passes it, undo takes it back."""

from __future__ import annotations

import copy
import json

import pytest
from click.testing import CliRunner

from exclave.cli.main import run
from tests.stubs import azure as stub
from tests.stubs.azure import SUB, TENANT, Azure

pytest.importorskip("httpx")
RG = f"/subscriptions/{SUB}/resourceGroups/rg/providers"
PERIMETER = f"""
[[subscription]]
id = "{SUB}"
why = "ours"
[[cidr]]
id = "203.0.113.0/24"
why = "the office"
"""


@pytest.fixture
def azure(monkeypatch, tmp_path):
    made = Azure()
    made.graph["/v1.0/organization"] = [
        {"id": TENANT, "displayName": "Ours Example", "verifiedDomains": [{"name": "ours.example"}]}
    ]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "perimeter.toml").write_text(PERIMETER)
    with stub.serve(made):
        stub.environment(made, monkeypatch)
        yield made


def call(*arguments):
    done = CliRunner().invoke(run, list(arguments))
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def audited(control):
    done = call(
        "audit",
        "azure",
        "--control",
        control,
        "--no-exposures",
        "-q",
        "--rate",
        "0",
        "-f",
        "jsonl",
        "-p",
        "perimeter.toml",
    )
    lines = [json.loads(line) for line in done.output.splitlines() if line.startswith("{")]
    return {line["status"] for line in lines if line["type"] == "control"}, done.output


def harden(control, *more):
    return call(
        "harden",
        "azure",
        "--control",
        control,
        "-q",
        "--rate",
        "0",
        "-p",
        "perimeter.toml",
        "-o",
        "out",
        "--limit",
        "60",
        *more,
    )


def store(azure, **more):
    azure.put(
        f"{RG}/Microsoft.Storage/storageAccounts/data", more, sku={"name": "Standard_LRS"}, kind="StorageV2"
    )


def networks(azure):
    subnet = f"{RG}/Microsoft.Network/virtualNetworks/v/subnets/"
    group = f"{RG}/Microsoft.Network/networkSecurityGroups/g"
    wide = {"priority": 100, "direction": "Inbound", "access": "Allow", "protocol": "Tcp", "sourcePortRange": "*", "destinationPortRange": "22",
            "sourceAddressPrefix": "*", "destinationAddressPrefix": "*"}  # fmt: skip
    azure.put(
        group, {"securityRules": [{"name": "ssh", "id": f"{group}/securityRules/ssh", "properties": wide}]}
    )
    azure.put(f"{RG}/Microsoft.Network/virtualNetworks/v", {
        "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
        "subnets": [
            {"id": f"{subnet}bare", "name": "bare", "properties": {"addressPrefix": "10.0.1.0/24", "serviceEndpoints": [{"service": "Microsoft.Storage"}]}},
            {"id": f"{subnet}wide", "name": "wide", "properties": {"addressPrefix": "10.0.2.0/24", "networkSecurityGroup": {"id": group}}},
        ],
    })  # fmt: skip


def roles(azure):
    whole = f"/subscriptions/{SUB}/providers/Microsoft.Authorization"
    azure.put(
        f"{whole}/roleDefinitions/owner",
        {"roleName": "Owner", "type": "BuiltInRole", "permissions": [{"actions": ["*"], "notActions": []}]},
    )
    for name, principal in (("a", "p1"), ("b", "guest1")):
        held = {
            "roleDefinitionId": f"{whole}/roleDefinitions/owner",
            "principalId": principal,
            "principalType": "User",
            "scope": f"/subscriptions/{SUB}",
        }
        azure.put(f"{whole}/roleAssignments/{name}", held)
    azure.graph["/v1.0/users"] = [{"id": "guest1", "mail": "eve@other.example"}]


def risks(azure):
    azure.put(f"{RG}/Microsoft.OperationalInsights/workspaces/w", {"retentionInDays": 365})
    both = {"isWeeklyDigestRecipient": True, "isRiskyUsersAlertsRecipient": True}
    azure.graph["/beta/identityprotection/settings/notifications"] = {"notificationRecipients": [both]}


def old_keys(azure):
    store(
        azure,
        allowSharedKeyAccess=True,
        keyCreationTime={"key1": "2100-01-01T00:00:00Z", "key2": "2100-01-01T00:00:00Z"},
    )


CASES = {
    "azure.alert.nsg-rule-delete": (None, ()),
    "azure.alert.activity": (None, ("--notify", "ops@ours.example")),
    "azure.alert.metric": (store, ()),
    "azure.logging.activity-all-regions": (None, ()),
    "azure.network.storage-vnet": (store, ()),
    "azure.network.nsg": (networks, ()),
    "azure.credentials.password-policy": (None, ()),
    "azure.credentials.key-rotation": (old_keys, ()),
    "azure.least-privilege": (roles, ()),
    "azure.detect.identity-risk": (risks, ()),
}
ONE_WAY = {"azure.credentials.password-policy"}  # what Graph makes has no id before


def plain(resources):
    """What stands there, without what is empty: a role that nobody has, a group without alerts."""
    return {i: {k: v for k, v in r.items() if k != "tags"} for i, r in resources.items()}


@pytest.mark.parametrize("control", CASES)
def test_what_is_missing_is_made_and_passes_and_can_be_taken_back(control, azure):
    prepare, more = CASES[control]
    if prepare:
        prepare(azure)
    before, graph = copy.deepcopy(azure.resources), copy.deepcopy(azure.graph)
    statuses, said = audited(control)
    assert statuses & {"fail", "partial"}, said
    shown = harden(control, *more)
    assert azure.resources == before, "nothing is changed without --apply"
    assert shown.exit_code in (0, 1), shown.output
    done = harden(control, *more, "--apply", "--undo-file", "undo.jsonl")
    assert done.exit_code == 0, done.output
    statuses, said = audited(control)
    assert statuses == {"pass"}, said
    if control in ONE_WAY:
        return
    back = call("harden", "--undo", "undo.jsonl")
    assert back.exit_code == 0, back.output
    kept = {i for i in azure.resources if "/resourcegroups/" in i and i.count("/") == 4} | {
        i for i in azure.resources if "roledefinitions" in i
    }
    left = {i: r for i, r in plain(azure.resources).items() if i not in kept - set(before)}
    assert left.keys() == before.keys()
    assert azure.graph.keys() >= graph.keys()
    assert audited(control)[0] & {"fail", "partial"}


ROTATION = "azure.credentials.key-rotation"
OLD = {"startDateTime": "2020-01-01T00:00:00Z", "endDateTime": "2099-01-01T00:00:00Z"}


def test_old_keys_and_secrets_go_only_when_asked_for_and_do_not_come_back(azure):
    store(
        azure,
        allowSharedKeyAccess=True,
        keyCreationTime={"key1": "2020-01-01T00:00:00Z", "key2": None},
        keyPolicy={"keyExpirationPeriodInDays": 30},
        sasPolicy={"sasExpirationPeriod": "1.00:00:00", "expirationAction": "Block"},
    )
    young = {
        "keyId": "young",
        "startDateTime": "2100-01-01T00:00:00Z",
        "endDateTime": "2100-06-01T00:00:00Z",
    }
    for kind in ("applications", "serviceprincipals"):
        secrets = [{"keyId": "old", **OLD}, {"keyId": "older", **OLD}, young]
        azure.graph[f"/v1.0/{kind}"] = [{"id": kind, "displayName": "app", "passwordCredentials": secrets}]
    kept = copy.deepcopy(azure.resources), copy.deepcopy(azure.graph)
    assert audited(ROTATION)[0] == {"fail"}
    asked = harden(ROTATION, "--apply", "--undo-file", "none.jsonl")
    assert (azure.resources, azure.graph) == kept, asked.output

    both = ("--set", "rotate-keys=yes", "--set", "remove-secrets=yes")
    shown = " ".join(harden(ROTATION, *both).output.split())
    assert "the old key does not come back" in shown
    assert "the secret does not come back" in shown
    done = harden(ROTATION, *both, "--apply", "--undo-file", "undo.jsonl")
    assert done.exit_code == 0, done.output
    for kind in ("applications", "serviceprincipals"):
        assert azure.graph[f"/v1.0/{kind}"][0]["passwordCredentials"] == [young]
    turned = [p for v, p in azure.asked if p.endswith("/regenerateKey")]
    assert len(turned) == 2
    assert audited(ROTATION)[0] == {"pass"}

    after = copy.deepcopy(azure.resources), copy.deepcopy(azure.graph)
    back = call("harden", "--undo", "undo.jsonl")
    assert back.exit_code == 1
    said = " ".join(back.output.split())
    assert "6 can't be undone" in said
    assert "the old key does not come back" in said
    assert (azure.resources, azure.graph) == after
