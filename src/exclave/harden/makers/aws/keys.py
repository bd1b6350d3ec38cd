"""Access keys: which to rotate and which to deactivate, as a plan; sessions shortened; and a policy against new keys.

Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_access-keys.html (rotation),
https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAccessKey.html and API_UpdateRole.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from exclave.audit.checks.aws.keys import HOUR
from exclave.change.model import equals, has
from exclave.harden.makers.aws import changes, organization_policy
from exclave.harden.makers.aws.account import Account, account_of
from exclave.harden.makers.aws.documents import deny, document, spared_by_policies
from exclave.harden.makers.aws.key_report import report
from exclave.harden.makers.aws.organization_policy import Policy
from exclave.harden.model import Artefact, Made
from exclave.harden.results import by_account, fact, items_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exclave.audit.model import Item, Result
    from exclave.change.model import Step
    from exclave.harden.model import Options
    from exclave.inventory import Inventory
    from exclave.perimeter import Perimeter

ROTATION, TEMPORARY = "aws.credentials.key-rotation", "aws.credentials.temporary"
ROOT = (
    "account {}: the root user's access key can be deleted by the root user only: sign in as root, "
    "My security credentials, Access keys, Delete"
)
OWN = "key {} is of {}, who recorded this inventory: it isn't deactivated, for that could lock you out; rotate it by hand"
USED = "key {} of {} was used {}: whoever uses it is cut off"
NEVER = "key {} of {} was never used"


def key_rotation(
    results: Sequence[Result], inventory: Inventory, _perimeter: Perimeter, options: Options
) -> Made:
    """Deactivates keys that are too old, unused or one too many; a plan says in which order to rotate those in use."""
    artefacts: list[Artefact] = []
    steps: list[Step] = []
    notes: list[str] = []
    for account_id, mine in by_account(results).items():
        account = account_of(inventory, account_id, options)
        found = [(r, i) for r, i in items_of(mine) if fact(i, "user")]
        for result, item in found:
            if fact(item, "user") == "root":
                notes.append(ROOT.format(account_id))
            elif _spare(item, found):
                continue
            elif _own(item, account):
                notes.append(OWN.format(item.resource, fact(item, "user")))
            else:
                steps.append(deactivate(item, account, result, inventory))
        if options.wants("text"):
            artefacts.append(report(ROTATION, account, [i for _, i in found], options))
    return Made(artefacts=tuple(artefacts), steps=tuple(steps), notes=tuple(notes))


def temporary(
    results: Sequence[Result], inventory: Inventory, _perimeter: Perimeter, options: Options
) -> Made:
    """Deactivates long-lived keys, shortens sessions, and refuses new keys by an SCP."""
    artefacts: list[Artefact] = []
    steps: list[Step] = []
    notes: list[str] = []
    bound: list[Account] = []
    for account_id, mine in by_account(results).items():
        account = account_of(inventory, account_id, options)
        found = list(items_of(mine))
        for result, item in found:
            if fact(item, "seconds"):
                steps.append(_shorter(item, account, options, result))
            elif fact(item, "user") == "root":
                notes.append(ROOT.format(account_id))
            elif _own(item, account):
                notes.append(OWN.format(item.resource, fact(item, "user")))
            elif fact(item, "user"):
                steps.append(deactivate(item, account, result, inventory))
        if options.wants("text"):
            artefacts.append(report(TEMPORARY, account, [i for _, i in found], options))
        if account.bindable:
            bound.append(account)
    if bound:
        to = organization_policy.targets(bound, options)
        artefacts += organization_policy.artefacts(TEMPORARY, bound[0], [no_new_keys(options)], to, options)
    return Made(artefacts=tuple(artefacts), steps=tuple(steps), notes=tuple(notes))


def no_new_keys(options: Options) -> Policy:
    """An SCP that lets nobody make users and long-lived keys."""
    actions = ("iam:CreateUser", "iam:CreateAccessKey", "iam:CreateLoginProfile")
    statement = deny("LongLived", actions, spared=spared_by_policies(options))
    return Policy(
        kind="scp", name=f"{options.prefix}-no-long-lived-keys", about="denies making users and long-lived keys",
        document=document([statement]),
    )  # fmt: skip


def _spare(item: Item, found: Sequence[tuple[Result, Item]]) -> bool:
    """Of a user's two keys that are only one too many the newer stays: the other goes, and the check is satisfied."""
    if not item.why.endswith(": its user has two active keys"):
        return False
    mine = [i for _, i in found if fact(i, "user") == fact(item, "user")]
    newest = max(mine, key=lambda i: (_last(i), fact(i, "created"), i.resource))
    # the other one may not have failed: then there is nothing else to take away
    return len(mine) > 1 and item is newest


def _last(item: Item) -> str:
    last = fact(item, "last_used")
    return "" if last == "never" else last


def _own(item: Item, account: Account) -> bool:
    return account.identity.endswith(f":user/{fact(item, 'user')}") or account.identity.endswith(
        f"/{fact(item, 'user')}"
    )


def deactivate(item: Item, account: Account, result: Result, inventory: Inventory) -> Step:
    """A key switched off, and back on by the undo."""
    key, user = item.resource, fact(item, "user")
    used = _last_used(key, item, account, inventory)
    args = {"UserName": user, "AccessKeyId": key}
    call, keep = "iam:UpdateAccessKey", ("AccessKeyMetadata[].AccessKeyId", "AccessKeyMetadata[].Status")
    return changes.step(
        f"deactivate access key {key} of user {user}",
        f"{account.arn('iam', f'user/{user}')} {key}",
        [(call, {**args, "Status": "Inactive"})],
        account=account.id,
        read=changes.reading(
            account.id, "iam:ListAccessKeys", {"UserName": user}, keep=keep, where={"AccessKeyMetadata[]": {"AccessKeyId": key}}
        ),
        before={"AccessKeyMetadata": [{"AccessKeyId": key, "Status": "Active"}]},
        undo=[(call, {**args, "Status": "Active"})],
        after=[has("AccessKeyMetadata[]", {"AccessKeyId": key, "Status": "Inactive"})],
        breaks=((NEVER if used == "never" else USED).format(key, user, used),),
        results=[result],
        why=[item.why],
    )  # fmt: skip


def _last_used(key: str, item: Item, account: Account, inventory: Inventory) -> str:
    if fact(item, "last_used"):
        return fact(item, "last_used")
    for answer in inventory.each("iam.GetAccessKeyLastUsed", account=account.id):
        if answer.key == key and answer.error is None:
            last = (answer.answer or {}).get("AccessKeyLastUsed") or {}
            when, where = str(last.get("LastUsedDate") or ""), str(last.get("ServiceName") or "")
            return f"{when} ({where})" if when else "never"
    return "at a time that isn't recorded"


def _shorter(item: Item, account: Account, options: Options, result: Result) -> Step:
    arn, seconds = item.resource, options.settings.session_hours * HOUR
    name, call = arn.rpartition("/")[2], "iam:UpdateRole"
    old = int(fact(item, "seconds"))
    return changes.step(
        f"let sessions of role {name} last {options.settings.session_hours} hours at most",
        arn,
        [(call, {"RoleName": name, "MaxSessionDuration": seconds})],
        account=account.id,
        read=changes.reading(
            account.id, "iam:GetRole", {"RoleName": name}, keep=("Role.MaxSessionDuration",)
        ),
        before={"Role": {"MaxSessionDuration": old}},
        undo=[(call, {"RoleName": name, "MaxSessionDuration": old})],
        after=[equals("Role.MaxSessionDuration", seconds)],
        breaks=("who asks for a longer session is refused: lower the duration that he asks for",),
        results=[result],
        why=[item.why],
    )
