import sys

import pytest

from exclave.exports import MissingExtraError, export
from tests.exports.cases import methods, rule


def test_every_sigma_rule_becomes_a_search():
    for method in methods():
        if any(m.log == "vpc-flow" for m in method.match):
            continue
        for search in export(rule(method.id), "spl").rules:
            assert search
            assert not search.startswith("|")
            assert "%trusted_accounts%" not in search


def test_lists_are_marked_as_splunk_marks_them():
    (search,) = export(rule("aws.ebs.snapshot-share"), "spl").rules
    assert '"requestParameters.createVolumePermission.add.items{}.userId"=*' in search
    assert search.startswith('sourcetype="aws:cloudtrail" ')


def test_the_list_of_accounts_is_a_lookup():
    (search,) = export(rule("aws.dataexchange.grant"), "spl").rules
    assert (
        "NOT [| inputlookup trusted_accounts | rename account AS requestParameters.receiverPrincipal"
        in search
    )


def test_the_callers_account_is_compared_with_the_logs():
    (search,) = export(rule("aws.sts.foreign-assume"), "spl").rules
    assert search.endswith("| where NOT 'userIdentity.accountId'='recipientAccountId'")


def test_without_the_library_the_error_says_what_to_install(monkeypatch):
    for module in ("sigma.backends.splunk.splunk", "sigma.collection"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError, match=r'pip install "exclave\[sigma\]"'):
        export(rule("aws.sts.foreign-assume"), "spl")
