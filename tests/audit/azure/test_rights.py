from __future__ import annotations

import pytest

from exclave.audit.checks.azure.roles import sharing_actions

from .build import FOREIGN_TENANT, RG, SUB, TENANT, look, ours, refused, status, sub, ten, why

LEAST, RISK = "azure.least-privilege", "azure.detect.identity-risk"
OWNER, READER, DISKS, CUSTOM = "8e3af657", "acdd72a7", "3e5e47e6", "c0570e00"
WHOLE = f"/subscriptions/{SUB}"


def definition(guid, name, actions, but=(), kind="BuiltInRole"):
    held = {
        "roleName": name,
        "type": kind,
        "permissions": [{"actions": list(actions), "notActions": list(but)}],
    }
    return {
        "id": f"{WHOLE}/providers/Microsoft.Authorization/roleDefinitions/{guid}",
        "name": guid,
        "properties": held,
    }


DEFINITIONS = [
    definition(OWNER, "Owner", ["*"]),
    definition(READER, "Reader", ["*/read"]),
    definition(DISKS, "Disk Backup Reader", ["Microsoft.Compute/snapshots/beginGetAccess/action", "Microsoft.Compute/disks/beginGetAccess/action"]),
    definition(CUSTOM, "Not shares", ["*"], [f"{a.split('/')[0]}/*" for a in sharing_actions()], "CustomRole"),
    definition("uaa", "User Access Administrator", ["*/read", "Microsoft.Authorization/*", "Microsoft.Support/*"]),
    definition("keys", "Storage Account Key Operator", ["Microsoft.Storage/storageAccounts/listkeys/action"]),
    definition("hole", "Hole", ["*"], [a for a in sharing_actions() if "disks" not in a], "CustomRole"),
]  # fmt: skip


def assignment(role=OWNER, principal="p1", scope=WHOLE, kind="User"):
    held = {
        "roleDefinitionId": f"{WHOLE}/providers/Microsoft.Authorization/roleDefinitions/{role.upper()}", "principalId": principal,
        "principalType": kind, "scope": scope,
    }  # fmt: skip
    return {
        "id": f"{scope}/providers/Microsoft.Authorization/roleAssignments/{role}-{principal}",
        "properties": held,
    }


def rights(*assignments, delegations=(), guests=(), applications=()):
    return [
        sub("authorization.RoleAssignments", assignments), sub("authorization.RoleDefinitions", DEFINITIONS),
        sub("managedservices.RegistrationAssignments", delegations), ten("graph.Guests", guests), ten("graph.ServicePrincipals", applications),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "right",
    [
        rights(),
        rights(assignment(READER)),
        rights(assignment(CUSTOM)),
        rights(assignment(scope=RG)),
        rights(assignment(READER, "g1"), guests=[{"id": "g1", "mail": "g@else.example"}]),
    ],
)
def test_narrow_rights_pass(right):
    assert status(LEAST, right, who=ours()) == "pass"


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (rights(assignment()), "holds Owner on the whole subscription"),
        (rights(assignment("hole")), "Hole"),
        (rights(assignment("keys")), "Storage Account Key Operator on the whole subscription"),
        (rights(assignment("uaa", "g1", RG), guests=[{"id": "g1", "mail": "g@else.example"}]), "can give anybody any role"),
        (rights(assignment(scope="/")), "the whole tenant"),
        (rights(assignment(scope="/providers/Microsoft.Management/managementGroups/root")), "management group root"),
        (rights(assignment(principal="g1", scope=RG), guests=[{"id": "g1", "mail": "g@else.example"}]), "the guest g@else.example"),
        (rights(assignment(scope=RG, kind="ForeignGroup")), "group of another tenant"),
        (rights(assignment(principal="s1", scope=RG), applications=[{"id": "S1", "displayName": "x", "appOwnerOrganizationId": FOREIGN_TENANT}]), FOREIGN_TENANT),
    ],
)  # fmt: skip
def test_who_can_share_the_whole_or_is_from_outside_fails(wrong, reason):
    assert status(LEAST, wrong, who=ours()) == "fail"
    assert reason in why(LEAST, wrong, who=ours())


def test_who_gives_roles_can_give_himself_each():
    assert status(LEAST, rights(assignment("uaa")), who=ours()) == "partial"
    assert "can give anybody any role, himself too" in why(LEAST, rights(assignment("uaa")), who=ours())
    assert status(LEAST, rights(assignment("uaa", scope=RG)), who=ours()) == "pass"
    assert status(LEAST, rights(delegations=[delegation(FOREIGN_TENANT, "uaa")]), who=ours()) == "fail"


def test_the_hunted_history_says_which_role_would_do():
    did = {"P1": frozenset({"azure:microsoft.compute/disks/begingetaccess/action"})}
    (check,) = look(LEAST, rights(assignment()), who=ours(), hunted=did)
    assert check.status == "fail"
    assert "needs only Disk Backup Reader" in check.why[0]
    assert dict(check.items[0].facts)["better"] == "Disk Backup Reader"
    (fine,) = look(LEAST, rights(assignment(DISKS)), who=ours(), hunted=did)
    assert fine.status == "pass"


def delegation(tenant, role=OWNER):
    held = {"managedByTenantId": tenant, "authorizations": [{"principalId": "p", "roleDefinitionId": role}]}
    return {"id": "d", "properties": {"registrationDefinition": {"properties": held}}}


def test_delegations_to_other_tenants():
    assert FOREIGN_TENANT in why(LEAST, rights(delegations=[delegation(FOREIGN_TENANT)]), who=ours())
    assert status(LEAST, rights(delegations=[delegation(TENANT)]), who=ours()) == "pass"
    assert status(LEAST, rights(delegations=[delegation(FOREIGN_TENANT, READER)]), who=ours()) == "pass"
    assert status(LEAST, rights(delegations=[delegation(FOREIGN_TENANT, "unknown")]), who=ours()) == "fail"


def test_what_is_not_known_of_rights():
    assert status(LEAST, rights(assignment("gone")), who=ours()) == "could-not-look"
    for missing, permission in (
        ("authorization.RoleDefinitions", "x/read"),
        ("graph.Guests", "User.Read.All"),
    ):
        made = [d for d in rights(assignment(READER)) if d["call"] != missing]
        made.append((ten if missing.startswith("graph") else sub)(missing, error=refused(permission)))
        (check,) = look(LEAST, made, who=ours())
        assert (check.status, check.missing) == ("could-not-look", (permission,))


RECIPIENTS = {
    "notificationRecipients": [
        {"email": "a@ours.example", "isWeeklyDigestRecipient": True, "isRiskyUsersAlertsRecipient": True}
    ]
}
FEED = {
    "name": "e",
    "properties": {
        "workspaceId": "/w",
        "logs": [{"category": c, "enabled": True} for c in ("RiskyUsers", "UserRiskEvents")],
    },
}


def risks(users=(), detections=(), notify=None, feed=(FEED,), **more):
    return [
        ten("graph.RiskyUsers", users, **more), ten("graph.RiskDetections", detections), ten("graph.RiskNotifications", notify or RECIPIENTS),
        ten("aadiam.DiagnosticSettings", feed),
    ]  # fmt: skip


def test_reports_that_can_be_read_with_nothing_open_pass():
    closed = {"id": "u", "riskState": "remediated"}
    assert status(RISK, risks([closed])) == "pass"


def test_open_risks_fail():
    user = {"id": "u", "userPrincipalName": "ann@ours.example", "riskState": "atRisk", "riskLevel": "high"}
    found = {
        "id": "d",
        "userId": "v",
        "userPrincipalName": "bob@ours.example",
        "riskState": "atRisk",
        "riskEventType": "anonymizedIPAddress",
    }
    assert "ann@ours.example is atRisk" in why(RISK, risks([user]))
    assert "anonymizedIPAddress" in why(RISK, risks((), [found]))
    # an open detection of a user whose own risk was dismissed
    dismissed = {"id": "v", "riskState": "dismissed"}
    assert "anonymizedIPAddress" in why(RISK, risks([dismissed], [found]))


def test_without_a_licence_it_fails_and_without_the_right_it_is_not_known():
    assert "licence" in why(RISK, risks(absent="NotLicensed"))
    assert status(RISK, risks(absent="NotLicensed")) == "fail"
    assert status(RISK, risks(error=refused("IdentityRiskyUser.Read.All"))) == "could-not-look"


def test_nobody_who_is_told_and_no_feed_are_partial():
    nobody = {
        "notificationRecipients": [{"isWeeklyDigestRecipient": False, "isRiskyUsersAlertsRecipient": True}]
    }
    assert "weekly digest" in why(RISK, risks(notify=nobody))
    assert status(RISK, risks(feed=())) == "partial"
    off = {
        "name": "e",
        "properties": {
            "workspaceId": "/w",
            "logs": [
                {"category": "RiskyUsers", "enabled": True},
                {"category": "UserRiskEvents", "enabled": False},
            ],
        },
    }
    assert status(RISK, risks(feed=[off])) == "partial"
    nowhere = {"name": "e", "properties": {"logs": FEED["properties"]["logs"]}}
    assert status(RISK, risks(feed=[nowhere])) == "partial"
