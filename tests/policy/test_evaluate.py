"""Documented outcomes of IAM's evaluation, restated on policies of our own.

Logic: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

from typing import Any

import pytest

from exclave.policy.evaluate import Answer, Policies, evaluate
from exclave.policy.requests import Request

OWN = "111111111111"
THEM = "222222222222"
DANA = f"arn:aws:iam::{OWN}:user/dana"
ROLE = f"arn:aws:iam::{OWN}:role/team/reader"
SESSION = f"arn:aws:sts::{OWN}:assumed-role/reader/s1"
KEY = f"arn:aws:kms:eu-west-1:{OWN}:key/k"
ALLOWS, DENIES, CANT_TELL = Answer.ALLOWS, Answer.DENIES, Answer.CANT_TELL


def doc(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def say(effect: str, action: Any = "*", resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


def _request(**changes: Any) -> Request:
    fields = {
        "action": "s3:GetObject",
        "resource": "arn:aws:s3:::photos/a",
        "principal": DANA,
        "resource_account": OWN,
    }
    return Request(**{**fields, **changes})


ALL = doc(say("Allow"))
READ = doc(say("Allow", "s3:Get*"))


def shared_with(*ids: str, effect: str = "Allow") -> dict[str, Any]:
    return doc(say(effect, "s3:*", Principal={"AWS": list(ids)}))


# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics.html


def test_what_nothing_allows_is_denied() -> None:
    assert evaluate(_request(), Policies()) is DENIES
    assert evaluate(_request(action="s3:PutObject"), Policies(identity=[READ])) is DENIES


def test_an_explicit_deny_wins() -> None:
    policies = Policies(identity=[ALL, doc(say("Deny", "s3:*", "arn:aws:s3:::*log*"))])
    assert evaluate(_request(resource="arn:aws:s3:::photos-log/a"), policies) is DENIES
    assert evaluate(_request(), policies) is ALLOWS


def test_in_one_account_the_identity_or_the_resource_is_enough() -> None:
    assert evaluate(_request(), Policies(identity=[READ])) is ALLOWS
    assert evaluate(_request(), Policies(resource=shared_with(DANA))) is ALLOWS
    assert evaluate(_request(), Policies(resource=doc(say("Allow", Principal="*")))) is ALLOWS


def test_naming_the_account_leaves_it_to_the_identity() -> None:
    assert evaluate(_request(), Policies(resource=shared_with(OWN))) is DENIES
    assert evaluate(_request(), Policies(resource=shared_with(OWN), identity=[READ])) is ALLOWS


# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html


@pytest.mark.parametrize(
    ("identity", "resource", "expected"),
    [
        ([READ], shared_with(DANA), ALLOWS),
        ([READ], shared_with(OWN), ALLOWS),
        ([], shared_with(DANA), DENIES),
        ([READ], None, DENIES),
        ([READ], shared_with(THEM), DENIES),
        ([READ], doc(say("Allow", Principal="*")), ALLOWS),
        ([], doc(say("Allow", Principal="*")), DENIES),
        (None, shared_with(DANA), CANT_TELL),
        (None, None, DENIES),
    ],
)
def test_between_accounts_both_sides_must_allow(identity: Any, resource: Any, expected: Answer) -> None:
    assert (
        evaluate(_request(resource_account=THEM), Policies(identity=identity, resource=resource)) is expected
    )


def test_an_anonymous_caller_has_only_the_resource_side() -> None:
    caller = _request(principal="")
    assert evaluate(caller, Policies(resource=doc(say("Allow", Principal="*")))) is ALLOWS
    assert evaluate(caller, Policies(resource=shared_with(DANA), identity=[ALL])) is DENIES


def test_a_service_has_only_the_resource_side() -> None:
    resource = doc(say("Allow", Principal={"Service": "sns.amazonaws.com"}))
    assert evaluate(_request(principal="sns.amazonaws.com"), Policies(resource=resource)) is ALLOWS
    assert evaluate(_request(principal="sqs.amazonaws.com"), Policies(resource=resource)) is DENIES


# https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html


def test_a_boundary_holds_the_identity_within_it() -> None:
    assert evaluate(_request(), Policies(identity=[ALL], boundary=doc(say("Allow", "ec2:*")))) is DENIES
    assert evaluate(_request(), Policies(identity=[ALL], boundary=READ)) is ALLOWS


@pytest.mark.parametrize(
    ("principal", "named", "expected"),
    [(DANA, DANA, ALLOWS), (ROLE, ROLE, DENIES), (SESSION, SESSION, ALLOWS), (SESSION, ROLE, DENIES)],
)
def test_a_boundary_and_a_resource_policy(principal: str, named: str, expected: Answer) -> None:
    policies = Policies(resource=shared_with(named), boundary=doc(say("Allow", "ec2:*")))
    assert evaluate(_request(principal=principal), policies) is expected


def test_a_deny_in_a_boundary_wins() -> None:
    assert (
        evaluate(_request(), Policies(resource=shared_with(DANA), boundary=doc(say("Deny", "s3:*"))))
        is DENIES
    )


# https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_evaluation.html


def test_every_level_of_the_organisation_must_allow() -> None:
    assert evaluate(_request(), Policies(identity=[ALL], scps=[[ALL], [ALL], [ALL]])) is ALLOWS
    assert evaluate(_request(), Policies(identity=[ALL], scps=[[ALL], [], [ALL]])) is DENIES
    assert (
        evaluate(_request(), Policies(identity=[ALL], scps=[[ALL], [ALL, doc(say("Deny", "s3:*"))]]))
        is DENIES
    )


# https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps_evaluation.html


def test_a_resource_control_policy_shuts_strangers_out() -> None:
    fence = doc(
        say(
            "Deny",
            "s3:*",
            Principal="*",
            Condition={
                "StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-mine1234567"},
                "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
            },
        )
    )
    policies = Policies(identity=[ALL], resource=shared_with(DANA), rcps=[[fence]])
    stranger = _request(resource_account=THEM, context={"aws:PrincipalOrgID": "o-else1234567"})
    member = _request(resource_account=THEM, context={"aws:PrincipalOrgID": "o-mine1234567"})
    assert evaluate(stranger, policies) is DENIES
    assert evaluate(member, policies) is ALLOWS


# https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html


def test_a_key_follows_identity_policies_only_where_its_own_lets_them() -> None:
    decrypt = {"action": "kms:Decrypt", "resource": KEY}
    delegates = doc(say("Allow", "kms:*", Principal={"AWS": f"arn:aws:iam::{OWN}:root"}))
    assert evaluate(_request(**decrypt), Policies(identity=[ALL])) is DENIES
    assert evaluate(_request(**decrypt), Policies(identity=[ALL], resource=delegates)) is ALLOWS
    assert evaluate(_request(**decrypt), Policies(resource=delegates)) is DENIES


# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html


def test_not_principal_denies_all_but_the_listed() -> None:
    bob, root = f"arn:aws:iam::{OWN}:user/bob", f"arn:aws:iam::{OWN}:root"

    def answer(principal: str, *spared: str) -> Answer:
        fence = {"Effect": "Deny", "NotPrincipal": {"AWS": list(spared)}, "Action": "s3:*", "Resource": "*"}
        policies = Policies(identity=[ALL], resource=doc(say("Allow", Principal="*"), fence))
        return evaluate(_request(principal=principal), policies)

    assert answer(bob, bob, root) is ALLOWS
    assert answer(DANA, bob, root) is DENIES
    assert answer(bob, bob) is CANT_TELL
    assert answer(SESSION, SESSION, root) is CANT_TELL
    assert answer(SESSION, SESSION, ROLE, root) is ALLOWS


def test_a_role_stands_for_its_sessions() -> None:
    assert evaluate(_request(principal=SESSION), Policies(resource=shared_with(ROLE))) is ALLOWS
    assert evaluate(_request(principal=SESSION), Policies(resource=shared_with(ROLE + "2"))) is DENIES
    assert (
        evaluate(
            _request(principal=SESSION), Policies(identity=[ALL], resource=shared_with(ROLE, effect="Deny"))
        )
        is DENIES
    )


def test_a_deleted_principal_is_nobody_once_the_id_is_known() -> None:
    policies = Policies(resource=shared_with("AROAEXAMPLEEXAMPLE123"))
    assert evaluate(_request(), policies) is CANT_TELL
    assert evaluate(_request(context={"aws:userid": "AIDAOTHEROTHEROTHER12"}), policies) is DENIES
    assert evaluate(_request(context={"aws:userid": "AROAEXAMPLEEXAMPLE123:s"}), policies) is ALLOWS


# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html


@pytest.mark.parametrize(
    ("pattern", "context", "expected"),
    [
        ("arn:aws:s3:::home/${aws:username}/*", {"aws:username": "dana"}, ALLOWS),
        ("arn:aws:s3:::home/${aws:username}/*", {"aws:username": "erin"}, DENIES),
        ("arn:aws:s3:::home/${aws:username}/*", {"aws:username": "*"}, DENIES),
        ("arn:aws:s3:::home/${aws:username}/*", {}, ALLOWS),  # a user's name is in his ARN
        ("arn:aws:s3:::home/${aws:PrincipalTag/team}/*", {}, DENIES),
        ("arn:aws:s3:::home/${aws:PrincipalTag/team, 'dana'}/*", {}, ALLOWS),
        ("arn:aws:s3:::home/${aws:PrincipalTag/team, 'dana'}/*", {"aws:PrincipalTag/team": "x"}, DENIES),
        ("arn:aws:s3:::home/d${*}a/*", {}, DENIES),
        ("arn:aws:s3:::home/${unclosed", {}, DENIES),
    ],
)
def test_variables_stand_for_values_of_the_request(
    pattern: str, context: dict[str, str], expected: Answer
) -> None:
    request = _request(resource="arn:aws:s3:::home/dana/a", context=context)
    assert evaluate(request, Policies(identity=[doc(say("Allow", "s3:*", pattern))])) is expected


def test_in_documents_of_2008_a_variable_is_text() -> None:
    old = {"Statement": [say("Allow", "s3:*", "arn:aws:s3:::home/${aws:username}/a")]}
    request = _request(resource="arn:aws:s3:::home/${aws:username}/a", context={"aws:username": "dana"})
    assert evaluate(request, Policies(identity=[old])) is ALLOWS


def test_not_action_and_not_resource() -> None:
    policy = {"Effect": "Allow", "NotAction": "iam:*", "NotResource": "arn:aws:s3:::secret/*"}
    assert evaluate(_request(), Policies(identity=[doc(policy)])) is ALLOWS
    assert evaluate(_request(action="IAM:CreateUser"), Policies(identity=[doc(policy)])) is DENIES
    assert evaluate(_request(resource="arn:aws:s3:::secret/a"), Policies(identity=[doc(policy)])) is DENIES


def test_what_is_not_known_is_not_decided() -> None:
    bound = doc(say("Allow", Condition={"Bool": {"aws:SecureTransport": "true"}}))
    assert evaluate(_request(complete=False), Policies(identity=[bound])) is CANT_TELL
    assert evaluate(_request(complete=False), Policies(identity=[bound, doc(say("Deny"))])) is DENIES
    assert evaluate(_request(), Policies(identity=["{"])) is CANT_TELL
    assert evaluate(_request(), Policies(identity=[doc(say("Allow"), {"Effect": "Deny"})])) is CANT_TELL
