"""What AWS refuses, sorted: an answer (there is none), a failure to record, or the end of the credentials.

Codes: https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html and each service's own.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from exclave.inventory.engine import Reply, StoppedError
from exclave.inventory.model import Failure

if TYPE_CHECKING:
    from exclave.inventory.model import Call

DENIED = re.compile(
    r"AccessDenied|Unauthorized|AuthorizationError|NotAuthorized|Forbidden|^403$", re.IGNORECASE
)
EXPIRED = frozenset(
    {"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired", "ExpiredTokenError"}
)
SKEWED = frozenset({"RequestTimeTooSkewed", "SignatureDoesNotMatch", "InvalidSignatureException"})
# Names of botocore's own exceptions after which no further call can succeed.
_UNUSABLE = frozenset(
    {
        "NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError", "UnauthorizedSSOTokenError",
        "SSOTokenLoadError", "TokenRetrievalError", "ProfileNotFound", "InvalidConfigError",
    }
)  # fmt: skip
MAX_MESSAGE = 300


def reply_for(error: Exception, call: Call) -> Reply:
    """What an error of botocore means for a call.

    Raises:
        StoppedError: the credentials have ended.
    """
    code, message = code_of(error)
    if code in call.absent:
        return Reply(absent=code)
    if code in EXPIRED or code in _UNUSABLE:
        what = (
            "there are no credentials that can be used" if code in _UNUSABLE else "the credentials have ended"
        )
        raise StoppedError(
            f"{what} ({code}): sign in, or name others by --profile or the environment"
        ) from error
    if code in SKEWED:
        message += " (is the clock of this machine right?)"
    permission = call.needs if DENIED.search(code) else ""
    return Reply(error=Failure(code=code, message=message[:MAX_MESSAGE], permission=permission))


def code_of(error: Exception) -> tuple[str, str]:
    """The code and message that AWS gave, or the name of botocore's exception."""
    response: Any = getattr(error, "response", None)
    if isinstance(response, dict) and isinstance(response.get("Error"), dict):
        detail = response["Error"]
        message = str(detail.get("Message", ""))
        # a proxy or an emulator answers with a page
        message = "" if message.lstrip().startswith("<") else " ".join(message.split())
        return str(detail.get("Code", "")) or type(error).__name__, message
    name = type(error).__name__
    if name == "ResponseParserError":
        return "UnreadableAnswer", "what came back is no answer of this service"
    return name, str(error)
