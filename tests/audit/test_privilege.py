from __future__ import annotations

import pytest

from exclave.audit.checks.aws.privilege import rights

from .build import OURS, denied, doc, look, status, why

CONTROL = "aws.least-privilege"
ARN = f"arn:aws:iam::{OURS}:role/worker"
SHARE = "ec2:ModifySnapshotAttribute"


def allow(*actions, effect="Allow", **more):
    return {
        "Version": "2012-10-17",
        "Statement": [{"Effect": effect, "Action": list(actions), "Resource": "*", **more}],
    }


def role(*documents, **more):
    inline = [{"PolicyName": f"p{n}", "PolicyDocument": d} for n, d in enumerate(documents)]
    return {
        "Arn": ARN,
        "RoleName": "worker",
        "Path": "/",
        "RolePolicyList": inline,
        "AttachedManagedPolicies": [],
    } | more


def recorded(principal, *accessed, policies=(), groups=(), kind="role"):
    listed = {
        "UserDetailList": [],
        "RoleDetailList": [],
        "GroupDetailList": list(groups),
        "Policies": list(policies),
    }
    listed["RoleDetailList" if kind == "role" else "UserDetailList"] = [principal]
    made = [doc("iam.GetAccountAuthorizationDetails", listed)]
    if kind == "role":
        made.append(
            doc("iam.GenerateServiceLastAccessedDetails.role", {"JobId": "j"}, key=ARN, args={"Arn": ARN})
        )
        made.append(
            doc(
                "iam.GetServiceLastAccessedDetails.role",
                {"JobStatus": "COMPLETED", "ServicesLastAccessed": list(accessed)},
                key=ARN,
            )
        )
    return made


def used(action, when):
    service, _, name = action.partition(":")
    return {
        "ServiceNamespace": service,
        "LastAuthenticated": "2026-03-01T00:00:00Z",
        "TrackedActionsLastAccessed": [{"ActionName": name} | ({"LastAccessedTime": when} if when else {})],
    }


def test_a_right_that_is_used_passes_and_one_that_is_not_fails():
    assert status(CONTROL, recorded(role(allow(SHARE)), used(SHARE, "2026-03-01T00:00:00Z"))) == "pass"
    assert status(CONTROL, recorded(role(allow(SHARE)), used(SHARE, None))) == "fail"
    assert status(CONTROL, recorded(role(allow(SHARE)), used(SHARE, "2025-06-01T00:00:00Z"))) == "fail"
    (check,) = look(CONTROL, recorded(role(allow("ec2:*")), used(SHARE, None)))
    assert SHARE in dict(check.items[0].facts)["unused"]


def test_who_can_not_share_is_counted_as_fine():
    (check,) = look(CONTROL, recorded(role(allow("s3:GetObject"))))
    assert (check.status, check.count, check.of) == ("pass", 1, 1)


def test_not_action_grants_all_that_it_does_not_name():
    hole = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "NotAction": ["iam:*"], "Resource": "*"}],
    }
    assert SHARE in rights(hole, (SHARE,)).allowed
    assert (
        SHARE
        not in rights(
            {"Statement": [{"Effect": "Allow", "NotAction": ["ec2:*"], "Resource": "*"}]}, (SHARE,)
        ).allowed
    )


def test_a_deny_counts_only_when_nothing_limits_it():
    plain = role(allow("ec2:*"), allow(SHARE, "ec2:ModifyImageAttribute", "ec2:*", effect="Deny"))
    assert status(CONTROL, recorded(plain)) == "pass"
    for pattern, expected in (("snapshot/*", "pass"), ("snapshot/snap-1", "fail"), ("image/*", "fail")):
        some = allow(SHARE, effect="Deny")
        some["Statement"][0]["Resource"] = f"arn:aws:ec2:*::{pattern}"
        assert status(CONTROL, recorded(role(allow(SHARE), some), used(SHARE, None))) == expected
    bound = allow("ec2:*", effect="Deny", Condition={"Bool": {"aws:MultiFactorAuthPresent": "false"}})
    assert status(CONTROL, recorded(role(allow("ec2:*"), bound), used(SHARE, None))) == "fail"


def test_rights_of_attached_policies_groups_and_boundaries_are_followed():
    managed = {
        "Arn": "arn:p",
        "PolicyVersionList": [
            {"IsDefaultVersion": False, "Document": allow("*")},
            {"IsDefaultVersion": True, "Document": allow(SHARE)},
        ],
    }
    attached = role(AttachedManagedPolicies=[{"PolicyArn": "arn:p"}])
    assert status(CONTROL, recorded(attached, used(SHARE, None), policies=[managed])) == "fail"
    limit = {
        "Arn": "arn:b",
        "PolicyVersionList": [{"IsDefaultVersion": True, "Document": allow("s3:GetObject")}],
    }
    bounded = role(allow("*"), PermissionsBoundary={"PermissionsBoundaryArn": "arn:b"})
    assert status(CONTROL, recorded(bounded, policies=[limit])) == "pass"
    group = {
        "GroupName": "g",
        "Arn": "arn:g",
        "GroupPolicyList": [{"PolicyName": "p", "PolicyDocument": allow(SHARE)}],
    }
    user = {"Arn": f"arn:aws:iam::{OURS}:user/u", "UserName": "u", "Path": "/", "GroupList": ["g"]}
    assert status(CONTROL, recorded(user, kind="user", groups=[group])) == "could-not-look"
    assert "a policy of" in why(CONTROL, recorded(user, kind="user"))  # of a group that was not recorded
    broken = {"Arn": "arn:b", "PolicyVersionList": [{"IsDefaultVersion": True, "Document": "{broken"}]}
    assert status(CONTROL, recorded(bounded, policies=[broken])) == "could-not-look"


def test_hunted_logs_say_what_was_used_where_iam_does_not():
    blind = [
        recorded(role(allow(SHARE)))[0],
        denied(
            "iam.GenerateServiceLastAccessedDetails.role", "iam:GenerateServiceLastAccessedDetails", key=ARN
        ),
    ]
    assert status(CONTROL, blind) == "could-not-look"
    assert status(CONTROL, blind, hunted={ARN: frozenset({SHARE.lower()})}) == "pass"
    assert status(CONTROL, blind, hunted={"arn:other": frozenset()}) == "fail"


def test_a_service_in_use_whose_action_aws_does_not_track_is_partial():
    busy = {"ServiceNamespace": "ec2", "LastAuthenticated": "2026-03-01T00:00:00Z"}
    assert status(CONTROL, recorded(role(allow(SHARE)), busy)) == "partial"
    assert "does not track" in why(CONTROL, recorded(role(allow(SHARE)), busy))
    idle = {"ServiceNamespace": "ec2"}
    assert status(CONTROL, recorded(role(allow(SHARE)), idle)) == "fail"


@pytest.mark.parametrize("state", ["IN_PROGRESS", "FAILED"])
def test_a_job_that_did_not_finish_says_nothing(state):
    documents = recorded(role(allow(SHARE)))
    documents[-1]["answer"]["JobStatus"] = state
    assert status(CONTROL, documents) == "could-not-look"


def test_a_policy_of_ours_that_is_named_like_one_of_aws_is_not_taken_for_it():
    """Its document was not recorded: it may allow all, or nothing."""
    for name in ("ReadOnlyAccess", "AdministratorAccess"):
        attached = role(AttachedManagedPolicies=[{"PolicyArn": f"arn:aws:iam::{OURS}:policy/{name}"}])
        assert status(CONTROL, recorded(attached)) == "could-not-look"


def test_a_boundary_of_aws_that_only_reads_leaves_nothing():
    boundary = {"PermissionsBoundaryArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}
    assert status(CONTROL, recorded(role(allow("*"), PermissionsBoundary=boundary))) == "pass"


def test_a_policy_that_is_no_json_is_not_a_crash():
    assert status(CONTROL, recorded(role("{broken"))) == "could-not-look"


def test_a_managed_policy_that_was_not_recorded_is_not_taken_for_none():
    def with_policy(*documents, arn):
        return recorded(role(*documents, AttachedManagedPolicies=[{"PolicyArn": arn}]), used(SHARE, None))

    unknown = f"arn:aws:iam::{OURS}:policy/other"
    assert status(CONTROL, with_policy(arn=unknown)) == "could-not-look"
    # what is known to be too much fails whatever else is not known
    assert status(CONTROL, with_policy(allow(SHARE), arn=unknown)) == "fail"
    assert status(CONTROL, with_policy(arn="arn:aws:iam::aws:policy/SecurityAudit")) == "pass"
    assert status(CONTROL, with_policy(arn="arn:aws:iam::aws:policy/AdministratorAccess")) == "fail"
