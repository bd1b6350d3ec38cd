"""What to do with access keys, to be read by people: Markdown, each name made harmless."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exclave.harden.makers.aws import changes
from exclave.harden.markdown import table
from exclave.harden.model import Artefact
from exclave.harden.results import fact
from exclave.outputs.words import count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exclave.audit.model import Item
    from exclave.harden.makers.aws.account import Account
    from exclave.harden.model import Options

ORDER = """
## In this order, for each key that is in use

1. Find who uses it: `aws iam get-access-key-last-used`, and `userIdentity.accessKeyId` in CloudTrail.
2. Give him a role: an instance profile, IRSA or Pod Identity, a Lambda or task role, OIDC for pipelines, Roles Anywhere for machines
   outside, IAM Identity Center for people. Only where none serves: a second key (`aws iam create-access-key`).
3. When nothing has used the old key for a week: `aws iam update-access-key --status Inactive`, which can be undone.
4. When nothing failed for another week: `aws iam delete-access-key`.
"""


def report(control: str, account: Account, items: Sequence[Item], _options: Options) -> Artefact:
    """The report of one account."""
    keys = [i for i in items if fact(i, "user")]
    roles = [i for i in items if fact(i, "seconds")]
    lines = [f"# Long-lived credentials of account {account.id}", ""]
    rows = [
        (
            i.resource,
            fact(i, "user"),
            fact(i, "created"),
            fact(i, "last_used"),
            i.why,
        )
        for i in keys
    ]
    lines += [table(("key", "user", "made", "last used", "why"), rows), ORDER] if rows else []
    if roles:
        lines += ["## Roles whose sessions may last too long", ""]
        lines += [table(("role", "seconds"), [(i.resource, fact(i, "seconds")) for i in roles])]
    return Artefact(
        control=control, name=changes.file_name(control, account, "text"), format="text",
        about=f"what to do with {count(len(keys), 'key')}" + (f" and {count(len(roles), 'role')}" if roles else ""), text="\n".join(lines) + "\n",
        undo="aws iam update-access-key --status Active --user-name USER --access-key-id KEY",
    )  # fmt: skip
