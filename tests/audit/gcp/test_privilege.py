from __future__ import annotations

import pytest

from exclave.audit.checks.gcp.customroles import sharing
from tests.audit.gcp.build import PROJECT, look, right, statuses, why
from tests.stubs.gcp import NUMBER, ORG, error

CONTROL = "gcp.least-privilege"
ETL = "serviceAccount:etl@our-project.iam.gserviceaccount.com"
RECOMMENDER = (
    f"projects/{PROJECT}/locations/global/recommenders/google.iam.policy.Recommender/recommendations"
)
MEMBER, ROLE = "/iamPolicy/bindings/*/members/*", "/iamPolicy/bindings/*/role"


def give(stub, member, role, parent=f"projects/{PROJECT}"):
    stub.policies[parent]["bindings"].append({"role": role, "members": [member]})


def recommend(stub, member, role, *instead, state="ACTIVE"):
    resource = f"//cloudresourcemanager.googleapis.com/projects/{NUMBER}"
    removed = {
        "action": "remove",
        "path": MEMBER,
        "resource": resource,
        "pathFilters": {MEMBER: member, ROLE: role},
    }
    added = [
        {"action": "add", "path": "/iamPolicy/bindings/*/members/-", "value": member, "resource": resource, "pathFilters": {ROLE: r}}
        for r in instead
    ]  # fmt: skip
    stub.put(
        f"{RECOMMENDER}/{len(stub.things)}",
        {"stateInfo": {"state": state}, "content": {"operationGroups": [{"operations": [*added, removed]}]}},
    )


@pytest.mark.parametrize("role", ["roles/owner", "roles/editor", "roles/viewer"])
@pytest.mark.parametrize(
    "member",
    [ETL, "user:alice@ours.example", f"serviceAccount:{NUMBER}-compute@developer.gserviceaccount.com"],
)
def test_basic_roles_fail_whoever_holds_them(member, role):
    stub = right()
    give(stub, member, role)
    said = why(CONTROL, stub)
    assert role in said
    assert ("the service account" in said) is member.startswith("serviceAccount:")


def test_predefined_roles_googles_own_agent_and_deleted_members_pass():
    stub = right()
    give(stub, ETL, "roles/storage.objectViewer")
    give(stub, "deleted:user:bob@ours.example?uid=1", "roles/editor")
    assert look(CONTROL, stub)[PROJECT].status.value == "pass"


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        ("request.time < timestamp('2026-01-01T00:00:00.000Z')", "pass"),
        ('request.time < timestamp("2027-01-01T00:00:00Z")', "fail"),
        ("request.time > timestamp('2026-01-01T00:00:00Z')", "fail"),
        ("request.time < timestamp('2026-01-01T00:00:00Z') || true", "fail"),
    ],
)
def test_a_binding_that_has_ended_gives_nothing(condition, status):
    stub = right()
    bound = {"role": "roles/editor", "members": [ETL], "condition": {"title": "t", "expression": condition}}
    stub.policies[f"projects/{PROJECT}"]["bindings"].append(bound)
    assert look(CONTROL, stub)[PROJECT].status.value == status


def test_the_agent_of_another_project_is_no_agent_of_this_one():
    stub = right()
    give(stub, "serviceAccount:999999999999@cloudservices.gserviceaccount.com", "roles/editor")
    assert "999999999999@cloudservices" in why(CONTROL, stub)


def test_the_recommended_role_is_named():
    stub = right()
    give(stub, ETL, "roles/editor")
    recommend(stub, ETL, "roles/editor", "roles/bigquery.jobUser", "roles/storage.objectViewer")
    assert "IAM Recommender: roles/bigquery.jobUser, roles/storage.objectViewer" in why(CONTROL, stub)


def test_a_role_that_google_sees_unused_is_to_go():
    stub = right()
    give(stub, ETL, "roles/editor")
    recommend(stub, ETL, "roles/editor")
    assert "it is not used, take it away" in why(CONTROL, stub)


def test_what_was_hunted_names_the_least_roles():
    stub = right()
    give(stub, ETL, "roles/editor")
    done = {
        "etl@our-project.iam.gserviceaccount.com": frozenset(
            {"compute.googleapis.com:v1.compute.images.setiampolicy", "strange.googleapis.com:x"}
        )
    }
    said = why(CONTROL, stub, hunted=done)
    assert "needs roles/compute.storageAdmin" in said
    assert "a role for strange.googleapis.com:x" in said


def test_advice_on_other_roles_counts_while_it_is_open():
    stub = right()
    give(stub, ETL, "roles/bigquery.admin")
    recommend(stub, ETL, "roles/bigquery.admin", "roles/bigquery.dataViewer", state="SUCCEEDED")
    assert look(CONTROL, stub)[PROJECT].status.value == "pass"
    recommend(stub, ETL, "roles/bigquery.admin", "roles/bigquery.dataViewer")
    assert "roles/bigquery.dataViewer would do" in why(CONTROL, stub)


def test_the_organisation_and_its_folders_are_looked_at_too():
    stub = right()
    give(stub, "user:root@ours.example", "roles/owner", parent=ORG)
    assert statuses(CONTROL, stub) == {ORG: "fail", PROJECT: "pass", "our-other-project": "pass"}


def test_without_the_recommender_a_project_could_not_be_looked_at_whole():
    stub = right()
    stub.fail("recommenders", 403, error(403))
    check = look(CONTROL, stub)[PROJECT]
    assert check.status.value == "could-not-look"
    assert check.missing == ("recommender.iamPolicyRecommendations.list",)
    give(stub, ETL, "roles/editor")
    assert look(CONTROL, stub)[PROJECT].status.value == "fail"


@pytest.mark.parametrize(
    "role", ["roles/editor", "roles/bigquery.dataViewer", "organizations/4242/roles/own"]
)
@pytest.mark.parametrize(
    ("member", "who"),
    [
        ("allUsers", "anybody holds"),
        ("allAuthenticatedUsers", "anybody with an account at Google holds"),
    ],
)
def test_no_role_of_a_project_is_everybodys(member, who, role):
    stub = right()
    give(stub, member, role)
    assert f"{who} {role} on {PROJECT}" in why(CONTROL, stub)


@pytest.mark.parametrize(
    "member",
    [
        "group:team@ours.example",
        "domain:ours.example",
        "principal://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/subject/s",
        "principalSet://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/*",
    ],
)
def test_many_at_once_with_a_basic_role_fail(member):
    stub = right()
    give(stub, member, "roles/viewer")
    said = why(CONTROL, stub)
    assert f"{member} holds the basic role roles/viewer" in said
    assert ("is not looked at" in said) is member.startswith(("group:", "domain:"))


def test_a_folders_bindings_count():
    stub = right()
    stub.fail(
        "searchAllIamPolicies",
        200,
        {
            "results": [
                {
                    "resource": "//cloudresourcemanager.googleapis.com/folders/7",
                    "assetType": "cloudresourcemanager.googleapis.com/Folder",
                    "policy": {
                        "bindings": [{"role": "roles/editor", "members": ["group:team@ours.example"]}]
                    },
                }
            ]
        },
    )
    assert "holds the basic role roles/editor on folders/7" in why(CONTROL, stub, ORG)


WIDE = ["bigquery.datasets.setIamPolicy", "compute.images.setIamPolicy", "pubsub.topics.setIamPolicy", "secretmanager.secrets.setIamPolicy", "storage.buckets.setIamPolicy"]  # fmt: skip


def custom(stub, parent, *permissions, **more):
    name = f"{parent}/roles/own"
    stub.put(name, {"title": "own", "includedPermissions": list(permissions), "stage": "GA", **more})
    return name


@pytest.mark.parametrize("parent", [f"projects/{PROJECT}", ORG])
def test_a_custom_role_as_wide_as_a_basic_one_fails(parent):
    stub = right()
    give(stub, ETL, custom(stub, parent, *WIDE, "compute.instances.get"))
    said = why(CONTROL, stub)
    assert "a custom role as wide as a basic one: it can share data of 5 services (bigquery, compute" in said


@pytest.mark.parametrize(
    "permissions", [(), WIDE[:4], [f"compute.things{n}.get" for n in range(2000)], ["storage.objects.get"]]
)
def test_a_custom_role_for_a_few_services_passes(permissions):
    stub = right()
    give(stub, ETL, custom(stub, f"projects/{PROJECT}", *permissions))
    assert look(CONTROL, stub)[PROJECT].status.value == "pass"


def test_a_custom_role_that_could_not_be_read_is_told_where_somebody_holds_it():
    stub = right()
    name = custom(stub, ORG, *WIDE)
    stub.fail("4242/roles", 403, error(403))
    assert look(CONTROL, stub)[PROJECT].status.value == "pass"
    give(stub, ETL, name)
    check = look(CONTROL, stub)[PROJECT]
    assert (check.status.value, check.missing) == ("could-not-look", ("iam.roles.list",))


def test_a_custom_role_on_the_organisation_counts_there():
    stub = right()
    give(stub, "group:team@ours.example", custom(stub, ORG, *WIDE), parent=ORG)
    assert "as wide as a basic one" in why(CONTROL, stub, ORG)


ALICE = "user:alice@ours.example"
EVERYBODY = "principalSet://goog/public:all"
SHARES = ["bigquery.googleapis.com/*.*", "compute.googleapis.com/images.setIamPolicy"]


def deny(stub, *permissions, place=f"projects%2F{NUMBER}", to=(EVERYBODY,), **more):
    rule = {"deniedPrincipals": list(to), "deniedPermissions": list(permissions), **more}
    name = f"policies/cloudresourcemanager.googleapis.com%2F{place}/denypolicies/no-sharing"
    stub.put(name, {"kind": "DenyPolicy", "rules": [{"denyRule": rule}]})


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({}, "pass"),
        ({"place": ORG.replace("/", "%2F")}, "pass"),
        ({"to": ["principal://goog/subject/Alice@ours.example"]}, "pass"),
        ({"exceptionPrincipals": ["principal://goog/subject/bob@ours.example"]}, "pass"),
        # of somebody else, elsewhere, spared or perhaps spared, under a condition, less what it leaves
        ({"to": ["principal://goog/subject/bob@ours.example"]}, "fail"),
        ({"to": ["principalSet://goog/cloudIdentityCustomerId/C0ours123"]}, "fail"),
        ({"place": "projects%2F100000000002"}, "fail"),
        ({"exceptionPrincipals": ["principal://goog/subject/alice@ours.example"]}, "fail"),
        ({"exceptionPrincipals": ["principalSet://goog/group/admins@ours.example"]}, "fail"),
        ({"denialCondition": {"expression": "resource.matchTag('1/env', 'prod')"}}, "fail"),
        ({"exceptionPermissions": ["bigquery.googleapis.com/datasets.*", "compute.googleapis.com/*.*"]}, "fail"),
    ],
)  # fmt: skip
def test_what_deny_policies_take_from_a_custom_role(more, status):
    stub = right()
    give(stub, ALICE, custom(stub, f"projects/{PROJECT}", *WIDE))
    deny(stub, *SHARES, **more)
    assert look(CONTROL, stub)[PROJECT].status.value == status


def test_a_group_is_denied_as_a_whole_only_where_nobody_is_spared():
    stub = right()
    give(stub, "group:team@ours.example", custom(stub, f"projects/{PROJECT}", *WIDE))
    deny(stub, *SHARES, to=["principalSet://goog/group/team@ours.example"])
    assert look(CONTROL, stub)[PROJECT].status.value == "pass"
    deny(stub, *SHARES, exceptionPrincipals=["principal://goog/subject/alice@ours.example"])
    assert look(CONTROL, stub)[PROJECT].status.value == "fail"


def test_a_basic_role_that_is_kept_from_sharing_is_partial():
    stub = right()
    give(stub, ETL, "roles/editor")
    services = {p.partition(".")[0] for p in sharing()} - {"resourcemanager"}
    every = [f"{s}.googleapis.com/*.*" for s in (*services, "cloudresourcemanager")]
    deny(stub, *every[1:])
    assert look(CONTROL, stub)[PROJECT].status.value == "fail"
    deny(stub, *every)
    assert why(CONTROL, stub).startswith("partial")
    assert "deny policies keep it from sharing data" in why(CONTROL, stub)


@pytest.mark.parametrize("pattern", ["/denypolicies$", "/denypolicies/no-sharing"])
def test_deny_policies_that_could_not_be_read_are_told_where_they_matter(pattern):
    stub = right()
    deny(stub, *SHARES)
    stub.fail(pattern, 403, error(403))
    assert look(CONTROL, stub)[PROJECT].status.value == "pass"
    give(stub, ALICE, custom(stub, f"projects/{PROJECT}", *WIDE))
    check = look(CONTROL, stub)[PROJECT]
    assert check.status.value == "fail"
    assert any("what deny policies take away" in i.resource for i in check.items)


def test_the_last_owner_is_only_spared_where_no_organisation_is_known_to_be_above():
    stub = right()
    give(stub, ALICE, "roles/owner")
    assert look(CONTROL, stub)[PROJECT].status.value == "fail"
    stub.fail(f"projects/{PROJECT}:getAncestry", 429, error(429))
    assert look(CONTROL, stub)[PROJECT].status.value == "fail"
