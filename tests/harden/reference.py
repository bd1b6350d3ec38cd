"""Judges a command of the providers' tools: `aws` by botocore, `az` and `gcloud` by cli_reference.json: of the commands that we show, the options that there are (`!`: must be given)
and, of gcloud, what stands without an option (`[...]`: may be left out).

az: az_record.py writes it from azure-cli. gcloud: from the reference that Google publishes, a page for each command; some of its
options that we don't use are left out. Every gcloud option that is a switch has a `--no-` form (calliope makes it).
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests import aws_commands

REFERENCE = json.loads(Path(__file__).with_name("cli_reference.json").read_text("utf-8"))
EVERYWHERE = {
    "az": {"--subscription", "--query", "--output", "-o", "--only-show-errors"},
    "gcloud": {"--project", "--format", "--quiet", "--account", "--impersonate-service-account"},
}
_SHOWN = re.compile(r"^(?:\$ )?((?:aws|az|gcloud) [^\n#]*)|`((?:aws|az|gcloud) [^`\n]*)`", re.MULTILINE)


def shown(text):
    """The commands in prose: in backticks, or a line of their own in a block."""
    for block, inline in _SHOWN.findall(text):
        if re.match(r"(aws|az|gcloud) [a-z][a-z-]* ", f"{block or inline} "):
            yield (block or inline).split()


def named(words):
    """The command that words begin with: how many words it has; 0 when the reference has none such."""
    known = REFERENCE[words[0]]["commands"]
    return next((n for n in range(len(words) - 1, 0, -1) if " ".join(words[1 : n + 1]) in known), 0)


def problems(words, *, whole=True):
    """What the tool would not take. `whole`: what must be given is looked for, too."""
    if words[0] == "aws":
        yield from aws_commands.problems(words, whole=whole)
        return
    tool, length = words[0], named(words)
    if not length:
        yield f"no command: {' '.join(words[:5])}"
        return
    command = " ".join(words[: length + 1])
    held = REFERENCE[tool]["commands"][command.partition(" ")[2]]
    options = {o: entry for entry in held if "-" in entry[:2] for o in entry.removeprefix("!").split(" ")}
    given = {w.partition("=")[0] for w in words[length + 1 :] if re.match(r"--?[a-z]", w)}
    if tool == "gcloud":
        given = {"--" + w.removeprefix("--no-") if w.startswith("--no-") and w not in options else w for w in given}  # fmt: skip
    for option in sorted(given - options.keys() - EVERYWHERE[tool]):
        yield f"{command}: no {option}"
    if not whole:
        return
    for entry in held:
        if entry.startswith("!") and not given & set(entry.removeprefix("!").split(" ")):
            yield f"{command}: lacks {entry.removeprefix('!')}"
    if tool == "gcloud":
        places = [entry for entry in held if "-" not in entry[:2]]
        plain = [w for w in words[length + 1 :] if not w.startswith("-")]
        if not sum(not p.startswith("[") for p in places) <= len(plain) <= len(places):
            yield f"{command}: {len(plain)} words for {places}"
