"""Whether a supporting finding is the intruder's doing, or what the same identity or thing sees every day.

Azure and Google put one identity's name on all that it does: a deployment application whose secret was stolen goes
on deploying. The address tells the two apart, where the log has one. AWS names the access key, which does so by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from exclave.model import Cloud, Finding, Severity, Signal

if TYPE_CHECKING:
    from collections.abc import Collection


def same(found: Finding, addresses: Collection[str], risky: bool) -> bool:
    """Whether something that an incident's actor did, with another credential, belongs to the incident.

    Args:
        found: what he did.
        addresses: from where he acted in the incident; empty where that isn't known.
        risky: whether it says that the identity is at risk, which is about the intruder wherever he is.
    """
    if found.cloud is Cloud.AWS or risky or found.severity.rank >= Severity.MEDIUM.rank:
        return True
    return not found.actor.ip or not addresses or found.actor.ip in addresses


def by_resource(found: Finding) -> bool:
    """Whether a finding says something of an incident because it is about the same thing.

    Keys of a storage account are listed all day, by everybody: that alone is none.
    """
    return (
        found.cloud is Cloud.AWS or not isinstance(found, Signal) or found.severity.rank > Severity.INFO.rank
    )
