"""S3 server access logs: lines of text, the JSON that CloudWatch Logs gets, and tables over either.

Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html (the text fields, in order) and
https://docs.aws.amazon.com/AmazonS3/latest/userguide/sal-cw-log-format.html (JSON).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

from exclave.formats import cloudtrail
from exclave.formats.damage import Damage
from exclave.model import Actor, Cloud, Event, Evidence

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FIELDS = (
    "bucket_owner", "bucket", "time", "remote_ip", "requester", "request_id", "operation", "key",
    "request_uri",
    "status", "error_code", "bytes_sent", "object_size", "total_time", "turn_around_time", "referer",
    "user_agent",
    "version_id", "host_id", "signature_version", "cipher_suite", "authentication_type", "host_header",
    "tls_version", "access_point_arn", "acl_required", "source_region",
)  # fmt: skip
_MAX_LINE = 1 << 16
_HEAD = re.compile(r"(\S+) (\S+) \[([^\]]{20,40})\] (\S+) (\S+) (\S+) (\S+\.\S+) (\S+) ?")
# A quoted field ends at a quote with a space after it: S3 does not escape the quotes of user agents.
_FIELD = re.compile(r'"((?:[^"]|"(?! |$))*+)"|(\S++)')
_LINE_START = re.compile(r"\S+ \S+ \[\d\d/[A-Z][a-z]{2}/\d{4}:")
_MAP_JSON = {
    "bucket_owner_id": "bucket_owner",
    "bucketowner": "bucket_owner",
    "bucket_name": "bucket",
    "request_time": "time",
    "requestdatetime": "time",
    "remoteip": "remote_ip",
    "requestid": "request_id",
    "key_name": "key",
    "http_status": "status",
    "httpstatus": "status",
    "errorcode": "error_code",
    "bytessent": "bytes_sent",
    "objectsize": "object_size",
    "totaltime": "total_time",
    "turnaroundtime": "turn_around_time",
    "referrer": "referer",
    "useragent": "user_agent",
    "versionid": "version_id",
    "hostid": "host_id",
    "sigv": "signature_version",
    "ciphersuite": "cipher_suite",
    "authtype": "authentication_type",
    "auth_type": "authentication_type",
    "endpoint": "host_header",
    "tlsversion": "tls_version",
    "accesspointarn": "access_point_arn",
    "aclrequired": "acl_required",
}
_OPERATION = re.compile(r"(?:REST|SOAP|WEBSITE|BATCH|S3)\.[A-Za-z]")
_CANONICAL = re.compile(r"[0-9a-f]{64}$")
# keys of delivered logs that are partitioned by date: account, region, bucket, year, month, day
_DELIVERED = re.compile(r"(?:^|/)(\d{12})/[a-z0-9-]{1,32}/([a-z0-9._-]{3,255})/\d{4}/\d{2}/\d{2}/")
_REGION = re.compile(r"[.-]([a-z]{2}(?:-[a-z]+)+-\d)\.amazonaws\.com")


def records(data: bytes) -> Iterator[dict[str, Any] | Damage]:
    """The records of a text log, in order."""
    offset = 0
    for line in data.splitlines(keepends=True):
        if line.strip():
            record = record_of(line.decode("utf-8", "replace"))
            yield record or Damage(what="not a line of an S3 access log", offset=offset)
        offset += len(line)


def record_of(line: str) -> dict[str, Any] | None:
    """One line of text as a record, keys from FIELDS; None if it is no such line."""
    line = line.strip()
    if len(line) > _MAX_LINE or not _LINE_START.match(line):
        return None
    head = _HEAD.match(line)
    if not head:
        return None
    rest = (found[1] if found[1] is not None else found[2] for found in _FIELD.finditer(line, head.end()))
    return dict(zip(FIELDS, (*head.groups(), *rest), strict=False))


def is_record(record: Mapping[str, Any]) -> bool:
    """Whether an object is a record of this log."""
    operation = record.get("operation")
    return (
        isinstance(operation, str)
        and bool(_OPERATION.match(operation))
        and any(key in record for key in ("bucket", "bucket_name", "bucket_arn"))
    )


def event(record: Mapping[str, Any], evidence: Evidence) -> Event:
    """One record, read. `account` comes from the key of the log's object where that has it, else it is "".

    The log itself names its owner by canonical id only.
    """
    fields = {_MAP_JSON.get(key, key): value for key, value in record.items()}
    error, status = _text(fields, "error_code"), _text(fields, "status")
    if not error and status.isdecimal() and int(status) >= 400:  # noqa: PLR2004 - HTTP
        error = status
    region = _REGION.search(_text(fields, "host_header"))
    return Event(
        cloud=Cloud.AWS,
        log="s3-access",
        time=time_of(_text(fields, "time")),
        service="s3.amazonaws.com",
        action=_text(fields, "operation"),
        actor=_actor(fields),
        account=owner_in(evidence.file, _text(fields, "bucket")),
        region=region[1] if region else "",
        error=error,
        dry_run=False,
        fields=fields,
        raw=record,
        evidence=evidence,
    )


def owner_in(key: str, bucket: str) -> str:
    """The account that a log's key names as the bucket's owner, as `.../<account>/<region>/<bucket>/2026/03/04/...`; else "".

    Only where the key names the same bucket as the record: other trees of folders look alike.
    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerLogs.html (log object key format).
    """
    found = _DELIVERED.search(key.replace("\\", "/"))
    return found[1] if found and bucket and found[2] == bucket else ""


def time_of(value: str) -> datetime | None:
    """`06/Feb/2019:00:00:38 +0000`, or ISO 8601, as UTC."""
    text = value.strip("[]")
    try:
        return datetime.strptime(text, "%d/%b/%Y:%H:%M:%S %z").astimezone(UTC)
    except (ValueError, OverflowError):
        return cloudtrail.parse_time(text) if text else None


def _actor(fields: Mapping[str, Any]) -> Actor:
    requester = _text(fields, "requester")
    ip, agent = _text(fields, "remote_ip"), unquote_plus(_text(fields, "user_agent"))
    if not requester or requester.lower() == "anonymous":
        return Actor(kind="anonymous", id="anonymous", ip=ip, agent=agent)
    if requester.startswith("arn:"):
        parts = [*requester.split(":", 5), "", "", "", "", ""]
        account, what = parts[4], parts[5]
        head, _, tail = what.partition("/")
        kind = {
            "user": "user",
            "assumed-role": "role",
            "role": "role",
            "root": "root",
            "federated-user": "federated",
        }
        issuer = ""
        if head == "assumed-role" and "/" in tail:
            issuer = f"arn:{parts[1]}:iam::{account}:role/{tail.rsplit('/', 1)[0]}"
        return Actor(
            kind=kind.get(head, "unknown"),
            id=requester,
            name=what.rsplit("/", 1)[-1],
            account=account,
            issuer=issuer,
            ip=ip,
            agent=agent,
        )
    if _CANONICAL.match(requester):
        return Actor(kind="account", id=requester, ip=ip, agent=agent)
    service = requester == "AmazonS3" or "amazonaws.com" in requester or requester.startswith("svc:")
    return Actor(kind="service" if service else "unknown", id=requester, ip=ip, agent=agent)


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    if isinstance(value, bool | dict | list) or value is None or value == "-":
        return ""
    return str(value)[:4096]
