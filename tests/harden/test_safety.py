"""What an attacker names can't become part of an artefact, an index or a command."""

from __future__ import annotations

import io
import json
import re
import shlex
from datetime import UTC, datetime

import pytest
from ruamel.yaml import YAML

from exclave.change.model import Plan
from exclave.harden.cloudformation import UnsafeTextError, template, to_yaml
from exclave.harden.folder import index, place
from exclave.harden.makers.aws import MAKERS
from exclave.harden.model import Artefact
from exclave.harden.names import BadNameError, break_glass, checked
from exclave.harden.terraform import Reference, configuration, to_json
from exclave.perimeter import Perimeter

from .cloud import Account
from .made_aws import HOSTILE, hostile

TEXTS = [
    HOSTILE,
    "no",
    "012345678901",
    "1e3",
    "2026-01-01",
    "null",
    "a: b",
    "- a",
    "&a *a",
    "%x",
    "",
    " x ",
    "é\ud7ff",
    "a\tb",
    "'",
    '"',
]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_a_text_comes_out_of_yaml_as_it_went_in(text, version):
    written = to_yaml(template("d", {"A": {"Type": "T", "Properties": {"Name": text, "List": [text]}}}))
    yaml = YAML(typ="safe", pure=True)
    yaml.version = version
    read = yaml.load(io.StringIO(written))["Resources"]
    assert read == {"A": {"Type": "T", "Properties": {"Name": text, "List": [text]}}}
    assert all(32 <= ord(c) < 127 or c == "\n" for c in written)


@pytest.mark.parametrize("text", TEXTS)
def test_terraform_sees_no_template_in_a_text(text):
    written = to_json(
        configuration({"aws": {}}, {"t": {"n": {"name": text, "arn": Reference("aws_x.y.arn")}}})
    )
    block = json.loads(written)["resource"]["t"]["n"]
    assert block["arn"] == "${aws_x.y.arn}"
    assert block["name"].replace("$${", "").replace("%%{", "").count("${") == 0
    assert block["name"].replace("$${", "${").replace("%%{", "%{") == text


def test_what_cloudformation_would_act_on_is_refused():
    with pytest.raises(UnsafeTextError, match="resolve"):
        to_yaml(template("d", {"A": {"Properties": {"x": ["{{resolve:ssm:secret}}"]}}}))


def test_a_bucket_that_cloudformation_would_act_on_stops_its_control_and_says_so():
    account = Account(organization=False, bucket="{{resolve:ssm:x}}")
    made = account.harden("aws.network.source-restriction", "aws.credentials.password-policy")
    assert any("CloudFormation would act on" in n for n in made.notes["aws.network.source-restriction"])
    assert "aws.network.source-restriction" in made.unmade
    assert any(a.control == "aws.credentials.password-policy" for a in made.artefacts)


def test_commands_of_the_index_are_words_when_they_are_pasted():
    """As Markdown shows them: a name with quotes, backticks and substitutions in it stays one argument."""
    account = hostile()
    account.policies_of = dict.fromkeys(account.buckets, '{"Statement": []}')
    made = account.harden("aws.network.source-restriction")
    (put,) = [a.undo for a in made.artefacts if "bucket-1." in a.name and a.undo]
    page = index(made, Plan(made_at=datetime.now(UTC), steps=()))
    (row,) = [r for r in page.splitlines() if "put-bucket-policy" in r]
    cells = re.findall(r"(?<!`)(`+) ?((?:(?!\1).|(?<=`)`)+?) ?\1(?!`)", row)
    shown = [text.replace("\\|", "|") for _, text in cells]
    assert shlex.split(put)[:5] == ["aws", "s3api", "put-bucket-policy", "--region", "eu-west-1"]
    assert any(
        shlex.split(s)[:5] == shlex.split(put)[:5] and "`$(id)$" in shlex.split(s)[6]
        for s in shown
        if s.startswith("aws")
    )


def test_names_stay_names_in_every_file():
    made = hostile().harden(*MAKERS)
    assert made.artefacts
    for artefact in made.artefacts:
        assert "\u202e" not in artefact.text
        if artefact.format in ("cloudformation", "diff", "text"):
            assert not any(line.strip().startswith("- evil") for line in artefact.text.splitlines()), (
                artefact.name
            )
    page = index(made, Plan(made_at=datetime.now(UTC), steps=made.steps))
    assert "\u202e" not in page
    assert "</script>" not in page.replace("`", "\0").split("\0")[0::2][0]
    assert not any(line.startswith("  - evil") for line in page.splitlines())


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "a/../../b.tf.json"])
def test_no_artefact_leaves_the_folder(name):
    artefact = Artefact(control="c", name=name, format="terraform", text="")
    assert ".." not in place(artefact).parts
    assert not place(artefact).is_absolute()


@pytest.mark.parametrize("prefix", ["", "A", "-a", "a-", "a b", "x" * 21, "a$(id)", "../a"])
def test_a_prefix_that_no_bucket_may_begin_with_is_refused(prefix):
    with pytest.raises(BadNameError):
        checked(prefix, ())


@pytest.mark.parametrize(
    "who", ["nobody", "a b@c", "arn:aws:iam::1:role/x", "arn:aws:firehose:x:1:y", "http://x", "<a@b>"]
)
def test_who_cant_be_told_is_refused(who):
    with pytest.raises(BadNameError):
        checked("exclave", (who,))


@pytest.mark.parametrize("pattern", ["*", "arn:aws:iam::*:role/*", "arn:aws:iam::*:*", "admin"])
def test_break_glass_for_everybody_is_refused(pattern):
    with pytest.raises(BadNameError):
        break_glass(Perimeter(), (pattern,))
