from __future__ import annotations

import pytest

from exclave.audit.checks.gcp.logfilter import BadFilterError, compiled

ENTRY = {
    "logName": "projects/p/logs/cloudaudit.googleapis.com%2Factivity",
    "severity": "NOTICE",
    "resource": {"type": "gcs_bucket", "labels": {"project_id": "p"}},
    "protoPayload": {
        "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
        "methodName": "storage.setIamPermissions",
        "serviceData": {"policyDelta": {"bindingDeltas": [{"action": "ADD"}, {"action": "REMOVE"}]}},
        "numResponseItems": 7,
    },
}


@pytest.mark.parametrize(
    ("text", "selects"),
    [
        ("", True),
        ("-- a comment\n", True),
        ('protoPayload.methodName="storage.setIamPermissions"', True),
        ('protoPayload.methodName="STORAGE.SETIAMPERMISSIONS"', True),  # without case
        ('proto_payload.method_name:"setIam"', True),
        ('protoPayload."@type"="type.googleapis.com/google.cloud.audit.AuditLog"', True),
        ('protoPayload.methodName=~"^storage\\..*Permissions$"', True),
        ('protoPayload.methodName=~"SETIAM"', False),  # with case
        ('protoPayload.methodName!~"^compute"', True),
        ("severity>=NOTICE", True),
        ("severity>NOTICE", False),
        ("severity=(ERROR OR NOTICE)", True),
        ("severity>=DEFAULT AND severity<ERROR", True),
        ("protoPayload.numResponseItems>10", False),
        ("protoPayload.numResponseItems>=7", True),
        ('protoPayload.methodName:("a" OR "setIam")', True),
        ('protoPayload.methodName:("zzz" AND "setIam")', False),
        ('log_id("cloudaudit.googleapis.com/activity")', True),
        ('log_id("cloudaudit.googleapis.com/data_access")', False),
        ('logName:"cloudaudit.googleapis.com"', True),
        ('NOT resource.type="gcs_bucket"', False),
        ('-resource.type="gcs_bucket"', False),
        ('resource.type!="gcs_bucket"', False),
        # what is not there compares with nothing, whatever the operator; its negation is true
        ('protoPayload.nothing="x"', False),
        ('protoPayload.nothing!="x"', False),
        ('NOT protoPayload.nothing="x"', True),
        ("protoPayload.nothing:*", False),
        ("protoPayload.serviceData:*", True),
        ('protoPayload.serviceData.policyDelta.bindingDeltas.action="REMOVE"', True),
        # NOT before OR before AND, and what stands side by side is joined by AND
        ('resource.type="x" OR resource.type="gcs_bucket" severity=ERROR', False),
        ('severity=NOTICE resource.type="x" OR resource.type="gcs_bucket"', True),
        ("NOT severity=ERROR OR severity=ERROR", True),
        ('(severity=ERROR AND resource.type="x") OR resource.type="gcs_bucket"', True),
        ("setIamPermissions", True),
        ('"no such text"', False),
        ("sample(insertId, 1)", True),
        ("sample(insertId, 0.99)", False),
        ('resource.type=one_of("gce_disk", "gcs_bucket")', True),
        ('resource.type=starts_with("gce")', False),
    ],
)  # fmt: skip
def test_a_filter_selects_as_google_says(text, selects):
    assert compiled(text)(ENTRY) is selects


def test_a_sample_takes_something_away_from_an_exclusion():
    assert compiled("sample(insertId, 0.01)", sampled=True)(ENTRY)


@pytest.mark.parametrize(
    "text",
    ["(", "a=", 'a="x', ")", "a=(b", 'ip_in_net(x, "10.0.0.0/8")', '=~"x"', 'a=~"("', 'a=~"(a+)+$"', "x=" + "(" * 100, "NOT " * 5000, "(" * 5000, "a" * 30_000],
)  # fmt: skip
def test_what_can_not_be_read_is_an_error_and_never_a_hang(text):
    with pytest.raises(BadFilterError):
        compiled(text)


def test_the_texts_that_a_field_is_compared_with_are_known():
    found = compiled('NOT protoPayload.authenticationInfo.principalEmail=("a@x" OR "b@x")').named
    assert found["protopayload.authenticationinfo.principalemail"] == {"a@x", "b@x"}
