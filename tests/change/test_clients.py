"""The clients that read and change: pages, waiting when told to, refusals, and where a token is never sent."""

from __future__ import annotations

import pytest

from exclave.change import azure, gcp
from exclave.change.calls import CallError, ForbiddenCallError
from exclave.change.model import Request
from exclave.model import Cloud
from tests.change.stub import serving

ARM, SNAPSHOT = (
    "https://management.azure.com",
    "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/snapshots/n",
)


@pytest.fixture
def stub(monkeypatch):
    with serving(monkeypatch) as found:
        yield found


def arm(verb, path, **args):
    return Request(cloud=Cloud.AZURE, call=f"{verb} {ARM}{path}", args=args)


def google(call, **args):
    return Request(cloud=Cloud.GCP, call=call, args=args)


def test_pages_are_joined_in_both_clouds(stub):
    first, second = (f"/subscriptions/s/providers/p/things{n}" for n in ("", "2"))
    stub.things[first] = {"value": [{"n": 1}], "nextLink": f"{stub.url}{second}?api-version=1"}
    stub.things[second] = {"value": [{"n": 2}]}
    assert azure.Reader()(arm("GET", f"{first}?api-version=1")) == {"value": [{"n": 1}, {"n": 2}]}
    pages = iter([{"items": [1], "nextPageToken": "a b"}, {"items": [2]}])
    stub.actions["GET", "/v1/things"] = lambda _s, _b: next(pages)
    assert gcp.Reader()(google("GET https://iam.googleapis.com/v1/things")) == {"items": [1, 2]}
    assert "pageToken=a+b" in stub.asked[-1][1] or "pageToken=a%20b" in stub.asked[-1][1]


def test_a_next_page_elsewhere_gets_no_token(stub):
    stub.things["/subscriptions/s/list"] = {"value": [], "nextLink": "https://evil.example/next"}
    with pytest.raises(CallError, match="outside"):
        azure.Reader()(arm("GET", "/subscriptions/s/list?api-version=1"))


@pytest.mark.parametrize("reader", [azure.Reader, gcp.Reader])
def test_throttling_is_waited_out(stub, reader):
    stub.things["/v1/x"] = {"name": "x"}
    stub.fail("GET", 429, {"error": {"code": "TooManyRequests"}}, {"Retry-After": "0"}, times=2)
    host = "management.azure.com" if reader is azure.Reader else "iam.googleapis.com"
    cloud = Cloud.AZURE if reader is azure.Reader else Cloud.GCP
    assert reader()(Request(cloud=cloud, call=f"GET https://{host}/v1/x")) == {"name": "x"}
    assert len(stub.asked) == 3


def test_a_refusal_names_what_was_asked_and_nothing_there_is_none(stub):
    stub.fail("DELETE", 403, {"error": {"code": "AuthorizationFailed", "message": "may not"}})
    change = arm("DELETE", f"{SNAPSHOT}?api-version=1")
    with pytest.raises(CallError, match="AuthorizationFailed: may not") as caught:
        azure.Writer([change.call])(change)
    assert caught.value.permission.startswith("DELETE https://management.azure.com/")
    assert azure.Reader()(arm("GET", f"{SNAPSHOT}?api-version=1")) is None


@pytest.mark.parametrize("body", [b"<html>proxy</html>", b"[1, 2]", b'{"half": '])
def test_an_answer_that_is_none_of_the_service_is_an_error(stub, body):
    stub.fail("GET", 200, body)
    with pytest.raises(CallError, match="UnreadableAnswer"):
        gcp.Reader()(google("GET https://iam.googleapis.com/v1/x"))


@pytest.mark.parametrize(
    "call",
    [
        "GET https://management.azure.com.evil.example/x",
        "GET https://evil.example/https://management.azure.com/x",
        "GET http://management.azure.com/x",
        "GET https://management.azure.com@evil.example/x",
        "GET https://management.azure.com/subscriptions/../../x",
        "GET https://management.azure.com/subscriptions/%2e%2e/x",
        "GET https://management.azure.com/a//b",
        "GET https://management.azure.com/a b",
        "GET https://management.azure.com/a#b",
        "HEAD https://management.azure.com/a",
        "GET https://management.azure.com/a\nHost: evil",
    ],
)
def test_a_token_is_only_sent_to_the_clouds_own_addresses(stub, call):
    for client, cloud in (
        (azure.Reader(), Cloud.AZURE),
        (azure.Writer([call]), Cloud.AZURE),
        (gcp.Reader(), Cloud.GCP),
    ):
        with pytest.raises(CallError, match="BadAddress"):
            client(Request(cloud=cloud, call=call))
    assert stub.asked == []


def test_a_reading_client_changes_nothing_and_a_changing_one_does_only_what_was_planned(stub):
    change = arm("DELETE", f"{SNAPSHOT}?api-version=1")
    with pytest.raises(ForbiddenCallError):
        azure.Reader()(change)
    with pytest.raises(ForbiddenCallError):
        azure.Writer(["DELETE https://management.azure.com/other"])(change)
    with pytest.raises(ForbiddenCallError):
        gcp.Reader()(google("POST https://iam.googleapis.com/v1/x:setIamPolicy"))
    assert stub.asked == []


def test_a_wrong_account_is_refused_before_anything_is_asked(stub):
    from exclave.inventory.engine import StoppedError

    with pytest.raises(StoppedError, match="is not p-ours"):
        gcp.identity("p-ours", ["p-ours", "p-other"])
    with pytest.raises(StoppedError, match="is not"):
        azure.identity("11111111-1111-4111-8111-111111111111", ["22222222-2222-4222-8222-222222222222"])
    assert stub.asked == []
