"""The documentation is what the catalogue and the commands say today."""

import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from exclave.cli.main import COMMANDS, run

ROOT = Path(__file__).parents[2]


def generator(name="generate"):
    spec = importlib.util.spec_from_file_location(name, ROOT / "docs" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_generated_pages_are_fresh():
    # in a process of its own: a command keeps the help option that whoever asked first gave it
    code = "import json, generate; print(json.dumps(generate.pages()))"
    made = subprocess.run([sys.executable, "-c", code], cwd=ROOT / "docs", check=True, stdout=subprocess.PIPE)
    wanted = json.loads(made.stdout)
    stale = [
        name
        for name, text in wanted.items()
        if not (ROOT / "docs" / name).is_file() or (ROOT / "docs" / name).read_text() != text
    ]
    assert not stale, "run `make docs`"
    for folder in ("methods", "controls", "reference"):
        left = {str(p.relative_to(ROOT / "docs")) for p in (ROOT / "docs" / folder).rglob("*.md")} - set(
            wanted
        )
        assert not left, "pages that nothing makes any more: run `make docs`"


def test_the_output_in_the_readme_is_what_the_demo_prints():
    demo = generator("demo")
    text = (ROOT / "README.md").read_text()
    assert demo.with_demo(text, demo.output()) == text, "run `make docs`"


def test_links_between_documents_lead_somewhere():
    broken = []
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        targets = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text())
        broken += [f"{page.relative_to(ROOT)}: {t}" for t in targets if not (page.parent / t).exists()]
    assert not broken


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_says_what_it_does(name):
    command = run.get_command(click.Context(run), name)
    assert command.help
    for parameter in command.params:
        if isinstance(parameter, click.Option) and not parameter.is_eager:
            assert parameter.help or parameter.type, f"{name} {parameter.name}"
