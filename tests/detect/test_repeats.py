"""What a stranger repeats is counted by the cheap path as the full parser and folding count it."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from exclave.catalogue.loader import load
from exclave.detect.match import index
from exclave.detect.repeats import Repeats, names
from exclave.detect.result import merge
from exclave.detect.scan import scanner
from exclave.sources.blob import Blob
from tests.detect import build

_FAST, _FULL = scanner(load()), scanner(load(), fast=False)
_ROLES = ("watcher", "deployer")


def _assume(number: int, role: str, session: str, account: str, **more: Any) -> dict[str, Any]:
    request = {"roleArn": f"arn:aws:iam::{build.OURS}:role/{role}", "roleSessionName": session}
    who = {"type": "AWSAccount", "principalId": f"AROAEXAMPLE:{session}", "accountId": account}
    return build.record("sts", "AssumeRole", request, number=number, **{"userIdentity": who, **more})


_RECORDS = st.lists(
    st.builds(
        _assume,
        st.integers(0, 59),
        st.sampled_from(_ROLES),
        st.sampled_from(("a", "b")),
        st.sampled_from((build.THEIRS, "210987654321", build.OURS)),
        errorCode=st.sampled_from((None, None, "AccessDenied")),
        eventType=st.sampled_from(("AwsApiCall", "AwsApiCall", "AwsVpceEvent")),
        recipientAccountId=st.sampled_from((build.OURS, build.OURS, build.THEIRS)),
        eventTime=st.sampled_from(
            ("2026-03-04T05:00:01Z", "2026-03-04T05:00:09Z", "2026-03-04 05:00:05", "")
        ),
    ),
    min_size=1,
    max_size=12,
)


def _signals(scan: Any, files: list[bytes]) -> list[Any]:
    batch = scan.batch()
    for data in files:
        batch.scan(Blob(name=build.DELIVERED, data=data, packed=len(data) - 1))
    found = merge([batch.result()]).signals
    return sorted(
        (repr(replace(s, evidence=replace(s.evidence, record=0))) for s in found),
    )


@given(st.lists(_RECORDS, min_size=1, max_size=3))
def test_repeats_are_counted_as_the_full_parser_counts_them(files: list[list[dict[str, Any]]]) -> None:
    filler = [build.described(n) for n in range(3)]
    # Each record is another happening: its id tells which was first where times are equal.
    for n, one in enumerate(record for records in files for record in records):
        one["eventID"] = f"{n:032x}"
    packed = [build.packed(*records, *filler) for records in files]
    assert _signals(_FAST, packed) == _signals(_FULL, packed)


def test_a_vendor_that_comes_every_minute_is_one_signal_and_read_once() -> None:
    records = [_assume(n, "watcher", f"s{n}", build.THEIRS) for n in range(50)]
    repeats = Repeats(names(index(load())))
    assert _FAST.prefilter is not None
    found = _FAST.prefilter.candidates(build.packed(*records), build.OURS, repeats)
    assert found is not None
    assert [one.record["requestParameters"]["roleSessionName"] for one in found] == ["s0"]
    [signal] = merge([_FAST.scan(Blob(name=build.DELIVERED, data=build.packed(*records), packed=9))]).signals
    assert (signal.count, signal.evidence.event_id[-2:]) == (50, "00")
    assert signal.last is not None
    assert signal.last.second == 49


def test_roles_that_strangers_take_on_are_known_by_the_record_alone() -> None:
    assert "sts.amazonaws.com:assumerole" in names(index(load()))
