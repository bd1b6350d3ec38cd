"""Who is told at the end of an alarm's chain: keys that can't be used, queues and functions that let nobody in."""

from __future__ import annotations

import json

import pytest

from .build import MEMBER, OURS, REGION, denied, doc, status, why
from .test_alarms import IAM, RULES_POLICY, TOPIC, Chain, key_policy, sharing_rule

SHARING = "aws.alarm.data-sharing"
KEY = f"arn:aws:kms:{REGION}:{OURS}:key/k1"
QUEUE, FUNCTION = f"arn:aws:sqs:{REGION}:{OURS}:soc", f"arn:aws:lambda:{REGION}:{OURS}:function:soc"
URL = f"https://sqs.{REGION}.amazonaws.com/{OURS}/soc"
RULE = f"arn:aws:events:{REGION}:{OURS}:rule/sharing"


def state(of, key="k1"):
    return doc("kms.DescribeKey", {"KeyMetadata": {"KeyId": key, "KeyState": of}}, key=key, region=REGION)


def queue(policy=None, **attributes):
    held = {"QueueArn": QUEUE} | ({"Policy": json.dumps(policy)} if policy else {}) | attributes
    return [
        doc("sqs.ListQueues", {"QueueUrls": [URL]}, region=REGION),
        doc("sqs.GetQueueAttributes", {"Attributes": held}, key=URL, region=REGION),
    ]


def function(policy=None):
    there = {"Policy": json.dumps(policy)} if policy else None
    return [
        doc("lambda.ListFunctions", {"Functions": [{"FunctionName": "soc"}]}, region=REGION),
        doc("lambda.GetPolicy", there, key="soc", region=REGION, absent="" if policy else "ResourceNotFoundException"),
    ]  # fmt: skip


def lets(principal, action, resource, **condition):
    one = {"Effect": "Allow", "Principal": principal, "Action": action, "Resource": resource}
    return {"Version": "2012-10-17", "Statement": [one | ({"Condition": condition} if condition else {})]}


def subscribed(endpoint, protocol):
    chain = Chain()
    chain.subscriptions = [
        {"TopicArn": TOPIC, "SubscriptionArn": f"{TOPIC}:1", "Protocol": protocol, "Endpoint": endpoint}
    ]
    return chain


SNS, EVENTS = {"Service": "sns.amazonaws.com"}, {"Service": "events.amazonaws.com"}
SEND, INVOKE = "sqs:SendMessage", "lambda:InvokeFunction"


@pytest.mark.parametrize(
    "made",
    [
        queue(lets(SNS, SEND, QUEUE, ArnEquals={"aws:SourceArn": TOPIC})),
        queue(lets(SNS, "SQS:*", "*", StringEquals={"aws:SourceAccount": OURS})),
        queue(lets("*", SEND, QUEUE, ArnLike={"aws:SourceArn": f"arn:aws:sns:*:{OURS}:*"})),
        queue(lets({"AWS": "*"}, SEND, QUEUE, ArnEquals={"aws:SourceArn": TOPIC})),
        [*queue(lets(SNS, SEND, QUEUE), KmsMasterKeyId=KEY), *key_policy(SNS), state("Enabled")],
        [doc("sqs.ListQueues", {"QueueUrls": [URL]}, region=REGION)],  # nothing more was recorded of it
        [doc("sqs.ListQueues", {"QueueUrls": []}, region=REGION)],
        [],
    ],
)
def test_a_queue_that_takes_what_the_topic_sends(made):
    assert why(IAM, [*subscribed(QUEUE, "sqs").documents(), *made]) == ""
    assert status(IAM, [*subscribed(QUEUE, "sqs").documents(), *made]) == "pass"


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (queue(lets({"AWS": f"arn:aws:iam::{OURS}:root"}, SEND, QUEUE)), "does not let sns.amazonaws.com in"),
        (queue(lets(EVENTS, SEND, QUEUE)), "does not let sns.amazonaws.com in"),
        (queue(lets(SNS, "sqs:ReceiveMessage", QUEUE)), "does not let sns.amazonaws.com in"),
        (queue(lets(SNS, SEND, QUEUE, ArnEquals={"aws:SourceArn": f"{TOPIC}-old"})), "does not let sns.amazonaws.com in"),
        (queue(lets(SNS, SEND, QUEUE, StringEquals={"aws:SourceAccount": MEMBER})), "does not let sns.amazonaws.com in"),
        (queue(lets(SNS, SEND, QUEUE), KmsMasterKeyId="alias/aws/sqs"), "SQS's own key"),
        ([*queue(lets(SNS, SEND, QUEUE), KmsMasterKeyId=KEY), *key_policy(EVENTS)], "the key of queue soc does not let sns"),
        ([*queue(lets(SNS, SEND, QUEUE), KmsMasterKeyId=KEY), *key_policy(SNS), state("PendingDeletion")], "is to be deleted"),
    ],
)  # fmt: skip
def test_a_queue_that_refuses_the_topic_hears_nothing(made, reason):
    documents = [*subscribed(QUEUE, "sqs").documents(), *made]
    assert status(IAM, documents) == "fail"
    assert "nobody hears topic" in why(IAM, documents)
    assert reason in why(IAM, documents)


def test_a_function_needs_a_permission_for_the_topic():
    chain = subscribed(FUNCTION, "lambda").documents()
    right = function(lets(SNS, INVOKE, FUNCTION, ArnLike={"AWS:SourceArn": TOPIC}))
    assert status(IAM, [*chain, *right]) == "pass"
    other = function(lets(EVENTS, INVOKE, FUNCTION))
    assert "does not let sns.amazonaws.com in" in why(IAM, [*chain, *other])
    wrong = function(lets(SNS, INVOKE, FUNCTION, ArnLike={"AWS:SourceArn": f"{TOPIC}2"}))
    assert status(IAM, [*chain, *wrong]) == "fail"
    aliased = subscribed(f"{FUNCTION}:live", "lambda").documents()
    assert status(IAM, [*aliased, *function()]) == "pass"  # an alias has a policy of its own
    blind = [*chain, function()[0], denied("lambda.GetPolicy", "lambda:GetPolicy", key="soc", region=REGION)]
    assert status(IAM, blind) == "could-not-look"


def test_one_who_hears_is_enough_and_only_his_filter_counts():
    chain = subscribed(QUEUE, "sqs")
    chain.subscriptions.append({"TopicArn": TOPIC, "SubscriptionArn": f"{TOPIC}:2", "Protocol": "email"})
    shut = queue(lets(EVENTS, SEND, QUEUE))
    assert status(IAM, [*chain.documents(), *shut]) == "pass"
    chain.filter_policies[f"{TOPIC}:2"] = {
        "FilterPolicy": '{"AlarmName": ["x"]}',
        "FilterPolicyScope": "MessageBody",
    }
    assert "filter policy" in why(IAM, [*chain.documents(), *shut])


def test_a_receiver_without_any_policy_is_told_nothing():
    for documents in (subscribed(QUEUE, "sqs"), subscribed(FUNCTION, "lambda")):
        assert status(IAM, [*documents.documents(), *queue(), *function()]) == "fail"
        assert "has no policy" in why(IAM, [*documents.documents(), *queue(), *function()])


@pytest.mark.parametrize(
    ("of", "expected", "reason"),
    [
        ("Enabled", "pass", ""), ("Disabled", "fail", f"the key of topic {TOPIC} is disabled"), ("PendingDeletion", "fail", "is to be deleted"),
        ("PendingImport", "fail", "is in state PendingImport"), ("Unavailable", "fail", "is in state Unavailable"),
    ],
)  # fmt: skip
def test_the_topics_key_must_be_one_that_works(of, expected, reason):
    chain = Chain()
    chain.attributes["KmsMasterKeyId"] = "alias/ours"
    chain.keys = [*key_policy({"Service": "cloudwatch.amazonaws.com"}), state(of)]
    assert status(IAM, chain.documents()) == expected
    assert reason in why(IAM, chain.documents())


def test_a_key_whose_state_was_denied_is_not_known_to_work():
    chain = Chain()
    chain.attributes["KmsMasterKeyId"] = KEY
    chain.keys = [*key_policy({"Service": "cloudwatch.amazonaws.com"}), denied("kms.DescribeKey", "kms:DescribeKey", key="k1", region=REGION)]  # fmt: skip
    assert status(IAM, chain.documents()) == "could-not-look"


def ruled(*arns, **target):
    chain = Chain()
    chain.rules = [sharing_rule(Arn=RULE)]
    chain.targets = {"sharing": [{"Id": a, "Arn": a} | target for a in arns]}
    chain.attributes["Policy"] = RULES_POLICY
    return chain.documents()


@pytest.mark.parametrize(
    ("documents", "expected", "reason"),
    [
        ([*ruled(QUEUE), *queue(lets(EVENTS, SEND, QUEUE, ArnEquals={"aws:SourceArn": RULE}))], "pass", ""),
        ([*ruled(QUEUE), *queue()], "fail", "has no policy"),
        ([*ruled(QUEUE), *queue(lets(SNS, SEND, QUEUE))], "fail", "does not let events.amazonaws.com in"),
        ([*ruled(QUEUE, RoleArn="arn:aws:iam::123456789012:role/r"), *queue()], "pass", ""),
        ([*ruled(QUEUE), *queue(lets(EVENTS, SEND, QUEUE, ArnEquals={"aws:SourceArn": f"{RULE}-2"}))], "fail", "does not let events"),
        ([*ruled(QUEUE, TOPIC), *queue()], "pass", ""),
        ([*ruled(FUNCTION), *function(lets(EVENTS, INVOKE, FUNCTION))], "pass", ""),
        ([*ruled(FUNCTION), *function(lets(SNS, INVOKE, FUNCTION))], "fail", "does not let events.amazonaws.com in"),
        ([*ruled(FUNCTION), *function()], "fail", "has no policy"),
    ],
)  # fmt: skip
def test_a_rules_queue_or_function_must_let_eventbridge_in(documents, expected, reason):
    assert status(SHARING, documents) == expected
    assert reason in why(SHARING, documents)
