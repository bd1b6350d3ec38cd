"""What belongs together, and what doesn't."""

import random
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from exclave.model import Actor, Evidence, Issued
from tests.correlate.build import OURS, START, THIEF, record, share, told


def names(found):
    return [sorted({t.source.id for t in i.transfers}) for i in found.incidents]


def test_shares_to_one_account_are_one_incident_whoever_made_them():
    found = told(
        share(0, "snap-1", THIEF), share(3000, "snap-2", THIEF, who="eve", key="ASIAEVE0000000000000")
    )
    assert names(found) == [["snap-1", "snap-2"]]


def test_shares_by_one_session_are_one_incident_whoever_receives():
    assert names(told(share(0, "snap-1", THIEF), share(30, "snap-2", "444455556666"))) == [
        ["snap-1", "snap-2"]
    ]


def test_shares_by_one_actor_far_apart_to_different_accounts_are_two():
    assert len(told(share(0, "snap-1", THIEF), share(60 * 24 * 10, "snap-2", "444455556666")).incidents) == 2


def test_different_hands_receivers_and_resources_are_different_incidents():
    found = told(
        share(0, "snap-1", THIEF), share(1, "snap-2", "444455556666", who="eve", key="ASIAEVE0000000000000")
    )
    assert len(found.incidents) == 2


def test_everyone_is_nobody_in_particular():
    found = told(share(0, "snap-1", "all"), share(1, "snap-2", "all", who="eve", key="ASIAEVE0000000000000"))
    assert len(found.incidents) == 2


def test_a_share_inside_the_organisation_or_a_failed_call_is_no_incident():
    assert not told(share(0, "snap-1", THIEF, errorCode="Client.UnauthorizedOperation")).incidents
    assert not told(share(0, "snap-1", "123456789012")).incidents


def test_lineage_joins_a_copy_with_its_original_and_names_whose_data_it_is():
    found = told(
        record(
            0,
            "CreateSnapshot",
            {"volumeId": "vol-db"},
            {"snapshotId": "snap-1", "volumeId": "vol-db", "volumeSize": "500"},
            who="a",
            key="ASIAAAAAAAAAAAAAAAAA",
        ),
        record(
            10,
            "CopySnapshot",
            {"sourceSnapshotId": "snap-1"},
            {"snapshotId": "snap-2"},
            who="b",
            key="ASIABBBBBBBBBBBBBBBB",
        ),
        share(20, "snap-2", THIEF),
    )
    shared = next(t for t in found.transfers if t.source.id == "snap-2")
    assert [(r.id, r.size_gib) for r in shared.lineage] == [("snap-1", None), ("vol-db", 500.0)]
    assert [s.phase for s in found.incidents[0].story] == ["prepare", "prepare", "offer"]
    assert any("vol-db" in reason for reason in shared.why)


def test_a_lineage_that_loops_ends():
    found = told(
        record(0, "CopySnapshot", {"sourceSnapshotId": "snap-1"}, {"snapshotId": "snap-2"}),
        record(1, "CopySnapshot", {"sourceSnapshotId": "snap-2"}, {"snapshotId": "snap-1"}),
        share(2, "snap-2", THIEF),
    )
    assert len(found.incidents) == 1


def test_logging_switched_off_by_the_same_hands_joins_and_raises():
    stop = record(-5, "StopLogging", {"name": "trail"}, service="cloudtrail.amazonaws.com")
    alone, joined = told(share(0, "snap-1", THIEF)), told(stop, share(0, "snap-1", THIEF))
    assert joined.incidents[0].severity.rank > alone.incidents[0].severity.rank
    assert [s.phase for s in joined.incidents[0].story] == ["tamper", "offer"]
    assert any("StopLogging" in reason for reason in joined.incidents[0].why)


def test_the_same_by_other_hands_does_not_join():
    stop = record(
        -5,
        "StopLogging",
        {"name": "trail"},
        service="cloudtrail.amazonaws.com",
        who="bob",
        key="ASIABOB0000000000000",
    )
    assert not told(stop, share(0, "snap-1", THIEF)).incidents[0].signals


def issue(credential, by, minute):
    actor = Actor(kind="user", id=f"arn:aws:iam::123456789012:user/{by}", name=by, credential=by)
    evidence = Evidence(file="log.json", record=1, event_id=f"issue-{credential}")
    return Issued(
        credential=credential,
        role="",
        to=actor,
        action="sts.amazonaws.com:AssumeRole",
        time=START,
        evidence=evidence,
    )


def test_sessions_of_one_key_are_one_hand():
    one, two = (
        share(0, "snap-1", THIEF),
        share(60, "snap-2", "444455556666", who="eve", key="ASIAEVE0000000000000"),
    )
    issued = [issue("ASIADANA000000000000", "AKIALEAKED", 0), issue("ASIAEVE0000000000000", "AKIALEAKED", 1)]
    assert len(told(one, two).incidents) == 2
    found = told(one, two, issued=issued)
    assert len(found.incidents) == 1
    assert "AKIALEAKED" in {a.credential for a in found.incidents[0].actors}


def test_sessions_that_hand_out_each_other_end():
    issued = [issue("ASIADANA000000000000", "ASIAX", 0), issue("ASIAX", "ASIADANA000000000000", 1)]
    assert len(told(share(0, "snap-1", THIEF), issued=issued).incidents) == 1


def test_a_session_that_two_accounts_logged_is_told_once_by_the_record_that_names_the_credential():
    mine = issue("ASIADANA000000000000", "AKIALEAKED", 0)
    theirs = replace(
        mine,
        to=Actor(kind="account", id=OURS, account=OURS),
        evidence=Evidence(file="other.json", record=1, event_id="issue-again"),
    )
    for issued in ([mine, theirs], [theirs, mine]):
        found = told(share(0, "snap-1", THIEF), issued=issued)
        (step,) = [s for s in found.incidents[0].story if "ASIADANA000000000000" in s.text]
        assert step.actor == "AKIALEAKED"
        assert len(found.issued) == 2
    (step,) = [
        s for s in told(share(0, "snap-1", THIEF), issued=[theirs]).incidents[0].story if s.phase == "access"
    ]
    assert step.actor == f"account {OURS}"


RECORDS = [
    record(0, "CreateSnapshot", {"volumeId": "vol-1"}, {"snapshotId": "snap-1", "volumeSize": "10"}),
    share(5, "snap-1", THIEF),
    share(9, "snap-1", THIEF, remove=True),
    share(12, "snap-2", "all", who="eve", key="ASIAEVE0000000000000"),
    share(15, "snap-3", "444455556666", who="bob", key="ASIABOB0000000000000"),
    record(
        16,
        "StopLogging",
        {"name": "t"},
        service="cloudtrail.amazonaws.com",
        who="bob",
        key="ASIABOB0000000000000",
    ),
]


@given(st.randoms(use_true_random=False))
@settings(max_examples=25, deadline=None)
def test_the_order_of_records_changes_neither_findings_nor_ids(chance: random.Random):
    shuffled = list(RECORDS)
    chance.shuffle(shuffled)
    key = lambda report: (  # noqa: E731
        [(i.id, i.title, i.severity, [(s.time, s.phase, s.text) for s in i.story]) for i in report.incidents],
        sorted((t.id, t.why, t.state) for t in report.transfers if t.state),
        sorted((s.id, s.why) for s in report.signals),
    )
    assert repr(key(told(*shuffled))) == repr(key(told(*RECORDS)))


def test_later_logs_do_not_change_the_id_of_an_incident():
    first = share(0, "snap-1", THIEF)
    before, after = told(first), told(first, share(50, "snap-2", THIEF))
    assert [i.id for i in before.incidents] == [i.id for i in after.incidents]


def test_a_key_that_two_thefts_needed_does_not_make_them_one():
    def grant(minute, account, **more):
        request = {
            "keyId": "arn:aws:kms:eu-west-1:123456789012:key/k-1",
            "granteePrincipal": f"arn:aws:iam::{account}:root",
            "operations": ["Decrypt"],
        }
        return record(minute, "CreateGrant", request, service="kms.amazonaws.com", **more)

    eve = {"who": "eve", "key": "ASIAEVE0000000000000"}
    found = told(
        share(0, "snap-1", THIEF),
        grant(1, THIEF),
        share(9000, "snap-2", "444455556666", **eve),
        grant(9001, "444455556666", **eve),
    )
    assert len(found.incidents) == 2


def test_an_incident_ends_with_the_last_of_what_was_done_many_times():
    bucket = {"type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::eve-inbox", "accountId": THIEF}
    puts = [
        record(
            n,
            "PutObject",
            {"bucketName": "eve-inbox", "key": f"{n}"},
            None,
            eventSource="s3.amazonaws.com",
            resources=[bucket],
        )
        for n in range(90)
    ]
    (incident,) = told(*puts).incidents
    (step,) = incident.story
    assert incident.ended - incident.started == timedelta(minutes=89)
    assert "(90 times, the last at " in step.text
