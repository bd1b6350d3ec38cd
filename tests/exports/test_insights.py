import pytest

from exclave.exports import NotExpressibleError, export
from tests.exports.cases import TRUSTED, cloudtrail, found, name, only_ours, record, rule
from tests.exports.insights_evaluator import matches


def query(method):
    (text,) = export(rule(method.id), "insights").rules
    return text.replace('"000000000000"', ", ".join(f'"{t}"' for t in TRUSTED))


@pytest.mark.parametrize("case", cloudtrail(), ids=name)
def test_what_an_entry_finds_its_query_finds(case):
    lines = found(*case)
    if lines and not only_ours(lines):
        assert matches(query(case[0]), record(*case))


def test_most_records_in_which_nothing_is_found_for_their_values_are_left_alone():
    silent = [(m, e) for m, e in cloudtrail() if not found(m, e)]
    quiet = sum(1 for m, e in silent if not matches(query(m), record(m, e)))
    assert quiet / len(silent) > 0.4


def test_other_logs_have_no_query():
    with pytest.raises(NotExpressibleError, match="CloudTrail"):
        export(rule("aws.s3.access-log-read"), "insights")
