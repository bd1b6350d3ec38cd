"""The commands in the README and the guides are commands, and those that need no cloud do what the text says."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

from exclave.cli.main import run
from tests.harden.cloud import Account

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "docs/guide").glob("*.md")),
]
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)

# What changes a cloud or asks one. Anything else in a guide must run.
CLOUD = re.compile(
    r"exclave (collect|audit (aws|azure|gcp)|harden (aws|azure|gcp|alerts)|revoke)\b|--(apply|undo|from-org)\b|s3://"
)
# What a reader puts in place of the text's example, or what would take a test too long.
INSTEAD = {"i-4f2a": "i-", "--records 1000000": "--records 1000"}
FINDS = re.compile(
    r"exclave (hunt|audit|harden) "
)  # 1 where they find something, as each does here; 3: see the guides


def commands(page):
    """Lines that begin with `exclave`, without comments and prompts; continued ones joined."""
    for language, block in BLOCK.findall(page.read_text()):
        if language not in ("", "sh", "console"):
            continue
        for line in block.replace("\\\n", " ").splitlines():
            text = line.removeprefix("$ ")
            if text.startswith("exclave "):
                yield text.split("  #")[0].strip()


EVERY = [(page, line) for page in PAGES for line in commands(page)]


@pytest.mark.parametrize(("page", "line"), EVERY, ids=[f"{p.stem}: {line}" for p, line in EVERY])
def test_a_command_and_its_options_exist(page, line):
    given = shlex.split(re.split(r"\s{2,}(?=[^-'])", line)[0].replace("|", " "))[1:]
    context, command = click.Context(run), run
    while isinstance(command, click.Group):
        name, command, given = command.resolve_command(context, given)
        assert command, name
        context = click.Context(command, info_name=name, parent=context)
    known = {o for p in command.get_params(context) for o in (*p.opts, *p.secondary_opts)}
    assert {g.partition("=")[0] for g in given if re.match(r"--?[a-z]", g)} <= known, page.name


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with what the guides speak of: logs, an inventory."""
    folder = tmp_path_factory.mktemp("guides")
    made = ["simulate", "made", "--records", "300", "--days", "1", "--breach", "rds-snapshot-share"]
    subprocess.run([sys.executable, "-m", "exclave", *made], cwd=folder, check=True, capture_output=True)
    (folder / "made" / "logs").rename(folder / "logs")
    (folder / "inventory").mkdir()
    documents = (json.dumps(d) + "\n" for d in Account().documents())
    (folder / "inventory" / "all.jsonl").write_text("".join(documents))
    return folder


@pytest.mark.parametrize("page", PAGES[1:], ids=lambda p: p.stem)
def test_what_needs_no_cloud_runs_as_the_guide_says(page, place, tmp_path):
    folder = tmp_path / "here"
    shutil.copytree(place, folder)
    lines = [line for line in commands(page) if not CLOUD.search(line)]
    if any("-p perimeter.toml" in line for line in lines):
        (folder / "perimeter.toml").write_text('[[account]]\nid = "123456789012"\n')
    for line in lines:
        text = line
        for example, real in INSTEAD.items():
            text = text.replace(example, real)
        command = text.replace("exclave ", f"{shlex.quote(sys.executable)} -m exclave ", 1)
        done = subprocess.run(command, shell=True, cwd=folder, capture_output=True, text=True, check=False)
        wanted = (1, 3) if FINDS.match(line) else (0,)
        assert done.returncode in wanted, f"{line}\n{done.stderr}"
