"""Scripts of gcloud: each argument quoted, each document in a file of its own, so that no name can become a command."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass, field
from typing import Any

HEAD = """#!/bin/sh
# {about}
# Made by exclave for control {control}. Read it before you run it; it stops at the first error.
set -eu
"""
_END = "END_OF_DOCUMENT"


@dataclass(slots=True)
class Script:
    """Lines of a shell script. `commands` are lists of arguments."""

    control: str
    about: str
    lines: list[str] = field(default_factory=list)
    files: int = 0

    def run(self, *arguments: str) -> None:
        """A command."""
        self.lines.append(shlex.join(arguments))

    def file(self, document: Any) -> str:
        """A JSON document in a temporary file; the shell's word for its path."""
        if not self.files:
            self.lines.append("dir=$(mktemp -d)\ntrap 'rm -rf \"$dir\"' EXIT")
        self.files += 1
        name = f"$dir/{self.files}.json"
        # JSON writes line breaks in texts as \n, so no line of the document is the end mark
        text = json.dumps(document, indent=2)
        self.lines.append(f"cat > \"{name}\" <<'{_END}'\n{text}\n{_END}")
        return name

    def run_with(self, name: str, *arguments: str) -> None:
        """A command whose last argument is a file that `file` made, `arguments[-1]` being what stands before it."""
        self.lines.append(f'{shlex.join(arguments[:-1])} {arguments[-1]}"{name}"')

    def raw(self, line: str) -> None:
        """A line as it is: never made of what an inventory says."""
        self.lines.append(line)

    @property
    def empty(self) -> bool:
        """Whether it does nothing."""
        return not self.lines

    def text(self) -> str:
        """The whole script."""
        return HEAD.format(about=self.about, control=self.control) + "\n".join(self.lines) + "\n"
