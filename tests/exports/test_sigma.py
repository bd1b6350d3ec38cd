import uuid
from functools import cache

import pytest
from sigma.collection import SigmaCollection
from sigma.plugins import InstalledSigmaPlugins
from sigma.validation import SigmaValidator
from sigma.validators.core.values import EscapedWildcardIssue

from exclave.catalogue.examples import log_of
from exclave.exports import NotExpressibleError, export
from exclave.exports.places import sample
from tests.exports.cases import TRUSTED, cases, found, methods, name, only_ours, rule
from tests.exports.sigma_evaluator import matches

_ONLINE = {"attacktag", "d3_fendtag"}  # these two load MITRE's data from the network


@cache
def texts(identifier):
    try:
        return export(rule(identifier), "sigma").rules
    except NotExpressibleError:
        return ()


def matched(method, example):
    return any(matches(t, sample(method, example), TRUSTED) for t in texts(method.id))


@pytest.mark.parametrize("case", cases(), ids=name)
def test_what_an_entry_finds_its_rule_matches(case):
    lines = found(*case)
    if not texts(case[0].id):
        assert all(m.log == "vpc-flow" for m in case[0].match)
    elif lines and not only_ours(lines):
        assert matched(*case)


def test_a_name_that_each_call_of_would_match_is_left_out_and_said():
    assert rule("aws.s3.put-to-foreign-bucket").too_common == ("PutObject",)
    assert not rule("aws.s3.object-acl").too_common  # its header is asked for
    (text,) = texts("aws.s3.put-to-foreign-bucket")
    assert "Misses PutObject" in text
    assert "'PutObject'" not in text


def test_pysigma_finds_nothing_wrong_with_the_rules():
    validators = InstalledSigmaPlugins.autodiscover().validators
    rules = SigmaCollection.from_yaml("\n---\n".join(t for m in methods() for t in texts(m.id)))
    assert not rules.errors
    validator = SigmaValidator(validators=[v for k, v in validators.items() if k not in _ONLINE])
    issues = validator.validate_rules(iter(rules.rules))
    # Actions such as `lambda:*` are meant as they stand.
    assert [str(i) for i in issues if not isinstance(i, EscapedWildcardIssue)] == []


def test_ids_are_random_to_look_at_and_always_the_same():
    ids = [
        line.removeprefix("id: ")
        for m in methods()
        for t in texts(m.id)
        for line in t.splitlines()
        if line.startswith("id: ")
    ]
    assert len(set(ids)) == len(ids)
    assert all(uuid.UUID(i).version == 5 for i in ids)
    assert "id: e75c381a" not in texts("aws.ebs.snapshot-share")[0]
    assert export(rule("aws.ebs.snapshot-share"), "sigma").rules == texts("aws.ebs.snapshot-share")


def test_a_receiver_that_one_plain_path_names_is_compared_with_a_list_of_accounts():
    compared = [m for m in methods() if any("%trusted_accounts%" in t for t in texts(m.id))]
    assert len(compared) > 5
    for method in compared:
        for example in method.example:
            lines = found(method, example)
            if lines and all(
                line.endswith((" self", " organization")) and " account:" in line for line in lines
            ):
                assert not matched(method, example), example.name


def test_callers_of_the_own_account_are_left_alone():
    method = rule("aws.sts.foreign-assume").method
    by_us = next(e for e in method.example if e.name == "by the own account")
    assert not matched(method, by_us)


def test_what_is_lost_stands_in_the_description():
    text = texts("aws.s3.bucket-policy")[0]
    assert "Matches whatever the document in requestParameters.bucketPolicy grants" in text
    assert "has to be read from" in texts("aws.ebs.snapshot-share")[0]


def test_most_records_in_which_nothing_is_found_for_their_values_are_left_alone():
    silent = [(m, e) for m, e in cases() if log_of(m, e) == "cloudtrail" and not found(m, e)]
    quiet = sum(1 for m, e in silent if not matched(m, e))
    assert quiet / len(silent) > 0.5
