"""What a file is, from its name and first bytes: never asked of the user."""

from __future__ import annotations

import csv
import re

from exclave.formats.documents import to_utf8

HEAD = 8192  # bytes that are looked at
SKIPPED = frozenset({"vpc-flow", "cloudtrail-digest", "config"})  # known, and left out on purpose

_S3_LINE = re.compile(
    rb"\S+ \S+ \[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] \S+ \S+ \S+ "
    rb"(?:REST|SOAP|WEBSITE|BATCH|S3)\."
)
_FLOW = re.compile(
    rb"(?:version account-id |\d+ (?:\d{12}|unknown) eni-[0-9a-f]+ |(?:[a-z0-9-]+ ){1,40}dstaddr )"
)
_FLOW_NAME = re.compile(r"vpcflowlogs", re.IGNORECASE)
_DIGEST_NAME = re.compile(r"CloudTrail-Digest", re.IGNORECASE)
_CONFIG_NAME = re.compile(r"/Config/.*(?:ConfigSnapshot|ConfigHistory)|_Config_.*Config(?:Snapshot|History)")
# a header, and a first row with an object in a cell
_CARRIED = re.compile(rb'[^\r\n{}]{1,4096}\r?\n(?:[^\n]*?([,;\t]))?"\{\s*""')
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")

# columns that make a table a log, in lower case; one of them must be there
COLUMNS = frozenset({
    "eventname", "eventjson", "event_json", "eventdata", "cloudtrailevent", "_raw", "@message",
    "message", "raw",
    "event.original", "event", "detail", "records", "api.operation", "aws.cloudtrail.event_version",
    "operationname", "operationnamevalue", "protopayload", "protopayload_auditlog", "methodname",
    "protopayload_auditlog.methodname", "protopayload.methodname", "gcp.audit.method_name", "operation_name",
    "bucket_owner",
    "@rawstring", "full_message", "full_log", "rawlog", "raw_log", "logmessage",
    "bucketowner", "event name", "_source", "record", "log", "body",
})  # fmt: skip

# bytes in the head → how the container is called; the first that stands there counts
_JSON = (
    (b'"CloudTrailEvent"', "cloudtrail-lookup"),
    (b'"detail-type"', "eventbridge"),
    (b'"QueryResultRows"', "cloudtrail-lake"),
    (b'"awslogs"', "cloudwatch-subscription"),
    (b'"logEvents"', "cloudwatch"),
    (b'"class_uid"', "ocsf"),
    (b'"_source"', "elastic"),
    (b'"aws.cloudtrail.', "elastic"),
    (b'"_raw"', "splunk"),
    (b'"protoPayload"', "gcp-audit"),
    (b'"operationName"', "azure-activity"),
    (b'"eventVersion"', "cloudtrail"),
    (b'"eventName"', "cloudtrail"),
    (b'"Records"', "cloudtrail"),
    (b'"configurationItems"', "config"),
    (b'"digestS3Object"', "cloudtrail-digest"),
    (b'"cs-method"', "cloudfront"),
    (b'"bucket_owner_id"', "s3-access"),
)


def sniff(name: str, data: bytes) -> str:
    """What a file is: a log, the wrapper it came in, a kind in SKIPPED, or empty, binary, text, json.

    `data` is the content, decompressed, or its beginning.
    """
    kind = container(name, data)
    if kind != "json":
        return kind
    head = to_utf8(data[:HEAD])[0]
    return next((log for mark, log in _JSON if mark in head), "json")


def container(name: str, data: bytes) -> str:
    """Which reader it needs: parquet, cloudfront, s3-access, csv, json; or text, empty, one of SKIPPED."""
    if _DIGEST_NAME.search(name):
        return "cloudtrail-digest"
    if _CONFIG_NAME.search(name):
        return "config"
    if data[:4] == b"PAR1":
        return "vpc-flow" if _FLOW_NAME.search(name) else "parquet"
    head = to_utf8(data[:HEAD])[0].lstrip(b" \t\r\n\x00\x1e")
    if not head:
        return "empty"
    if head[:1] in b"{[":
        return "json"
    return _text(name, head)


def _text(name: str, head: bytes) -> str:
    if head.startswith((b"#Version:", b"#Fields:")):
        return "cloudfront"
    if _S3_LINE.match(head):
        return "s3-access"
    if _FLOW.match(head) or _FLOW_NAME.search(name):
        return "vpc-flow"
    if delimiter(head):
        return "csv"
    if _CONTROL.search(head[:1024]):
        return "binary"
    return "json" if b"{" in head or head[:1] == b'"' else "text"


def delimiter(head: bytes) -> str:
    """What separates the columns of a table with a log's column, or with records in a cell; "" for anything else."""
    line = head.partition(b"\n")[0].rstrip(b"\r").decode("utf-8", "replace")
    if '{"' in line:
        return ""
    for mark in (",", "\t", ";"):
        try:
            row = next(csv.reader([line], delimiter=mark), [])
        except csv.Error:
            continue
        names = {column.strip().lower() for column in row}
        if names & COLUMNS:
            return mark
    carried = _CARRIED.match(head)
    return (carried[1] or b",").decode() if carried else ""
