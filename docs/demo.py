"""Writes the README's screen of output from what `make demo` really prints; tests/docs checks that it is fresh."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"
BEGIN, END = "<!-- demo -->\n```\n", "```\n<!-- /demo -->"
COLUMNS = "100"


def output() -> str:
    """The demo's output, cut to a screen: the incident as far as its steps, and the command that revokes."""
    command = [sys.executable, "-m", "exclave"]
    breach = ["--breach", "snapshot-share-after-leaked-key"]
    with tempfile.TemporaryDirectory() as folder:
        settings = {
            "cwd": folder,
            "env": {**os.environ, "COLUMNS": COLUMNS},
            "capture_output": True,
            "text": True,
        }
        size = ["--days", "1", "--accounts", "4", "--records", "8000"]
        subprocess.run([*command, "simulate", "demo", *size, *breach], check=True, **settings)  # noqa: S603
        done = subprocess.run([*command, "hunt", "demo/logs", "--fail-on", "never"], check=True, **settings)  # noqa: S603
    story, _, rest = done.stdout.partition("\n  evidence  ")
    revoke = rest[rest.index("  read  ") :]
    return "\n".join(line.rstrip() for line in f"{story}\n  …\n{revoke}".splitlines()) + "\n"


def with_demo(text: str, demo: str) -> str:
    """The README with this output in its place."""
    head, _, rest = text.partition(BEGIN)
    return head + BEGIN + demo + END + rest.partition(END)[2]


if __name__ == "__main__":
    README.write_text(with_demo(README.read_text("utf-8"), output()), "utf-8")
