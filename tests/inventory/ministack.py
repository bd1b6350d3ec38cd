"""ministack over HTTP: an emulator that enforces policies, and makes what templates of CloudFormation say."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from contextlib import contextmanager


@contextmanager
def ministack():
    """A server on this machine alone, on a free port. A key of twelve digits is of that account."""
    program = os.environ.get("MINISTACK")
    assert program, "ministack not found: pip install ministack somewhere and set MINISTACK to its path"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    local = {"BIND_HOST": "127.0.0.1", "MINISTACK_HOST": "127.0.0.1", "GATEWAY_PORT": port, "EDGE_PORT": port}
    process = subprocess.Popen(
        [program], env={**os.environ, **local}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        for _ in range(150):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", int(port))) == 0:
                    break
            assert process.poll() is None, "ministack ended at once"
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)
