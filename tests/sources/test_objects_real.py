"""S3 over HTTP, against moto: MOTO_SERVER names its `moto_server` command if that isn't on the path."""

from __future__ import annotations

import gzip
import os
import shutil
import socket
import subprocess
import time
import urllib.request
from datetime import UTC, datetime

import pytest

from exclave.model import Problem
from exclave.sources import Item, Limits, open_item, plan
from tests.sources.helpers import SMALL, gathered

pytestmark = pytest.mark.real
SERVER = os.environ.get("MOTO_SERVER") or shutil.which("moto_server")
LOG = b'{"Records": []}\n' * 100
KEY = "AWSLogs/{}/CloudTrail/us-east-1/2026/01/{:02}/x.json.gz"


@pytest.fixture(scope="module")
def endpoint():
    if not SERVER:
        pytest.skip("moto_server isn't installed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    server = subprocess.Popen(
        [SERVER, "-H", "127.0.0.1", "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        for _ in range(100):
            try:
                urllib.request.urlopen(url + "/moto-api/data.json", timeout=1).close()
                break
            except OSError:
                time.sleep(0.1)
        else:
            pytest.fail("moto_server didn't start")
        yield url
    finally:
        server.terminate()
        server.wait()


@pytest.fixture
def s3(endpoint, monkeypatch, tmp_path):
    boto3 = pytest.importorskip("boto3")
    for name in list(os.environ):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    (tmp_path / "config").write_text(
        "[profile base]\naws_access_key_id = a\naws_secret_access_key = b\nregion = us-east-1\n"
        "[profile auditor]\nrole_arn = arn:aws:iam::111122223333:role/auditor\nsource_profile = base\n"
        "region = us-east-1\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    urllib.request.urlopen(
        urllib.request.Request(endpoint + "/moto-api/reset", method="POST"), timeout=5
    ).close()
    client = boto3.Session(profile_name="base").client("s3")
    client.create_bucket(Bucket="trail-logs")
    for account in ("111122223333", "444455556666"):
        for day in (1, 10):
            client.put_object(Bucket="trail-logs", Key=KEY.format(account, day), Body=gzip.compress(LOG))
    return client


@pytest.mark.parametrize("profile", ["base", "auditor"])
@pytest.mark.parametrize("limits", [Limits(), SMALL], ids=["whole", "in parts"])
def test_a_trail_is_listed_and_read_with_a_profile_and_an_assumed_role(s3, profile, limits):
    items = list(
        plan(
            ["s3://trail-logs/"],
            since=datetime(2026, 1, 9, tzinfo=UTC),
            accounts=frozenset({"111122223333"}),
            options={"profile": profile},
        )
    )
    assert [one.where for one in items] == ["s3://trail-logs/" + KEY.format("111122223333", 10)]
    assert gathered(open_item(items[0], limits)) == ({items[0].where: LOG}, [])


def test_what_the_store_refuses_is_a_problem(s3):
    options = {"profile": "base"}
    [problem] = plan(["s3://no-such-bucket/x"], options=options)
    assert isinstance(problem, Problem)
    assert "listing stopped after 0 objects" in problem.what
    gone = Item(where="s3://trail-logs/x", scheme="s3", path="trail-logs/x", size=None, options=options)
    [problem] = open_item(gone, Limits())
    assert problem.where == "s3://trail-logs/x"
    [problem] = plan(["s3://trail-logs/nix"], options=options)
    assert problem.what == "holds no object"
    [problem] = plan(["s3://trail-logs/"], options={"profile": "no-such-profile"})
    assert "no-such-profile" in problem.what


def test_more_than_one_page_is_listed(s3):
    for n in range(1100):
        s3.put_object(Bucket="trail-logs", Key=f"many/{n:05}", Body=b"")
    items = list(plan(["s3://trail-logs/many"], options={"profile": "base"}))
    assert len(items) == 1100
