"""Readers of one AWS service's own shapes."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exclave.catalogue.entry import Read
from exclave.catalogue.readers.services import (
    endpoint_service,
    lake_principal,
    organization_party,
    public_policy,
    s3_argument,
)
from exclave.model import Actor, Cloud, Event, Evidence

READ = Read(reader="value")
EVENT = Event(
    cloud=Cloud.AWS,
    log="cloudtrail",
    time=datetime(2026, 3, 4, tzinfo=UTC),
    service="lakeformation.amazonaws.com",
    action="GrantPermissions",
    actor=Actor(kind="role", id="arn:aws:iam::123456789012:role/r", account="123456789012"),
    account="123456789012",
    region="eu-west-1",
    error="",
    dry_run=False,
    fields={},
    raw={},
    evidence=Evidence(file="f", record=1),
)
READERS = [lake_principal, endpoint_service, organization_party, public_policy, s3_argument]


def keys(reader, *values):
    return [d.key for d in reader(list(values), READ, EVENT)]


def test_every_principal_of_an_account_is_the_account():
    assert keys(lake_principal, "111122223333:IAMPrincipals") == ["account:111122223333"]


def test_people_without_an_account_in_their_name_are_our_own():
    assert keys(lake_principal, "IAM_ALLOWED_PRINCIPALS") == ["account:123456789012"]
    assert keys(lake_principal, "arn:aws:identitystore:::group/0123") == ["account:123456789012"]


def test_a_lake_principal_may_be_an_account_a_role_or_an_organisation():
    organisation = "arn:aws:organizations::111122223333:organization/o-abcdefghij"
    assert keys(lake_principal, "111122223333", "arn:aws:iam::111122223333:role/r", organisation) == [
        "account:111122223333",
        "principal:arn:aws:iam::111122223333:role/r",
        "organization:o-abcdefghij",
    ]


def test_only_services_that_customers_published_are_destinations():
    theirs = "com.amazonaws.vpce.eu-west-1.vpce-svc-0123456789abcdef0"
    assert keys(endpoint_service, theirs, "com.amazonaws.eu-west-1.s3") == [f"unknown:{theirs}"]


@pytest.mark.parametrize("identifier", ["o-abcdefghij", "abcdefghij"])
def test_a_handshake_names_an_organisation_with_or_without_its_prefix(identifier):
    parties = [{"id": "123456789012", "type": "ACCOUNT"}, {"Id": identifier, "Type": "organization"}]
    assert keys(organization_party, *parties) == ["organization:o-abcdefghij"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["s3-dist-cp", "--src=s3://in/x", "--dest=s3://out-there/x"],
        ["s3-dist-cp", "--src", "s3://in/x", "--dest", "s3://out-there/x"],
        ["hadoop-distcp", "s3://in/x", "s3a://out-there/x"],
        {"--TempDir": "s3://in/tmp", "--output_path": "s3://Out-There/x"},
        '{"--source": "s3://in/", "--target": "s3://out-there/"}',
    ],
)
def test_only_what_a_command_writes_to_is_a_destination(arguments):
    assert keys(s3_argument, arguments) == ["bucket:out-there"]


def test_a_command_without_output_gives_nothing():
    assert keys(s3_argument, ["spark-submit", "s3://in/job.py"], {"--TempDir": "s3://in/"}, 7) == []


def test_of_a_policy_only_what_everybody_may_do_is_public():
    theirs = {"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "*", "Resource": "*"}
    assert keys(public_policy, {"Statement": [theirs, {**theirs, "Principal": "*"}]}) == ["public:*"]
    assert keys(public_policy, {"Statement": [theirs]}) == []


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


@given(st.sampled_from(READERS), st.lists(ANYTHING, max_size=5))
def test_no_value_makes_a_reader_fail(reader, values):
    for destination in reader(values, READ, EVENT):
        assert destination.id
