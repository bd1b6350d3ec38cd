"""What Google refuses, sorted: an answer (there is none), a failure to record, or the end of the credentials.

Errors: https://cloud.google.com/apis/design/errors (status, and ErrorInfo with a reason in the details), and the older
form with `errors[].reason` of Compute, Storage and BigQuery, https://cloud.google.com/storage/docs/json_api/v1/status-codes
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from exclave.inventory.engine import Reply
from exclave.inventory.model import Failure

if TYPE_CHECKING:
    from exclave.inventory.model import Call

UNAUTHORIZED, FORBIDDEN, NOT_FOUND, TOO_MANY = 401, 403, 404, 429
BUSY = frozenset({408, TOO_MANY, 500, 502, 503, 504})  # worth another try
DISABLED = "SERVICE_DISABLED"
_OLD_DISABLED = frozenset({"accessNotConfigured", "SERVICE_DISABLED"})
_OLD_BUSY = frozenset({"rateLimitExceeded", "userRateLimitExceeded"})  # some services say this with 403
_PERIMETER = "SECURITY_POLICY_VIOLATED"  # VPC Service Controls refused
MAX_MESSAGE = 300


def reply_for(status: int, body: Any, call: Call, numbers: frozenset[str] = frozenset()) -> Reply:
    """What an answer that is no success means for a call.

    Args:
        status: of HTTP.
        body: the error as JSON, or None.
        call: what was asked.
        numbers: how the project that was asked about may be called, by id and number: a service that is switched
            off there has nothing, while one that is switched off in the caller's own project says nothing of it.
    """
    code, message, told = sorted_out(status, body)
    if code in call.absent or (status == NOT_FOUND and "NOT_FOUND" in call.absent):
        where = str(told.get("consumer", "")).rpartition("/")[2]
        if code != DISABLED or where in numbers:
            return Reply(absent=code)
    if code == DISABLED:
        service, where = told.get("service", "the service"), told.get("consumer", "the project")
        hint = f"{service} is switched off in {where}: gcloud services enable {service}"
        return Reply(error=Failure(code=code, message=hint[:MAX_MESSAGE]))
    permission = ""
    if status == FORBIDDEN and code != _PERIMETER:
        permission = str(told.get("permission") or call.needs)
    elif code == _PERIMETER:
        message = f"VPC Service Controls refused: {message}"
    return Reply(error=Failure(code=code, message=message[:MAX_MESSAGE], permission=permission))


def is_busy(status: int, body: Any) -> bool:
    """Whether the same request may succeed later."""
    return status in BUSY or (status == FORBIDDEN and bool(_OLD_BUSY & set(_reasons(body))))


def sorted_out(status: int, body: Any) -> tuple[str, str, Mapping[str, Any]]:
    """The code, the message in one line, and what ErrorInfo tells beside."""
    found = body.get("error") if isinstance(body, Mapping) else None
    if isinstance(found, str):  # the form of OAuth
        return found, " ".join(str(body.get("error_description", "")).split()), {}
    if not isinstance(found, Mapping):
        return f"HTTP{status}", "", {}
    message = " ".join(str(found.get("message") or "").split())
    details = found.get("details")
    told: Mapping[str, Any] = {}
    reason = ""
    for detail in details if isinstance(details, list) else ():
        if isinstance(detail, Mapping) and str(detail.get("@type", "")).endswith("ErrorInfo"):
            reason = str(detail.get("reason") or "")
            metadata = detail.get("metadata")
            told = metadata if isinstance(metadata, Mapping) else {}
    if reason in _OLD_DISABLED or _OLD_DISABLED & set(_reasons(body)):
        return DISABLED, message, told
    if reason == _PERIMETER:
        return _PERIMETER, message, told
    said = found.get("status")
    return (said if isinstance(said, str) and said else f"HTTP{status}"), message, told


def _reasons(body: Any) -> list[str]:
    found = body.get("error") if isinstance(body, Mapping) else None
    listed = found.get("errors") if isinstance(found, Mapping) else None
    return [
        str(e.get("reason"))
        for e in (listed if isinstance(listed, list) else ())
        if isinstance(e, Mapping) and e.get("reason")
    ]
