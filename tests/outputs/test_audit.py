from __future__ import annotations

import csv
import io
import json

import jsonschema
import pytest

from exclave.audit.loader import chosen
from exclave.audit.model import Settings
from exclave.audit.ours import seen
from exclave.audit.run import audit
from exclave.catalogue.loader import load
from exclave.inventory import Inventory
from exclave.outputs import UnknownFormatError, jsonl
from exclave.outputs.audit import COLUMNS, write
from exclave.perimeter import Perimeter
from tests.audit.build import NOW, OURS, REGION, denied, doc

HOSTILE = "\x1b[31m<script>=cmd|' /C calc'!A0"


def report(name="data"):
    documents = [
        doc("iam.GetAccountPasswordPolicy", absent="NoSuchEntity"),
        denied("s3.GetBucketLogging", "s3:GetBucketLogging", key="x"),
        doc("s3.ListBuckets", {"Buckets": [{"Name": name}]}),
        doc(
            "s3.GetBucketAcl",
            {
                "Owner": {"ID": "a" * 64},
                "Grants": [
                    {
                        "Grantee": {"URI": "http://acs.amazonaws.com/groups/global/AllUsers"},
                        "Permission": "READ",
                    }
                ],
            },
            key=name,
            args={"Bucket": name},
        ),
        doc("ec2.DescribeVpcs", {"Vpcs": [{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16"}]}, region=REGION),
    ]
    inventory = Inventory.of(documents)
    perimeter = Perimeter(seen=seen(inventory))
    return audit(
        inventory, perimeter, Settings(now=NOW), chosen((), None), load(), said=["no perimeter file"]
    )


def written(found, format_name):
    out = io.BytesIO()
    write(found, format_name, out)
    return out.getvalue().decode()


def test_every_line_follows_the_published_schema():
    validator = jsonschema.Draft202012Validator(jsonl.schema())
    lines = [json.loads(line) for line in written(report(HOSTILE), "jsonl").splitlines()]
    assert {line["type"] for line in lines} == {"control", "exposure", "looked", "coverage"}
    for line in lines:
        assert list(validator.iter_errors(line)) == []


def test_ids_are_stable_and_different():
    one, other = ([json.loads(x) for x in written(report(), "jsonl").splitlines()] for _ in range(2))
    ids = [line["id"] for line in one if "id" in line]
    assert ids == [line["id"] for line in other if "id" in line]
    assert len(ids) == len(set(ids))


def test_a_hostile_name_does_nothing_in_any_format():
    found = report(HOSTILE)
    assert "<script>" not in written(found, "html")
    assert "\x1b" not in written(found, "terminal")
    rows = list(csv.DictReader(io.StringIO(written(found, "csv"))))
    assert list(rows[0]) == list(COLUMNS)
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row.values())


def test_the_terminal_says_what_fails_why_and_what_stands_open():
    text = written(report(), "terminal")
    assert "aws.credentials.password-policy" in text
    assert "no password policy" in text
    assert "aws.s3.bucket-acl" in text
    assert OURS in text


def test_an_unknown_format_is_refused():
    with pytest.raises(UnknownFormatError):
        write(report(), "sarif", io.BytesIO())
