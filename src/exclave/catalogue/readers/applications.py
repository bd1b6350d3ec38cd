"""Reader of the AWS Serverless Application Repository's policies, which are not IAM documents.

Source: https://docs.aws.amazon.com/serverlessrepo/latest/devguide/applications-applicationid-policy.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exclave.catalogue import paths
from exclave.catalogue.readers.aws import org, principal
from exclave.model import Destination, Event, Kind

if TYPE_CHECKING:
    from exclave.catalogue.entry import Read


def application_policy(found: list[Any], read: Read, event: Event) -> list[Destination]:
    """Statements with `principals` and `principalOrgIDs`: `*` beside organisations means only these."""
    out: list[Destination] = []
    for value in found:
        for statement in value if isinstance(value, list) else [value]:
            orgs = org(paths.values(statement, "principalOrgIDs"), read, event)
            who = principal(paths.values(statement, "principals"), read, event)
            out.extend(orgs)
            out.extend(d for d in who if not (orgs and d.kind is Kind.PUBLIC))
    return list(dict.fromkeys(out))
