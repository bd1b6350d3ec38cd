from __future__ import annotations

import pytest

from exclave.audit.checks.azure.logging import CATEGORIES

from .build import FOREIGN_SUB, OTHER_SUB, RG, ours, refused, resource, status, sub, why

LOGGING = "azure.logging.activity-all-regions"
WORKSPACE = resource("Microsoft.OperationalInsights/workspaces", "w", {"retentionInDays": 365})
STORE = resource("Microsoft.Storage/storageAccounts", "logs")


def setting(categories=CATEGORIES, *, group=None, enabled=True, retention=None, **where):
    logs = [{"categoryGroup": group, "enabled": enabled}] if group else [
        {"category": c, "enabled": enabled, **({"retentionPolicy": retention} if retention else {})} for c in categories
    ]  # fmt: skip
    return {"name": "all", "properties": {"logs": logs, **(where or {"workspaceId": WORKSPACE["id"]})}}


def profile(**change):
    held = {
        "locations": ["westeurope", "northeurope", "global"], "categories": ["Write", "Delete", "Action"], "storageAccountId": STORE["id"],
        "retentionPolicy": {"enabled": True, "days": 365},
    }  # fmt: skip
    return {"name": "default", "properties": held | change}


def recorded(*settings, profiles=(), workspaces=(WORKSPACE,), stores=(STORE,)):
    regions = [{"name": n, "metadata": {"regionType": "Physical"}} for n in ("westeurope", "northeurope")]
    return [
        sub("insights.DiagnosticSettings", settings), sub("insights.LogProfiles", profiles),
        sub("azure.Locations", [*regions, {"name": "europe", "metadata": {"regionType": "Logical"}}]),
        sub("arg.Workspaces", workspaces), sub("arg.StorageAccounts", stores),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "right",
    [
        recorded(setting()),
        recorded(setting(group="allLogs")),
        recorded(setting(storageAccountId=STORE["id"])),
        recorded(setting(CATEGORIES[:4]), setting(CATEGORIES[4:], storageAccountId=STORE["id"])),
        recorded(setting(workspaceId=WORKSPACE["id"].replace("11111111-1111-4111-8111-111111111111", OTHER_SUB))),
        recorded(profiles=[profile()]),
        recorded(profiles=[profile(retentionPolicy={"enabled": False, "days": 0}, locations=["Global", "West Europe", "North Europe"])]),
    ],
)  # fmt: skip
def test_every_category_of_every_region_exported_and_kept(right):
    assert status(LOGGING, right, who=ours()) == "pass"


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (recorded(), "nothing exports the category Administrative"),
        (recorded(setting(CATEGORIES[1:])), "nothing exports the category Administrative"),
        (recorded(setting(enabled=False)), "nothing exports"),
        (recorded(setting(group="audit")), "nothing exports the category ServiceHealth"),
        (recorded(setting(marker="x")), "goes nowhere"),
        (recorded(setting(workspaceId=WORKSPACE["id"] + "gone")), "doesn't exist"),
        (recorded(setting(storageAccountId=STORE["id"] + "gone")), "doesn't exist"),
        (recorded(setting(workspaceId=f"/subscriptions/{FOREIGN_SUB}/resourceGroups/r/providers/Microsoft.OperationalInsights/workspaces/w")), "not ours"),
        (recorded(setting(workspaceId=WORKSPACE["id"], eventHubAuthorizationRuleId=f"/subscriptions/{FOREIGN_SUB}/x/y")), "not ours"),
        (recorded(setting(storageAccountId=STORE["id"], retention={"enabled": True, "days": 7}), ), "nothing exports"),
        (recorded(setting(), workspaces=[resource("Microsoft.OperationalInsights/workspaces", "w", {"retentionInDays": 30})]), "keeps it 30 days"),
        (recorded(profiles=[profile(locations=["westeurope", "global"])]), "northeurope"),
        (recorded(profiles=[profile(locations=["westeurope", "northeurope"])]), "global"),
        (recorded(profiles=[profile(categories=["Write"])]), "Delete, Action"),
        (recorded(profiles=[profile(retentionPolicy={"enabled": True, "days": 30})]), "kept 30 days"),
        (recorded(profiles=[profile(storageAccountId=None)]), "nowhere"),
        # neither of the two places keeps it
        (recorded(setting(workspaceId=WORKSPACE["id"], storageAccountId=STORE["id"], retention={"enabled": True, "days": 7}), workspaces=[resource("Microsoft.OperationalInsights/workspaces", "w", {"retentionInDays": 30})]), "less than 90"),
    ],
)  # fmt: skip
def test_every_way_to_lose_the_log_fails(wrong, reason):
    assert status(LOGGING, wrong, who=ours()) == "fail"
    if "retention={" not in reason and reason != "nothing exports":
        assert reason in why(LOGGING, wrong, who=ours())


def test_kept_for_a_few_days_only():
    short = recorded(setting(storageAccountId=STORE["id"], retention={"enabled": True, "days": 7}))
    assert "kept 7 days" in why(LOGGING, short, who=ours())


def test_only_to_an_event_hub_is_partial():
    hub = f"{RG}/providers/Microsoft.EventHub/namespaces/n/authorizationRules/r"
    assert status(LOGGING, recorded(setting(eventHubAuthorizationRuleId=hub)), who=ours()) == "partial"


def test_what_could_not_be_read():
    denied = [
        sub("insights.DiagnosticSettings", error=refused("Microsoft.Insights/diagnosticSettings/read")),
        *recorded()[1:],
    ]
    assert status(LOGGING, denied, who=ours()) == "could-not-look"
    for profiles in ([profile(locations=["global"])], []):
        # a profile that is wrong says nothing of the settings, nor settings of the profile
        denied[1] = sub("insights.LogProfiles", profiles)
        assert status(LOGGING, denied, who=ours()) == "could-not-look"
    unread = recorded(setting(CATEGORIES[1:]))
    unread[1] = sub("insights.LogProfiles", error=refused("Microsoft.Insights/logprofiles/read"))
    assert status(LOGGING, unread, who=ours()) == "could-not-look"
    assert (
        status(LOGGING, [sub("insights.DiagnosticSettings", [setting()]), *unread[1:]], who=ours()) == "pass"
    )
    kept_nowhere_known = recorded(profiles=[profile()])
    kept_nowhere_known[4] = sub(
        "arg.StorageAccounts", error=refused("Microsoft.Storage/storageAccounts/read")
    )
    assert status(LOGGING, kept_nowhere_known, who=ours()) == "could-not-look"
    blind = recorded(setting())
    blind[3] = sub("arg.Workspaces", error=refused("Microsoft.OperationalInsights/workspaces/read"))
    assert status(LOGGING, blind, who=ours()) == "could-not-look"
