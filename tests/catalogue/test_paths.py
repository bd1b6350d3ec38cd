"""Paths into records: what is particular to them."""

from exclave.catalogue.paths import values

LOGS = "attributes[].'access_logs.s3.enabled'"


def test_a_name_reaches_the_value_of_a_pair():
    pairs = [{"key": "other", "value": "true"}, {"key": "access_logs.s3.enabled", "value": "false"}]
    assert values({"attributes": pairs}, LOGS) == ["false"]
    assert values({"attributes": pairs[1]}, LOGS) == ["false"]


def test_a_key_of_that_name_comes_first():
    item = {"key": "name", "value": "pair", "name": "own"}
    assert values({"attributes": [item]}, "attributes[].name") == ["own"]


def test_what_is_no_pair_gives_nothing():
    assert (
        values({"attributes": [{"key": "access_logs.s3.enabled"}, "access_logs.s3.enabled", None]}, LOGS)
        == []
    )


def test_the_parts_of_a_pair_are_reached_by_their_own_names():
    assert values({"attributes": [{"key": "a", "value": 1}]}, "attributes[].key") == ["a"]
