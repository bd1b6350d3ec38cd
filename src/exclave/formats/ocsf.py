"""OCSF API Activity, as Amazon Security Lake writes CloudTrail, → CloudTrail records.

Sources: OCSF class 6003, https://schema.ocsf.io/classes/api_activity, its CloudTrail mapping in the project's
examples (mappings/dossiers), and Security Lake's source versions 1 (1.0.0-rc.2) and 2 (1.1.0),
https://docs.aws.amazon.com/security-lake/latest/userguide/open-cybersecurity-schema-framework.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from exclave.formats.rows import unflattened
from exclave.formats.struct_text import parse

if TYPE_CHECKING:
    from exclave.formats.damage import Json

# CloudTrail's path ← OCSF's, the first that is there
_PATHS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("eventVersion", ("metadata.product.version",)),
    ("eventTime", ("time_dt", "time")),
    ("eventSource", ("api.service.name",)),
    ("eventName", ("api.operation",)),
    ("awsRegion", ("cloud.region",)),
    ("sourceIPAddress", ("src_endpoint.ip", "src_endpoint.domain", "src_endpoint.svc_name")),
    ("userAgent", ("http_request.user_agent",)),
    ("errorCode", ("api.response.error",)),
    ("errorMessage", ("api.response.message", "api.response.error_message")),
    ("requestID", ("api.request.uid",)),
    ("apiVersion", ("api.version",)),
    ("eventID", ("metadata.uid",)),
    ("eventType", ("metadata.event_code",)),
    ("eventCategory", ("metadata.product.feature.name",)),
    ("vpcEndpointId", ("src_endpoint.uid", "src_endpoint.vpc_endpoint_uid")),
    ("recipientAccountId", ("cloud.account.uid", "cloud.account_uid", "accountid")),
    ("userIdentity.type", ("actor.user.type", "identity.user.type")),
    ("userIdentity.principalId", ("actor.user.uid_alt",)),
    ("userIdentity.arn", ("actor.user.uid", "actor.user.uuid", "identity.user.uuid")),
    (
        "userIdentity.accountId",
        ("actor.user.account.uid", "actor.user.account_uid", "identity.user.account_uid"),
    ),
    (
        "userIdentity.accessKeyId",
        ("actor.user.credential_uid", "identity.user.credential_uid", "actor.session.credential_uid"),
    ),
    ("userIdentity.userName", ("actor.user.name", "identity.user.name")),
    ("userIdentity.invokedBy", ("actor.invoked_by", "identity.invoked_by")),
    ("userIdentity.sessionContext.sessionIssuer.arn", ("actor.session.issuer", "identity.session.issuer")),
    ("userIdentity.sessionContext.attributes.creationDate", ("actor.session.created_time_dt",)),
)  # fmt: skip
_TYPES = (
    (":assumed-role/", "AssumedRole"),
    (":user/", "IAMUser"),
    (":root", "Root"),
    (":federated-user/", "FederatedUser"),
)


def is_record(value: Mapping[str, Any]) -> bool:
    """Whether an object is an OCSF event of an API call on AWS."""
    api = value.get("api")
    if not isinstance(api, Mapping) or not isinstance(api.get("operation"), str):
        return False
    provider = str(_at(value, "cloud.provider") or "AWS")
    return ("class_uid" in value or "metadata" in value) and provider.upper() == "AWS"


def record(value: Mapping[str, Any]) -> dict[str, Any]:
    """The CloudTrail record that an OCSF event was made of, as far as it has it."""
    original = parse(value["raw_data"]) if isinstance(value.get("raw_data"), str) else None
    if isinstance(original, dict) and isinstance(original.get("eventName"), str):
        return original
    unmapped = _map(value.get("unmapped"))
    out = unflattened(unmapped)
    for path, sources in _PATHS:
        found = next((x for source in sources if (x := _at(value, source)) not in (None, "")), None)
        if found is not None:
            _put(out, path, found)
    if "sharedEventId" in out:
        out["sharedEventID"] = out.pop("sharedEventId")
    # unmapped keeps the log's own value: the account in `cloud` may be the caller's
    if unmapped.get("recipientAccountId"):
        out["recipientAccountId"] = str(unmapped["recipientAccountId"])
    for name, source in (
        ("requestParameters", "api.request.data"),
        ("responseElements", "api.response.data"),
    ):
        data = _at(value, source)
        data = parse(data) if isinstance(data, str) else data
        if isinstance(data, Mapping) and data:
            out[name] = data
    if _at(value, "status") == "Failure" and not out.get("errorCode"):
        out["errorCode"] = str(_at(value, "status_code") or _at(value, "status_detail") or "error")
    resources = _resources(value.get("resources"))
    if resources:
        out["resources"] = resources
    _identity(out)
    return out


def _identity(out: dict[str, Any]) -> None:
    identity = out.get("userIdentity")
    if not isinstance(identity, dict):
        return
    arn = str(identity.get("arn") or "")
    kind = next((kind for mark, kind in _TYPES if mark in arn), "")
    if kind and identity.get("type") in (None, "", "User", "Unknown", "Other", "System", "Admin"):
        identity["type"] = kind


def _resources(value: Json) -> list[dict[str, Any]]:
    out = []
    for item in value if isinstance(value, list) else []:
        if isinstance(item, Mapping):
            account = _at(item, "owner.account.uid") or item.get("account_uid")
            whole = {"ARN": item.get("uid"), "accountId": account, "type": item.get("type")}
            out.append({k: v for k, v in whole.items() if v is not None})
    return out


def _map(value: Json) -> dict[str, Any]:
    """A map: an object, JSON in a string, or the pairs that parquet gives."""
    value = parse(value) if isinstance(value, str) else value
    if isinstance(value, Mapping):
        return {str(k): v for k, v in value.items() if v is not None}
    if isinstance(value, list):
        return {str(p[0]): p[1] for p in value if isinstance(p, list | tuple) and len(p) == 2}  # noqa: PLR2004 - a pair
    return {}


def _at(value: Json, path: str) -> Json:
    for step in path.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(step)
    return value


def _put(out: dict[str, Any], path: str, value: Json) -> None:
    *steps, last = path.split(".")
    for step in steps:
        inner = out.get(step)
        if not isinstance(inner, dict):
            inner = out[step] = {}
        out = inner
    out[last] = value
