from __future__ import annotations

import pytest

from tests.audit.gcp.build import PROJECT, constraint, key, look, right, why
from tests.stubs.gcp import error, switched_off

CONTROL = "gcp.credentials.key-rotation"
USED = "activities:query"


def test_young_keys_in_use_pass_and_are_counted():
    stub = right()
    key(stub, "aaaa")
    check = look(CONTROL, stub)[PROJECT]
    assert (check.status.value, check.count, check.of) == ("pass", 3, 3)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"made": "2025-11-01T00:00:00Z"}, "121 days old"),
        ({"used": "2025-11-20T07:00:00Z"}, "last used 102 days ago"),
        ({"used": ""}, "Google has seen no use of it"),
        ({"made": "nonsense"}, "nothing says when it was made"),
    ],
)
def test_old_and_unused_keys_fail(given, reason):
    stub = right()
    key(stub, "aaaa", **given)
    assert why(CONTROL, stub).startswith("fail")
    assert reason in why(CONTROL, stub)


@pytest.mark.parametrize(
    "given", [{"disabled": True}, {"validBeforeTime": "2026-01-01T00:00:00Z"}, {"keyType": "SYSTEM_MANAGED"}]
)
def test_keys_that_open_nothing_or_are_googles_are_no_matter(given):
    stub = right()
    key(stub, "aaaa", made="2020-01-01T00:00:00Z", used="", **given)
    assert look(CONTROL, stub)[PROJECT].status.value == "pass"


def test_a_key_of_a_disabled_account_opens_nothing():
    stub = right()
    key(stub, "aaaa", made="2020-01-01T00:00:00Z")
    stub.things[f"projects/{PROJECT}/serviceAccounts/etl@our-project.iam.gserviceaccount.com"]["disabled"] = (
        True
    )
    assert look(CONTROL, stub)[PROJECT].status.value == "pass"


def test_the_age_is_a_setting():
    stub = right()
    key(stub, "aaaa", made="2026-02-20T00:00:00Z")
    assert look(CONTROL, stub, key_days=5)[PROJECT].status.value == "fail"


def test_what_google_saw_can_be_missing():
    stub = right()
    key(stub, "aaaa")
    stub.fail(USED, 403, switched_off("policyanalyzer.googleapis.com"))
    check = look(CONTROL, stub)[PROJECT]
    assert check.status.value == "could-not-look"
    assert "gcloud services enable policyanalyzer.googleapis.com" in "".join(check.why)
    key(stub, "bbbb", made="2020-01-01T00:00:00Z")  # too old, whatever Google saw
    assert look(CONTROL, stub)[PROJECT].status.value == "fail"


@pytest.mark.parametrize(
    ("rules", "reason"),
    [
        ([{"enforce": False}], "it is not enforced"),
        ([{"enforce": True, "condition": {"expression": "resource.matchTag('1/env', 'prod')"}}, {"enforce": False}], "under a condition only"),
        ([{"enforce": True}, {"enforce": False, "condition": {"expression": "resource.matchTag('1/keys', 'yes')"}}], "a condition lifts it"),
        ([], "it is not enforced"),
    ],
)  # fmt: skip
def test_the_constraint_must_hold_for_everything(rules, reason):
    stub = right()
    constraint(stub, "iam.disableServiceAccountKeyCreation", *rules)
    assert reason in why(CONTROL, stub)


def test_a_projects_own_policy_counts_for_it_alone():
    stub = right()
    constraint(stub, "iam.disableServiceAccountKeyCreation", {"enforce": False}, parent=f"projects/{PROJECT}")
    assert {a: c.status.value for a, c in look(CONTROL, stub).items()} == {
        "our-project": "fail",
        "our-other-project": "pass",
    }


def test_the_managed_form_serves_as_well():
    stub = right()
    del stub.things["organizations/4242/policies/iam.disableServiceAccountKeyCreation"]
    constraint(stub, "iam.managed.disableServiceAccountKeyCreation", {"enforce": True})
    assert look(CONTROL, stub)[PROJECT].status.value == "pass"


def test_a_refusal_is_neither_pass_nor_fail():
    stub = right()
    key(stub, "aaaa")
    stub.fail("/keys", 403, error(403))
    check = look(CONTROL, stub)[PROJECT]
    assert check.status.value == "could-not-look"
    assert "iam.serviceAccountKeys.list" in check.missing


UPLOAD = "iam.disableServiceAccountKeyUpload"


@pytest.mark.parametrize(
    ("rules", "expected", "reason"),
    [
        ([{"enforce": False}], "partial", "keys that were made elsewhere can be uploaded"),
        ([{"enforce": True}, {"enforce": False, "condition": {"expression": "resource.matchTag('1/x', 'y')"}}], "partial", "a condition lifts it"),
    ],
)  # fmt: skip
def test_keys_that_can_be_uploaded_are_told_of(rules, expected, reason):
    stub = right()
    constraint(stub, UPLOAD, *rules)
    assert why(CONTROL, stub).startswith(expected)
    assert reason in why(CONTROL, stub)
    constraint(stub, "iam.managed.disableServiceAccountKeyUpload", {"enforce": True})
    assert look(CONTROL, stub)[PROJECT].status.value == "pass"


def test_without_the_constraint_on_uploads_nothing_is_said_of_them():
    stub = right()
    stub.fail("disableServiceAccountKeyUpload", 404, error(404))
    assert look(CONTROL, stub)[PROJECT].status.value == "pass"


def hmac(stub, name, **more):
    key = {
        "accessId": name, "serviceAccountEmail": "etl@our-project.iam.gserviceaccount.com", "state": "ACTIVE", "timeCreated": "2026-02-20T00:00:00.000Z",
    }  # fmt: skip
    stub.things[f"projects/{PROJECT}/hmacKeys/{name}"] = key | more


OLD = "2025-11-01T00:00:00.000Z"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, "pass"), ({"timeCreated": OLD}, "fail"), ({"timeCreated": OLD, "state": "INACTIVE"}, "pass"), ({"timeCreated": OLD, "state": "DELETED"}, "pass"),
        ({"timeCreated": ""}, "fail"),
    ],
)  # fmt: skip
def test_hmac_keys_are_keys_too(given, expected):
    stub = right()
    hmac(stub, "GOOG1", **given)
    assert look(CONTROL, stub)[PROJECT].status.value == expected
    if expected == "fail":
        assert "HMAC key GOOG1 of etl@our-project" in why(CONTROL, stub)


def test_hmac_keys_of_a_disabled_account_open_nothing_and_a_refusal_is_told():
    stub = right()
    hmac(stub, "GOOG1", timeCreated=OLD)
    account = "etl@our-project.iam.gserviceaccount.com"
    stub.put(f"projects/{PROJECT}/serviceAccounts/{account}", {"email": account, "disabled": True})
    assert look(CONTROL, stub)[PROJECT].status.value == "pass"
    stub.fail("/hmacKeys", 403, error(403, "storage/v1/x"))
    check = look(CONTROL, stub)[PROJECT]
    assert (check.status.value, check.missing) == ("could-not-look", ("storage.hmacKeys.list",))
