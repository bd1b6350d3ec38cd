"""A moto server for the tests, in a process of its own: started on a free port of 127.0.0.1, stopped at the end."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
import urllib.request
from contextlib import contextmanager


def program() -> str | None:
    """Where moto_server is: MOTO_SERVER, else on the PATH."""
    return os.environ.get("MOTO_SERVER") or shutil.which("moto_server")


@contextmanager
def server():
    found = program()
    assert found, (
        "moto_server not found: pip install 'moto[server]' somewhere and set MOTO_SERVER to its path"
    )
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "MOTO_EC2_LOAD_DEFAULT_AMIS": "false"}
    process = subprocess.Popen(
        [found, "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(200):
            try:
                urllib.request.urlopen(f"{url}/moto-api/data.json", timeout=5).read()
                break
            except OSError:
                assert process.poll() is None, "moto_server ended at once"
                time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait(10)


def environment(url: str) -> dict[str, str]:
    """What an AWS client needs to talk to it, and nothing of this machine's own credentials."""
    return {
        "AWS_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_MAX_ATTEMPTS": "1", "AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }  # fmt: skip
