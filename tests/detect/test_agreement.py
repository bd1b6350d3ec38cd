from __future__ import annotations

import pytest

from tests.detect import adversarial, build
from tests.detect.agree import DELIVERED, OTHER_NAME, PACKED, assert_agree, findings, scanned

CASES = adversarial.cases()
EMPTY = {
    "empty lists",
    "nothing",
    "white space",
    "single quotes",
    "cut within the first record",
    "cut after the first record",
    "Records twice, the last without finds",
    "API dates in digits of other scripts",
    "a name that lower-cases to ASCII",
    "fake records as a list, the last one harmless",
    "fake records as a list, the last one not",
    "a write among other accounts' resources of other kinds",
    "a list that opens nothing",
    "a write by a foreign caller",
    "a write by nobody",
    "a read of a foreign bucket beside a write",
}


@pytest.mark.parametrize("name", CASES)
def test_every_way_of_scanning_finds_the_same(name: str) -> None:
    found = assert_agree(CASES[name]())
    count = sum(len(found[part]) for part in ("transfers", "signals", "closures", "derivations"))
    assert bool(count) != (name in EMPTY), "the case has lost its point"


@pytest.mark.parametrize("name", adversarial.UNDELIVERED)
def test_what_a_delivered_file_never_holds_is_found_in_others(name: str) -> None:
    found = assert_agree(adversarial.UNDELIVERED[name](), names=(OTHER_NAME,))
    assert found["transfers"] + found["signals"]


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 60


def test_a_record_of_forty_megabytes_is_read_or_named() -> None:
    large = build.record("dynamodb", "PutItem", {"tableName": "t", "item": "x" * (40 << 20)}, None, 1)
    data = build.packed(build.described(), large, build.share())
    for name in (OTHER_NAME, DELIVERED):
        fast = findings(scanned(data, "scan", name=name))
        assert fast == findings(scanned(data, "full", name=name))
        assert len(fast["transfers"]) == 1


def test_a_forged_recipient_makes_nobody_ours() -> None:
    tags = {"tags": {"recipientAccountId": build.THEIRS}}
    data = build.packed(*(build.described(n, requestParameters=tags) for n in range(3)), build.share())
    for name in (OTHER_NAME, DELIVERED):
        for way in ("scan", "parse", "full"):
            assert list(findings(scanned(data, way, name=name, stored=PACKED))["seen"]["account"]) == [
                build.OURS
            ]
