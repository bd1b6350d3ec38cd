import pytest
from hypothesis import given
from hypothesis import strategies as st

from exclave.exports import NotExpressibleError, export
from exclave.exports.metric_filter import MAX_LENGTH, pattern, patterns
from exclave.model import Cloud
from tests.exports.cases import cloudtrail, found, name, of_cloud, record, rule
from tests.exports.filter_pattern import matches


@pytest.mark.parametrize("case", cloudtrail(), ids=name)
def test_what_an_entry_finds_one_of_its_patterns_matches(case):
    method, example = case
    if found(method, example):
        assert any(matches(p, record(method, example)) for p in patterns(method))


@pytest.mark.parametrize("method", of_cloud(Cloud.AWS), ids=lambda m: m.id)
def test_patterns_are_within_the_quotas_and_match_no_other_event(method):
    try:
        made = patterns(method)
    except NotExpressibleError:
        assert all(m.log for m in method.match)
        return
    other = record(method, method.example[0]) | {"eventName": "DescribeNothing"}
    for p in made:
        assert len(p) <= MAX_LENGTH
        assert p.count("[*]") <= 3
        assert not matches(p, other)


def test_most_records_in_which_nothing_is_found_for_their_values_are_left_alone():
    silent = [(m, e) for m, e in cloudtrail() if not found(m, e)]
    quiet = sum(1 for m, e in silent if not any(matches(p, record(m, e)) for p in patterns(m)))
    assert quiet / len(silent) > 0.2


def test_events_by_name_are_one_pattern_per_service_and_name():
    assert pattern(["iam.amazonaws.com:PutRolePolicy", "iam.amazonaws.com:AttachRolePolicy"]) == [
        '{ (($.eventSource = "iam.amazonaws.com") && (($.eventName = "PutRolePolicy") || ($.eventName = "AttachRolePolicy"))) }'
    ]
    assert pattern([]) == []


def test_a_name_that_its_service_dates_is_matched_with_its_date():
    made = pattern(["lambda.amazonaws.com:AddPermission"])
    for event_name in ("AddPermission", "AddPermission20150331v2"):
        assert any(matches(p, {"eventSource": "lambda.amazonaws.com", "eventName": event_name}) for p in made)
    assert not any(
        matches(p, {"eventSource": "lambda.amazonaws.com", "eventName": "AddPermissions"}) for p in made
    )


@given(
    st.lists(
        st.tuples(st.sampled_from(["ec2", "iam", "s3"]), st.from_regex(r"[A-Z][a-z]{2,40}", fullmatch=True)),
        max_size=120,
    )
)
def test_any_events_are_split_into_patterns_that_match_each_and_are_short_enough(names):
    events = [f"{s}.amazonaws.com:{a}" for s, a in names]
    made = pattern(events)
    assert all(len(p) <= MAX_LENGTH for p in made)
    for event in events:
        service, _, action = event.partition(":")
        assert any(matches(p, {"eventSource": service, "eventName": action}) for p in made)


def test_an_event_that_no_pattern_can_hold_is_an_error():
    with pytest.raises(NotExpressibleError, match="1024"):
        pattern(["iam.amazonaws.com:" + "A" * 1100])


def test_a_pattern_says_what_it_leaves_out():
    lost = export(rule("aws.cloudtrail.insights-off"), "metric-filter").lost
    assert any("insightSelectors" in sentence for sentence in lost)


def test_an_offer_whose_request_cloudtrail_left_out_still_matches():
    method = rule("aws.rds.snapshot-share").method
    left_out = record(method, method.example[0]) | {"requestParameters": {"omitted": True}}
    assert any(matches(p, left_out) for p in patterns(method))
