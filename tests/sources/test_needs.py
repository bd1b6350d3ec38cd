"""The policies for reading logs and for proposing a perimeter hold what the code calls, and nothing beside."""

from __future__ import annotations

import ast
import json
from importlib import resources
from pathlib import Path

import pytest
from click.testing import CliRunner

from exclave.cli.permissions import command
from exclave.model import Cloud
from exclave.perimeter.propose import ORGANIZATION
from exclave.sources.needs import PERMISSIONS, RESOURCES

# What each provider asks for the requests of obstore and, of S3, of botocore.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
# https://learn.microsoft.com/rest/api/storageservices/list-blobs#permissions
# https://cloud.google.com/storage/docs/access-control/iam-json
LISTS, READS = {"list", "list_with_delimiter", "head_bucket"}, {"get", "head"}
LISTING = {
    Cloud.AWS: {"s3:ListBucket"},
    Cloud.AZURE: {"Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"},
    Cloud.GCP: {"storage.objects.list"},
}
READING = {
    Cloud.AWS: {"s3:GetObject", "kms:Decrypt"},  # of an object under a key of KMS
    Cloud.AZURE: {"Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"},
    Cloud.GCP: {"storage.objects.get"},
}


def called(package, *owners):
    """The methods that are called on names in a package's modules."""
    folder = Path(str(resources.files(package)))
    for file in sorted(folder.rglob("*.py")) if folder.is_dir() else [folder]:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                owner = node.func.value
                if isinstance(owner, ast.Name) and owner.id in owners:
                    yield node.func.attr, node.args


@pytest.mark.parametrize("cloud", Cloud)
def test_reading_logs_needs_what_the_sources_call(cloud):
    calls = {name for name, _ in called("exclave.sources", "obstore", "client")}
    assert calls == LISTS | READS
    assert set(PERMISSIONS[cloud]) == LISTING[cloud] | READING[cloud]


def test_a_perimeter_of_an_organisation_needs_what_it_calls():
    calls = {
        args[0].value if name == "get_paginator" else name
        for name, args in called("exclave.perimeter", "client")
    }
    assert {f"organizations:{''.join(w.title() for w in c.split('_'))}" for c in calls} == set(ORGANIZATION)


def shown(*args):
    return CliRunner().invoke(command, args)


def test_each_is_printed_as_its_cloud_takes_it():
    statements = json.loads(shown("hunt").stdout)["Statement"]
    assert {s["Action"]: s["Resource"] for s in statements} == RESOURCES
    role = json.loads(shown("hunt", "--cloud", "azure").stdout)["properties"]["permissions"][0]
    assert role["dataActions"] == list(PERMISSIONS[Cloud.AZURE])
    assert role["actions"] == []
    assert json.loads(shown("hunt", "--cloud", "gcp").stdout)["includedPermissions"] == list(
        PERMISSIONS[Cloud.GCP]
    )
    assert shown("perimeter", "--format", "text").stdout.split() == list(ORGANIZATION)


@pytest.mark.parametrize("args", [("hunt", "--method", "x"), ("perimeter", "--cloud", "gcp")])
def test_what_does_not_fit_is_refused(args):
    assert shown(*args).exit_code == 2
