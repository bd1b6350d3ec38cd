"""One CloudTrail record → Event.

Source: the CloudTrail record contents reference,
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from exclave.model import Actor, Cloud, Event, Evidence

if TYPE_CHECKING:
    from collections.abc import Mapping

    from exclave.formats.damage import Json

# how a file begins that CloudTrail itself delivered
HEAD = re.compile(rb"(?:\xef\xbb\xbf)?\s*\{\s*\"Records\"\s*:\s*\[\s*\{\s*\"eventVersion\"")
_API_DATE = re.compile(r"20\d{2}_?\d{2}_?\d{2}(v\d+)?$", re.ASCII)
_DRY_RUN = frozenset({"Client.DryRunOperation", "DryRunOperation", "DryRunOperationException"})
_NOBODY = frozenset({"anonymous", "anonymous_principal"})  # as an account, and as a principal
_WRAPPED = 4  # parts that may stand beside EC2's wrapper
_LAST_SECOND = 100_000_000_000  # seconds since 1970 beyond this are milliseconds
_KINDS = {
    "IAMUser": "user",
    "Root": "root",
    "AssumedRole": "role",
    "Role": "role",
    "FederatedUser": "federated",
    "SAMLUser": "federated",
    "WebIdentityUser": "federated",
    "IdentityCenterUser": "user",
    "Directory": "user",
    "AWSAccount": "account",
    "AWSService": "service",
}


def is_trail(data: bytes) -> bool:
    """Whether a file begins as CloudTrail writes its files; False is no proof that it isn't one."""
    return HEAD.match(data, 0, 64) is not None


def action_name(event_name: str) -> str:
    """An eventName without the API date that some services append, as `AddPermission20150331v2` has."""
    return _API_DATE.sub("", event_name) or event_name


def parse_time(value: Json) -> datetime | None:
    """An ISO 8601 time, or seconds or milliseconds since 1970 (exports write these), as UTC; else None."""
    try:
        if isinstance(value, str):
            if value.replace(".", "", 1).isdigit():
                return parse_time(float(value))
            time = datetime.fromisoformat(value.strip().replace(" UTC", "+00:00"))
            return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
        if isinstance(value, int | float) and not isinstance(value, bool):
            seconds = value / 1000 if value > _LAST_SECOND else value
            return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return None


def is_record(record: Mapping[str, Any]) -> bool:
    """Whether a JSON object is a CloudTrail record: of a call, or an Insight.

    Notifications to Lambda functions have `eventName` too, and a source such as `aws:s3`; those are none.
    """
    if isinstance(record.get("insightDetails"), dict):
        return True
    source = record.get("eventSource")
    if not isinstance(record.get("eventName"), str) or (source is None and "eventVersion" not in record):
        return False
    return not (isinstance(source, str) and source.startswith("aws:"))


def event(record: Mapping[str, Any], evidence: Evidence) -> Event:
    """One record, read. Missing or odd parts become "" or None, never an error."""
    identity = _mapping(record.get("userIdentity"))
    insight = record.get("insightDetails")
    name = "Insight" if isinstance(insight, dict) else action_name(_text(record.get("eventName")))
    actor = _actor(record, identity)
    error = _text(record.get("errorCode")) or (_text(record.get("errorMessage")) and "error")
    return Event(
        cloud=Cloud.AWS,
        log="cloudtrail",
        time=parse_time(record.get("eventTime")),
        service="cloudtrail.amazonaws.com"
        if name == "Insight"
        else _text(record.get("eventSource")).lower().removesuffix(".cn"),
        action=name,
        actor=actor,
        account=_text(record.get("recipientAccountId")) or _owner(record) or actor.account,
        region=_text(record.get("awsRegion")),
        error=error,
        dry_run=error in _DRY_RUN,
        fields=_unwrapped(record, name),
        raw=record,
        evidence=evidence,
        shared_id=_text(record.get("sharedEventID")),
    )


def _owner(record: Mapping[str, Any]) -> str:
    """Whose log a record without a recipient is of, where its caller is of another account: its resource's owner."""
    resources = record.get("resources")
    if _mapping(record.get("userIdentity")).get("type") != "AWSAccount" or not isinstance(resources, list):
        return ""
    for resource in map(_mapping, resources):
        if owner := _text(resource.get("accountId")) or _owner_of(_text(resource.get("ARN"))):
            return owner
    return ""


def _owner_of(arn: str) -> str:
    return [*arn.split(":", 5), "", "", ""][4] if arn.startswith("arn:") else ""


def _actor(record: Mapping[str, Any], identity: Mapping[str, Any]) -> Actor:
    context = _mapping(identity.get("sessionContext"))
    issuer = _mapping(context.get("sessionIssuer"))
    behalf = _mapping(identity.get("onBehalfOf"))
    kind = _text(identity.get("type"))
    account = _text(identity.get("accountId")) or _text(issuer.get("accountId"))
    arn = _text(identity.get("arn"))
    account = account or _owner_of(arn)
    principal = _text(identity.get("principalId"))
    invoked_by = _text(identity.get("invokedBy"))
    if {account.lower(), principal.lower()} & _NOBODY:
        return Actor(
            kind="anonymous",
            id="anonymous",
            ip=_text(record.get("sourceIPAddress")),
            agent=_text(record.get("userAgent")),
        )
    session = arn.rsplit("/", 1)[-1] if ":assumed-role/" in arn else ""
    name = (
        _text(identity.get("userName"))
        or session
        or _text(issuer.get("userName"))
        or principal.rpartition(":")[2]
    )
    return Actor(
        kind=_KINDS.get(kind, "service" if invoked_by and not kind else "unknown"),
        id=arn or _text(behalf.get("userId")) or principal or account or invoked_by,
        name=name,
        account=account,
        credential=_text(identity.get("accessKeyId")),
        issuer=_text(issuer.get("arn")),
        via=invoked_by if kind != "AWSService" else "",
        ip=_text(record.get("sourceIPAddress")),
        agent=_text(record.get("userAgent")),
    )


def _unwrapped(record: Mapping[str, Any], action: str) -> Mapping[str, Any]:
    """The record with EC2's newer wrappers taken off: `requestParameters.DeleteFlowLogsRequest.FlowLogId`."""
    out: dict[str, Any] | None = None
    for part, suffix in (("requestParameters", "Request"), ("responseElements", "Response")):
        body = record.get(part)
        if isinstance(body, dict):
            wrapper = action + suffix
            if wrapper not in body and len(body) <= _WRAPPED:  # a pipeline may have changed the case
                wrapper = next((k for k in body if k.lower() == wrapper.lower()), wrapper)
            inner = body.get(wrapper)
            if isinstance(inner, dict):
                out = out or dict(record)
                out[part] = {**{k: v for k, v in body.items() if k != wrapper}, **inner}
    return out or record


def _mapping(value: Json) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Json) -> str:
    if isinstance(value, str):
        return value[:4096]
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value).zfill(12)  # account ids that a tool turned into numbers
    return ""
