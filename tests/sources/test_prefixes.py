"""What keys say of their logs, by the layouts that the providers write."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exclave.sources.prefixes import Named, choice_of, cover, day_prefixes, read_key, reason_against

ACCOUNT = "111122223333"
SUBSCRIPTION = "00000000-0000-4000-8000-00000000000a"
NOBODY: frozenset[str] = frozenset()


def day(text):
    return date.fromisoformat(text)


def on(text, account=ACCOUNT, region="us-east-1"):
    return Named(account=account, region=region, first=day(text), last=day(text))


@pytest.mark.parametrize(
    ("key", "named"),
    [
        (f"AWSLogs/{ACCOUNT}/CloudTrail/us-east-1/2026/01/02/x.json.gz", on("2026-01-02")),
        (f"org/AWSLogs/o-abcdefghij/{ACCOUNT}/CloudTrail/us-east-1/2026/01/02/", on("2026-01-02")),
        (f"AWSLogs/{ACCOUNT}/Config/us-east-1/2026/1/2/ConfigHistory/x.json.gz", on("2026-01-02")),
        (f"AWSLogs/{ACCOUNT}/WAFLogs/us-east-1/acl/2026/01/02/03/05/x.gz", on("2026-01-02")),
        (f"AWSLogs/{ACCOUNT}/vpcdnsquerylogs/vpc-12ab/2026/01/02/x.gz", on("2026-01-02", region="")),
        (f"any/where/{ACCOUNT}_CloudTrail_us-east-1_20260102T0305Z_aBc.json.gz", on("2026-01-02")),
        (f"{ACCOUNT}_vpcflowlogs_us-east-1_fl-1234abcd_20260102T0305Z_aBc.log.gz", on("2026-01-02")),
        (
            f"{ACCOUNT}_CloudTrail_us-gov-west-1_20260102T0305Z_a.json.gz",
            on("2026-01-02", region="us-gov-west-1"),
        ),
        (
            f"aws-account-id={ACCOUNT}/aws-service=vpcflowlogs/aws-region=us-east-1/year=2026/month=01/day=02/x",
            on("2026-01-02"),
        ),
        (
            f"aws/CLOUD_TRAIL_MGMT/2.0/region=us-east-1/accountId={ACCOUNT}/eventDay=20260102/x.gz.parquet",
            on("2026-01-02"),
        ),
        ("access/2026-01-02-03-04-05-0123456789ABCDEF", on("2026-01-02", "", "")),
        (
            f"resourceId=/SUBSCRIPTIONS/{SUBSCRIPTION.upper()}/y=2026/m=01/d=02/h=03/m=00/PT1H.json",
            on("2026-01-02", SUBSCRIPTION, ""),
        ),
        (
            f"resourceId=/SUBSCRIPTIONS/{SUBSCRIPTION}/RESOURCEGROUPS/R/y=2026/m=01/d=02/h=03/m=00/PT1H.json",
            on("2026-01-02", SUBSCRIPTION, ""),
        ),
        ("cloudaudit.googleapis.com/activity/2026/01/02/03:00:00_03:59:59_S0.json", on("2026-01-02", "", "")),
        (f"AWSLogs/{ACCOUNT}/", Named(account=ACCOUNT)),
        (f"AWSLogs/{ACCOUNT}/CloudTrail/", Named(account=ACCOUNT)),
        (f"AWSLogs/{ACCOUNT}/CloudTrail/us-east-1/", Named(account=ACCOUNT, region="us-east-1")),
        (
            f"AWSLogs/{ACCOUNT}/CloudTrail/us-east-1/2024/02/",
            Named(account=ACCOUNT, region="us-east-1", first=day("2024-02-01"), last=day("2024-02-29")),
        ),
        (
            f"AWSLogs/{ACCOUNT}/CloudTrail/us-east-1/2024/",
            Named(account=ACCOUNT, region="us-east-1", first=day("2024-01-01"), last=day("2024-12-31")),
        ),
        ("cases/2026/01/02/export.json", Named()),
        ("AWSLogs/", Named()),
        (f"AWSLogs/{ACCOUNT}/CloudTrail/us-east-1/2026/13/45/x", Named(account=ACCOUNT, region="us-east-1")),
        ("", Named()),
    ],
)
def test_a_key_says_whose_logs_it_holds_and_of_when(key, named):
    assert read_key(key) == named


@given(st.text(max_size=200))
def test_any_key_can_be_judged(key):
    choice = choice_of(datetime(2026, 1, 1, tzinfo=UTC), None, frozenset({ACCOUNT}), NOBODY)
    assert reason_against(key, choice) in {"", "other accounts", "before --since"}


def test_a_path_that_says_nothing_is_kept():
    choice = choice_of(
        datetime(2026, 1, 1, tzinfo=UTC),
        datetime(2026, 1, 2, tzinfo=UTC),
        frozenset({"1" * 12}),
        frozenset({"x"}),
    )
    assert reason_against("cases/2020/01/02/all.json.gz", choice) == ""


def test_a_day_either_side_is_kept_in_utc():
    plus_two = timezone(timedelta(hours=2))
    choice = choice_of(
        datetime(2026, 1, 10, 1, tzinfo=plus_two), datetime(2026, 1, 12, tzinfo=UTC), NOBODY, NOBODY
    )
    key = "AWSLogs/111122223333/CloudTrail/us-east-1/2026/01/{}/x"
    reasons = [reason_against(key.format(f"{n:02}"), choice) for n in (7, 8, 13, 14)]
    assert reasons == ["before --since", "", "", "after --until"]


def test_nothing_chosen_is_no_choice():
    assert choice_of(None, None, NOBODY, NOBODY) is None


dates = st.dates(min_value=day("2013-01-01"), max_value=day("2032-12-31"))


@given(dates, dates)
def test_the_folders_of_a_span_hold_each_of_its_days_once_and_no_other(one, other):
    first, last = min(one, other), max(one, other)
    held = []
    for folder in cover(first, last):
        named = read_key(f"AWSLogs/{ACCOUNT}/CloudTrail/us-east-1/{folder}")
        held += [named.first + timedelta(days=n) for n in range((named.last - named.first).days + 1)]
    assert held == [first + timedelta(days=n) for n in range((last - first).days + 1)]


def test_the_folders_of_a_span_are_as_few_as_can_be():
    assert cover(day("2023-12-31"), day("2025-02-01")) == ["2023/12/31/", "2024/", "2025/01/", "2025/02/01/"]
    assert cover(day("2026-01-02"), day("2026-01-01")) == []


def test_day_folders_are_computed_only_where_the_layout_is_known():
    choice = choice_of(datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 1, 5, tzinfo=UTC), NOBODY, NOBODY)
    region = f"p/AWSLogs/o-abcdefghij/{ACCOUNT}/CloudTrail/eu-west-1/"
    assert day_prefixes(region, choice) == [region + f"2026/01/{n:02}/" for n in (4, 5, 6)]
    assert day_prefixes("cloudaudit.googleapis.com/activity/", choice) is not None
    assert day_prefixes(f"AWSLogs/{ACCOUNT}/Config/eu-west-1/", choice) is None
    assert day_prefixes(f"AWSLogs/{ACCOUNT}/CloudTrail/", choice) is None
    assert day_prefixes(region, choice_of(None, None, frozenset({"x"}), NOBODY)) is None
