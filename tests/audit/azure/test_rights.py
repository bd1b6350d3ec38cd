from __future__ import annotations

import pytest

from exclave.audit.checks.azure.roles import sharing_actions

from .build import FOREIGN_SUB, FOREIGN_TENANT, RG, SUB, TENANT, look, ours, refused, status, sub, ten, why

UAA, GIVER = "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9", "c0570e01-0000-4000-8000-000000000000"
LEAST, RISK = "azure.least-privilege", "azure.detect.identity-risk"
OWNER, READER, DISKS, CUSTOM, KEYS = (
    "8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "acdd72a7-3385-48ef-bd42-f606fba81ae7", "3e5e47e6-65f7-47ef-90b5-e5dd4d455f24",
    "c0570e00-0000-4000-8000-000000000000", "81a9662b-bebf-436f-a333-f67b29880f12",
)  # fmt: skip
WHOLE = f"/subscriptions/{SUB}"


def definition(guid, name, actions, but=(), kind="BuiltInRole", **more):
    held = {
        "roleName": name,
        "type": kind,
        "permissions": [{"actions": list(actions), "notActions": list(but), **more}],
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
    definition("18d7d88d-d35e-4fb5-a5c3-7773c20a72d9", "User Access Administrator", ["*/read", "Microsoft.Authorization/*", "Microsoft.Support/*"]),
    definition(KEYS, "Storage Account Key Operator", ["Microsoft.Storage/storageAccounts/listkeys/action"]),
    definition(GIVER, "Role Based Access Control Administrator", ["*/read", "Microsoft.Authorization/roleAssignments/write"]),
    definition("bound", "Key Vault Data Access Administrator", ["Microsoft.Authorization/roleAssignments/write"], condition="((!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'})) OR (@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals{acdd72a7-3385-48ef-bd42-f606fba81ae7}))"),
    definition("b0570e00-0000-4000-8000-000000000000", "Hole", ["*"], [a for a in sharing_actions() if "disks" not in a], "CustomRole"),
]  # fmt: skip


def assignment(role=OWNER, principal="p1", scope=WHOLE, kind="User", **more):
    held = {
        "roleDefinitionId": f"{WHOLE}/providers/Microsoft.Authorization/roleDefinitions/{role.upper()}", "principalId": principal,
        "principalType": kind, "scope": scope, **more,
    }  # fmt: skip
    return {
        "id": f"{scope}/providers/Microsoft.Authorization/roleAssignments/{role}-{principal}",
        "properties": held,
    }


def rights(*assignments, delegations=(), guests=(), applications=(), eligible=(), members=None):
    groups = [
        document
        for way, listed in (("Group", assignments), ("EligibleGroup", eligible))
        for g in (
            a["properties"]["principalId"] for a in listed if a["properties"]["principalType"] == "Group"
        )
        for document in (
            sub(f"graph.{way}Members", (members or {}).get(g, ()), key=g),
            sub(f"graph.{way}Eligibilities", key=g),
        )
    ]
    return [
        *groups, sub("authorization.RoleEligibilities", eligible),
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
        (rights(assignment("b0570e00-0000-4000-8000-000000000000")), "Hole"),
        (rights(assignment(KEYS)), "Storage Account Key Operator on the whole subscription"),
        (rights(assignment(UAA, "g1", RG), guests=[{"id": "g1", "mail": "g@else.example"}]), "can give anybody any role"),
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
    assert status(LEAST, rights(assignment(UAA)), who=ours()) == "partial"
    assert "can give anybody any role, himself too" in why(LEAST, rights(assignment(UAA)), who=ours())
    assert status(LEAST, rights(assignment(UAA, scope=RG)), who=ours()) == "pass"
    assert status(LEAST, rights(delegations=[delegation(FOREIGN_TENANT, UAA)]), who=ours()) == "fail"


WRITE = "!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'})"
ROLE = "@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId]"
TO = "@Request[Microsoft.Authorization/roleAssignments:PrincipalType] ForAnyOfAnyValues:StringEqualsIgnoreCase {'ServicePrincipal'}"
ONLY = f"{ROLE} ForAnyOfAnyValues:GuidEquals"
NEVER = f"{ROLE} ForAnyOfAllValues:GuidNotEquals"


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (f"(({WRITE}) OR ({ONLY} {{{READER}}}))", "pass"),
        (f"(({WRITE}) OR ({ONLY} {{{READER}}} AND {TO}))", "pass"),
        (f"({WRITE} || {ONLY} {{{READER.upper()}}}) && ({TO})", "pass"),
        (f"(({WRITE}) OR ({NEVER} {{{OWNER}, {DISKS}, {KEYS}, c0570e01-0000-4000-8000-000000000000, b0570e00-0000-4000-8000-000000000000, 18d7d88d-d35e-4fb5-a5c3-7773c20a72d9}}))", "pass"),
        # one role that shares; either of two; the other call only; another attribute; nothing that binds; not to be read
        (f"(({WRITE}) OR ({ONLY} {{{READER}, {KEYS}}}))", "partial"),
        (f"(({WRITE}) OR ({ONLY} {{{READER}}} OR {TO}))", "partial"),
        (f"(({WRITE.replace('write', 'delete')}) OR ({ONLY} {{{READER}}}))", "partial"),
        (f"(({WRITE}) OR ({TO}))", "partial"),
        (f"(({WRITE}) OR ({NEVER} {{{READER}}}))", "partial"),
        (f"(({WRITE}) OR ({ONLY} {{{READER}}})", "partial"),
        ("", "partial"),
    ],
)  # fmt: skip
def test_a_condition_says_which_roles_may_be_given(condition, expected):
    assert status(LEAST, rights(assignment(GIVER, condition=condition)), who=ours()) == expected


def test_the_roles_that_a_condition_lets_through_are_named():
    said = why(LEAST, rights(assignment(GIVER, condition=f"(({WRITE}) OR ({ONLY} {{{KEYS}}}))")), who=ours())
    assert "can give anybody Storage Account Key Operator, for its condition" in said
    # a condition doesn't narrow what a role does itself, and one in the definition binds as one in the assignment
    narrow = f"(({WRITE}) OR ({ONLY} {{{READER}}}))"
    assert status(LEAST, rights(assignment(condition=narrow)), who=ours()) == "fail"
    assert status(LEAST, rights(assignment("bound")), who=ours()) == "pass"


GUEST = {"id": "g1", "mail": "g@else.example", "userPrincipalName": "g_else#EXT#@ours.example"}


@pytest.mark.parametrize(
    ("made", "expected", "reason"),
    [
        ({"eligible": [assignment()]}, "partial", "may activate Owner on the whole subscription"),
        ({"eligible": [assignment(scope=RG)]}, "pass", ""),
        ({"eligible": [assignment(READER)]}, "pass", ""),
        ({"eligible": [assignment(scope=RG, principal="g1")], "guests": [GUEST]}, "fail", "the guest g@else.example may activate Owner"),
        ({"eligible": [assignment(scope=RG, kind="Group")], "members": {"p1": [{"id": "G1"}]}, "guests": [GUEST]}, "fail", "a member of group p1, may activate"),
    ],
)  # fmt: skip
def test_what_may_be_activated_counts(made, expected, reason):
    assert status(LEAST, rights(**made), who=ours()) == expected
    assert reason in why(LEAST, rights(**made), who=ours())


def test_members_of_a_group_hold_its_roles():
    team = assignment(scope=RG, kind="Group")
    assert status(LEAST, rights(team, members={"p1": [{"id": "u1"}]}, guests=[GUEST]), who=ours()) == "pass"
    inside = rights(team, members={"p1": [{"id": "u1"}, {"id": "g1"}]}, guests=[GUEST])
    assert "the guest g@else.example, a member of group p1, holds Owner" in why(LEAST, inside, who=ours())
    robot = {"id": "s1", "displayName": "x", "appOwnerOrganizationId": FOREIGN_TENANT}
    assert FOREIGN_TENANT in why(
        LEAST, rights(team, members={"p1": [{"id": "S1"}]}, applications=[robot]), who=ours()
    )
    did = {"ann@ours.example": frozenset({"azure:microsoft.compute/disks/begingetaccess/action"})}
    ann = {"id": "u1", "userPrincipalName": "Ann@ours.example"}
    used = rights(assignment(DISKS, kind="Group"), members={"p1": [ann]})
    assert status(LEAST, used, who=ours(), hunted=did) == "pass"


def joining(made, *principals, group="p1", **more):
    """The same where some may become members of a group, as Graph tells of PIM for groups."""
    schedules = [
        {"id": f"{group}_member_{p}", "principalId": p, "groupId": group, "accessId": "member", "memberType": "direct", "status": "Provisioned"}
        for p in principals
    ]  # fmt: skip
    call = "graph.GroupEligibilities"
    return [*(d for d in made if d["call"] != call), sub(call, schedules, key=group, **more)]


@pytest.mark.parametrize(
    ("made", "expected", "reason"),
    [
        # nobody is in it but who activates his membership: as a role that may be activated
        (joining(rights(assignment(kind="Group")), "u1"), "partial", "may activate Owner on the whole subscription"),
        (joining(rights(assignment(kind="Group"), members={"p1": [{"id": "u2"}]}), "u1"), "fail", "holds Owner on the whole"),
        (joining(rights(assignment(kind="Group"))), "fail", "holds Owner on the whole"),
        (joining(rights(assignment(scope=RG, kind="Group"), guests=[GUEST]), "u1", "G1"), "fail", "the guest g@else.example, who may become a member of group p1, may activate Owner"),
        (joining(rights(assignment(scope=RG, kind="Group"), guests=[GUEST]), "u1"), "pass", ""),
        (joining(rights(assignment(READER, kind="Group"), guests=[GUEST]), "g1"), "pass", ""),
        (joining(rights(assignment(scope=RG, kind="Group")), absent="NotLicensed"), "pass", ""),
        (joining(rights(assignment(scope=RG, kind="Group")), error=refused("PrivilegedEligibilitySchedule.Read.AzureADGroup")), "could-not-look", "PrivilegedEligibilitySchedule"),
    ],
)  # fmt: skip
def test_who_may_become_a_member_of_a_group_holds_its_roles(made, expected, reason):
    assert status(LEAST, made, who=ours()) == expected
    assert reason in why(LEAST, made, who=ours())


def test_a_deny_that_spares_who_may_come_in_takes_nothing_from_the_group():
    made = [*of_data(TEAM, members={"p1": [{"id": "u2"}]}), deny(spared=[{"id": "u1", "type": "User"}])]
    assert status(LEAST, made, who=ours()) == "pass"
    assert status(LEAST, joining(made, "u1"), who=ours()) == "fail"


def test_the_hunted_history_says_which_role_would_do():
    did = {"P1": frozenset({"azure:microsoft.compute/disks/begingetaccess/action"})}
    (check,) = look(LEAST, rights(assignment()), who=ours(), hunted=did)
    assert check.status == "fail"
    assert "needs only Disk Backup Reader" in check.why[0]
    assert dict(check.items[0].facts)["better"] == "Disk Backup Reader"
    (fine,) = look(LEAST, rights(assignment(DISKS)), who=ours(), hunted=did)
    assert fine.status == "pass"


def delegation(tenant, role=OWNER, kind="authorizations"):
    held = {"managedByTenantId": tenant, kind: [{"principalId": "p", "roleDefinitionId": role}]}
    return {"id": "d", "properties": {"registrationDefinition": {"properties": held}}}


def test_delegations_to_other_tenants():
    assert FOREIGN_TENANT in why(LEAST, rights(delegations=[delegation(FOREIGN_TENANT)]), who=ours())
    assert status(LEAST, rights(delegations=[delegation(TENANT)]), who=ours()) == "pass"
    assert status(LEAST, rights(delegations=[delegation(FOREIGN_TENANT, READER)]), who=ours()) == "pass"
    assert status(LEAST, rights(delegations=[delegation(FOREIGN_TENANT, "unknown")]), who=ours()) == "fail"
    activated = delegation(FOREIGN_TENANT, kind="eligibleAuthorizations")
    assert status(LEAST, rights(delegations=[activated]), who=ours()) == "fail"


def test_what_is_not_known_of_rights():
    assert status(LEAST, rights(assignment("gone")), who=ours()) == "could-not-look"
    for missing, permission in (
        ("authorization.RoleDefinitions", "x/read"),
        ("graph.Guests", "User.Read.All"),
        ("graph.ServicePrincipals", "Application.Read.All"),
        ("authorization.RoleEligibilities", "x/eligible/read"),
    ):
        made = [d for d in rights(assignment(READER)) if d["call"] != missing]
        made.append((ten if missing.startswith("graph") else sub)(missing, error=refused(permission)))
        (check,) = look(LEAST, made, who=ours())
        assert (check.status, check.missing) == ("could-not-look", (permission,))


READER_OF_DATA, WRITER_OF_DATA, ALL_DATA, COPIER = (
    f"da7a0000-0000-4000-8000-00000000000{n}" for n in range(4)
)
BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"
OF_DATA = [
    definition(READER_OF_DATA, "Storage Blob Data Reader", ["Microsoft.Storage/storageAccounts/blobServices/containers/read"], dataActions=[f"{BLOBS}/read"]),
    definition(WRITER_OF_DATA, "Uploader", [], kind="CustomRole", dataActions=[f"{BLOBS}/*"], notDataActions=[f"{BLOBS}/read"]),
    definition(ALL_DATA, "All data", [], kind="CustomRole", dataActions=["*"]),
    definition(COPIER, "Data Operator for Managed Disks", [], dataActions=["Microsoft.Compute/disks/download/action", "Microsoft.Compute/disks/upload/action"]),
]  # fmt: skip
IN_ONE = "@Resource[Microsoft.Storage/storageAccounts/blobServices/containers:name] StringEquals 'logs'"


def of_data(*assignments, **more):
    made = [d for d in rights(*assignments, **more) if d["call"] != "authorization.RoleDefinitions"]
    return [*made, sub("authorization.RoleDefinitions", [*DEFINITIONS, *OF_DATA])]


@pytest.mark.parametrize(
    ("made", "expected", "reason"),
    [
        (of_data(assignment(READER_OF_DATA)), "fail", "holds Storage Blob Data Reader on the whole subscription: it can read out data"),
        (of_data(assignment(READER_OF_DATA, scope="/providers/Microsoft.Management/managementGroups/root")), "fail", "management group root"),
        (of_data(assignment(ALL_DATA)), "fail", "All data"),
        (of_data(assignment(COPIER)), "fail", "Microsoft.Compute/disks/download/action"),
        (of_data(assignment(WRITER_OF_DATA)), "pass", ""),
        (of_data(assignment(READER_OF_DATA, scope=RG)), "pass", ""),
        (of_data(assignment(CUSTOM)), "pass", ""),  # all actions are no data actions
        (of_data(assignment(READER_OF_DATA, condition=IN_ONE)), "partial", "under a condition that is not followed"),
        (of_data(assignment(READER_OF_DATA, "g1", RG), guests=[GUEST]), "fail", "the guest g@else.example holds Storage Blob Data Reader"),
        (of_data(eligible=[assignment(READER_OF_DATA)]), "partial", "may activate Storage Blob Data Reader"),
        (of_data(delegations=[{"id": "d", "properties": {"registrationDefinition": {"properties": {"managedByTenantId": FOREIGN_TENANT, "authorizations": [{"principalId": "p", "roleDefinitionId": READER_OF_DATA}]}}}}]), "fail", "is delegated Storage Blob Data Reader"),
    ],
)  # fmt: skip
def test_who_reads_out_data_of_the_whole_subscription_counts(made, expected, reason):
    assert status(LEAST, made, who=ours()) == expected
    assert reason in why(LEAST, made, who=ours())


EVERYBODY = {"id": "00000000-0000-0000-0000-000000000000", "type": "SystemDefined"}


def deny(*, actions=("*",), but=(), data=(), scope=WHOLE, to=(EVERYBODY,), spared=(), **more):
    held = {
        "scope": scope, "principals": list(to), "excludePrincipals": list(spared), "doNotApplyToChildScopes": False,
        "permissions": [{"actions": list(actions), "notActions": list(but), "dataActions": list(data), "notDataActions": []}], **more,
    }  # fmt: skip
    return sub(
        "authorization.DenyAssignments",
        [{"id": f"{scope}/providers/Microsoft.Authorization/denyAssignments/d", "properties": held}],
    )


TEAM = assignment(kind="Group")


@pytest.mark.parametrize(
    ("made", "denied", "expected"),
    [
        (of_data(assignment()), deny(), "pass"),
        (of_data(assignment(KEYS)), deny(actions=["Microsoft.Storage/*"]), "pass"),
        (of_data(assignment(KEYS)), deny(actions=["Microsoft.Storage/storageAccounts/listKeys/action"], denyAssignmentEffect="enforced"), "pass"),
        (of_data(assignment(KEYS)), deny(scope="/providers/Microsoft.Management/managementGroups/root"), "pass"),
        (of_data(assignment(KEYS)), deny(to=[{"id": "P1", "type": "User"}]), "pass"),
        (of_data(assignment(READER_OF_DATA)), deny(actions=(), data=["*"]), "pass"),
        (of_data(assignment(UAA)), deny(actions=["Microsoft.Authorization/roleAssignments/write"]), "pass"),
        # of somebody else, of a part, elsewhere, spared, only told, under a condition, of other actions
        (of_data(assignment(KEYS)), deny(to=[{"id": "p2", "type": "User"}]), "fail"),
        (of_data(assignment(KEYS)), deny(scope=RG), "fail"),
        (of_data(assignment(KEYS)), deny(spared=[{"id": "p1", "type": "User"}]), "fail"),
        (of_data(assignment(KEYS)), deny(spared=[{"id": "admins", "type": "Group"}]), "fail"),
        (of_data(assignment(KEYS)), deny(denyAssignmentEffect="audit"), "fail"),
        (of_data(assignment(KEYS)), deny(condition="@Resource[x] StringEquals 'y'"), "fail"),
        (of_data(assignment(KEYS)), deny(doNotApplyToChildScopes=True), "fail"),
        (of_data(assignment(KEYS)), deny(actions=["*"], but=["Microsoft.Storage/storageAccounts/*"]), "fail"),
        (of_data(assignment(KEYS)), deny(actions=["*/delete"]), "fail"),
        (of_data(assignment(READER_OF_DATA)), deny(), "fail"),
        # the members of a group: one of them is spared
        (of_data(TEAM, members={"p1": [{"id": "u1"}]}), deny(spared=[{"id": "u2", "type": "User"}]), "pass"),
        (of_data(TEAM, members={"p1": [{"id": "u1"}]}), deny(spared=[{"id": "u1", "type": "User"}]), "fail"),
    ],
)  # fmt: skip
def test_what_a_deny_assignment_takes_away_is_not_held(made, denied, expected):
    assert status(LEAST, [*made, denied], who=ours()) == expected


def test_denies_that_could_not_be_read_are_told_where_they_matter():
    blind = sub(
        "authorization.DenyAssignments", error=refused("Microsoft.Authorization/denyAssignments/read")
    )
    assert status(LEAST, [*rights(assignment(READER)), blind], who=ours()) == "pass"
    (check,) = look(LEAST, [*rights(assignment(UAA)), blind], who=ours())
    assert (check.status, check.missing) == (
        "could-not-look",
        ("Microsoft.Authorization/denyAssignments/read",),
    )
    assert status(LEAST, [*rights(assignment()), blind], who=ours()) == "fail"


RECIPIENTS = {
    "notificationRecipients": [
        {"email": "a@ours.example", "isWeeklyDigestRecipient": True, "isRiskyUsersAlertsRecipient": True}
    ]
}
SPACE = f"{RG}/providers/Microsoft.OperationalInsights/workspaces/w"
FEED = {
    "name": "e",
    "properties": {
        "workspaceId": SPACE,
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
    assert status(RISK, risks([closed]), who=ours()) == "pass"


def test_open_risks_fail():
    user = {"id": "u", "userPrincipalName": "ann@ours.example", "riskState": "atRisk", "riskLevel": "high"}
    found = {
        "id": "d",
        "userId": "v",
        "userPrincipalName": "bob@ours.example",
        "riskState": "atRisk",
        "riskEventType": "anonymizedIPAddress",
    }
    assert "ann@ours.example is atRisk" in why(RISK, risks([user]), who=ours())
    assert "anonymizedIPAddress" in why(RISK, risks((), [found]), who=ours())
    # an open detection of a user whose own risk was dismissed
    dismissed = {"id": "v", "riskState": "dismissed"}
    assert "anonymizedIPAddress" in why(RISK, risks([dismissed], [found]), who=ours())


def test_without_a_licence_it_fails_and_without_the_right_it_is_not_known():
    assert "licence" in why(RISK, risks(absent="NotLicensed"), who=ours())
    assert status(RISK, risks(absent="NotLicensed"), who=ours()) == "fail"
    assert status(RISK, risks(error=refused("IdentityRiskyUser.Read.All")), who=ours()) == "could-not-look"


def test_nobody_who_is_told_and_no_feed_are_partial():
    nobody = {
        "notificationRecipients": [{"isWeeklyDigestRecipient": False, "isRiskyUsersAlertsRecipient": True}]
    }
    assert "weekly digest" in why(RISK, risks(notify=nobody), who=ours())
    assert status(RISK, risks(feed=()), who=ours()) == "partial"
    off = {
        "name": "e",
        "properties": {
            "workspaceId": SPACE,
            "logs": [
                {"category": "RiskyUsers", "enabled": True},
                {"category": "UserRiskEvents", "enabled": False},
            ],
        },
    }
    assert status(RISK, risks(feed=[off]), who=ours()) == "partial"
    nowhere = {"name": "e", "properties": {"logs": FEED["properties"]["logs"]}}
    assert status(RISK, risks(feed=[nowhere]), who=ours()) == "partial"


@pytest.mark.parametrize(
    ("where", "expected", "reason"),
    [
        ({"workspaceId": SPACE}, "pass", ""),
        ({"eventHubAuthorizationRuleId": f"{RG}/providers/Microsoft.EventHub/namespaces/n/authorizationRules/r"}, "pass", ""),
        ({"workspaceId": SPACE.replace(SUB, FOREIGN_SUB)}, "fail", f"subscription {FOREIGN_SUB}, which is not ours"),
        ({"eventHubAuthorizationRuleId": f"/subscriptions/{FOREIGN_SUB}/x/y/z"}, "fail", "not ours"),
        ({"workspaceId": SPACE + "gone"}, "partial", "doesn't exist"),
    ],
)  # fmt: skip
def test_the_risk_logs_go_to_a_place_of_ours(where, expected, reason):
    made = [*risks(feed=[{"name": "e", "properties": where | {"logs": FEED["properties"]["logs"]}}]), sub("arg.Workspaces", [{"id": SPACE}])]  # fmt: skip
    assert status(RISK, made, who=ours()) == expected
    assert reason in why(RISK, made, who=ours())


def test_the_two_risk_logs_may_be_exported_by_a_setting_each():
    each = [{"name": log["category"], "properties": {"workspaceId": SPACE, "logs": [log]}} for log in FEED["properties"]["logs"]]  # fmt: skip
    assert status(RISK, risks(feed=each), who=ours()) == "pass"
    assert status(RISK, risks(feed=each[:1]), who=ours()) == "partial"
