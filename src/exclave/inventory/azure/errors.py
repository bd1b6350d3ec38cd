"""What Azure refuses, sorted: an answer (there is none), a failure to record, or the end of the credentials.

ARM: https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/common-deployment-errors and the
error body of https://github.com/microsoft/api-guidelines; Graph: https://learn.microsoft.com/graph/errors
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from exclave.inventory.engine import Reply
from exclave.inventory.model import Failure

if TYPE_CHECKING:
    from exclave.inventory.model import Call

UNAUTHORIZED, FORBIDDEN, NOT_FOUND = 401, 403, 404
BUSY = frozenset({408, 429, 500, 502, 503, 504})  # worth another try
NOT_LICENSED = "NotLicensed"  # our code: the tenant hasn't bought what the call is of
# A token of another tenant is refused for one subscription only; everything else is the end of the credentials.
ELSEWHERE = frozenset({"InvalidAuthenticationTokenTenant"})
# A resource provider that the subscription never used: there is nothing of it.
NONE_THERE = frozenset({"MissingSubscriptionRegistration", "SubscriptionNotRegistered"})
_LICENCE = re.compile(r"licen[sc]e|premium|SKU|RequestFromNonPremiumTenant", re.IGNORECASE)
MAX_MESSAGE = 300


def reply_for(status: int, body: Any, call: Call) -> Reply:
    """What an answer that is no success means for a call."""
    code, message = code_of(status, body)
    if status == FORBIDDEN and _LICENCE.search(f"{code} {message}"):
        code = NOT_LICENSED
    if code in call.absent or code in NONE_THERE or (status == NOT_FOUND and "404" in call.absent):
        return Reply(absent=code)
    denied = status in (UNAUTHORIZED, FORBIDDEN) and code != NOT_LICENSED
    return Reply(error=Failure(code=code, message=message, permission=call.needs if denied else ""))


def code_of(status: int, body: Any) -> tuple[str, str]:
    """The code and message in an error's body, in one line; else the status."""
    found = body.get("error") if isinstance(body, Mapping) else None
    if isinstance(found, str):  # the login's own form
        found = {"code": found, "message": body.get("error_description", "")}
    if not isinstance(found, Mapping):
        found = body if isinstance(body, Mapping) else {}
    code = found.get("code")
    details = found.get("details")
    if code in ("Forbidden", "BadRequest") and isinstance(details, list):
        # Resource Graph says what is wrong in the details
        codes = [d.get("code") for d in details if isinstance(d, Mapping) and isinstance(d.get("code"), str)]
        code = codes[0] if codes else code
    message = " ".join(str(found.get("message") or "").split())
    return (code if isinstance(code, str) and code else f"HTTP{status}"), message[:MAX_MESSAGE]
