from __future__ import annotations

import pytest

from exclave.audit.checks.gcp.events import load
from tests.audit.gcp.build import BUCKET, EVERYTHING, LOGS, look, policy, right, statuses, why
from tests.stubs.gcp import ORG, OTHER, PROJECT, error

CONTROL = "gcp.alert"
POLICY, METRIC, CHANNEL = (
    f"projects/{LOGS}/alertPolicies/1",
    f"projects/{LOGS}/metrics/watch",
    f"projects/{LOGS}/notificationChannels/1",
)


def threshold(**more):
    return {"conditions": [{"conditionThreshold": policy("watch", **more)}]}


def test_every_call_of_the_table_is_counted_for_each_place():
    found = look(CONTROL, right())
    for account, level in ((ORG, "organization"), (PROJECT, "project"), (OTHER, "project")):
        assert found[account].of == sum(level in e.level for e in load())


@pytest.mark.parametrize(
    ("name", "change", "reason"),
    [
        (METRIC, {"disabled": True}, "it is disabled"),
        (METRIC, {"metricDescriptor": {"valueType": "DISTRIBUTION"}}, "a distribution"),
        (METRIC, {"filter": 'protoPayload.methodName="storage.objects.get"'}, "no metric and no policy"),
        (METRIC, {"filter": EVERYTHING + ' AND protoPayload.authenticationInfo.principalEmail!="mallory@ours.example"'}, "whoever makes the call"),
        (METRIC, {"filter": EVERYTHING + ' AND NOT protoPayload.requestMetadata.callerIp="private"'}, "whoever makes the call"),
        (METRIC, {"filter": EVERYTHING + ' AND NOT protoPayload.resourceName:"secret-bucket"'}, "whoever makes the call"),
        (METRIC, {"filter": EVERYTHING + ' -resource.labels.bucket_name="secret"'}, "whoever makes the call"),
        (METRIC, {"filter": EVERYTHING + ' NOT protoPayload.serviceData.policyDelta.bindingDeltas.member="user:mallory@gmail.com"'}, "whoever makes the call"),
        (METRIC, {"filter": EVERYTHING + " severity>=ERROR"}, "no metric and no policy"),
        (METRIC, {"filter": EVERYTHING + ' timestamp>"2025-01-01T00:00:00Z" timestamp<"2026-02-01T00:00:00Z"'}, "no metric and no policy"),
        (METRIC, {"bucketName": f"projects/{LOGS}/locations/global/buckets/_Default"}, "no metric and no policy"),
        (POLICY, {"enabled": False}, "it is switched off"),
        (POLICY, {"notificationChannels": []}, "it tells nobody"),
        (POLICY, {"notificationChannels": [f"projects/{LOGS}/notificationChannels/9"]}, "is gone"),
        (POLICY, {"validity": {"code": 3, "message": "no such metric"}}, "invalid"),
        (POLICY, {"combiner": "AND", "conditions": [{"conditionThreshold": policy("watch")}, {"conditionThreshold": policy("other")}]}, "all of its conditions"),
        (POLICY, {"conditions": [{"conditionThreshold": policy("another")}]}, "no alert policy is on metric watch"),
        (POLICY, {"conditions": [{"conditionThreshold": policy("watch2")}]}, "no alert policy is on metric watch"),
        (POLICY, {"conditions": [{"conditionAbsent": {"filter": policy("watch")["filter"]}}]}, "no alert policy is on metric watch"),
        (POLICY, threshold(thresholdValue=5), "one event does not meet it"),
        (POLICY, threshold(thresholdValue="Infinity"), "one event does not meet it (threshold Infinity)"),
        (POLICY, threshold(comparison="COMPARISON_LT", thresholdValue=1), "one event does not meet it"),
        (POLICY, threshold(comparison="COMPARISON_GE", thresholdValue=2), "one event does not meet it"),
        (POLICY, {"alertStrategy": {"notificationPrompts": ["CLOSED"]}}, "only when they are CLOSED"),
        (POLICY, {"notificationChannels": ["projects/evil-project/notificationChannels/1"]}, "is gone"),
        (POLICY, threshold(trigger={"percent": 100}), "it waits for 100 % of the time series"),
        (POLICY, threshold(trigger={"count": 3}), "it waits for 3 time series"),
        (POLICY, threshold(duration="3600s"), "must stay up for 3600 seconds"),
        (POLICY, threshold(aggregations=[{"alignmentPeriod": "86400s", "perSeriesAligner": "ALIGN_DELTA"}]), "it looks only every 86400 seconds"),
        (POLICY, threshold(aggregations=[{"alignmentPeriod": "60s", "perSeriesAligner": "ALIGN_PERCENTILE_05"}]), "does not see a single event"),
        # one of three series is a third in their mean; of the minutes of an hour most have none
        (POLICY, threshold(thresholdValue=0.5, aggregations=[{"alignmentPeriod": "60s", "perSeriesAligner": "ALIGN_DELTA", "crossSeriesReducer": "REDUCE_MEAN"}]), "one event does not meet it"),
        (POLICY, threshold(aggregations=[{"alignmentPeriod": "60s", "perSeriesAligner": "ALIGN_DELTA"}, {"alignmentPeriod": "600s", "perSeriesAligner": "ALIGN_MIN"}]), "its aligner ALIGN_MIN does not see"),
        (POLICY, threshold(denominatorFilter='metric.type="x"'), "a ratio"),
        (POLICY, threshold(filter='metric.type="logging.googleapis.com/user/watch" AND resource.type="gce_instance"'), "only a part of the metric"),
        (POLICY, threshold(filter=policy("watch")["filter"] + ' AND metric.labels.who="alice"'), "only a part of the metric"),
        (CHANNEL, {"enabled": False}, "is switched off"),
        (CHANNEL, {"verificationStatus": "UNVERIFIED"}, "was never verified"),
        (CHANNEL, {"labels": {}}, "leads nowhere"),
        (CHANNEL, {"type": "slack", "labels": {"team": "soc"}}, "leads nowhere"),
        (CHANNEL, {"type": "webhook_basicauth", "labels": {}}, "leads nowhere"),
    ],
)  # fmt: skip
def test_a_broken_link_breaks_the_chain_and_is_named(name, change, reason):
    stub = right()
    stub.things[name].update(change)
    for account in (ORG, PROJECT, OTHER):
        said = why(CONTROL, stub, account)
        assert said.startswith("fail")
        assert reason in said


@pytest.mark.parametrize(
    "change",
    [
        threshold(comparison="COMPARISON_GE", thresholdValue=1),
        threshold(thresholdValue=0.5),
        threshold(duration="60s"),
        threshold(aggregations=[{"alignmentPeriod": "300s", "perSeriesAligner": "ALIGN_RATE", "crossSeriesReducer": "REDUCE_SUM"}]),
        threshold(filter='resource.type = one_of("logging_bucket", "global") metric.type = "logging.googleapis.com/user/watch"'),
        {"combiner": "OR", "conditions": [{"conditionThreshold": policy("other")}, {"conditionThreshold": policy("watch")}]},
    ],
)  # fmt: skip
def test_other_ways_to_be_right_pass(change):
    stub = right()
    stub.things[POLICY].update(change)
    assert set(statuses(CONTROL, stub).values()) == {"pass"}


@pytest.mark.parametrize(
    ("kind", "query"),
    [
        ("conditionMonitoringQueryLanguage", "fetch logging_bucket::logging.googleapis.com/user/watch | condition val() > 0"),
        ("conditionPrometheusQueryLanguage", 'increase(logging_googleapis_com:user_watch{monitored_resource="logging_bucket"}[5m]) > 0'),
    ],
)  # fmt: skip
def test_a_condition_in_another_language_is_neither_right_nor_wrong(kind, query):
    stub = right()
    stub.things[POLICY]["conditions"] = [{kind: {"query": query}}]
    assert set(statuses(CONTROL, stub).values()) == {"could-not-look"}
    stub.things[POLICY]["conditions"] = [{kind: {"query": query.replace("watch", "watchman")}}]
    assert set(statuses(CONTROL, stub).values()) == {"fail"}


def test_entries_of_another_project_and_of_refused_calls_may_be_left_out():
    stub = right()
    rest = ' NOT resource.labels.project_id="sandbox" NOT protoPayload.status.code=7'
    stub.things[METRIC]["filter"] = EVERYTHING + rest
    assert set(statuses(CONTROL, stub).values()) == {"pass"}
    stub.things[METRIC]["filter"] = EVERYTHING + f' NOT resource.labels.project_id="{PROJECT}"'
    assert statuses(CONTROL, stub) == {ORG: "pass", PROJECT: "fail", OTHER: "pass"}


@pytest.mark.parametrize(
    ("change", "failing"),
    [
        ({"disabled": True}, {ORG, PROJECT, OTHER}),
        ({"includeChildren": False}, {PROJECT, OTHER}),
        ({"destination": "logging.googleapis.com/projects/our-project/locations/global/buckets/else"}, {ORG, PROJECT, OTHER}),
        ({"filter": 'log_id("cloudaudit.googleapis.com/data_access")'}, {ORG, PROJECT, OTHER}),
        ({"exclusions": [{"name": "x", "filter": 'protoPayload.methodName:"setIamPolicy"'}]}, {ORG, PROJECT, OTHER}),
    ],
)  # fmt: skip
def test_a_metric_on_a_bucket_needs_a_sink_that_fills_it(change, failing):
    stub = right()
    stub.things[f"{ORG}/sinks/all"].update(change)
    assert {a for a, s in statuses(CONTROL, stub).items() if s == "fail"} == failing


def test_the_bucket_may_be_named_by_the_projects_number():
    stub = right()
    stub.things[METRIC]["bucketName"] = BUCKET.replace(OTHER, "100000000002")
    assert set(statuses(CONTROL, stub).values()) == {"pass"}


def test_a_project_may_watch_its_own_log_which_does_not_help_the_others():
    stub = right()
    del stub.things[f"{ORG}/sinks/all"]
    stub.things[f"projects/{PROJECT}/metrics/own"] = {"name": "own", "filter": EVERYTHING}
    types = sorted({e.resource for e in load()})
    own = policy(
        "own",
        filter='metric.type="logging.googleapis.com/user/own" AND resource.type=one_of({})'.format(
            ", ".join(f'"{t}"' for t in types)
        ),
    )
    stub.put(
        f"projects/{PROJECT}/notificationChannels/5",
        {"type": "email", "labels": {"email_address": "x@ours.example"}, "enabled": True},
    )
    stub.put(
        f"projects/{PROJECT}/alertPolicies/5",
        {
            "enabled": True,
            "conditions": [{"conditionThreshold": own}],
            "notificationChannels": [f"projects/{PROJECT}/notificationChannels/5"],
        },
    )
    assert statuses(CONTROL, stub) == {ORG: "fail", PROJECT: "pass", OTHER: "fail"}


def test_a_policy_on_the_log_itself_serves():
    stub = right()
    del stub.things[f"{ORG}/sinks/all"]
    stub.put(
        f"projects/{PROJECT}/notificationChannels/5",
        {"type": "pubsub", "labels": {"topic": "projects/our-project/topics/t"}},
    )
    log = {
        "enabled": True,
        "conditions": [{"conditionMatchedLog": {"filter": EVERYTHING}}],
        "notificationChannels": [f"projects/{PROJECT}/notificationChannels/5"],
    }
    stub.put(f"projects/{PROJECT}/alertPolicies/5", log)
    assert statuses(CONTROL, stub)[PROJECT] == "pass"
    stub.things[f"projects/{PROJECT}/alertPolicies/5"]["enabled"] = False
    assert "it is switched off" in why(CONTROL, stub)


def test_one_missing_method_fails_only_its_call():
    stub = right()
    stub.things[METRIC]["filter"] = (
        EVERYTHING + ' AND NOT protoPayload.methodName="v1.compute.images.setIamPolicy"'
    )
    check = look(CONTROL, stub)[PROJECT]
    assert [i.resource for i in check.items if i.status.value == "fail"] == [
        "compute.googleapis.com v1.compute.images.setIamPolicy in projects/our-project"
    ]
    assert check.count == check.of - 1


def test_a_snooze_silences_while_it_lasts():
    stub = right()
    snooze = {
        "criteria": {"policies": [POLICY]},
        "interval": {"startTime": "2026-03-01T00:00:00Z", "endTime": "2026-04-01T00:00:00Z"},
    }
    stub.put(f"projects/{LOGS}/snoozes/1", snooze)
    assert "it is snoozed until 2026-04-01" in why(CONTROL, stub)
    stub.things[f"projects/{LOGS}/snoozes/1"]["interval"]["endTime"] = "2026-03-02T00:00:00Z"
    assert set(statuses(CONTROL, stub).values()) == {"pass"}


@pytest.mark.parametrize("path", ["alertPolicies", "notificationChannels", "metrics", "sinks", "snoozes"])
def test_what_could_not_be_read_might_hold_the_alarm(path):
    stub = right()
    stub.fail(f"/{path}", 403, error(403))
    assert set(statuses(CONTROL, stub).values()) == {"could-not-look"}


@pytest.mark.parametrize("path", ["metrics", "alertPolicies", "notificationChannels", "snoozes"])
def test_what_was_asked_too_fast_of_the_central_project_fails_nobody(path):
    stub = right()
    stub.fail(f"projects/{LOGS}/{path}", 429, error(429))
    assert set(statuses(CONTROL, stub).values()) == {"could-not-look"}
    # of a project in which nothing is central it is no matter to the others
    stub = right()
    stub.fail(f"projects/{PROJECT}/{path}", 429, error(429))
    assert set(statuses(CONTROL, stub).values()) == {"pass"}
