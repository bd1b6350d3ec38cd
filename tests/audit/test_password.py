from __future__ import annotations

import pytest

from .build import denied, doc, look, status, why

CONTROL = "aws.credentials.password-policy"
CALL = "iam.GetAccountPasswordPolicy"
GOOD = {
    "MinimumPasswordLength": 14, "RequireSymbols": True, "RequireNumbers": True, "RequireUppercaseCharacters": True,
    "RequireLowercaseCharacters": True, "AllowUsersToChangePassword": True, "ExpirePasswords": True, "MaxPasswordAge": 90,
    "PasswordReusePrevention": 24, "HardExpiry": True,
}  # fmt: skip


def recorded(**changes):
    return [doc(CALL, {"PasswordPolicy": {**GOOD, **changes}})]


def test_a_policy_with_every_rule_passes():
    (check,) = look(CONTROL, recorded())
    assert (check.status, check.count, check.of) == ("pass", 9, 9)


def test_no_policy_at_all_fails():
    assert status(CONTROL, [doc(CALL, absent="NoSuchEntity")]) == "fail"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"MinimumPasswordLength": 8}, "8 characters"), ({"RequireSymbols": False}, "symbol"), ({"RequireNumbers": False}, "number"),
        ({"RequireUppercaseCharacters": False}, "upper-case"), ({"RequireLowercaseCharacters": False}, "lower-case"),
        ({"AllowUsersToChangePassword": False}, "change their own"), ({"MaxPasswordAge": 0}, "never expire"),
        ({"ExpirePasswords": False}, "never expire"), ({"MaxPasswordAge": 365}, "365 days"), ({"MaxPasswordAge": 91}, "91 days"), ({"MinimumPasswordLength": 13}, "13 characters"), ({"PasswordReusePrevention": 23}, "last 23"), ({"PasswordReusePrevention": None}, "used again"), ({"HardExpiry": None}, "administrator"), ({"MaxPasswordAge": None}, "never expire"), ({"PasswordReusePrevention": 3}, "last 3"), ({"HardExpiry": False}, "administrator"),
    ],
)  # fmt: skip
def test_each_rule_that_is_missing_fails_and_says_why(changes, words):
    assert status(CONTROL, recorded(**changes)) == "fail"
    assert words in why(CONTROL, recorded(**changes))


def test_denied_is_neither_pass_nor_fail_and_names_the_permission():
    (check,) = look(CONTROL, [denied(CALL, "iam:GetAccountPasswordPolicy")])
    assert check.status == "could-not-look"
    assert check.missing == ("iam:GetAccountPasswordPolicy",)


def test_an_account_of_which_it_was_not_recorded_could_not_be_looked_at():
    (check,) = look(CONTROL, [doc("exclave.Plan", {"accounts": {"123456789012": ["eu-west-1"]}})])
    assert check.status == "could-not-look"
