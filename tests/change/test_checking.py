"""What is the same, what is as expected, and what of an answer matters."""

from __future__ import annotations

import pytest

from exclave.change.calls import reads
from exclave.change.checking import alike, filled, pruned, same, unmet
from exclave.change.model import equals, gone, has, lacks, there

POLICY = '{"Statement": [{"Action": ["b", "a"]}]}'


def test_lists_compare_in_any_order_and_texts_to_the_byte():
    assert same({"a": [1, {"b": 2}]}, {"a": [{"b": 2}, 1]})
    assert not same({"a": POLICY}, {"a": POLICY.replace(" ", "")})
    assert not same({"a": 1}, {"a": True})
    assert not same({"a": "1"}, {"a": 1})


def test_documents_compare_by_what_they_say():
    assert alike({"a": POLICY}, {"a": POLICY.replace(" ", "")})
    assert alike(POLICY, '{"Statement": {"Action": ["a", "b"]}}')  # a list of one is the one
    assert not alike(POLICY, POLICY.replace('"a"', '"c"'))
    assert not alike("[no json", "[other")


ANSWER = {
    "Grants": [{"Id": "1", "Who": "x", "Ops": ["r", "w"]}, {"Id": "2", "Who": "y"}],
    "Text": POLICY,
    "none": None,
}


@pytest.mark.parametrize(
    ("met", "expected"),
    [
        (True, has("Grants", {"Id": "1", "Ops": "w"})),
        (False, has("Grants", {"Id": "1", "Ops": "x"})),
        (True, has("Grants[].Who", "y")),
        (True, lacks("Grants", {"Id": "3"})),
        (False, lacks("Grants[].Id", "2")),
        (True, equals("Text", POLICY.replace(" ", ""))),
        (False, equals("Grants[].Id", "1")),  # there are two
        (True, gone("Other")),
        (True, gone("none")),
        (False, gone("Text")),
        (True, there("Grants[].Ops")),
        (False, gone()),
        (True, there()),
    ],
)  # fmt: skip
def test_expectations(met, expected):
    assert (unmet([expected], ANSWER) == "") is met


def test_nothing_there_meets_what_must_be_gone_only():
    assert unmet([gone("Policy"), lacks("Policy.Statement[].Sid", "a")], None) == ""
    assert "isn't there" in unmet([there()], None)


def test_only_what_matters_is_kept_in_its_shape():
    assert pruned(ANSWER, ["Grants[].Who"]) == {"Grants": [{"Who": "x"}, {"Who": "y"}]}
    assert pruned(ANSWER, ["Grants"], {"Grants[]": {"Id": "2"}}) == {"Grants": [{"Id": "2", "Who": "y"}]}
    assert pruned(None, ["Grants"]) is None


def test_args_are_filled_from_what_was_just_read():
    args = {"etag": {"$now": "meta.etag"}, "list": [{"$now": "meta.etag"}], "rev": {"$now": "none"}}
    assert filled(args, {"meta": {"etag": "7"}}) == {"etag": "7", "list": ["7"]}


@pytest.mark.parametrize(
    ("only", "call"),
    [
        (True, "s3:GetBucketPolicy"), (True, "ec2:DescribeSnapshotAttribute"), (True, "kms:ListGrants"),
        (False, "s3:GetObject"), (False, "secretsmanager:GetSecretValue"), (False, "sts:GetSessionToken"),
        (False, "s3:PutBucketPolicy"), (False, "ecr:GetAuthorizationToken"), (False, "ssm:GetParameter"),
        (True, "GET https://management.azure.com/x?api-version=1"), (True, "POST https://iam.googleapis.com/v1/x:getIamPolicy"),
        (False, "POST https://iam.googleapis.com/v1/x:setIamPolicy"), (False, "POST https://management.azure.com/x/listKeys?a=b"),
        (False, "DELETE https://iam.googleapis.com/v1/x:getIamPolicy"), (False, "POST https://x.googleapis.com/v1/x:disable?a=:getIamPolicy"),
    ],
)  # fmt: skip
def test_what_only_reads(only, call):
    assert reads(call) is only
