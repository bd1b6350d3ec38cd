"""The identity perimeter: service control policies of the catalogue's `prevent` entries, and resource shares closed to outsiders.

Actions that a condition key can bind to the organisation stay possible inside it; the others are refused to all
but break-glass roles. Sources: https://docs.aws.amazon.com/service-authorization/latest/reference/ (condition keys) and
https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_data-perimeters.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exclave.audit.checks.aws.perimeter import WRITES, sharing_actions
from exclave.change.model import equals
from exclave.harden.makers.aws import changes, organization_policy
from exclave.harden.makers.aws.account import Account, account_of, our_accounts, our_entries
from exclave.harden.makers.aws.documents import (
    MAX_ORGANIZATION,
    deny,
    document,
    packed,
    spared_by_policies,
    text,
)
from exclave.harden.makers.aws.organization_policy import Policy
from exclave.harden.model import Made
from exclave.harden.results import by_account, fact, items_of
from exclave.perimeter import EntryKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exclave.audit.model import Item, Result
    from exclave.change.model import Step
    from exclave.harden.makers.aws.documents import Statement
    from exclave.harden.model import Options
    from exclave.inventory import Inventory
    from exclave.perimeter import Perimeter

CONTROL = "aws.perimeter.identity"
NO_ORGANIZATION = "account {}: it is in no organisation (or the inventory doesn't say which), and without one no policy can bind it"
MANAGEMENT = (
    "account {}: it is the management account, which no policy binds: move its data to a member account"
)
# Writes that carry data out, beside those that the audit probes.
_MORE_WRITES = (
    "s3:ReplicateObject",
    "kinesis:PutRecord",
    "kinesis:PutRecords",
    "firehose:PutRecord",
    "firehose:PutRecordBatch",
    "dynamodb:PutItem",
)
_EXTERNAL = "ram:RequestedAllowsExternalPrincipals"


def make(results: Sequence[Result], inventory: Inventory, perimeter: Perimeter, options: Options) -> Made:
    """SCPs for the accounts that lack them, and a step for each resource share that lets outsiders in."""
    steps: list[Step] = []
    notes: list[str] = []
    bound: list[tuple[Account, Result]] = []
    for account_id, mine in by_account(results).items():
        account = account_of(inventory, account_id, options)
        for result, item in items_of(mine):
            if fact(item, "allowExternalPrincipals"):
                steps.append(_share(item, account, result))
        if any(not fact(i, "allowExternalPrincipals") for _, i in items_of(mine)):
            if account.bindable:
                bound.append((account, mine[0]))
            else:
                notes.append((MANAGEMENT if account.organization else NO_ORGANIZATION).format(account_id))
    if not bound:
        return Made(steps=tuple(steps), notes=tuple(notes))
    account = bound[0][0]
    made = policies(account, perimeter, options)
    to = organization_policy.targets([a for a, _ in bound], options)
    found = [r for _, r in bound]
    steps[:0] = organization_policy.steps(made, to, account.management, inventory, found, options)
    return Made(
        artefacts=tuple(organization_policy.artefacts(CONTROL, account, made, to, options)),
        steps=tuple(steps),
        notes=(*organization_policy.notes(options), SHARING_NOTE, *notes),
    )


SHARING_NOTE = (
    "sharing snapshots and images and setting replication is refused inside the organisation too, since AWS has no condition key for "
    "the receiver of most of them: spare the role that shares for you by --break-glass; subscribing to SNS topics is left to accounts "
    "and mail domains of the perimeter"
)


def policies(account: Account, perimeter: Perimeter, options: Options) -> list[Policy]:
    """The SCPs."""
    found = packed([*sharing(account, perimeter, options), carrying_out(account, options)])
    about = "denies sharing data outside the organisation, and writing to what is outside it"
    return [
        Policy(kind="scp", name=f"{options.prefix}-identity-perimeter-{n}", about=about, document=each)
        for n, each in enumerate(found, 1)
    ]


def sharing(account: Account, perimeter: Perimeter, options: Options) -> list[Statement]:
    """A Deny for each way to bind the catalogue's sharing actions."""
    spared = spared_by_policies(options)
    flat: list[str] = []
    out: list[Statement] = []
    for action, keys in sharing_actions().items():
        condition = _condition(action, keys, account, perimeter, options)
        if condition is None:
            flat.append(action)
            continue
        sid = "".join(c for c in action.title() if c.isalnum())
        for number, each in enumerate(condition):
            statement = deny(f"{sid}{number or ''}", [action], condition=each, spared=spared)
            if len(text(document([statement]))) > MAX_ORGANIZATION:
                flat.append(action)  # more accounts than a policy holds: refused to all
                break
            out.append(statement)
    return [deny("Sharing", flat, spared=spared), *out] if flat else out


def _condition(
    action: str, keys: Sequence[str], account: Account, perimeter: Perimeter, options: Options
) -> list[dict[str, dict[str, Any]]] | None:
    """Conditions any of which tells an outsider; None where none can be told by a key."""
    ours = our_accounts(perimeter, account)
    arns = [f"arn:*:*:*:{a}:*" for a in ours]
    if _EXTERNAL in keys:
        # a share that lets no outsiders in can't get any; of an existing share another key says it
        key = _EXTERNAL if action.endswith(":CreateResourceShare") else "ram:AllowsExternalPrincipals"
        return [{"BoolIfExists": {key: "true"}}]
    if action == "redshift:AuthorizeDataShare":
        return [{"StringNotEquals": {"redshift:ConsumerIdentifier": ours}}]
    if action == "logs:PutSubscriptionFilter":
        return [{"ArnNotLike": {"logs:DestinationArn": arns}}]
    if action == "sns:Subscribe":
        mail = [f"*@{d.lstrip('@')}" for d in our_entries(perimeter, EntryKind.DOMAIN)]
        return [{"StringNotLike": {"sns:Endpoint": [*arns, *mail, *(n for n in options.notify if "@" in n)]}}]
    return None


def carrying_out(account: Account, options: Options) -> Statement:
    """A Deny of writing to a resource that isn't of the organisation; calls that a service makes for us are spared."""
    condition = {
        "StringNotEqualsIfExists": {"aws:ResourceOrgID": account.organization},
        "BoolIfExists": {"aws:ViaAWSService": "false"},
    }
    return deny(
        "CarryingOut", [*WRITES, *_MORE_WRITES], condition=condition, spared=spared_by_policies(options)
    )


def _share(item: Item, account: Account, result: Result) -> Step:
    arn = item.resource
    region = arn.split(":")[3] if arn.count(":") > 3 else account.home  # noqa: PLR2004 - arn:aws:ram:region:...
    call = "ram:UpdateResourceShare"
    return changes.step(
        f"close resource share {arn.rpartition('/')[2]} to principals outside the organisation",
        arn,
        [(call, {"resourceShareArn": arn, "allowExternalPrincipals": False})],
        account=account.id,
        region=region,
        read=changes.reading(
            account.id,
            "ram:GetResourceShares",
            {"resourceOwner": "SELF", "resourceShareArns": [arn]},
            region=region,
            keep=("resourceShares[].resourceShareArn", "resourceShares[].allowExternalPrincipals"),
        ),
        before={"resourceShares": [{"resourceShareArn": arn, "allowExternalPrincipals": True}]},
        undo=[(call, {"resourceShareArn": arn, "allowExternalPrincipals": True})],
        after=[equals("resourceShares[].allowExternalPrincipals", False)],
        breaks=(
            "outsiders who use what it shares lose it: AWS refuses the change while they are in the share",
        ),
        results=[result],
        why=[item.why],
    )
