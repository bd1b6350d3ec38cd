"""What reads and what changes a cloud, as the rest of the program sees them: two functions of a request."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import msgspec

from exclave.change.model import Request

Reader = Callable[[Request], Any]
"""Reads: the answer as JSON, pruned to `keep`; None where there is nothing. Raises CallError."""
Writer = Callable[[Request], Any]
"""Changes: the answer as JSON. Raises CallError."""

# What SDK operations that only read are called. Those that hand out what they guard aren't for us.
_READS = re.compile(r"(?:Get|List|Describe|BatchGet)[A-Z]")
_SECRET = re.compile(
    r"Get(?:SecretValue|Object|Parameters?|SessionToken|.*Credentials|.*Token|PasswordData)$"
)


class CallError(Exception):
    """A call that wasn't answered. `permission`: the one that is missing, where that is why."""

    def __init__(self, code: str, message: str = "", permission: str = "") -> None:
        super().__init__(code, message, permission)
        self.code, self.message, self.permission = code, message, permission

    def __str__(self) -> str:
        need = f" (needs {self.permission})" if self.permission else ""
        return f"{self.code}{': ' + self.message if self.message else ''}{need}"


class ForbiddenCallError(Exception):
    """Somebody tried to change by a client that reads, or to make a call that wasn't planned: a mistake in the program."""


def reads(call: str) -> bool:
    """Whether a call only reads: by the SDK's name of it, or its verb and URL."""
    verb, space, url = call.partition(" ")
    if space:
        path = url.partition("?")[0]
        return verb == "GET" or (verb == "POST" and path.endswith((":getIamPolicy", "/getIamPolicy")))
    operation = call.partition(":")[2]
    return _READS.match(operation) is not None and _SECRET.match(operation) is None


def plain(answer: Any) -> Any:
    """An SDK's answer as JSON: times as text, bytes in base64."""
    return msgspec.to_builtins(answer, enc_hook=str)
