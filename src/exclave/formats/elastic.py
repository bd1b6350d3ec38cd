"""CloudTrail in Elastic's common schema → CloudTrail records.

Source: the exported fields of the AWS integration, https://www.elastic.co/docs/reference/integrations/aws/cloudtrail:
request parameters stand in `aws.cloudtrail.flattened.*` as objects, in `aws.cloudtrail.*` as text.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from exclave.formats.rows import spelt_resources, unflattened
from exclave.formats.struct_text import parse

if TYPE_CHECKING:
    from exclave.formats.damage import Json

_CT = "aws.cloudtrail."
_WHO = _CT + "user_identity."
_SESSION = _WHO + "session_context."
_ISSUER = _SESSION + "session_issuer."
_ISSUER_OURS = "userIdentity.sessionContext.sessionIssuer."
# CloudTrail's path ← Elastic's, the first that is there
_PATHS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("eventVersion", (_CT + "event_version",)),
    ("eventTime", ("@timestamp", "event.created")),
    ("eventSource", ("event.provider",)),
    ("eventName", ("event.action",)),
    ("awsRegion", ("cloud.region",)),
    ("sourceIPAddress", ("source.address", "source.ip")),
    ("userAgent", ("user_agent.original",)),
    ("errorCode", (_CT + "error_code",)),
    ("errorMessage", (_CT + "error_message",)),
    ("requestID", (_CT + "request_id",)),
    ("eventID", ("event.id", _CT + "event_id")),
    ("readOnly", (_CT + "read_only",)),
    ("managementEvent", (_CT + "management_event",)),
    ("eventType", (_CT + "event_type",)),
    ("eventCategory", (_CT + "event_category",)),
    ("apiVersion", (_CT + "api_version",)),
    ("recipientAccountId", (_CT + "recipient_account_id",)),
    ("sharedEventID", (_CT + "shared_event_id",)),
    ("vpcEndpointId", (_CT + "vpc_endpoint_id",)),
    ("resources", (_CT + "resources",)),
    ("requestParameters", (_CT + "flattened.request_parameters", _CT + "request_parameters")),
    ("responseElements", (_CT + "flattened.response_elements", _CT + "response_elements")),
    ("additionalEventData", (_CT + "flattened.additional_eventdata", _CT + "additional_eventdata")),
    ("serviceEventDetails", (_CT + "flattened.service_event_details", _CT + "service_event_details")),
    ("userIdentity.type", (_WHO + "type",)),
    ("userIdentity.principalId", ("user.id", _WHO + "principal_id")),
    ("userIdentity.arn", (_WHO + "arn",)),
    ("userIdentity.accountId", ("cloud.account.id", _WHO + "account_id")),
    ("userIdentity.accessKeyId", (_WHO + "access_key_id",)),
    ("userIdentity.userName", (_WHO + "user_name", "user.name")),
    ("userIdentity.invokedBy", (_WHO + "invoked_by",)),
    (_ISSUER_OURS + "type", (_ISSUER + "type",)),
    (_ISSUER_OURS + "principalId", (_ISSUER + "principal_id",)),
    (_ISSUER_OURS + "arn", (_ISSUER + "arn",)),
    (_ISSUER_OURS + "accountId", (_ISSUER + "account_id",)),
    (_ISSUER_OURS + "userName", (_ISSUER + "user_name", "user.name")),
    ("userIdentity.sessionContext.attributes.mfaAuthenticated", (_SESSION + "mfa_authenticated",)),
    ("userIdentity.sessionContext.attributes.creationDate", (_SESSION + "creation_date",)),
)  # fmt: skip


def is_record(value: Mapping[str, Any]) -> bool:
    """Whether an object is a CloudTrail event in Elastic's schema, nested or with dotted keys."""
    aws = value.get("aws")
    if isinstance(aws, Mapping) and isinstance(aws.get("cloudtrail"), Mapping):
        return True
    return any(key.startswith(_CT) for key in value)


def record(value: Mapping[str, Any]) -> dict[str, Any]:
    """The record that an Elastic document was made of: its `event.original`, or put together again."""
    nested = unflattened({key: _single(item) for key, item in value.items()})
    original = _at(nested, "event.original")
    if isinstance(original, str):
        whole = parse(original)
        if isinstance(whole, dict) and "eventName" in whole:
            return whole
    out: dict[str, Any] = {}
    for path, sources in _PATHS:
        found = next((x for s in sources if (x := _single(_at(nested, s))) not in (None, "")), None)
        if isinstance(found, str) and path in (
            "requestParameters",
            "responseElements",
            "additionalEventData",
        ):
            found = parse(found)
        if found is None or (
            path.startswith("userIdentity.sessionContext.") and not _at(nested, _WHO + "session_context")
        ):
            continue
        if path == "resources":
            found = spelt_resources(found if isinstance(found, list) else [found])
        target = out
        *steps, last = path.split(".")
        for step in steps:
            target = target.setdefault(step, {})
        target[last] = found
    return out


def _single(value: Json) -> Json:
    """Elastic's `fields` give each value in a list."""
    return (
        value[0] if isinstance(value, list) and len(value) == 1 and not isinstance(value[0], dict) else value
    )


def _at(value: Json, path: str) -> Json:
    for step in path.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(step)
    return value
