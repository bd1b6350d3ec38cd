"""Readers of AWS's common shapes: buckets by any of their names, owners of queues."""

import pytest

from exclave.catalogue.entry import Read
from exclave.catalogue.readers.aws import arn, bucket
from tests.catalogue.readers.event import event

READ = Read(reader="bucket")


@pytest.mark.parametrize(
    "text",
    [
        "elsewhere",
        "s3://elsewhere/key",
        "arn:aws:s3:::elsewhere/prefix",
        "elsewhere.s3.amazonaws.com",
        "elsewhere.s3.eu-west-1.amazonaws.com",
        "elsewhere.s3-eu-west-1.amazonaws.com",
        "https://elsewhere.s3.cn-north-1.amazonaws.com.cn/key",
        "https://s3.amazonaws.com/elsewhere/key",
        "https://s3.eu-west-1.amazonaws.com/elsewhere",
    ],
)
def test_a_bucket_is_known_by_any_of_its_names(text):
    assert [d.key for d in bucket([text], READ, event())] == ["bucket:elsewhere"]


@pytest.mark.parametrize("text", ["https://elsewhere.example/key", "not a bucket"])
def test_another_host_is_no_bucket(text):
    assert [d.kind.value for d in bucket([text], READ, event())] == ["unknown"]


def test_the_url_of_a_queue_names_its_owner():
    urls = [
        "https://sqs.eu-west-1.amazonaws.com/111122223333/in",
        "https://eu-west-1.queue.amazonaws.com/111122223333/in",
        "https://sqs.example/111122223333/in",
    ]
    assert [d.key for d in arn(urls, READ, event())] == ["account:111122223333"] * 2
