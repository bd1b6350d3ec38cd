from __future__ import annotations

import pytest

from tests.audit.gcp.build import (
    CUSTOMER,
    NUMBER,
    ORG,
    OTHER,
    PROJECT,
    constraint,
    look,
    right,
    statuses,
    why,
)
from tests.stubs.gcp import error

CONTROL = "gcp.perimeter"
DOMAINS, MEMBERS = "iam.allowedPolicyMemberDomains", "iam.managed.allowedPolicyMembers"
USE = "compute.storageResourceUseRestrictions"
PERIMETER = "accessPolicies/7/servicePerimeters/data"
ANYWHERE = {"identityType": "ANY_IDENTITY", "sources": [{"accessLevel": "*"}]}
ALL = {"operations": [{"serviceName": "*"}], "resources": ["*"]}


def custom(text):
    return {"custom": {"expr": {"expression": text}}}


def allowed(*values, **more):
    return {"values": {"allowedValues": list(values)}, **more}


@pytest.mark.parametrize(
    ("rules", "reason"),
    [
        ([{"allowAll": True}], "it lets policies name anybody"),
        ([], "it lets policies name anybody"),
        ([allowed(CUSTOMER, "C0stranger")], "it lets in C0stranger"),
        ([allowed(CUSTOMER), {"allowAll": True, "condition": {"expression": "resource.matchTag('1/a', 'b')"}}], "a condition lifts it"),
        ([allowed(CUSTOMER, condition={"expression": "resource.matchTag('1/a', 'b')"})], "under a condition only"),
        ([allowed("is:principalSet://iam.googleapis.com/organizations/9999")], "organizations/9999, not known to be ours"),
        ([{"values": {"deniedValues": ["C0stranger"]}}], "it lets policies name anybody"),
    ],
)  # fmt: skip
def test_domain_restricted_sharing_that_is_subtly_wrong_fails(rules, reason):
    stub = right()
    constraint(stub, DOMAINS, *rules)
    assert reason in why(CONTROL, stub)


@pytest.mark.parametrize(
    "value",
    [
        CUSTOMER,
        f"is:{CUSTOMER}",
        f"is:principalSet://iam.googleapis.com/{ORG}",
        f"principalSet://cloudresourcemanager.googleapis.com/{ORG}",
    ],
)
def test_our_customer_and_organisation_are_ours_however_written(value):
    stub = right()
    constraint(stub, DOMAINS, allowed(value))
    assert set(statuses(CONTROL, stub).values()) == {"pass"}


@pytest.mark.parametrize(
    ("parameters", "status"),
    [
        ({"allowedPrincipalSets": [f"//cloudresourcemanager.googleapis.com/{ORG}"]}, "pass"),
        ({"allowedPrincipalSets": [f"//cloudresourcemanager.googleapis.com/{ORG}", "//cloudresourcemanager.googleapis.com/organizations/9"]}, "fail"),
        ({"allowedMemberSubjects": ["user:mallory@gmail.com"]}, "fail"),
        ({}, "fail"),
    ],
)  # fmt: skip
def test_the_managed_form_is_read_too(parameters, status):
    stub = right()
    constraint(stub, DOMAINS, {"allowAll": True})
    constraint(stub, MEMBERS, {"enforce": True, "parameters": parameters})
    assert statuses(CONTROL, stub)[PROJECT] == status


@pytest.mark.parametrize(
    ("rules", "reason"),
    [
        ([{"allowAll": True}], "can be used by any project"),
        ([allowed(f"under:{ORG}", "projects/evil-project")], "it lets in projects/evil-project"),
        ([allowed("under:organizations/9999")], "it lets in under:organizations/9999"),
        ([{"values": {"deniedValues": ["projects/x"]}}], "can be used by any project"),
    ],
)
def test_images_disks_and_snapshots_are_for_our_projects_alone(rules, reason):
    stub = right()
    constraint(stub, USE, *rules)
    assert reason in why(CONTROL, stub)


@pytest.mark.parametrize(
    "name",
    [
        "storage.publicAccessPrevention",
        "storage.uniformBucketLevelAccess",
        "sql.restrictPublicIp",
        "sql.restrictAuthorizedNetworks",
    ],
)
def test_each_switch_must_be_on_in_each_project(name):
    stub = right()
    constraint(stub, name, {"enforce": False}, parent=f"projects/{PROJECT}")
    assert statuses(CONTROL, stub) == {PROJECT: "fail", OTHER: "pass"}
    assert name in why(CONTROL, stub)


def test_a_policy_in_dry_run_is_not_enforced():
    stub = right()
    stub.fail(
        "storage.publicAccessPrevention:getEffectivePolicy",
        200,
        {"dryRunSpec": {"rules": [{"enforce": True}]}, "spec": {"rules": [{"enforce": False}]}},
    )
    assert "in dry run only" in why(CONTROL, stub)


def test_buckets_from_before_stay_as_they_were():
    stub = right()
    stub.put(
        "buckets/ours-old",
        {
            "name": "ours-old",
            "project": PROJECT,
            "iamConfiguration": {"uniformBucketLevelAccess": {"enabled": False}},
        },
    )
    assert "bucket ours-old is not uniform" in why(CONTROL, stub)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"status": {"resources": [f"projects/{NUMBER}"], "restrictedServices": ["storage.googleapis.com"]}}, "does not restrict bigquery.googleapis.com"),
        ({"status": {}, "spec": {"resources": [f"projects/{NUMBER}"], "restrictedServices": ["storage.googleapis.com"]}, "useExplicitDryRunSpec": True}, "in dry run only"),
        ({"status": {"resources": ["projects/100000000002"], "restrictedServices": ["storage.googleapis.com"]}}, "no enforced service perimeter"),
        ({"perimeterType": "PERIMETER_TYPE_BRIDGE"}, "no enforced service perimeter"),
    ],
)  # fmt: skip
def test_a_perimeter_that_does_not_hold_the_project_fails(change, reason):
    stub = right()
    stub.things[PERIMETER].update(change)
    assert reason in why(CONTROL, stub)


@pytest.mark.parametrize(
    ("rules", "reason"),
    [
        ({"ingressPolicies": [{"ingressFrom": ANYWHERE, "ingressTo": ALL}]}, "lets in anybody from anywhere (every service)"),
        ({"ingressPolicies": [{"title": "etl", "ingressFrom": {"identityType": "ANY_SERVICE_ACCOUNT"}, "ingressTo": {"operations": [{"serviceName": "storage.googleapis.com"}], "resources": ["*"]}}]}, "(etl) lets in anybody"),
        ({"ingressPolicies": [{"ingressFrom": {**ANYWHERE, "sources": [{"resource": "//compute.googleapis.com/projects/evil-project/global/networks/n"}]}, "ingressTo": ALL}]}, "evil-project/global/networks/n, not known to be ours"),
        ({"ingressPolicies": [{"ingressFrom": {"identities": ["principalSet://iam.googleapis.com/projects/999999999999/locations/global/workloadIdentityPools/p/*"]}, "ingressTo": ALL}]}, "workloadIdentityPools/p/*, not known to be ours"),
        ({"egressPolicies": [{"egressFrom": {"identityType": "ANY_SERVICE_ACCOUNT"}, "egressTo": {"roles": ["roles/storage.admin"], "resources": ["*"]}}]}, "take data to any project (by role)"),
        ({"egressPolicies": [{"egressFrom": {"identities": ["user:a@ours.example"]}, "egressTo": {"operations": [{"serviceName": "bigquery.googleapis.com"}], "externalResources": ["s3://evil"]}}]}, "to another cloud"),
        ({"egressPolicies": [{"egressFrom": {"identityType": "ANY_IDENTITY"}, "egressTo": ALL}]}, "lets anybody take data to any project"),
        ({"egressPolicies": [{"egressFrom": {"identities": ["user:a@ours.example"]}, "egressTo": {"operations": [{"serviceName": "bigquery.googleapis.com"}], "resources": ["projects/999999999999"]}}]}, "lets data go to projects/999999999999"),
        ({"egressPolicies": [{"egressFrom": {"identities": ["user:a@ours.example"]}, "egressTo": ALL}]}, "user:a@ours.example take data to any project"),
        ({"egressPolicies": [{"egressFrom": {"identityType": "ANY_IDENTITY"}, "egressTo": {"operations": [{"serviceName": "storage.googleapis.com"}], "externalResources": ["s3://evil"]}}]}, "another cloud"),
    ],
)  # fmt: skip
def test_wide_rules_of_a_perimeter_fail(rules, reason):
    stub = right()
    stub.things[PERIMETER]["status"].update(rules)
    assert reason in why(CONTROL, stub)


def test_rules_for_some_and_towards_our_own_pass():
    stub = right()
    stub.things[PERIMETER]["status"] |= {
        "ingressPolicies": [{"ingressFrom": {"identities": ["user:a@ours.example"], "sources": [{"accessLevel": "accessPolicies/7/accessLevels/office"}]}, "ingressTo": ALL}],
        "egressPolicies": [
            {"egressFrom": {"identityType": "ANY_IDENTITY"}, "egressTo": {"operations": [{"serviceName": "*"}], "resources": [f"projects/{NUMBER}"]}},
            {"egressFrom": {}, "egressTo": ALL},  # for nobody
        ],
    }  # fmt: skip
    assert set(statuses(CONTROL, stub).values()) == {"pass"}


OFFICE = "accessPolicies/7/accessLevels/office"
STORAGE = {"operations": [{"serviceName": "storage.googleapis.com"}], "resources": ["*"]}


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ({"identityType": "ANY_IDENTITY", "sources": [{"resource": "projects/999999999999"}]}, "lets in projects/999999999999"),
        ({"identityType": "ANY_IDENTITY", "sources": [{"resource": "//compute.googleapis.com/projects/evil/global/networks/n"}]}, "networks/n, not known"),
        ({"identities": ["user:mallory@gmail.com"], "sources": [{"accessLevel": "*"}]}, "lets in user:mallory@gmail.com"),
        ({"identities": ["serviceAccount:x@evil-project.iam.gserviceaccount.com"]}, "x@evil-project"),
        ({"identityType": "ANY_USER_ACCOUNT", "sources": [{"accessLevel": OFFICE}]}, "lets in anybody from 0.0.0.0/0"),
    ],
)  # fmt: skip
def test_ingress_of_strangers_fails(source, reason):
    stub = right()
    stub.put(OFFICE, {"basic": {"conditions": [{"ipSubnetworks": ["0.0.0.0/0"]}]}})
    stub.things[PERIMETER]["status"]["ingressPolicies"] = [{"ingressFrom": source, "ingressTo": STORAGE}]
    assert reason in why(CONTROL, stub)


@pytest.mark.parametrize(
    ("level", "reason"),
    [
        ({"basic": {"conditions": [{"ipSubnetworks": ["0.0.0.0/0"]}]}}, "access level office lets in anybody from 0.0.0.0/0"),
        ({"basic": {"conditions": [{"ipSubnetworks": ["10.0.0.0/8", "128.0.0.0/1"]}]}}, "128.0.0.0/1"),
        ({"basic": {"conditions": [{}]}}, "anybody from anywhere"),
        ({"basic": {"conditions": [{"regions": ["US"]}]}}, "anybody from US"),
        ({"basic": {"conditions": [{"devicePolicy": {"requireScreenlock": False, "osConstraints": []}}]}}, "anybody from anywhere"),
        ({"basic": {"conditions": [{"ipSubnetworks": ["198.51.100.0/24"], "negate": True}]}}, "anybody but from some places"),
        ({"basic": {"conditions": [{"members": ["user:mallory@gmail.com"]}]}}, "user:mallory@gmail.com"),
        ({"basic": {"combiningFunction": "OR", "conditions": [{"members": ["user:a@ours.example"]}, {"ipSubnetworks": ["::/0"]}]}}, "anybody from ::/0"),
        ({"basic": {"conditions": [{"requiredAccessLevels": [OFFICE]}]}, "custom": {}}, None),
        (custom("true"), "whom its expression (CEL) lets in"),
        (custom("1 == 1 || device.is_corp_owned_device"), "CEL"),
        (custom("inIpRange(origin.ip, ['10.0.0.0/8', '0.0.0.0/0'])"), "CEL"),
        (custom('inIpRange(origin.ip, ["0.0.0.0/1"]) && !(device.is_secured_with_screenlock == true)'), "CEL"),
        (custom("origin.region_code in ['US', 'DE']"), "CEL"),
        (custom("origin.region_code != 'RU'"), "CEL"),
        (custom("device.os_type != OsType.OS_UNSPECIFIED || origin.region_code == 'US'"), "CEL"),
        (custom("!device.is_admin_approved_device"), "CEL"),
        (custom("levels.open"), "CEL"),
        (custom("inIpRange(origin.ip, ['10.0.0.0/8'])"), None),
        (custom("device.encryption_status == DeviceEncryptionStatus.ENCRYPTED && origin.region_code in ['US']"), None),
        (custom("device.is_corp_owned_device && inIpRange(origin.ip, ['0.0.0.0/0'])"), None),
        (custom("request.auth.claims.crd_str.pwd == true"), None),
        (custom("true && levels.shut"), None),
        (custom("device.vendors['x'].is_managed_device == true && (true"), "not followed"),
        (custom("request.time < timestamp('2030-01-01T00:00:00Z')"), "not followed"),
        ({"basic": {"conditions": [{"vpcNetworkSources": [{"vpcSubnetwork": {"network": "//compute.googleapis.com/projects/evil-project/global/networks/n"}}]}]}}, "the network projects/evil-project"),
        ({"basic": {"conditions": [{"vpcNetworkSources": [{"vpcSubnetwork": {"network": f"//compute.googleapis.com/projects/{OTHER}/global/networks/n"}}]}]}}, None),
        ({"basic": {"conditions": [{"members": ["user:a@ours.example"]}, {"ipSubnetworks": ["::/0"]}]}}, None),
        ({"basic": {"conditions": [{"ipSubnetworks": ["0.0.0.0/0"], "devicePolicy": {"requireCorpOwned": True}}]}}, None),
        ({"basic": {"conditions": [{"ipSubnetworks": ["10.0.0.0/8"]}]}}, None),
    ],
)  # fmt: skip
def test_access_levels_of_a_perimeter(level, reason):
    stub = right()
    stub.put(OFFICE.replace("office", "open"), {"basic": {"conditions": [{"ipSubnetworks": ["0.0.0.0/0"]}]}})
    stub.put(OFFICE.replace("office", "shut"), {"basic": {"conditions": [{"ipSubnetworks": ["10.0.0.0/8"]}]}})
    stub.put(OFFICE, level)
    stub.things[PERIMETER]["status"]["accessLevels"] = [OFFICE]
    if reason is None:
        assert set(statuses(CONTROL, stub).values()) == {"pass"}
    else:
        assert reason in why(CONTROL, stub)


def test_access_levels_that_could_not_be_read_matter_where_they_are_named():
    stub = right()
    stub.fail("accessLevels", 403, error(403))
    assert statuses(CONTROL, stub)[PROJECT] == "pass"
    stub.things[PERIMETER]["status"]["accessLevels"] = [OFFICE]
    assert statuses(CONTROL, stub)[PROJECT] == "could-not-look"


def test_a_bridge_to_strangers_fails():
    stub = right()
    stub.put(
        "accessPolicies/7/servicePerimeters/bridge",
        {
            "title": "b",
            "perimeterType": "PERIMETER_TYPE_BRIDGE",
            "status": {"resources": [f"projects/{NUMBER}", "projects/999999999999"]},
        },
    )
    assert "bridge b leads to projects/999999999999" in why(CONTROL, stub)
    assert statuses(CONTROL, stub)[OTHER] == "pass"


def test_perimeters_that_could_not_be_read_are_neither_there_nor_missing():
    stub = right()
    stub.fail("servicePerimeters", 403, error(403))
    check = look(CONTROL, stub)[PROJECT]
    assert check.status.value == "could-not-look"
    assert "accesscontextmanager.servicePerimeters.list" in check.missing


@pytest.mark.parametrize(("status", "expected"), [(429, "could-not-look"), (403, "could-not-look")])
def test_without_the_organisation_nobody_is_called_a_stranger(status, expected):
    stub = right()
    stub.fail(f"GET /v3/{ORG}$", status, error(status))
    assert set(statuses(CONTROL, stub).values()) == {expected}
    constraint(stub, USE, {"allowAll": True})
    assert "can be used by any project" in why(CONTROL, stub)
