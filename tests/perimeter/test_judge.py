"""The judge of destinations: one table of who is what, and the laws it keeps."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exclave.model import Cloud, Destination, Kind, Verdict
from exclave.perimeter import Entry, EntryKind, Perimeter
from exclave.perimeter.build import maker

OURS, OTHER, FOREIGN = "123456789012", "210987654321", "111122223333"


def entry(kind, identifier, verdict=Verdict.SELF, **more):
    return Entry(kind=EntryKind(kind), id=identifier, verdict=verdict, where="perimeter.toml", **more)


LISTED = Perimeter(
    entries=(
        entry("account", OTHER, Verdict.ORGANIZATION, why="billing"),
        entry("account", "999900001111", Verdict.VENDOR, name="Backup Ltd", until=date(2026, 1, 31)),
        entry("organization", "o-ours000000", Verdict.ORGANIZATION),
        entry("org-unit", "o-partner0000/ou-1", Verdict.TRUSTED),
        entry("principal", "arn:aws:iam::777700001111:role/backup-*", Verdict.TRUSTED),
        entry("bucket", "acme-*"),
        entry("cidr", "203.0.113.0/24"),
        entry("domain", "acme.example"),
        entry("project", "acme-prod"),
        entry("vpc", "vpc-1"),
        entry("canonical-id", "c" * 64),
    ),
    seen={
        Kind.ACCOUNT: {OURS: "its CloudTrail is among these logs"},
        Kind.ORGANIZATION: {"o-seen0000000": "its trail"},
    },
    today=date(2026, 3, 1),
    vendors={"464622532012": "Datadog"},
)


@pytest.mark.parametrize(
    ("kind", "identifier", "verdict"),
    [
        (Kind.ACCOUNT, OURS, Verdict.SELF),
        (Kind.ACCOUNT, OTHER, Verdict.ORGANIZATION),
        (Kind.ACCOUNT, FOREIGN, Verdict.EXTERNAL),
        (Kind.ACCOUNT, "464622532012", Verdict.VENDOR),
        (Kind.ACCOUNT, "999900001111", Verdict.EXTERNAL),  # expired
        (Kind.ACCOUNT, "${aws:ResourceAccount}", Verdict.SELF),
        (
            Kind.CANONICAL_ID,
            "c4c1ede66af53448b93c283ce9448c4ba468c9432aa01d700d3878632f77d2d0",
            Verdict.TRUSTED,
        ),
        (Kind.ORGANIZATION, "o-ours000000", Verdict.ORGANIZATION),
        (Kind.ORGANIZATION, "o-seen0000000", Verdict.ORGANIZATION),
        (Kind.ORGANIZATION, "o-other00000", Verdict.EXTERNAL),
        (Kind.ORGANIZATION, "${aws:ResourceOrgID}", Verdict.ORGANIZATION),
        (Kind.ORG_UNIT, "o-ours000000/r-0/ou-9", Verdict.ORGANIZATION),
        (Kind.ORG_UNIT, "o-partner0000/r-0/ou-1/ou-2", Verdict.TRUSTED),
        (Kind.ORG_UNIT, "o-partner0000/r-0/ou-2", Verdict.EXTERNAL),
        (Kind.ORG_UNIT, "o-seen0000000/ou-1", Verdict.ORGANIZATION),
        (Kind.PRINCIPAL, f"arn:aws:iam::{OURS}:role/x", Verdict.SELF),
        (Kind.PRINCIPAL, f"arn:aws:iam::{FOREIGN}:user/x", Verdict.EXTERNAL),
        (Kind.PRINCIPAL, "arn:aws:iam::777700001111:role/backup-nightly", Verdict.TRUSTED),
        (Kind.PRINCIPAL, "arn:aws:iam::777700001111:role/other", Verdict.EXTERNAL),
        (Kind.PRINCIPAL, "AIDAEXAMPLE", Verdict.UNKNOWN),
        (Kind.PRINCIPAL, "dana@acme.example", Verdict.SELF),
        (Kind.PRINCIPAL, "dana@notacme.example", Verdict.EXTERNAL),
        (Kind.PRINCIPAL, "robot@acme-prod.iam.gserviceaccount.com", Verdict.SELF),
        (Kind.BUCKET, "acme-logs", Verdict.SELF),
        (Kind.BUCKET, "somebodys", Verdict.UNKNOWN),
        (Kind.IP_RANGE, "203.0.113.9/32", Verdict.SELF),
        (Kind.IP_RANGE, "203.0.112.0/23", Verdict.EXTERNAL),
        (Kind.IP_RANGE, "10.0.0.0/8", Verdict.SELF),
        (Kind.SERVICE, "backup.amazonaws.com", Verdict.TRUSTED),
        (Kind.PUBLIC, "*", Verdict.PUBLIC),
        (Kind.BEARER_URL, "", Verdict.UNKNOWN),
        (Kind.CANONICAL_ID, "c" * 64, Verdict.SELF),
        (Kind.CANONICAL_ID, "d" * 64, Verdict.UNKNOWN),
        (Kind.VPC, "vpc-1", Verdict.SELF),
        (Kind.VPC, "vpc-2", Verdict.UNKNOWN),
        (Kind.UNKNOWN, "", Verdict.UNKNOWN),
    ],
)
def test_the_verdict_on_each_sort_of_destination(kind, identifier, verdict):
    judgement = LISTED.judge(Destination(kind=kind, id=identifier))
    assert judgement.verdict is verdict
    assert judgement.reason


@pytest.mark.parametrize(
    ("cloud", "host", "verdict"),
    [
        (Cloud.AZURE, "somebodys.servicebus.windows.net", Verdict.UNKNOWN),
        (Cloud.AZURE, "somebodys-func.azurewebsites.net", Verdict.UNKNOWN),
        (Cloud.AZURE, "notazurewebsites.net", Verdict.EXTERNAL),
        (Cloud.AZURE, "x.azurewebsites.net.evil.example", Verdict.EXTERNAL),
        (Cloud.AZURE, "hook.acme.example", Verdict.SELF),
        (Cloud.AWS, "somebodys-func.azurewebsites.net", Verdict.EXTERNAL),
    ],
)
def test_a_name_that_any_tenant_of_azure_may_have_says_not_whose_it_is(cloud, host, verdict):
    assert LISTED.judge(Destination(kind=Kind.DOMAIN, id=host, cloud=cloud)).verdict is verdict


def test_the_account_that_owns_the_data_is_always_itself():
    assert Perimeter().judge(Destination(kind=Kind.ACCOUNT, id=FOREIGN), FOREIGN).verdict is Verdict.SELF


def test_an_account_made_anonymous_is_still_itself():
    assert LISTED.judge(Destination(kind=Kind.UNKNOWN, id="000000000"), "000000000").verdict is Verdict.SELF
    assert LISTED.judge(Destination(kind=Kind.UNKNOWN, id="54321"), "12345").verdict is Verdict.UNKNOWN


def test_an_organisation_is_unknown_while_none_is_known_to_be_ours():
    judgement = Perimeter().judge(Destination(kind=Kind.ORGANIZATION, id="o-some0000000"))
    assert judgement.verdict is Verdict.UNKNOWN
    assert "perimeter.toml" in judgement.reason


@pytest.mark.parametrize(
    ("manager", "verdict"), [(OURS, Verdict.ORGANIZATION), (FOREIGN, Verdict.UNKNOWN), ("", Verdict.UNKNOWN)]
)
def test_an_organisation_that_an_account_of_ours_manages_is_ours(manager, verdict):
    seen = Perimeter(seen={Kind.ACCOUNT: {OURS: "its CloudTrail is among these logs"}})
    judgement = seen.judge(Destination(kind=Kind.ORG_UNIT, id="o-some0000000/ou-1", manager=manager))
    assert judgement.verdict is verdict


def test_a_google_organisation_says_nothing_about_one_of_aws():
    google = Perimeter(entries=(entry("organization", "900000000001"),))
    assert google.judge(Destination(kind=Kind.ORGANIZATION, id="o-some0000000")).verdict is Verdict.UNKNOWN
    assert (
        google.judge(Destination(kind=Kind.ORGANIZATION, id="1", cloud=Cloud.GCP)).verdict is Verdict.EXTERNAL
    )


def test_an_entry_counts_on_its_last_day_and_not_after():
    vendor = entry("account", FOREIGN, Verdict.VENDOR, until=date(2026, 3, 1))
    destination = Destination(kind=Kind.ACCOUNT, id=FOREIGN)
    assert Perimeter(entries=(vendor,), today=date(2026, 3, 1)).judge(destination).verdict is Verdict.VENDOR
    late = Perimeter(entries=(vendor,), today=date(2026, 3, 2))
    assert late.judge(destination).verdict is Verdict.EXTERNAL
    assert late.expired() == (vendor,)


def test_the_line_that_decided_is_named():
    assert (
        "perimeter.toml says account 210987654321 is organization: billing"
        in LISTED.judge(Destination(kind=Kind.ACCOUNT, id=OTHER)).reason
    )


def test_entries_that_decided_nothing_are_told():
    used = [Destination(kind=Kind.ACCOUNT, id=OTHER)]
    assert {e.id for e in LISTED.unused(used)} >= {"acme-*", "vpc-1"}
    assert OTHER not in {e.id for e in LISTED.unused(used)}


@given(st.sampled_from(list(Kind)), st.text(max_size=60))
def test_every_destination_gets_a_verdict_with_a_reason(kind, identifier):
    assert LISTED.judge(Destination(kind=kind, id=identifier)).reason


@given(st.sampled_from(list(Kind)), st.text(min_size=1, max_size=30), st.sampled_from(list(EntryKind)))
def test_an_entry_about_somebody_else_changes_nothing(kind, identifier, listed):
    destination = Destination(kind=kind, id=identifier)
    other = Perimeter(entries=(entry(listed, "zz-never-such-an-id-zz"),))
    # Knowing any organisation or tenant to be ours makes others foreign that were unknown before.
    if kind not in (Kind.ORGANIZATION, Kind.ORG_UNIT, Kind.TENANT):
        assert other.judge(destination) == Perimeter().judge(destination)


def test_the_reason_names_the_account_or_project_that_is_not_ours():
    role = Destination(kind=Kind.PRINCIPAL, id="arn:aws:iam::111122223333:role/r")
    assert LISTED.judge(role).reason == "account 111122223333 is not in the perimeter"
    robot = Destination(kind=Kind.PRINCIPAL, id="r@p-1234.iam.gserviceaccount.com", cloud=Cloud.GCP)
    assert LISTED.judge(robot).reason == "project p-1234 is not in the perimeter"


def test_who_acted_is_not_said_to_be_assumed_ours(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    seen = {Kind.PRINCIPAL: {"dana@ours.example": "acted"}, Kind.PROJECT: {"our-project": "its log is here"}}
    _, remarks = maker(None)(seen)
    assert remarks[0] == "assumed ours, since what was read shows it: project our-project"
