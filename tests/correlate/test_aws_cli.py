"""The commands that we show are the AWS CLI's: its services, operations and options, as botocore has them, from which it derives them."""

from __future__ import annotations

import re
import shlex

import pytest

from exclave.correlate.aws_cli import kebab, words

from .build import CATALOGUE, taken_back

pytest.importorskip("botocore")
from tests.aws_commands import problems

# Names that botocore writes its own way: brands, and words that the rule would split.
BRANDS = re.compile(r"WhatsApp|OTel|iSCSI|OAuth2|HITs")
REVOKES = [
    pytest.param(method, rule, id=f"{method.id}-{number}")
    for method in CATALOGUE.methods
    if method.id.startswith("aws.")
    for number, rule in enumerate(method.revoke)
]


def test_names_are_made_as_botocore_makes_them():
    import botocore.session
    from botocore import xform_name

    session = botocore.session.get_session()
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
    command = taken_back(method, rule)
    assert [*problems(shlex.split(command))] == []


@pytest.mark.parametrize(
    ("command", "seen"),
    [
        ("aws s3api put-bucket-acl --bucket b --acl private --region r", []),
        ("aws s3 put-bucket-acl --bucket b", ["no command: aws s3 put-bucket-acl"]),
        ("aws ec2 modify-image-attributes --image-id i", ["no command: aws ec2 modify-image-attributes"]),
        ("aws ec2 modify-image-attribute --image i", ["ec2 modify-image-attribute: no --image", "ec2 modify-image-attribute: lacks --image-id"]),
        ("aws appflow delete-flow --flow-name f --no-force-delete", []),
        ("aws appflow delete-flow --flow-name --force-delete", ["appflow delete-flow: --flow-name is a string"]),
        ('aws iam delete-role --cli-input-json {"RoleNames":1}', ["iam delete-role: no RoleNames", "iam delete-role: lacks --role-name"]),
        ("aws cloudformation wait stack-delete-complete --stack-name s", []),
        ("aws cloudformation wait stack-gone --stack-name s", ["no command: aws cloudformation wait"]),
        ("aws cloudformation deploy --stack-name s", ["cloudformation deploy: lacks --template-file"]),
    ],
)  # fmt: skip
def test_a_wrong_command_is_seen(command, seen):
    assert [*problems(command.split())] == seen
