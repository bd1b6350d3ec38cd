"""Readers of S3."""

from hypothesis import given
from hypothesis import strategies as st

from exclave.catalogue.entry import Read
from exclave.catalogue.readers import s3
from tests.catalogue.readers.event import OURS, event

READ = Read(reader="acl")
OWNER, EVE = "c" * 64, "b" * 64
FOREIGN = "111122223333"


def keys(destinations):
    return [d.key for d in destinations]


def grant(grantee, permission="READ"):
    return {"Grantee": grantee, "Permission": permission}


def document(*grants):
    return {"Owner": {"ID": OWNER}, "AccessControlList": {"Grant": list(grants)}}


def test_the_owner_of_a_document_is_nobody_new():
    found = s3.acl([document(grant({"ID": OWNER}, "FULL_CONTROL"), grant({"ID": EVE}))], READ, event())
    assert keys(found) == [f"canonical-id:{EVE}"]


def test_a_single_grant_may_stand_without_a_list():
    one = {"AccessControlList": {"Grant": grant({"URI": "http://acs.amazonaws.com/groups/global/AllUsers"})}}
    assert keys(s3.acl([one], READ, event())) == ["public:*"]


def test_grants_that_only_let_others_write_are_left_out():
    found = s3.acl([document(grant({"ID": EVE}, "WRITE"), grant({"ID": EVE}, "READ_ACP"))], READ, event())
    assert found == []


def test_whoever_may_change_the_list_counts():
    assert keys(s3.acl([document(grant({"ID": EVE}, "WRITE_ACP"))], READ, event())) == [f"canonical-id:{EVE}"]


def test_the_group_that_delivers_logs_is_nobody():
    group = {"URI": "http://acs.amazonaws.com/groups/s3/LogDelivery"}
    assert s3.acl([document(grant(group, "FULL_CONTROL"))], READ, event()) == []


def test_canned_names_are_read_in_any_case_and_in_lists():
    assert keys(s3.acl([["Public-Read"]], READ, event())) == ["public:*"]
    assert s3.acl(["private", "bucket-owner-full-control", "log-delivery-write"], READ, event()) == []


def test_a_mail_address_is_a_principal():
    assert keys(s3.acl([document(grant({"EmailAddress": "eve@foreign.example"}))], READ, event())) == [
        "principal:eve@foreign.example"
    ]


def test_the_header_form_names_ids_groups_and_mail_addresses():
    group = "http://acs.amazonaws.com/groups/global/AllUsers"
    header = f'id="{EVE}", uri="{group}", emailAddress="a+b@foreign.example"'
    assert keys(s3.acl_grant([header], READ, event())) == [
        f"canonical-id:{EVE}",
        "public:*",
        "principal:a+b@foreign.example",
    ]


def test_grants_of_a_batch_job_are_read_by_their_type():
    batch = [
        grant({"TypeIdentifier": "id", "Identifier": EVE}),
        grant({"TypeIdentifier": "uri", "Identifier": "x/AllUsers"}),
    ]
    assert keys(s3.acl(batch, READ, event())) == [f"canonical-id:{EVE}", "public:*"]


def rule(**destination):
    return {"Status": "Enabled", "Destination": destination}


def test_each_replication_rule_gives_its_account_or_else_its_bucket():
    rules = [rule(Bucket="arn:aws:s3:::aaa", Account=FOREIGN), rule(Bucket="arn:aws:s3:::bbb")]
    assert keys(s3.replication([rules], READ, event())) == [f"account:{FOREIGN}", "bucket:bbb"]


def test_an_account_that_became_a_number_gets_its_zeros_back():
    assert keys(s3.replication([rule(Bucket="arn:aws:s3:::aaa", Account=12345670123)], READ, event())) == [
        "account:012345670123"
    ]


def test_a_disabled_rule_copies_nothing():
    assert (
        s3.replication(
            [{**rule(Bucket="arn:aws:s3:::aaa", Account=FOREIGN), "Status": "Disabled"}], READ, event()
        )
        == []
    )


def test_an_own_replica_key_names_nobody_and_a_foreign_one_its_owner():
    def replica_key(account):
        key = {"ReplicaKmsKeyID": f"arn:aws:kms:eu-west-1:{account}:key/k"}
        encrypted = rule(Bucket="arn:aws:s3:::aaa", EncryptionConfiguration=key)
        return keys(s3.replication([encrypted], READ, event()))

    assert replica_key(OURS) == ["bucket:aaa"]
    assert replica_key(FOREIGN) == ["bucket:aaa", f"account:{FOREIGN}"]


def bucket_of(name, account):
    return {"type": "AWS::S3::Bucket", "ARN": f"arn:aws:s3:::{name}", "accountId": account}


def copied(source, target, caller=OURS, *owners):
    request = {"bucketName": target, "x-amz-copy-source": source}
    return event(request, caller=caller, resources=[bucket_of(*o) for o in owners])


def test_a_copy_goes_to_the_owner_of_the_other_bucket():
    seen = copied("ours/a", "eve", OURS, ("eve", FOREIGN), ("ours", OURS))
    assert keys(s3.copied_to(["eve"], READ, seen)) == [f"account:{FOREIGN}"]


def test_a_copy_to_a_bucket_whose_owner_is_not_said_goes_to_the_bucket():
    assert keys(s3.copied_to(["eve"], READ, copied("ours/a", "eve"))) == ["bucket:eve"]


def test_a_copy_inside_one_bucket_goes_nowhere_however_the_source_is_spelt():
    for source in ("ours/a", "/ours/a", "ours%2Fa", "OURS/a"):
        assert s3.copied_to(["ours"], READ, copied(source, "ours")) == []


def test_a_copy_between_own_buckets_goes_nowhere():
    assert s3.copied_to(["other"], READ, copied("ours/a", "other", OURS, ("other", OURS))) == []


def test_a_copy_to_an_access_point_names_its_account():
    point = f"arn:aws:s3:eu-west-1:{FOREIGN}:accesspoint/in"
    assert keys(s3.copied_to([point], READ, copied("ours/a", point))) == [f"account:{FOREIGN}"]


def test_a_copy_by_a_foreign_caller_is_not_one_of_own_people():
    assert s3.copied_to(["eve"], READ, copied("ours/a", "eve", FOREIGN)) == []
    assert keys(s3.copier(["eve"], READ, copied("ours/a", "eve", FOREIGN))) == [f"account:{FOREIGN}"]


def test_what_a_foreign_caller_copies_into_our_bucket_is_nothing():
    assert s3.copier(["ours"], READ, copied("eve/a", "ours", FOREIGN, ("ours", OURS), ("eve", FOREIGN))) == []


def test_what_a_foreign_caller_copies_from_one_of_our_buckets_to_another_he_has_read():
    seen = copied("ours/a", "other", FOREIGN, ("ours", OURS), ("other", OURS))
    assert keys(s3.copier(["other"], READ, seen)) == [f"account:{FOREIGN}"]


NAMES = st.sampled_from(["Grant", "Grantee", "Owner", "ID", "Destination", "Bucket", "Permission"])
json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner),
    max_leaves=20,
)


@given(json)
def test_odd_input_never_raises(value):
    seen = event({"bucketName": value, "x-amz-copy-source": value}, caller=FOREIGN)
    for reader in (s3.acl, s3.acl_grant, s3.replication, s3.copied_to, s3.copier):
        assert isinstance(reader([value], READ, seen), list)


def reads(owner):
    return event(
        {"bucketName": "tools"},
        caller=FOREIGN,
        resources=[{"type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::tools", "accountId": owner}],
    )


def test_who_reads_his_own_bucket_takes_nothing_of_ours():
    read = Read(reader="object-reader")
    assert s3.object_reader(["tools"], read, reads(FOREIGN)) == []
    assert keys(s3.object_reader(["tools"], read, reads(OURS))) == [f"account:{FOREIGN}"]
    assert keys(s3.object_reader(["elsewhere"], read, reads(FOREIGN))) == [f"account:{FOREIGN}"]
