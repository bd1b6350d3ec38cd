"""A service that doesn't know a role yet is asked again; any other refusal is final."""

from __future__ import annotations

import pytest

from exclave.change import aws
from exclave.change.calls import CallError
from exclave.change.model import Request
from exclave.model import Cloud

CALL = Request(cloud=Cloud.AWS, call="cloudtrail:CreateTrail", account="1", region="r", args={"Name": "t"})


class RefusedError(Exception):
    def __init__(self, code):
        super().__init__(code)
        self.response = {"Error": {"Code": code, "Message": "not yet"}}


class Client:
    def __init__(self, *codes):
        self.codes, self.made = list(codes), 0

    def create_trail(self, **_args):
        self.made += 1
        if self.codes:
            raise RefusedError(self.codes.pop(0))
        return {"Name": "t"}


def writer(monkeypatch, client):
    waited = []
    monkeypatch.setattr(aws.time, "sleep", waited.append)
    made = aws.Writer(None, [CALL.call])
    made._clients["1", "cloudtrail", "r"] = client
    return made, waited


def test_what_settles_is_asked_again(monkeypatch):
    made, waited = writer(
        monkeypatch, Client("InvalidCloudWatchLogsRoleArnException", "InsufficientS3BucketPolicyException")
    )
    assert made(CALL) == {"Name": "t"}
    assert waited == [2.0, 4.0]


@pytest.mark.parametrize(("codes", "calls"), [(["AccessDenied"], 1), (["InvalidRoleException"] * 9, 5)])
def test_a_refusal_is_final(monkeypatch, codes, calls):
    client = Client(*codes)
    made, _ = writer(monkeypatch, client)
    with pytest.raises(CallError, match=codes[0]):
        made(CALL)
    assert client.made == calls
