"""Which subscriptions, tenants, mail domains and storage accounts Azure's logs show to be ours.

Only the record's own resource and directory count, never the caller's: with delegated rights he may be of
another tenant, and acts in our log all the same.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from exclave.formats import azure
from exclave.model import Event, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

_STORE = re.compile(
    r"/subscriptions/[^/]+/.*/providers/Microsoft\.Storage/storageAccounts/([a-z0-9]{3,24})(?:/|$)",
    re.IGNORECASE,
)
ON_STORES = "microsoft.storage/storageaccounts/"  # how the names of what is done to storage accounts begin
_HOW = {
    "azure-activity": "its activity log is among these logs",
    "azure-storage": "the log of its storage account is among these logs",
    "azure-resource": "the log of a resource in it is among these logs",
    "entra": "the directory's log is among these logs",
    "m365": "its Microsoft 365 audit log is among these logs",
}


def seen(event: Event) -> Iterator[tuple[Kind, str, str]]:
    """What a record shows to be ours: kind, identifier in lower case, and how it is known."""
    how = _HOW.get(event.log, "")
    if not how:
        return
    if event.account:
        yield Kind.SUBSCRIPTION, event.account.lower(), how
    tenant = event.fields.get("tenantId")
    if event.log in ("azure-activity", "entra", "m365") and isinstance(tenant, str) and tenant:
        yield Kind.TENANT, tenant, how
    if event.error or (event.log == "azure-activity" and not event.action.startswith(ON_STORES)):
        store = None
    else:
        store = _STORE.match(str(event.fields.get("resourceId"))[:2048])
    if store:
        yield Kind.BUCKET, store[1].lower(), "the log of its own subscription names it"
    find = {"azure-activity": _members_domain, "entra": _sign_in_domain}.get(event.log)
    if find and (domain := find(event)):
        yield Kind.DOMAIN, domain, "its users act as members of our tenant"


def _members_domain(event: Event) -> str:
    """The domain of a user who signed in as a member: a guest's token has no user principal name."""
    claims = azure.mapping(event.fields.get("claims"))
    name = azure.value_of(claims.get("upn")).lower()
    own, home = event.fields.get("tenantId"), azure.guid_of(claims.get("tid"))
    if "#ext#" in name or name.count("@") != 1 or not own or own != home:
        return ""
    return name.partition("@")[2]


def _sign_in_domain(event: Event) -> str:
    """The domain of a user whose home is the directory that he signed in to: a guest's is another one."""
    fields = event.fields
    name = azure.value_of(fields.get("userPrincipalName")).lower()
    home, own = azure.guid_of(fields.get("homeTenantId")), azure.guid_of(fields.get("resourceTenantId"))
    ours = event.action == "sign-in" and not event.error and home and home == own == fields.get("tenantId")
    return name.partition("@")[2] if ours and "#ext#" not in name and name.count("@") == 1 else ""
