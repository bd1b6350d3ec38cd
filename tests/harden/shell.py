"""A shell in which only the providers' tools are, which write down how they were called and do nothing."""

from __future__ import annotations

import subprocess
from pathlib import Path

TOOLS = ("aws", "az", "gcloud", "terraform", "exclave", "powershell")
# What a script may call besides.
PLAIN = ("cat", "head", "mktemp", "python3", "rm")
_TOOL = """#!/bin/bash
printf '%s\\0' "$#" "${0##*/}" "$@" >> "${0%/*}/../calls"
"""


class Shell:
    """Runs texts in a folder of its own. `plain`: with the few ordinary tools that a script of ours uses."""

    def __init__(self, folder: Path, *, plain: bool = False) -> None:
        tools = folder / "bin"
        tools.mkdir()
        for name in TOOLS:
            (tools / name).write_text(_TOOL)
            (tools / name).chmod(0o755)
        for name in PLAIN if plain else ():
            found = next(p for d in ("/usr/bin", "/bin", "/usr/local/bin") if (p := Path(d) / name).exists())
            (tools / name).symlink_to(found)
        (tools / "sh").symlink_to("/bin/true")
        self.calls = folder / "calls"
        self.work = folder / "work"
        self.work.mkdir()
        self.environment = {"PATH": str(tools), "TMPDIR": str(folder)}

    def run(self, text: str) -> tuple[int, str, list[Path]]:
        """Its status, what it complained of, and the files that it left."""
        done = subprocess.run(
            ["/bin/bash", "-c", text], cwd=self.work, env=self.environment, text=True, capture_output=True, check=False, timeout=30
        )  # fmt: skip
        return done.returncode, done.stderr, [*self.work.iterdir()]

    def called(self, text: str) -> list[list[str]]:
        """The tools' calls, each with its words."""
        self.calls.unlink(missing_ok=True)
        self.run(text)
        held = self.calls.read_bytes().decode("utf-8", "surrogateescape") if self.calls.exists() else ""
        words, found = held.split("\0")[:-1], []
        while words:
            end = int(words[0]) + 2
            found.append(words[1:end])
            words = words[end:]
        return found
