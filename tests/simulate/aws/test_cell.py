from __future__ import annotations

import json
import re
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from exclave.simulate.aws.callers import Callers
from exclave.simulate.aws.cell import Cell, time_text
from exclave.simulate.aws.organisation import GLOBAL_REGION, Organisation, found
from exclave.simulate.aws.traffic import data_calls, lookalikes, management_calls

if TYPE_CHECKING:
    from exclave.simulate.aws.call import Call

START = 1_767_225_600  # 2026-01-01


def cell(calls: tuple[Call, ...], *, accounts: int = 4, region: str = "") -> tuple[Organisation, Cell]:
    rng = Random(5)
    organisation = found(rng, accounts, set())
    account = organisation.accounts[-1]
    callers = Callers(rng, organisation, account)
    return organisation, Cell(
        rng=rng,
        organisation=organisation,
        account=account,
        region=region or account.home,
        calls=calls,
        callers=callers,
    )


def stamped(call: Call, here: Cell) -> dict[str, Any]:
    return json.loads(here.stamp(call, START, 900)[1])


@pytest.mark.parametrize(
    "call", [*management_calls(), *data_calls()], ids=lambda call: f"{call.by}-{call.name}"
)
def test_every_call_becomes_a_whole_record(call: Call) -> None:
    organisation, here = cell((call,))
    second, raw, _ = here.stamp(call, START, 900)
    record = json.loads(raw)
    assert b"@@" not in raw
    assert START <= second < START + 900
    assert record["eventTime"] == time_text(second).decode()
    assert record["eventName"] == call.name
    assert record["recipientAccountId"] == organisation.accounts[-1].id
    assert record["readOnly"] is call.read
    assert record.get("errorCode", "") == call.error
    assert (record["responseElements"] is None) >= bool(call.error)
    assert 600 < len(raw) < 3000


@pytest.mark.parametrize("call", lookalikes.calls(), ids=lambda call: f"{call.name}-{call.error}")
def test_look_alikes_name_no_account_or_organisation_but_our_own(call: Call) -> None:
    organisation, here = cell((call,))
    record = stamped(call, here)
    text = json.dumps([record["requestParameters"], record["responseElements"]])
    own = {account.id for account in organisation.accounts}
    assert set(re.findall(r"(?<![0-9a-f-])[0-9]{12}(?![0-9a-f])", text)) <= own
    assert set(re.findall(r"\\bo-[a-z0-9]{10}\\b", text)) <= {organisation.id}


def test_look_alikes_hold_shares_inside_removals_dry_runs_and_refusals() -> None:
    shares = [call for call in lookalikes.calls() if call.name == "ModifySnapshotAttribute"]
    _, here = cell(tuple(shares))
    found_records = [stamped(call, here) for call in shares]
    verbs = {
        verb for record in found_records for verb in record["requestParameters"]["createVolumePermission"]
    }
    assert verbs == {"add", "remove"}
    assert {record.get("errorCode") for record in found_records} == {
        None,
        "Client.DryRunOperation",
        "Client.UnauthorizedOperation",
    }


def test_calls_of_global_services_happen_in_one_region_only() -> None:
    calls = management_calls()
    organisation, _ = cell(calls)
    account = organisation.accounts[-1]
    elsewhere = next(region for region in (account.home, account.second) if region != GLOBAL_REGION)
    for region, wanted in ((GLOBAL_REGION, True), (elsewhere, False)):
        _, here = cell(calls, region=region)
        drawn = here.calls(4000, data=False, day=True)
        assert any(call.everywhere for call in drawn) is wanted


def test_people_sleep_at_night() -> None:
    _, here = cell(management_calls())

    def people(*, day: bool) -> int:
        return sum(call.by == "person" for call in here.calls(3000, data=False, day=day))

    assert people(day=False) * 5 < people(day=True)


def test_a_session_keeps_its_key_for_its_time_and_no_longer() -> None:
    call = next(call for call in management_calls() if call.by == "pipeline")
    _, here = cell((call,))
    keys = [
        json.loads(here.stamp(call, START + hours * 3600, 60)[1])["userIdentity"]["accessKeyId"]
        for hours in (0, 1, 5, 7, 8)
    ]
    assert keys[0] == keys[1] == keys[2] != keys[3] == keys[4]
    assert all(re.fullmatch(r"ASIA[A-Z2-7]{16}", key) for key in keys)
