from __future__ import annotations

from .build import OURS, denied, doc, status, why

ROTATION, TEMPORARY = "aws.credentials.key-rotation", "aws.credentials.temporary"


def recorded(*keys, root=0, used="2026-03-01T00:00:00Z", hours=1):
    made = [
        doc(
            "iam.GetAccountAuthorizationDetails",
            {
                "UserDetailList": [{"UserName": "ann", "Arn": f"arn:aws:iam::{OURS}:user/ann"}],
                "RoleDetailList": [],
            },
        ),
        doc("iam.GetAccountSummary", {"SummaryMap": {"AccountAccessKeysPresent": root}}),
        doc(
            "iam.ListRoles",
            {
                "Roles": [
                    {
                        "Arn": f"arn:aws:iam::{OURS}:role/r",
                        "RoleName": "r",
                        "Path": "/",
                        "MaxSessionDuration": hours * 3600,
                    }
                ]
            },
        ),
        doc("iam.ListAccessKeys", {"AccessKeyMetadata": list(keys)}, key="ann"),
    ]
    return made + [
        doc(
            "iam.GetAccessKeyLastUsed",
            {"AccessKeyLastUsed": {"LastUsedDate": used} if used else {}},
            key=k["AccessKeyId"],
        )
        for k in keys
    ]


def key(name="AKIA1", created="2026-02-01T00:00:00Z", state="Active"):
    return {"UserName": "ann", "AccessKeyId": name, "Status": state, "CreateDate": created}


def test_a_young_key_in_use_passes_rotation_but_is_long_lived():
    assert status(ROTATION, recorded(key())) == "pass"
    assert status(TEMPORARY, recorded(key())) == "fail"


def test_old_unused_never_used_and_double_keys_fail():
    assert "90 or more" in why(ROTATION, recorded(key(created="2025-11-02T00:00:00Z")))
    assert "never used" in why(ROTATION, recorded(key(), used=None))
    assert "last used" in why(ROTATION, recorded(key(), used="2025-10-01T00:00:00Z"))
    assert "two active" in why(ROTATION, recorded(key(), key("AKIA2")))


def test_the_age_that_is_allowed_can_be_set():
    assert status(ROTATION, recorded(key()), key_days=10) == "fail"


def test_an_inactive_key_does_not_count():
    old = key("AKIA2", "2020-01-01T00:00:00Z", "Inactive")
    assert status(ROTATION, recorded(key(), old)) == "pass"
    assert status(TEMPORARY, recorded(old)) == "pass"


def test_a_key_of_the_root_user_fails_both():
    assert status(ROTATION, recorded(root=1)) == "fail"
    assert status(TEMPORARY, recorded(root=1)) == "fail"


def test_sessions_that_last_too_long_fail():
    assert "12 hours" in why(TEMPORARY, recorded(hours=12))


def test_keys_that_could_not_be_listed_are_not_known_to_be_fine():
    blind = [*recorded()[:3], denied("iam.ListAccessKeys", "iam:ListAccessKeys", key="ann")]
    assert status(ROTATION, blind) == "could-not-look"
    assert status(ROTATION, recorded()[:3]) == "could-not-look"  # never asked


def test_the_edges_of_age_use_and_length():
    """90 days is too old, 89 is not; of a session 8 hours are not too long."""
    assert status(ROTATION, recorded(key(created="2025-12-02T12:00:00Z"))) == "fail"
    assert status(ROTATION, recorded(key(created="2025-12-02T12:00:01Z"))) == "pass"
    old = key(created="2026-01-01T00:00:00Z")
    assert status(ROTATION, recorded(old, used="2025-12-02T12:00:00Z"), key_days=100) == "fail"
    assert status(ROTATION, recorded(key(created="2026-03-02T00:00:00Z"), used=None)) == "pass"  # hours old
    assert (status(TEMPORARY, recorded(hours=8)), status(TEMPORARY, recorded(hours=9))) == ("pass", "fail")


def test_a_summary_that_does_not_speak_of_the_root_user_says_nothing():
    documents = recorded(key())
    documents[1]["answer"]["SummaryMap"] = {}
    assert status(ROTATION, documents) == "could-not-look"
