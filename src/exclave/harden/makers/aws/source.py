"""The network perimeter: data reached only from expected ranges and VPCs, by RCP, else by each bucket's own policy.

Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_data-perimeters.html and
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-sourcevpc
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exclave.harden.makers.aws import bucket_policy, endpoints, organization_policy
from exclave.harden.makers.aws.account import Account, account_of, our_entries
from exclave.harden.makers.aws.documents import SERVICE_LINKED, deny, packed, spared_by_policies
from exclave.harden.makers.aws.organization_policy import Policy
from exclave.harden.makers.aws.resource import ACTIONS
from exclave.harden.model import Made
from exclave.harden.results import by_account, fact, items_of
from exclave.model import Kind
from exclave.perimeter import EntryKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exclave.audit.model import Result
    from exclave.change.model import Step
    from exclave.harden.makers.aws.documents import Statement
    from exclave.harden.model import Artefact, Options
    from exclave.inventory import Inventory
    from exclave.perimeter import Perimeter

CONTROL = "aws.network.source-restriction"
WHOLE = "data of the whole account"
# Of a bucket only its data: whoever may change the policy can always do so, wherever he is.
BUCKET_ACTIONS = ("s3:GetObject*", "s3:PutObject*", "s3:DeleteObject*", "s3:RestoreObject", "s3:ListBucket*")
NO_RANGES = (
    "no ranges are known to be ours: name those that people and machines come from as [[cidr]] in perimeter.toml, "
    "or a policy of the network would lock everybody out; nothing was made for {}"
)
WHERE_FROM = (
    "from anywhere but the perimeter's ranges and VPCs data can't be reached any more, with whatever credentials: "
    "see that the ranges hold every office, VPN and pipeline, and that this machine is in one"
)
NO_BUCKETS = "account {}: it has no bucket, and no organisation that could bind it: nothing to make"


def make(results: Sequence[Result], inventory: Inventory, perimeter: Perimeter, options: Options) -> Made:
    """An RCP where the organisation can bind the account, else a statement in each bucket's policy; and endpoint policies."""
    found: list[Artefact] = []
    done: list[Step] = []
    notes: list[str] = []
    bound: list[tuple[Account, Result]] = []
    for account_id, mine in by_account(results).items():
        account = account_of(inventory, account_id, options)
        items = list(items_of(mine))
        of_endpoints = [(r, i) for r, i in items if fact(i, "service")]
        made = endpoints.make(CONTROL, account, of_endpoints, inventory, perimeter, options)
        found += made.artefacts
        done += made.steps
        notes += made.notes
        data = [(r, i) for r, i in items if not fact(i, "service")]
        if not data:
            continue
        condition = elsewhere(perimeter)
        if condition is None:
            notes.append(NO_RANGES.format(account_id))
        elif account.bindable and options.value("source-restriction") != "buckets":
            bound.append((account, mine[0]))
        elif all(i.resource == WHOLE for _, i in data):
            notes.append(NO_BUCKETS.format(account_id))
        else:
            statement = outside(condition, options, buckets=True)
            made = bucket_policy.make(CONTROL, account, data, statement, inventory, options)
            found += made.artefacts
            done += made.steps
            notes += [WHERE_FROM, *made.notes]
    if bound:
        account = bound[0][0]
        to = organization_policy.targets([a for a, _ in bound], options)
        rcps = policies(perimeter, options)
        done += organization_policy.steps(
            rcps, to, account.management, inventory, [r for _, r in bound], options
        )
        found += organization_policy.artefacts(CONTROL, account, rcps, to, options)
        notes += [WHERE_FROM, *organization_policy.notes(options)]
    return Made(artefacts=tuple(found), steps=tuple(done), notes=tuple(dict.fromkeys(notes)))


def elsewhere(perimeter: Perimeter) -> dict[str, dict[str, Any]] | None:
    """The condition that holds for whoever comes from none of our ranges and VPCs; None when no range is known."""
    ranges = our_entries(perimeter, EntryKind.CIDR)
    if not ranges:
        return None
    condition: dict[str, dict[str, Any]] = {
        "NotIpAddressIfExists": {"aws:SourceIp": ranges},
        "BoolIfExists": {"aws:ViaAWSService": "false", "aws:PrincipalIsAWSService": "false"},
    }
    seen = perimeter.seen.get(Kind.VPC, {})
    vpcs = sorted({v for v in (*our_entries(perimeter, EntryKind.VPC), *seen) if v.startswith("vpc-")})
    if vpcs:
        condition["StringNotEqualsIfExists"] = {"aws:SourceVpc": vpcs}
    return condition


def outside(condition: dict[str, dict[str, Any]], options: Options, *, buckets: bool = False) -> Statement:
    """The Deny of the network perimeter."""
    spared = spared_by_policies(options)
    if buckets:  # organisation policies spare service-linked roles by themselves
        return deny(
            "ExpectedNetworks",
            BUCKET_ACTIONS,
            condition=condition,
            principal={"AWS": "*"},
            spared=(*spared, SERVICE_LINKED),
        )
    # taking on a role comes from sign-in pages and AWS's own addresses: what the role then does is bound
    actions = [a for a in ACTIONS if not a.startswith("sts:")]
    return deny("ExpectedNetworks", actions, condition=condition, principal="*", spared=spared)


def for_new_buckets(account: Account, perimeter: Perimeter, options: Options) -> tuple[Statement, ...]:
    """What the policies of buckets that are made must hold too, where each bucket is bound by its own."""
    condition = elsewhere(perimeter)
    if (
        condition is None
        or CONTROL not in options.controls
        or (account.bindable and options.value("source-restriction") != "buckets")
    ):
        return ()
    return (outside(condition, options, buckets=True),)


def policies(perimeter: Perimeter, options: Options) -> list[Policy]:
    """The RCPs."""
    condition = elsewhere(perimeter)
    assert condition is not None
    about = "denies data to whoever comes from none of the expected ranges and VPCs"
    return [
        Policy(kind="rcp", name=f"{options.prefix}-network-perimeter-{n}", about=about, document=each)
        for n, each in enumerate(packed([outside(condition, options)]), 1)
    ]
