"""Every argument that an artefact gives Terraform is one that the provider takes, in its place, and none that it must have is left out.

terraform_schema.json holds of each resource that we use the arguments that we use and all that are required (`!`), a block
as a mapping. It was taken from the provider schemas in @cdktf/provider-aws 21.22.1 (hashicorp/aws 6) and @cdktf/provider-google
16.12.1 (hashicorp/google 6). An argument that is new here: look it up in the provider's documentation, then add it.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from . import made_aws, made_gcp

SCHEMA = json.loads(Path(__file__).with_name("terraform_schema.json").read_text("utf-8"))
META = frozenset({"depends_on", "provider"})


def wrong(block, schema, where):
    """What is not as the schema has it."""
    known = {name.removesuffix("!"): held for name, held in schema.items()}
    for name, value in block.items():
        if name not in known:
            yield f"{where}: unknown {name}"
        elif known[name] is not None:
            for one in value if isinstance(value, list) else [value]:
                yield from wrong(one, known[name], f"{where}.{name}")
        elif isinstance(value, dict) and name != "labels":
            yield f"{where}: {name} is no block"
    for name in schema:
        if name.endswith("!") and name.removesuffix("!") not in block:
            yield f"{where}: lacks {name}"


@pytest.mark.parametrize("made", [made_aws, made_gcp])
def test_the_provider_takes_what_is_written(made):
    found = [
        problem
        for artefact in made.everything()
        if artefact.format == "terraform"
        for kind, named in json.loads(artefact.text)["resource"].items()
        for name, block in named.items()
        for problem in wrong(
            {k: v for k, v in block.items() if k not in META}, SCHEMA[kind], f"{kind}.{name}"
        )
    ]
    assert found == []


def test_a_wrong_argument_is_seen():
    schema = SCHEMA["aws_sns_topic_subscription"]
    assert [*wrong({"topic_arn": "a", "protocol": "sqs", "endpoints": "b"}, schema, "s")] == [
        "s: unknown endpoints",
        "s: lacks endpoint!",
    ]


def test_references_name_what_is_in_the_same_configuration():
    """Of each configuration: what `${type.name.…}` and depends_on point at is there."""
    for made in (made_aws, made_gcp):
        for artefact in made.everything():
            if artefact.format != "terraform":
                continue
            resources = json.loads(artefact.text)["resource"]
            there = {f"{kind}.{name}" for kind, named in resources.items() for name in named}
            after = {
                d for named in resources.values() for b in named.values() for d in b.get("depends_on", ())
            }
            assert after <= there, artefact.name
