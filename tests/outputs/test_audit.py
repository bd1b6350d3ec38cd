from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace

import jsonschema
import pytest
from rich.console import Console

from exclave.audit.loader import chosen
from exclave.audit.model import Looked, Settings, Status
from exclave.audit.ours import seen
from exclave.audit.run import audit
from exclave.catalogue.loader import load
from exclave.inventory import Inventory
from exclave.outputs import WRITERS, UnknownFormatError, audit_terminal, jsonl
from exclave.outputs.audit import COLUMNS, FORMATS, write
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


def test_the_terminal_says_first_what_stands_open_and_last_how_to_go_on():
    text = written(report(), "terminal")
    assert text.startswith("Exposures (1)")
    assert text.index("Exposures (1)") < text.index("Controls (") < text.index("  found     1 exposure (1 ")
    assert "exclave revoke" in text[text.index("  next ") :]
    assert "exclave harden" in text[text.index("  next ") :]


def test_no_control_s_id_is_cut_at_any_width():
    for width in (40, 80, 160):
        out = io.StringIO()
        audit_terminal.write(report(), Console(file=out, width=width, highlight=False, markup=False))
        lines = out.getvalue().splitlines()
        for result in report().results:
            assert any(line.split()[1:2] == [result.control.id] for line in lines), (width, result.control.id)


def test_what_could_not_be_looked_at_is_told_by_its_reason_once():
    found = report()
    looked = tuple(
        Looked(method=f"aws.m{n}", call="c", of=0, exposed=0, failed=3, what="x", why=("Throttled",)) for n in range(40)
    )  # fmt: skip
    text = " ".join(written(replace(found, looked=looked), "terminal").split())
    assert text.count("Throttled") == 1
    assert "COULD NOT LOOK for exposures by 40 methods" in text


def test_the_page_needs_nothing_and_says_the_answer_first():
    text = written(report(), "html")
    assert "<h1>1 share stands open outside the perimeter; " in text
    assert "could not be looked at</h1>" in text
    shown = re.findall(r'<details[^>]*>.*?class="badge ([a-z]+)"', text, re.DOTALL)
    assert shown[0] == "high"  # what fails
    assert text.index('id="exposures"') < text.index('id="controls-list"')
    assert "<script" not in text
    assert not re.search(r'(?:src|href)="(?!#)', text)


def test_every_format_of_a_hunt_is_one_of_an_audit():
    assert set(FORMATS) == set(WRITERS)


def test_ocsf_has_a_compliance_finding_for_each_control_and_a_detection_for_each_exposure():
    found = report(HOSTILE)
    lines = json.loads(written(found, "ocsf"))
    assert [x["class_uid"] for x in lines] == [2003] * len(found.results) + [2004] * len(found.exposures)
    captions = {1: "Pass", 2: "Warning", 3: "Fail"}
    for one, result in zip(lines, found.results, strict=False):
        assert one["type_uid"] == 200301
        assert {
            "activity_id",
            "category_uid",
            "time",
            "severity_id",
            "metadata",
            "finding_info",
            "cloud",
        } <= set(one)
        assert one["compliance"]["control"] == result.control.id
        assert one["compliance"]["standards"]
        assert captions[one["compliance"]["status_id"]] == one["compliance"]["status"]
    by_status = {
        r.check.status: x["compliance"]["status"] for r, x in zip(found.results, lines, strict=False)
    }
    assert by_status[Status.FAIL] == "Fail"
    assert by_status[Status.COULD_NOT_LOOK] == "Warning"
    assert "\x1b" not in written(found, "ocsf")


def test_sarif_says_of_each_control_whether_it_holds():
    found = report()
    (run,) = json.loads(written(found, "sarif"))["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert len(run["results"]) == len(found.results) + len(found.exposures)
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        # SARIF 2.1.0, 3.27.10: a kind other than fail has the level none
        assert result.get("kind", "fail") == "fail" or result["level"] == "none"
    kinds = {r["ruleId"]: r.get("kind") for r in run["results"]}
    assert kinds["aws.credentials.password-policy"] == "fail"
    assert kinds["aws.s3.bucket-acl"] is None


@pytest.mark.parametrize("format_name", ["stix", "timesketch", "timesketch-csv"])
def test_what_stands_open_is_told_in_the_formats_of_hunters(format_name):
    text = written(report(), format_name)
    assert "aws.s3.bucket-acl" in text
    assert report().exposures[0].id in text or format_name == "stix"


def test_an_unknown_format_is_refused():
    with pytest.raises(UnknownFormatError):
        write(report(), "pdf", io.BytesIO())


def test_a_resource_that_is_wrong_in_several_ways_is_named_once():
    found = report()
    twice = [replace(r, check=replace(r.check, items=r.check.items * 2)) for r in found.results]
    doubled = replace(found, results=type(found.results)(twice))
    assert written(doubled, "csv") == written(found, "csv")
    assert written(doubled, "html") == written(found, "html")
