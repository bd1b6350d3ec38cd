from __future__ import annotations

import gzip
import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from exclave.model import Cloud
from exclave.simulate import STAGES, Summary, simulate
from exclave.simulate.breach import PHASES

if TYPE_CHECKING:
    from pathlib import Path

BREACHES = STAGES[Cloud.AWS].breaches
START = datetime(2026, 1, 10, tzinfo=UTC)


def run(out: Path, **changed: Any) -> Summary:
    wanted: dict[str, Any] = {
        "seed": 1,
        "records": 2500,
        "days": 1,
        "start": START,
        "accounts": 6,
        "breaches": tuple(BREACHES),
    }
    return simulate(out, **(wanted | changed))


def files(summary: Summary) -> list[Path]:
    return sorted(summary.logs.rglob("*.json.gz"))


def records(summary: Summary) -> list[dict[str, Any]]:
    return [
        record
        for path in files(summary)
        for record in json.loads(gzip.decompress(path.read_bytes()))["Records"]
    ]


def truth(summary: Summary) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    lines = [json.loads(line) for line in summary.truth.read_text().splitlines()]
    return lines[0], {line["name"]: line for line in lines[1:]}


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Summary:
    return run(tmp_path_factory.mktemp("full") / "out")


@pytest.fixture(scope="module")
def everything(full: Summary) -> list[dict[str, Any]]:
    return records(full)


def test_the_same_arguments_give_the_same_bytes(tmp_path: Path, full: Summary) -> None:
    again = run(tmp_path / "again")
    assert [path.relative_to(again.out) for path in files(again)] == [
        path.relative_to(full.out) for path in files(full)
    ]
    assert all(a.read_bytes() == b.read_bytes() for a, b in zip(files(again), files(full), strict=True))
    assert again.truth.read_bytes() == full.truth.read_bytes()


def test_another_seed_gives_another_organisation(tmp_path: Path, full: Summary) -> None:
    other = run(tmp_path / "other", seed=2, records=500, breaches=())
    assert other.organisation != full.organisation
    assert not set(other.accounts) & set(full.accounts)


def test_there_are_exactly_as_many_records_as_asked_for(
    full: Summary, everything: list[dict[str, Any]]
) -> None:
    assert full.records == len(everything) == 2500
    assert full.files == len(files(full))
    assert full.bytes_plain == sum(len(gzip.decompress(path.read_bytes())) for path in files(full))
    assert full.bytes_written == sum(path.stat().st_size for path in files(full))


def test_breaches_are_told_whole_when_fewer_records_are_asked_for(tmp_path: Path) -> None:
    summary = run(tmp_path / "out", records=0, breaches=("snapshot-share-after-leaked-key",))
    (breach,) = truth(summary)[1].values()
    assert summary.records == len(breach["steps"]) + len(breach["context"]) > 10


def test_no_slot_of_a_template_is_left_open(full: Summary) -> None:
    assert not any(b"@@" in gzip.decompress(path.read_bytes()) for path in files(full))


def test_event_ids_are_unique(everything: list[dict[str, Any]]) -> None:
    counted = Counter(record["eventID"] for record in everything)
    assert not [event for event, count in counted.items() if count > 1]


def test_records_of_a_file_are_in_order_of_time_and_of_its_account_and_region(full: Summary) -> None:
    for path in files(full):
        _, organisation, account, trail, region, *day = path.relative_to(full.logs).parts[:-1]
        found = json.loads(gzip.decompress(path.read_bytes()))["Records"]
        times = [record["eventTime"] for record in found]
        assert times == sorted(times)
        assert (organisation, trail) == (full.organisation, "CloudTrail")
        assert {(record["recipientAccountId"], record["awsRegion"]) for record in found} == {
            (account, region)
        }
        stamp = datetime.strptime(path.name.split("_")[3], "%Y%m%dT%H%MZ").replace(tzinfo=UTC)
        assert [f"{stamp:%Y}", f"{stamp:%m}", f"{stamp:%d}"] == day
        first = datetime.fromisoformat(times[0])
        assert timedelta(0) < stamp - first < timedelta(minutes=21)


def test_every_record_lies_within_the_days_and_accounts(
    full: Summary, everything: list[dict[str, Any]]
) -> None:
    times = {datetime.fromisoformat(record["eventTime"]) for record in everything}
    assert min(times) >= full.start == START
    assert max(times) < full.end == START + timedelta(days=1)
    assert {record["recipientAccountId"] for record in everything} == set(full.accounts)


def test_records_are_as_large_as_real_ones(tmp_path: Path) -> None:
    summary = run(tmp_path / "out", breaches=())
    assert 1200 < summary.bytes_plain / summary.records < 1700


def test_every_step_of_the_truth_stands_in_the_logs(full: Summary, everything: list[dict[str, Any]]) -> None:
    by_id = {record["eventID"]: record for record in everything}
    for breach in truth(full)[1].values():
        assert breach["steps"]
        for step in breach["steps"] + breach["context"]:
            record = by_id[step["event_id"]]
            assert (
                record["eventName"],
                record["eventTime"],
                record["recipientAccountId"],
                record["awsRegion"],
            ) == (
                step["event_name"],
                step["time"],
                step["account"],
                step["region"],
            )
        assert {step["phase"] for step in breach["steps"]} <= PHASES


def test_every_breach_says_who_was_to_receive_what(full: Summary) -> None:
    perimeter, breaches = truth(full)
    own = {account["id"] for account in perimeter["accounts"]} | {
        vendor["id"] for vendor in perimeter["vendors"]
    }
    assert set(breaches) == set(BREACHES)
    for breach in breaches.values():
        assert breach["destinations"]
        assert not {destination["id"] for destination in breach["destinations"]} & (own | {full.organisation})
        known = {resource["id"] for resource in breach["resources"]}
        assert breach["originals"]
        assert {resource["parent"] for resource in breach["resources"]} - {""} <= known
        assert breach["actors"]
        assert breach["credentials"]


def test_foreign_accounts_of_breaches_stand_in_no_ordinary_record(
    full: Summary, everything: list[dict[str, Any]]
) -> None:
    breaches = truth(full)[1].values()
    told = {step["event_id"] for breach in breaches for step in breach["steps"] + breach["context"]}
    ordinary = json.dumps([record for record in everything if record["eventID"] not in told])
    for breach in breaches:
        for destination in breach["destinations"]:
            assert destination["id"] not in ordinary


def test_a_breach_that_is_taken_shows_the_taker_and_one_that_is_closed_ends_after_its_offer(
    full: Summary,
) -> None:
    breaches = truth(full)[1]
    for breach in breaches.values():
        phases = [step["phase"] for step in breach["steps"]]
        assert breach["taken"] == ("take" in phases)
        assert breach["open"] == (not {"revoke", "close"} & set(phases))
    assert {name for name, breach in breaches.items() if not breach["open"]} == {
        "rds-snapshot-share",
        "share-removed-afterwards",
    }


def test_a_story_lasts_no_longer_than_it_says(full: Summary) -> None:
    for name, breach in truth(full)[1].items():
        lasted = datetime.fromisoformat(breach["ended"]) - datetime.fromisoformat(breach["started"])
        assert timedelta(minutes=10) < lasted < timedelta(hours=BREACHES[name].hours)


def test_one_more_breach_at_the_end_leaves_the_others_as_they_were(tmp_path: Path) -> None:
    one = truth(run(tmp_path / "one", records=0, breaches=("role-chain",)))[1]
    two = truth(run(tmp_path / "two", records=0, breaches=("role-chain", "bucket-policy")))[1]
    assert two["role-chain"] == one["role-chain"]


def test_one_breach_writes_what_attackers_write_into_logs(
    full: Summary, everything: list[dict[str, Any]]
) -> None:
    told = {step["event_id"] for step in truth(full)[1]["bucket-policy"]["steps"]}
    text = "".join(
        record["userAgent"] + str(record["requestParameters"].get("key"))
        for record in everything
        if record["eventID"] in told
    )
    assert all(part in text for part in ("\x1b[2J", "\x1b]0;", "<img ", "=HYPERLINK(", "\r\n", "\x1b[31m"))


def test_an_owner_sees_the_taker_of_a_snapshot_as_another_account(
    full: Summary, everything: list[dict[str, Any]]
) -> None:
    taken = [record for record in everything if record["eventName"].startswith("SharedSnapshot")]
    foreign = {
        destination["id"] for breach in truth(full)[1].values() for destination in breach["destinations"]
    }
    assert taken
    for record in taken:
        assert record["eventType"] == "AwsServiceEvent"
        assert record["userIdentity"]["accountId"] != record["recipientAccountId"]
        assert record["serviceEventDetails"]["snapshotId"].startswith("snap-")
    assert {record["userIdentity"]["accountId"] for record in taken} & foreign


def test_a_chain_of_roles_can_be_followed_by_access_keys(
    full: Summary, everything: list[dict[str, Any]]
) -> None:
    chain = truth(full)[1]["role-chain"]
    by_id = {record["eventID"]: record for record in everything}
    issued = {}
    for step in chain["steps"]:
        record = by_id[step["event_id"]]
        caller = record["userIdentity"].get("accessKeyId")
        if record["eventName"] == "AssumeRole" and caller:
            issued[record["responseElements"]["credentials"]["accessKeyId"]] = caller
    share = next(step for step in chain["steps"] if step["phase"] == "offer")
    key = by_id[share["event_id"]]["userIdentity"]["accessKeyId"]
    hops = 0
    while key in issued:
        key, hops = issued[key], hops + 1
    assert hops == 3
    assert key == chain["credentials"][0]


def test_a_role_assumed_across_accounts_stands_in_both_trails(tmp_path: Path) -> None:
    found = records(run(tmp_path / "out", records=5000, breaches=(), days=1))
    by_shared: dict[str, list[dict[str, Any]]] = {}
    for record in found:
        if record["eventName"] == "AssumeRole":
            by_shared.setdefault(record["sharedEventID"], []).append(record)
    pairs = [pair for pair in by_shared.values() if len(pair) > 1]
    assert pairs
    for one, other in pairs:
        assert one["recipientAccountId"] != other["recipientAccountId"]
        assert one["requestParameters"] == other["requestParameters"]
        assert {one["userIdentity"]["type"], other["userIdentity"]["type"]} == {"AssumedRole", "AWSAccount"}


@pytest.mark.parametrize("share", [0.0, 0.5, 0.9])
def test_data_events_have_the_share_asked_for(tmp_path: Path, share: float) -> None:
    found = records(run(tmp_path / "out", records=3000, breaches=(), days=1, data_events=share))
    assert sum(record["eventCategory"] == "Data" for record in found) / len(found) == pytest.approx(
        share, abs=0.03
    )


def test_a_flat_layout_puts_all_files_in_one_folder(tmp_path: Path) -> None:
    summary = run(tmp_path / "out", layout="flat", pretty=True, records=300, breaches=())
    assert {path.parent for path in files(summary)} == {summary.logs}
    assert b'\n  "Records"' in gzip.decompress(files(summary)[0].read_bytes())
    assert summary.records == len(records(summary))


def test_one_account_is_enough_for_every_breach(tmp_path: Path) -> None:
    summary = run(tmp_path / "out", accounts=1, records=200)
    assert {record["recipientAccountId"] for record in records(summary)} == set(summary.accounts)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"breaches": ("nothing-of-the-kind",)}, "unknown breach"),
        ({"breaches": ("bucket-policy", "bucket-policy")}, "once"),
        ({"start": datetime(2026, 1, 10)}, "time zone"),  # noqa: DTZ001
        ({"records": -1}, "records"),
        ({"days": 0}, "days"),
        ({"accounts": 0}, "accounts"),
        ({"data_events": 1.0}, "data_events"),
        ({"layout": "heap"}, "layout"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_written(
    tmp_path: Path, changed: dict[str, Any], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        run(tmp_path / "out", **changed)
    assert not (tmp_path / "out").exists()


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(FileExistsError):
        run(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
