"""Events for the readers' tests."""

from __future__ import annotations

from typing import Any

from exclave.formats import cloudtrail
from exclave.model import Event, Evidence

OURS = "123456789012"


def event(
    request: dict[str, Any] | None = None,
    *,
    caller: str = OURS,
    resources: list[dict[str, str]] | None = None,
) -> Event:
    """A CloudTrail event in our account's log, by a caller of the given account."""
    record = {
        "eventVersion": "1.11",
        "eventSource": "s3.amazonaws.com",
        "eventName": "CopyObject",
        "userIdentity": {"type": "AssumedRole" if caller == OURS else "AWSAccount", "accountId": caller},
        "recipientAccountId": OURS,
        "requestParameters": request or {},
        "resources": resources or [],
    }
    return cloudtrail.event(record, Evidence(file="test", record=1))
