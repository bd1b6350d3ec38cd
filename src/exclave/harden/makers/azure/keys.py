"""Storage accounts' limits on keys and SAS, and a plan for rotating what is old.

https://learn.microsoft.com/rest/api/storagerp/storage-accounts/update and .../regenerate-key
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exclave.audit.checks.azure.ids import group_of, name_of, properties
from exclave.audit.checks.azure.keys import ACCOUNTS, KEYS
from exclave.audit.model import Status
from exclave.change.model import Expect, Request, equals, gone, lacks, there
from exclave.harden.makers.azure import changes
from exclave.harden.makers.azure.account_template import API, CHECK, both
from exclave.harden.makers.azure.arm import Template
from exclave.harden.makers.azure.limits import CONTROL, limits
from exclave.harden.makers.azure.storage import CONTROL as CLOSED
from exclave.harden.makers.azure.storage import asked_subnets
from exclave.harden.makers.azure.storage import wanted as closed
from exclave.harden.markdown import table
from exclave.harden.model import Artefact, Made
from exclave.harden.results import by_account
from exclave.model import Cloud

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from exclave.audit.model import Item, Result
    from exclave.change.model import Step
    from exclave.harden.makers.azure.arm import Resource
    from exclave.harden.model import Options
    from exclave.inventory import Inventory
    from exclave.perimeter import Perimeter

ASK = (
    "old keys are rotated only when asked for by --set rotate-keys=yes, and old secrets of applications taken away only by "
    "--set remove-secrets=yes: whoever uses them must have the new ones first"
)
REFUSED = "a SAS that is signed for longer than the policy's period is refused"
GONE = "everything that uses this key, and every URL signed with it, stops working; the old key does not come back"


def make(results: Sequence[Result], inventory: Inventory, perimeter: Perimeter, options: Options) -> Made:
    """Policies for each account, a plan for people, and the rotation itself when asked for."""
    artefacts: list[Artefact] = []
    steps: list[Step] = []
    subnets = asked_subnets(options)
    for subscription, mine in by_account(results).items():
        bad = [i for r in mine for i in r.check.items if i.status in (Status.FAIL, Status.PARTIAL)]
        if options.wants("text"):
            artefacts.append(_plan(subscription, bad))
        stores = {
            str(s.get("id")): s for s in inventory.one(ACCOUNTS, subscription).items if isinstance(s, dict)
        }
        groups: dict[str, list[tuple[Resource, Resource]]] = {}
        for item in bad:
            if item.resource in stores:
                store = stores[item.resource]
                wish = limits(properties(store), options.settings.key_days)
                if wish:
                    steps.append(_policy(item.resource, store, wish, subscription, mine))
                    pairs = groups.setdefault(group_of(item.resource), [])
                    also = (
                        closed(properties(store), subscription, perimeter, subnets)
                        if CLOSED in options.controls
                        else {}
                    )
                    pairs.append(both(store, {**also, **wish}, {}, len(pairs) + 1))
                if options.value("rotate-keys") == "yes":
                    steps += _rotation(item, store, subscription, mine)
            elif options.value("remove-secrets") == "yes":
                steps += _secret(item, subscription, mine)
        for group, pairs in sorted(groups.items()):
            new, before = (Template(resources=tuple(each)) for each in zip(*pairs, strict=True))
            artefacts += changes.templates(
                CONTROL, subscription, new, options, about="reminders of rotation and limits of SAS", group=group, part=group, back=before,
                notes=(CHECK,),
            )  # fmt: skip
    return Made(artefacts=tuple(artefacts), steps=tuple(steps), notes=(ASK,))


def _policy(
    identifier: str,
    store: Mapping[str, Any],
    wish: Mapping[str, Any],
    account: str,
    results: Sequence[Result],
) -> Step:
    held = properties(store)
    old = {k: held.get(k) for k in wish}
    told = {"keyPolicy": "keyExpirationPeriodInDays", "sasPolicy": "sasExpirationPeriod"}
    undone = [
        equals(f"properties.{k}.{told[k]}", v.get(told[k]))
        if isinstance(v, dict)
        else gone(f"properties.{k}.{told[k]}")
        for k, v in old.items()
    ]
    return changes.step(
        f"limit keys and SAS of {name_of(identifier)}", identifier, account,
        [changes.call("PATCH", identifier, API, account, {"properties": dict(wish)})],
        read=changes.reading(identifier, API, account, ("properties.keyPolicy.keyExpirationPeriodInDays", "properties.sasPolicy.sasExpirationPeriod", "properties.sasPolicy.expirationAction")),
        before=store, undo=[changes.call("PATCH", identifier, API, account, {"properties": old})],
        after=[equals(f"properties.{k}.{n}", v) for k, held_ in wish.items() for n, v in held_.items()],
        undone=undone, breaks=(REFUSED,) if "sasPolicy" in wish else (), results=results,
    )  # fmt: skip


def _rotation(item: Item, store: Mapping[str, Any], account: str, results: Sequence[Result]) -> list[Step]:
    """The second key first, for the first is the one that most use."""
    old = dict(item.facts).get("old", "").split(",")
    before = properties(store).get("keyCreationTime")
    steps: list[Step] = []
    for key in reversed(KEYS):
        if key not in old:
            continue
        was = before.get(key) if isinstance(before, dict) else None
        made = f"properties.keyCreationTime.{key}"
        after: list[Expect] = [lacks(made, was) if was else there(made)]
        steps.append(
            changes.step(
                f"make {key} of {name_of(item.resource)} anew", item.resource, account,
                [Request(cloud=Cloud.AZURE, account=account, call=_regenerate(item.resource), args={"keyName": key})],
                read=changes.reading(item.resource, API, account, (f"properties.keyCreationTime.{key}",)), before=store, after=after,
                breaks=(GONE,), results=results, why=(item.why,),
            )
        )  # fmt: skip
    return steps


def _regenerate(identifier: str) -> str:
    return f"POST {changes.url(f'{identifier}/regenerateKey', API)}"


def _secret(item: Item, account: str, results: Sequence[Result]) -> list[Step]:
    facts = dict(item.facts)
    if not facts.get("secret"):
        return []
    kind = "applications" if facts.get("kind") == "application" else "servicePrincipals"
    where = f"{changes.GRAPH}/{kind}/{facts['owner']}"
    this = {"keyId": facts["secret"]}
    read = Request(
        cloud=Cloud.AZURE, account=account, call=f"GET {where}", keep=("passwordCredentials[].keyId",),
        where={"passwordCredentials[]": this},
    )  # fmt: skip
    return [
        changes.step(
            f"take the secret {facts['secret']} from {kind} {facts['owner']}", item.resource, account,
            [Request(cloud=Cloud.AZURE, account=account, call=f"POST {where}/removePassword", args=this)],
            read=read, before={"passwordCredentials": [this]}, after=[lacks("passwordCredentials[].keyId", facts["secret"])],
            breaks=("the application can't sign in with it any more; the secret does not come back",), results=results, why=(item.why,),
        )
    ]  # fmt: skip


def _plan(account: str, bad: Sequence[Item]) -> Artefact:
    rows = [(str(i.resource), str(i.why)) for i in bad]
    text = f"""# Keys and secrets to rotate

{table(("what", "why"), rows)}
For each storage account: make `key2` anew, move its users to it, make `key1` anew. Better: give the users roles
(Storage Blob Data Reader and the like) and set `allowSharedKeyAccess` to false; then there is nothing to rotate.

For each secret: make a new one (`az ad app credential reset --append`), move the application to it, take the old one away
(`az ad app credential delete`). Better: a managed identity or a federated credential, which have no secret.
"""
    return Artefact(
        control=CONTROL, name=changes.file_name(CONTROL, account, "text"), format="text", text=text, about="what to rotate, in which order",
        undo="# a rotated key does not come back",
    )  # fmt: skip
