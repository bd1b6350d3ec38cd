"""The commands that take shares back: as the AWS CLI knows them, with values that a shell can't misread."""

import shlex

from exclave.correlate.revoke import revoke_call
from tests.correlate.build import CATALOGUE, THIEF, share, told


def test_a_hostile_name_stays_one_word_of_the_command():
    hostile = "snap-1; rm -rf / #$(x)'\""
    found = told(share(0, hostile, THIEF)).transfers[0]
    words = shlex.split(found.revoke.command)
    assert hostile in words
    assert words[:3] == ["aws", "ec2", "modify-snapshot-attribute"]


def test_the_argument_filled_in_is_the_destination_of_the_finding():
    found = told(share(0, "snap-1", THIEF)).transfers[0]
    assert found.revoke.args["UserIds"] == [THIEF]
    assert found.revoke.call == "ec2:ModifySnapshotAttribute"


def test_every_entry_that_offers_and_has_a_rule_for_a_destination_fills_it():
    found = told(share(0, "snap-1", "all")).transfers[0]
    assert found.revoke.args["GroupNames"] == ["all"]


def test_what_was_taken_back_or_failed_needs_no_call():
    method = CATALOGUE.method("aws.ebs.snapshot-share")
    for one in told(
        share(0, "snap-1", THIEF, remove=True), share(1, "snap-2", THIEF, errorCode="x")
    ).transfers:
        assert revoke_call(one, method) is None
