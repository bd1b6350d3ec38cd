"""Azure Blob Storage and Cloud Storage over HTTP, against azurite and fake-gcs-server.

AZURITE_BLOB and FAKE_GCS_SERVER name their commands if they aren't on the path.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import hmac
import os
import shutil
import socket
import subprocess
import time
import urllib.parse
import urllib.request
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from exclave.sources import Limits, open_item, plan
from tests.sources.helpers import SMALL, gathered

pytestmark = pytest.mark.real
obstore = pytest.importorskip("obstore")
LOG = b'{"records": []}\n' * 100
# The account and key that azurite documents for its own use.
ACCOUNT = "devstoreaccount1"
ACCOUNT_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
SUBSCRIPTION = "00000000-0000-4000-8000-00000000000A"


def command(variable, name):
    found = os.environ.get(variable) or shutil.which(name)
    if not found:
        pytest.skip(f"{name} isn't installed")
    return found


@contextmanager
def served(arguments, port):
    server = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(150):
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.1)
        else:
            pytest.fail(f"{arguments[0]} didn't start")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@pytest.mark.parametrize("limits", [Limits(), SMALL], ids=["whole", "in parts"])
def test_an_azure_container_is_pruned_and_read(monkeypatch, limits):
    port = free_port()
    azurite = command("AZURITE_BLOB", "azurite-blob")
    flags = ["--silent", "--skipApiVersionCheck", "--inMemoryPersistence"]
    arguments = [azurite, "--blobHost", "127.0.0.1", "--blobPort", str(port), *flags]
    with served(arguments, port) as url:
        endpoint = f"{url}/{ACCOUNT}"
        monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", ACCOUNT_KEY)
        store = obstore.store.AzureStore(
            "logs", account_name=ACCOUNT, endpoint=endpoint, client_options={"allow_http": True}
        )
        make_container(url)
        name = f"resourceId=/SUBSCRIPTIONS/{SUBSCRIPTION}/y=2026/m=01/d={{:02}}/h=03/m=00/PT1H.json"
        for day in (1, 10):
            obstore.put(store, name.format(day), gzip.compress(LOG))
        items = list(
            plan(
                ["az://logs"],
                since=datetime(2026, 1, 9, tzinfo=UTC),
                accounts=frozenset({SUBSCRIPTION.lower()}),
                options={"account": ACCOUNT, "endpoint": endpoint},
            )
        )
        assert [one.path for one in items] == ["logs/" + name.format(10)]
        assert gathered(open_item(items[0], limits)) == ({items[0].where: LOG}, [])


def make_container(url):
    """Create the container: by the shared key scheme, as obstore can't."""
    now = datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
    resource = f"/{ACCOUNT}/{ACCOUNT}/logs\nrestype:container"
    text = f"PUT\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:{now}\nx-ms-version:2021-08-06\n{resource}"
    mac = hmac.new(base64.b64decode(ACCOUNT_KEY), text.encode(), hashlib.sha256).digest()
    request = urllib.request.Request(
        f"{url}/{ACCOUNT}/logs?restype=container",
        method="PUT",
        headers={
            "x-ms-date": now,
            "x-ms-version": "2021-08-06",
            "Authorization": f"SharedKey {ACCOUNT}:{base64.b64encode(mac).decode()}",
            "Content-Length": "0",
        },
    )
    urllib.request.urlopen(request, timeout=10).close()


@pytest.mark.parametrize("limits", [Limits(), SMALL], ids=["whole", "in parts"])
def test_a_cloud_storage_bucket_is_pruned_and_read(monkeypatch, limits):
    port = free_port()
    fake = command("FAKE_GCS_SERVER", "fake-gcs-server")
    arguments = [fake, "-scheme", "http", "-host", "127.0.0.1", "-port", str(port), "-backend", "memory"]
    with served([*arguments, "-public-host", f"127.0.0.1:{port}"], port) as url:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"127.0.0.1:{port}")
        post(f"{url}/storage/v1/b?project=p", b'{"name": "logs"}', "application/json")
        name = "cloudaudit.googleapis.com/activity/2026/01/{:02}/03:00:00_03:59:59_S0.json"
        for day in (1, 10):
            quoted = urllib.parse.quote(name.format(day), safe="")
            post(f"{url}/upload/storage/v1/b/logs/o?uploadType=media&name={quoted}", LOG, "text/plain")
        items = list(plan(["gs://logs"], since=datetime(2026, 1, 9, tzinfo=UTC)))
        assert [one.path for one in items] == ["logs/" + name.format(10)]
        assert gathered(open_item(items[0], limits)) == ({items[0].where: LOG}, [])


def post(url, body, kind):
    request = urllib.request.Request(url, data=body, method="POST", headers={"Content-Type": kind})
    urllib.request.urlopen(request, timeout=10).close()
