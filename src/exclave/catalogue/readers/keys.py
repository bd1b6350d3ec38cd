"""Readers of what is not the log's own: who holds a grant of KMS, whose a key or a thing is.

Source: https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateGrant.html and the recorded
CreateGrant events in https://docs.aws.amazon.com/kms/latest/developerguide/ct-creategrant.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from exclave.catalogue.readers.aws import account, arn, principal
from exclave.model import Destination, Event, Kind
from exclave.perimeter import owner_of

if TYPE_CHECKING:
    from exclave.catalogue.entry import Read

# EC2 writes the grantee of a volume's grant as `<account>:aws:ec2-infrastructure:<instance>`
_INFRASTRUCTURE = re.compile(r"(\d{12}):aws:[\w-]+:.*")


def grantee(found: list[Any], read: Read, event: Event) -> list[Destination]:
    """Grantees outside the log's own account; services of the provider and `AWS Internal` give nothing."""
    out: list[Destination] = []
    for text in found:
        if not isinstance(text, str) or text.lower() == "aws internal":
            continue
        infrastructure = _INFRASTRUCTURE.fullmatch(text)
        name = infrastructure[1] if infrastructure else text
        out.extend(
            d for d in principal([name], read, event) if d.kind is not Kind.SERVICE and _foreign(d, event)
        )
    return out


def foreign_arn(found: list[Any], read: Read, event: Event) -> list[Destination]:
    """The account that owns each ARN, when it is another than the log's own. Other text gives nothing."""
    return [d for d in arn(found, read, event) if d.kind is Kind.ACCOUNT and _foreign(d, event)]


def foreign_account(found: list[Any], read: Read, event: Event) -> list[Destination]:
    """Account ids that are neither the log's own nor the caller's. Other text gives nothing."""
    accounts = (d for d in account(found, read, event) if d.kind is Kind.ACCOUNT and _foreign(d, event))
    return [d for d in accounts if d.id != event.actor.account]


def _foreign(destination: Destination, event: Event) -> bool:
    return owner_of(destination) != event.account or not event.account
