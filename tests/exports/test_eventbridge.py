import orjson
import pytest

from exclave.catalogue.entry import Example, Match, Method, ResourceSpec
from exclave.exports import NotExpressibleError, export
from exclave.exports.eventbridge import MAX_LENGTH, pattern
from exclave.model import Cloud
from tests.exports.cases import cloudtrail, found, name, of_cloud, record, rule
from tests.exports.eventbridge_matcher import matches

_DETAIL_TYPES = {
    "AwsServiceEvent": "AWS Service Event via CloudTrail",
    "AwsCloudTrailInsight": "AWS Insight via CloudTrail",
}


def delivered(event):
    """A record of CloudTrail as EventBridge delivers it."""
    kind = _DETAIL_TYPES.get(event.get("eventType"), "AWS API Call via CloudTrail")
    return {"source": "aws." + event["eventSource"].split(".")[0], "detail-type": kind, "detail": event}


@pytest.mark.parametrize("case", cloudtrail(), ids=name)
def test_what_an_entry_finds_its_pattern_matches(case):
    method, example = case
    if found(method, example):
        assert matches(pattern(method), delivered(record(method, example)))


@pytest.mark.parametrize("method", of_cloud(Cloud.AWS), ids=lambda m: m.id)
def test_a_pattern_is_within_the_quota_and_matches_no_other_event(method):
    try:
        found_pattern = pattern(method)
    except NotExpressibleError:
        assert all(m.log for m in method.match)
        return
    assert len(orjson.dumps(found_pattern)) <= MAX_LENGTH
    other = record(method, method.example[0]) | {"eventName": "DescribeNothing"}
    assert not matches(found_pattern, delivered(other))


def test_most_records_in_which_nothing_is_found_for_their_values_are_left_alone():
    silent = [(m, e) for m, e in cloudtrail() if not found(m, e)]
    quiet = sum(1 for m, e in silent if not matches(pattern(m), delivered(record(m, e))))
    assert quiet / len(silent) > 0.3


def test_a_dry_run_does_not_match():
    method = rule("aws.ebs.snapshot-share").method
    example = next(e for e in method.example if e.name == "a dry run is nothing")
    assert not matches(pattern(method), delivered(record(method, example)))


def test_a_pattern_says_what_it_leaves_out():
    lost = export(rule("aws.cloudtrail.insights-off"), "eventbridge").lost
    assert any("insightSelectors" in sentence for sentence in lost)
    assert any("own account" in s for s in export(rule("aws.sts.foreign-assume"), "eventbridge").lost)


def test_a_pattern_that_is_too_long_is_an_error_and_never_cut():
    method = Method(
        id="aws.x.y",
        title="t",
        about="a",
        confidence="belief",
        signal="prepare",
        resource=ResourceSpec(kind="x"),
        match=(Match(events=tuple(f"ec2.amazonaws.com:AnActionWithALongName{i}" for i in range(100))),),
        example=(Example(name="e", event={}),),
    )
    with pytest.raises(NotExpressibleError, match="2048"):
        pattern(method)


def test_an_offer_whose_request_cloudtrail_left_out_still_matches():
    method = rule("aws.ebs.snapshot-share").method
    left_out = record(method, method.example[0]) | {"requestParameters": {"omitted": True}}
    assert matches(pattern(method), delivered(left_out))
