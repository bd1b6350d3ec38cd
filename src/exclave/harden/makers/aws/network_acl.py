"""Network ACLs made no wider than the perimeter: entries replaced, added and removed in place; or a new ACL, as an artefact.

Sources: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ReplaceNetworkAclEntry.html,
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-ec2-networkaclentry.html
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

from exclave.audit.checks.aws.network_acl import ACLS, VPCS, own_ranges
from exclave.change.checking import pruned
from exclave.change.model import Expect
from exclave.harden.makers.aws import changes
from exclave.harden.makers.aws.account import account_of, our_entries
from exclave.harden.makers.aws.acl_artefacts import artefacts
from exclave.harden.makers.aws.acl_entries import QUOTA, NoRoomError, entries, narrowed
from exclave.harden.model import Made
from exclave.harden.results import by_account, fact, items_of
from exclave.perimeter import EntryKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from exclave.audit.model import Result
    from exclave.change.model import Step
    from exclave.harden.makers.aws.acl_entries import Entry, Key
    from exclave.harden.model import Artefact, Options
    from exclave.inventory import Inventory
    from exclave.perimeter import Perimeter
    from exclave.perimeter.ranges import Network

CONTROL = "aws.network.acl"
NOTES = (
    "traffic to and from every other address stops, the internet and AWS's public endpoints too: name what must be reached as [[cidr]] in perimeter.toml first, and give VPC endpoints to what calls AWS",
    "try it on the ACL of one test subnet; flow logs with REJECT show what it stops",
)
Calls = list[tuple[str, dict[str, Any]]]


def make(results: Sequence[Result], inventory: Inventory, perimeter: Perimeter, options: Options) -> Made:
    """One step and one artefact for each ACL that lets too much through."""
    steps: list[Step] = []
    made: list[Artefact] = []
    notes: list[str] = []
    for account_id, mine in by_account(results).items():
        account = account_of(inventory, account_id, options)
        for result in mine:
            region = result.check.scope.region
            subnets: dict[str, list[str]] = {}
            for _, item in items_of([result]):
                if fact(item, "acl"):
                    subnets.setdefault(fact(item, "acl"), []).append(item.resource)
            acls = {str(a.get("NetworkAclId")): a for a in inventory.one(ACLS, account_id, region).items}
            vpcs = inventory.one(VPCS, account_id, region)
            own = own_ranges(vpcs.items if vpcs.error is None else [])
            for identifier, of in sorted(subnets.items()):
                acl = acls[identifier]
                ranges = own.get(str(acl.get("VpcId")), [])
                try:
                    after = narrowed(acl, account_id, perimeter, ranges, [*ranges, *_listed(perimeter)])
                except NoRoomError as error:
                    notes.append(f"{identifier}: {error}: renumber its entries")
                    continue
                notes += _too_many(identifier, after)
                steps.append(_step(acl, account_id, region, after, result))
                made += artefacts(CONTROL, account, region, acl, sorted(of), after, options)
    return Made(artefacts=tuple(made), steps=tuple(steps), notes=(*NOTES, *notes) if steps or notes else ())


def _listed(perimeter: Perimeter) -> list[Network]:
    """The perimeter's ranges."""
    found = []
    for text in our_entries(perimeter, EntryKind.CIDR):
        try:
            found.append(ipaddress.ip_network(text, strict=False))
        except ValueError:
            continue  # the audit doesn't count it either
    return found


def _too_many(identifier: str, after: Mapping[Key, Entry]) -> Iterator[str]:
    for egress, way in ((False, "inbound"), (True, "outbound")):
        count = sum(1 for direction, _ in after if direction is egress)
        if count > QUOTA:
            yield f"{identifier} comes to {count} {way} entries: AWS allows {QUOTA} unless the quota is raised"


def _step(
    acl: Mapping[str, Any], account: str, region: str, after: Mapping[Key, Entry], result: Result
) -> Step:
    identifier = str(acl.get("NetworkAclId"))
    before = entries(acl)
    change, undo = list(_calls(identifier, before, after)), list(_calls(identifier, after, before))
    keep = "NetworkAcls[].Entries"
    return changes.step(
        f"narrow the entries of {identifier} to the VPC's and the perimeter's ranges",
        identifier,
        change,
        account=account,
        region=region,
        read=changes.reading(
            account, "ec2:DescribeNetworkAcls", {"NetworkAclIds": [identifier]}, region=region, keep=(keep,)
        ),
        before=pruned({"NetworkAcls": [acl]}, (keep,)),
        undo=undo,
        after=[Expect(what="has", path=f"{keep}[]", value=_compared(e)) for e in after.values()]
        + [
            Expect(what="lacks", path=f"{keep}[]", value=_compared(before[k]))
            for k in before
            if before[k] not in after.values()
        ],
        breaks=(NOTES[0],),
        results=[result],
        why=result.check.why,
    )


def _compared(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {
        k: entry[k]
        for k in ("RuleNumber", "Egress", "RuleAction", "CidrBlock", "Ipv6CidrBlock")
        if k in entry
    }


def _calls(
    identifier: str, before: Mapping[Key, Entry], after: Mapping[Key, Entry]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """From one list of entries to another: what is added first, so that nothing is cut off between."""
    for key, entry in after.items():
        if key not in before:
            yield "ec2:CreateNetworkAclEntry", {"NetworkAclId": identifier, **entry}
        elif entry != before[key]:
            yield "ec2:ReplaceNetworkAclEntry", {"NetworkAclId": identifier, **entry}
    for key in before:
        if key not in after:
            egress, number = key
            yield (
                "ec2:DeleteNetworkAclEntry",
                {"NetworkAclId": identifier, "Egress": egress, "RuleNumber": number},
            )
