"""What the index shows as a command is one: pasted into a shell it calls the provider's tool, whatever things are named; and
that tool has the command and its options."""

from __future__ import annotations

import shlex
from importlib import import_module
from pathlib import Path

import pytest

from tests.correlate.build import CATALOGUE, taken_back

from .reference import problems, shown
from .shell import Shell

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("cloud", ["aws", "azure", "gcp"])
def test_deploy_and_undo_call_the_tools_and_nothing_else(cloud, tmp_path):
    shell = Shell(tmp_path)
    seen = {}
    for artefact in everything(cloud):
        texts = [artefact.deploy, *([] if artefact.format == "powershell" else [artefact.undo])]
        seen |= dict.fromkeys(t for t in texts if t)
    assert seen
    wrong = {text: found for text in seen if (found := shell.run(text)) != (0, "", [])}
    assert wrong == {}


def everything(cloud):
    return import_module(f"tests.harden.made_{cloud}").everything()


@pytest.mark.parametrize(
    ("cloud", "tool", "least"), [("aws", "aws", 15), ("azure", "az", 15), ("gcp", "gcloud", 60)]
)
def test_the_tools_have_these_commands_with_these_options(cloud, tool, least, tmp_path):
    """Also each line of the scripts, run where only the tools and what a script may use are."""
    shell = Shell(tmp_path, plain=True)
    texts = dict.fromkeys(
        t
        for a in everything(cloud)
        for t in (
            a.deploy,
            a.undo if a.format != "powershell" else "",
            a.text if a.format == "gcloud" else "",
        )
    )
    calls = {tuple(call) for text in texts if text for call in shell.called(text) if call[0] == tool}
    assert len(calls) >= least
    assert {p for call in calls for p in problems(list(call))} == set()


@pytest.mark.parametrize("where", ["notes", "pages"])
def test_the_tools_have_the_commands_that_prose_names(where):
    if where == "notes":
        made = [a for cloud in ("aws", "azure", "gcp") for a in everything(cloud)]
        texts = [t for a in made for t in (*a.notes, a.text if a.name.endswith(".md") else "")]
    else:
        texts = [f.read_text("utf-8") for f in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]]
    found = {tuple(words) for text in texts for words in shown(text)}
    assert found
    assert {p for words in found for p in problems(list(words), whole=False)} == set()


def test_az_has_the_commands_that_take_shares_back():
    rules = [(m, r) for m in CATALOGUE.methods if m.id.startswith("azure.") for r in m.revoke]
    found = {p for m, r in rules for p in problems(shlex.split(taken_back(m, r)))}
    assert rules
    assert found == set()


@pytest.mark.parametrize(
    ("command", "seen"),
    [
        ("az group create --name g --location l", []),
        ("az group create -n g -l l --subscription s", []),
        ("az group create --name g --place l", ["az group create: no --place", "az group create: lacks --location -l"]),
        ("az group make --name g", ["no command: az group make --name g"]),
        ("gcloud logging sinks update s d --no-disabled --organization=4", []),
        ("gcloud logging sinks update --disable", ["gcloud logging sinks update: no --disable", "gcloud logging sinks update: 0 words for ['SINK_NAME', '[DESTINATION]']"]),
        ("gcloud projects add-iam-policy-binding p --member=m", ["gcloud projects add-iam-policy-binding: lacks --role"]),
    ],
)  # fmt: skip
def test_a_wrong_command_is_seen(command, seen):
    assert [*problems(command.split())] == seen
