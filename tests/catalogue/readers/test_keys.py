"""Readers of KMS."""

import pytest

from exclave.catalogue.entry import Read
from exclave.catalogue.readers import keys
from tests.catalogue.readers.event import OURS, event

READ = Read(reader="kms-grantee")
FOREIGN = "111122223333"


@pytest.mark.parametrize(
    ("grantee", "expected"),
    [
        (f"arn:aws:iam::{FOREIGN}:role/eve", [f"principal:arn:aws:iam::{FOREIGN}:role/eve"]),
        (f"arn:aws:iam::{FOREIGN}:root", [f"account:{FOREIGN}"]),
        (FOREIGN, [f"account:{FOREIGN}"]),
        (f"{FOREIGN}:aws:ec2-infrastructure:i-0a1", [f"account:{FOREIGN}"]),
        (f"{OURS}:aws:ec2-infrastructure:i-0a1", []),
        (f"arn:aws:iam::{OURS}:role/ours", []),
        ("rds.eu-west-1.amazonaws.com", []),
        ("AWS Internal", []),
    ],
)
def test_only_grantees_outside_the_account_count(grantee, expected):
    assert [d.key for d in keys.grantee([grantee], READ, event())] == expected


def test_a_foreign_arn_names_its_owner_and_an_own_one_nobody():
    found = [
        f"arn:aws:kms:eu-west-1:{FOREIGN}:key/k",
        f"arn:aws:kms:eu-west-1:{OURS}:key/k",
        "alias/x",
        "arn:aws:s3:::b",
    ]
    assert [d.key for d in keys.foreign_arn(found, READ, event())] == [f"account:{FOREIGN}"]


@pytest.mark.parametrize(("caller", "expected"), [(OURS, [f"account:{FOREIGN}"]), (FOREIGN, [])])
def test_a_foreign_account_is_neither_the_logs_nor_the_callers(caller, expected):
    found = [OURS, FOREIGN, "latest", "*", None]
    assert [d.key for d in keys.foreign_account(found, READ, event(caller=caller))] == expected


def test_odd_input_gives_nothing():
    assert keys.grantee([None, 1, {}, []], READ, event()) == []
    assert keys.foreign_arn([None, {}, "arn:"], READ, event()) == []
