"""The commands that we show are the AWS CLI's: its services, operations and options, as botocore has them, from which it derives them."""

from __future__ import annotations

import json
import re
import shlex

import msgspec
import pytest

from exclave.correlate.aws_cli import kebab, words
from exclave.correlate.revoke import revoke_call
from exclave.model import Actor, Cloud, Destination, Kind, Outcome, Resource, Transfer

from .build import CATALOGUE

session = pytest.importorskip("botocore.session").get_session()
# Names that botocore writes its own way: brands, and words that the rule would split.
BRANDS = re.compile(r"WhatsApp|OTel|iSCSI|OAuth2|HITs")
# https://github.com/aws/aws-cli/blob/develop/awscli/handlers.py: what the CLI renames
SERVICES = {"s3api": "s3", "configservice": "config", "deploy": "codedeploy"}
REVOKES = [
    pytest.param(method, rule, id=f"{method.id}-{number}")
    for method in CATALOGUE.methods
    if method.id.startswith("aws.")
    for number, rule in enumerate(method.revoke)
]


def operation(command):
    """A command's model, and its options with the members that they set."""
    service = SERVICES.get(command[1], command[1])
    assert command[1] not in SERVICES.values()
    model = session.get_service_model(service)
    from botocore import xform_name

    (name,) = [n for n in model.operation_names if xform_name(n, "-") == command[2]]
    shape = model.operation_model(name).input_shape
    return shape, {f"--{xform_name(member, '-')}": member for member in (shape.members if shape else ())}


def test_names_are_made_as_botocore_makes_them():
    from botocore import xform_name

    names = set()
    for service in session.get_available_services():
        model = session.get_service_model(service)
        names.update(model.operation_names)
        shapes = [model.operation_model(n).input_shape for n in model.operation_names]
        names.update(member for shape in shapes if shape for member in shape.members)
    assert len(names) > 20_000
    assert {n for n in names if kebab(n) != xform_name(n, "-") and not BRANDS.search(n)} == set()


def test_services_have_the_names_that_the_cli_gives_them():
    assert words("s3:PutBucketAcl") == ["aws", "s3api", "put-bucket-acl"]
    assert words("autoscaling:DescribeACLs")[1:] == ["autoscaling", "describe-acls"]


@pytest.mark.parametrize(("method", "rule"), REVOKES)
def test_what_takes_a_share_back_is_a_command_with_its_options(method, rule):
    facts = set(re.findall(r"\{fact\.(\w+)", json.dumps([rule.call, rule.args])))
    transfer = Transfer(
        method=method.id, time=None, cloud=Cloud.AWS, account="123456789012", region="eu-west-1", action="x:y",
        actor=Actor(kind="user", id="a"), source=Resource(kind="x", id="resource", name="name"),
        destination=Destination(kind=Kind((rule.when or ["account"])[0]), id="111122223333"), outcome=Outcome.OFFERED,
        evidence=None, facts=tuple((name, "1") for name in facts),
    )  # fmt: skip
    command = shlex.split(revoke_call(transfer, msgspec.structs.replace(method, revoke=(rule,))).command)
    shape, options = operation(command)
    given = [w for w in command[3:] if w.startswith("--") and w != "--region"]
    positive = [w if w in options else w.replace("--no-", "--", 1) for w in given]
    assert set(positive) <= set(options)
    assert set(shape.required_members if shape else ()) <= {options[w] for w in positive}
    for word, option in zip(given, positive, strict=True):
        boolean = shape.members[options[option]].type_name == "boolean"
        after = command[command.index(word) + 1 : command.index(word) + 2]
        assert boolean == (not after or after[0].startswith("--")) or shape.members[options[option]].type_name == "list"  # fmt: skip
