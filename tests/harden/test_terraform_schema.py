"""Every Terraform configuration is one that Terraform and the providers take: no argument that they don't know, none left out that
they need, each in its place and of its type; what is referred to is there.

What holds them: terraform.py, by a record of the providers' schemas. test_terraform_real.py has Terraform itself plan them.
"""

from __future__ import annotations

import json

import pytest

from . import made_aws, made_azure, made_gcp
from .terraform import RECORD, admits, problems, wrong


@pytest.mark.parametrize("made", [made_aws, made_gcp, made_azure])
def test_terraform_and_the_providers_take_what_is_written(made):
    texts = {a.text: a.name for a in made.everything() if a.format == "terraform"}
    # Azure's are ARM and Bicep; a new maker of Terraform there needs its provider in the record
    assert bool(texts) == (made is not made_azure)
    assert {f"{name}: {p}" for text, name in texts.items() for p in problems(text)} == set()


def configuration(**arguments):
    topic = {"aws_sns_topic": {"t": {"name": "t"}}}
    versions = {"aws": {"source": "hashicorp/aws", "version": ">= 6.0, < 7"}}
    subscription = {"topic_arn": "${aws_sns_topic.t.arn}", "protocol": "sqs", "endpoint": "e", **arguments}
    return {
        "terraform": {"required_providers": versions},
        "provider": {"aws": [{"region": "${var.region}"}, {"alias": "east", "region": "us-east-1"}]},
        "variable": {"region": {"type": "string"}},
        "resource": {**topic, "aws_sns_topic_subscription": {"s": {k: v for k, v in subscription.items() if v is not None}}},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "seen"),
    [
        ({}, set()),
        ({"provider": "aws.east", "depends_on": ["aws_sns_topic.t"]}, set()),
        ({"endpoints": "e", "endpoint": None}, {"unknown endpoints", "lacks endpoint"}),
        ({"arn": "a"}, {"arn is the provider's to set"}),
        ({"raw_message_delivery": "yes"}, {"raw_message_delivery is no bool"}),
        ({"confirmation_timeout_in_minutes": True}, {"confirmation_timeout_in_minutes is no number"}),
        ({"filter_policy": {"a": "b"}}, {"filter_policy is no string"}),
        ({"provider": "aws.west"}, {"its provider is not configured"}),
    ],
)
def test_a_wrong_argument_is_seen(arguments, seen):
    found = {p.removeprefix("aws_sns_topic_subscription.s: ") for p in problems(json.dumps(configuration(**arguments)))}  # fmt: skip
    assert found == seen


@pytest.mark.parametrize(
    ("arguments", "seen"),
    [
        ({"topic_arn": "${aws_sns_topic.u.arn}"}, "aws_sns_topic.u.arn points at nothing"),
        ({"topic_arn": "${aws_sns_topic.t.urn}"}, "aws_sns_topic.t.urn: no such attribute"),
        ({"endpoint": 'a ${file("/etc/passwd")} b'}, "calls file"),
        ({"endpoint": "${var.other}"}, "var.other points at nothing"),
        ({"depends_on": ["aws_sns_topic.u"]}, "aws_sns_topic_subscription.s depends on aws_sns_topic.u, which is not there"),
    ],
)  # fmt: skip
def test_a_wrong_reference_is_seen(arguments, seen):
    assert [*problems(json.dumps(configuration(**arguments)))] == [seen]


def test_what_providers_no_longer_want_is_seen():
    document = configuration()
    document["resource"]["aws_s3_bucket"] = {"b": {"bucket": "b", "acl": "private"}}
    document["resource"]["aws_sqs_queue"] = {"q": {}}
    document["terraform"]["required_providers"]["aws"]["version"] = ">= 4.0, < 5"
    document["variable"]["spare"] = {}
    assert {*problems(json.dumps(document))} == {
        "aws_s3_bucket.b: acl is deprecated",
        "aws_sqs_queue.q: not in the record, make it anew with terraform_record.py",
        "aws: not the version of the record",
        "var.spare is not used",
    }


def test_a_block_in_a_wrong_place_is_seen():
    schema = RECORD["resources"]["aws_cloudwatch_log_metric_filter"]
    good = {"name": "n", "namespace": "s", "value": "1"}
    filter_ = {"name": "n", "log_group_name": "g", "pattern": "p"}
    assert [*wrong({**filter_, "metric_transformation": good}, schema, "f")] == []
    for value, seen in (
        ([good, good], "f.metric_transformation: more than one"),
        ("x", "f.metric_transformation is a block"),
        ([], "f: lacks metric_transformation"),
    ):
        assert [*wrong({**filter_, "metric_transformation": value}, schema, "f")] == [seen]


def test_constraints_are_read_as_terraform_reads_them():
    assert admits(">= 6.25, < 7", "6.25.0")
    assert not admits(">= 6.26, < 7", "6.25.9")
    assert not admits(">= 6.25, < 7", "7.0.0")
