"""Runs one command in a fresh process and says what it took."""

from __future__ import annotations

import os
import subprocess
import time
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Taken:
    """`cpu`: user and system seconds of the process and all it waited for. `rss`: bytes of its largest process."""

    wall: float
    cpu: float
    rss: int
    status: int


def run(command: list[str], env: dict[str, str]) -> Taken:
    """Runs a command without its output. Raises OSError when it can't be started."""
    start = time.perf_counter()
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=env
    )
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    # Linux gives KiB, macOS bytes.
    unit = 1024 if os.uname().sysname == "Linux" else 1
    return Taken(wall, used.ru_utime + used.ru_stime, used.ru_maxrss * unit, process.returncode)
