"""Runs one command in a fresh process and says what it took."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass

# The kernel counts what a process holds before it becomes another program as that program's memory, so it is
# started by one that holds little, not by the one that keeps the results. -S and -E: the less the better.
_STARTER = """
import json, os, sys, time
start = time.perf_counter()
null = os.open(os.devnull, os.O_RDWR)
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, null, n) for n in (0, 1, 2)])
_, status, used = os.wait4(pid, 0)
wall = time.perf_counter() - start
print(json.dumps([wall, used.ru_utime + used.ru_stime, used.ru_maxrss, os.waitstatus_to_exitcode(status)]))
"""


@dataclass(frozen=True, slots=True)
class Taken:
    """`cpu`: user and system seconds of the process and of all it waited for. `rss`: bytes of its largest."""

    wall: float
    cpu: float
    rss: int
    status: int


def run(command: list[str], env: dict[str, str]) -> Taken:
    """Runs a command, named by its path, without its output. Raises CalledProcessError when it can't be started."""
    starter = [sys.executable, "-S", "-E", "-c", _STARTER, *command]
    done = subprocess.run(starter, env=env, check=True, stdout=subprocess.PIPE)
    wall, cpu, rss, status = json.loads(done.stdout)
    return Taken(wall, cpu, rss * (1 if sys.platform == "darwin" else 1024), status)
