from __future__ import annotations

import re

import pytest

from exclave.audit.loader import BadControlError, check_of, chosen, control, load
from exclave.audit.needs import methods_of
from exclave.catalogue.loader import load as load_catalogue

_CIS = re.compile(r"CIS [A-Za-z ]+ \d\.\d\.\d [\d.\-]+")


def test_every_control_has_a_check_and_says_what_why_and_how():
    for one in load():
        assert callable(check_of(one)), one.id
        assert all((one.needs, one.about, one.why, one.remediation, one.technique)), one.id
        assert all(r.startswith("https://") for r in one.references), one.id
        assert all(re.fullmatch(r"D3-[A-Z]+", d) for d in one.d3fend), one.id
        assert all(_CIS.fullmatch(c) for c in one.cis), one.id


def test_every_pattern_of_methods_names_some():
    for one in load():
        for pattern in one.methods:
            assert methods_of(
                type(one)(**{f: getattr(one, f) for f in one.__struct_fields__} | {"methods": (pattern,)}),
                load_catalogue(),
            ), (one.id, pattern)


def test_the_rows_of_aws_are_all_there():
    assert {c.id for c in load() if c.cloud == "aws"} == {
        "aws.network.acl", "aws.network.source-restriction", "aws.perimeter.identity", "aws.perimeter.resource",
        "aws.credentials.password-policy", "aws.credentials.key-rotation", "aws.credentials.temporary", "aws.least-privilege",
        "aws.alarm.iam-policy-changes", "aws.alarm.cloudtrail-changes", "aws.alarm.data-sharing", "aws.logging.trail-all-regions",
        "aws.logging.services",
    }  # fmt: skip


def test_ids_are_unique_and_a_wrong_one_names_the_nearest():
    ids = [c.id for c in load()]
    assert len(ids) == len(set(ids))
    with pytest.raises(BadControlError, match=re.escape("aws.network.acl")):
        control("aws.network.acls")
    with pytest.raises(BadControlError):
        chosen(("nothing.*",))
