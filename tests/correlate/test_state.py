"""Open and closed, offered and taken."""

import pytest

from tests.correlate.build import OURS, THIEF, record, share, told


def offer(found):
    return next(t for t in found.transfers if t.outcome == "offered")


def test_an_offer_that_nothing_ends_is_open_and_says_how_to_revoke_it():
    found = offer(told(share(0, "snap-1", THIEF)))
    assert found.state.open
    assert found.state.closed_at is None
    assert found.revoke.command == (
        "aws ec2 modify-snapshot-attribute --region eu-west-1 --snapshot-id snap-1 --attribute createVolumePermission "
        f"--operation-type remove --user-ids {THIEF}"
    )


def test_removing_the_share_closes_it_and_tells_how_long_it_stood():
    found = offer(told(share(0, "snap-1", THIEF), share(40, "snap-1", THIEF, remove=True)))
    assert not found.state.open
    assert found.state.seconds == 40 * 60
    assert found.state.by == "ec2.amazonaws.com:ModifySnapshotAttribute"
    assert found.revoke is None


def test_removing_another_account_closes_nothing():
    assert offer(told(share(0, "snap-1", THIEF), share(5, "snap-1", "444455556666", remove=True))).state.open


def test_a_removal_before_the_share_closes_nothing():
    assert offer(told(share(0, "snap-1", THIEF, remove=True), share(5, "snap-1", THIEF))).state.open


def test_a_removal_that_failed_closes_nothing():
    failed = share(5, "snap-1", THIEF, remove=True, errorCode="Client.UnauthorizedOperation")
    assert offer(told(share(0, "snap-1", THIEF), failed)).state.open


def test_deleting_the_snapshot_closes_it():
    assert not offer(
        told(share(0, "snap-1", THIEF), record(9, "DeleteSnapshot", {"snapshotId": "snap-1"}))
    ).state.open


def test_blocking_public_sharing_closes_public_offers_alone():
    block = record(9, "EnableSnapshotBlockPublicAccess", {"state": "block-all-sharing"})
    states = {
        t.destination.kind.value: t.state.open
        for t in told(share(0, "snap-1", THIEF, "all"), block).transfers
    }
    assert states == {"account": True, "public": False}


def test_the_first_of_several_ends_counts():
    found = offer(
        told(
            share(0, "snap-1", THIEF),
            share(7, "snap-1", THIEF, remove=True),
            record(9, "DeleteSnapshot", {"snapshotId": "snap-1"}),
        )
    )
    assert found.state.seconds == 7 * 60


def policy(minute, *principals):
    statements = [
        {"Effect": "Allow", "Principal": {"AWS": p}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}
        for p in principals
    ]
    request = {"bucketName": "b", "bucketPolicy": {"Version": "2012-10-17", "Statement": statements}}
    return record(minute, "PutBucketPolicy", request, service="s3.amazonaws.com")


def test_a_new_policy_that_leaves_somebody_out_ends_his_grant_and_no_other():
    found = told(policy(0, THIEF, "444455556666"), policy(30, "444455556666"))
    states = {(t.destination.id, t.time.minute): t.state.open for t in found.transfers}
    assert states == {(THIEF, 0): False, ("444455556666", 0): True, ("444455556666", 30): True}


def test_a_new_policy_that_grants_nobody_outside_ends_every_grant():
    found = told(policy(0, THIEF), policy(30, OURS))
    assert [t.state.open for t in found.transfers if t.destination.id == THIEF] == [False]


def test_the_owner_of_a_shared_snapshot_sees_it_taken():
    taken = record(
        20,
        "SharedSnapshotCopyInitiated",
        userIdentity={"type": "AWSAccount", "accountId": THIEF, "invokedBy": "ec2.amazonaws.com"},
        serviceEventDetails={"snapshotId": "snap-1"},
        eventType="AwsServiceEvent",
    )
    found = told(share(0, "snap-1", THIEF), taken)
    assert offer(found).state.taken
    assert {t.outcome.value for t in found.transfers} == {"offered", "taken"}
    assert found.incidents[0].severity == "critical"


def test_a_taking_by_somebody_else_does_not_make_an_offer_taken():
    taken = record(
        20,
        "SharedSnapshotCopyInitiated",
        userIdentity={"type": "AWSAccount", "accountId": "444455556666"},
        serviceEventDetails={"snapshotId": "snap-1"},
    )
    assert not offer(told(share(0, "snap-1", THIEF), taken)).state.taken


def test_an_object_taken_from_a_shared_bucket_makes_the_buckets_offer_taken():
    copied = record(
        9,
        "CopyObject",
        {"bucketName": "elsewhere", "x-amz-copy-source": "b/data.csv"},
        service="s3.amazonaws.com",
        userIdentity={"type": "AWSAccount", "accountId": THIEF, "principalId": "AROA:x"},
        resources=[
            {"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::b/data.csv"},
            {"type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::b", "accountId": OURS},
        ],
    )
    read = record(
        8,
        "GetObject",
        {"bucketName": "b", "key": "data.csv"},
        service="s3.amazonaws.com",
        userIdentity={"type": "AWSAccount", "accountId": THIEF, "principalId": "AROA:x"},
    )
    assert offer(told(policy(0, THIEF), read, copied)).state.taken


@pytest.mark.parametrize("named", ["db", f"arn:aws:secretsmanager:eu-west-1:{OURS}:secret:db-AbCdEf"])
def test_a_secret_that_was_shared_by_name_is_taken_by_its_arn(named):
    policy = {"Statement": [{"Effect": "Allow", "Principal": {"AWS": THIEF}, "Action": "*", "Resource": "*"}]}
    service = "secretsmanager.amazonaws.com"
    shared = record(0, "PutResourcePolicy", {"secretId": named, "resourcePolicy": policy}, service=service)
    read = record(
        5, "GetSecretValue", {"secretId": f"arn:aws:secretsmanager:eu-west-1:{OURS}:secret:db-AbCdEf"},
        service=service, userIdentity={"type": "AWSAccount", "accountId": THIEF, "principalId": "AROA:eve"},
    )  # fmt: skip
    assert offer(told(shared, read)).state.taken
