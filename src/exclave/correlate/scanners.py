"""Accounts of AWS's own that scan our disks for malware, told by the role that shares snapshots with them.

GuardDuty's scan makes a snapshot, shares it with an account of AWS and takes the share back. Nobody but the service can use
its service-linked role, and nobody can make a role of such a path, so whoever that role shares with is the service:
https://docs.aws.amazon.com/guardduty/latest/ug/slr-permissions-malware-protection.html
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from exclave.model import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from exclave.model import Transfer
    from exclave.perimeter import Perimeter

_ROLE = ":role/aws-service-role/malware-protection.guardduty.amazonaws.com/"
_NAME = "GuardDuty Malware Protection"


def with_scanners(perimeter: Perimeter, transfers: Iterable[Transfer]) -> Perimeter:
    """The perimeter, with the accounts that the scanner's role shared with named as the scanner's."""
    found = {
        t.destination.id: _NAME
        for t in transfers
        if t.destination.kind is Kind.ACCOUNT and _ROLE in t.actor.issuer
    }
    return replace(perimeter, vendors={**found, **perimeter.vendors}) if found else perimeter
