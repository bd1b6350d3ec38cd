"""Readers for Azure: tenants, subscriptions, storage accounts, shared access signatures, network rules.

A subscription stands in every resource id. A storage account's name is unique in all of Azure, but says
nothing of who owns it. A shared access signature gives access to whoever holds it: the log names its
permissions, not its receiver.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from exclave.catalogue.readers.common import MAX_ID
from exclave.model import Cloud, Destination, Event, Kind
from exclave.perimeter.azure import is_shared

if TYPE_CHECKING:
    from exclave.catalogue.entry import Read

_GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_SUBSCRIPTION = re.compile(r"/?subscriptions/([^/\s]+)", re.IGNORECASE)
_STORE_ID = re.compile(
    r".*/providers/Microsoft\.(?:Classic)?Storage/storageAccounts/([^/\s]+)", re.IGNORECASE
)
_STORE_HOST = re.compile(
    r"([a-z0-9]{3,24})(?:-secondary)?\.(?:z\d+\.)?(?:blob|dfs|file|queue|table|web)\."
    r"(?:core\.(?:windows\.net|chinacloudapi\.cn|usgovcloudapi\.net)|storage\.azure\.net)",
    re.IGNORECASE,
)
_STORE_NAME = re.compile(r"[a-z0-9]{3,24}")
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{1,62}", re.IGNORECASE)
# `AccountName=x;AccountKey=...`, and which of its parts say where it leads
_CONNECTION = re.compile(r"\s*[A-Za-z][A-Za-z ]{1,40}=")
_ENDPOINT_KEYS = frozenset({
    "blobendpoint", "dfsendpoint", "fileendpoint", "queueendpoint", "tableendpoint", "endpoint", "accountendpoint",
    "hostname",
})  # fmt: skip
_SERVER_KEYS = frozenset({"server", "datasource"})
_MOVED = re.compile(r"\bto\s+(?:the\s+)?tenant\s+(?:id\s+)?['\"]?([0-9a-f-]{36})", re.IGNORECASE)
# statements that write what they read to an address: of SQL Server, of Kusto
_SENDS = re.compile(
    r"\bbackup\s+(?:database|log)\b.{0,400}?\bto\s+url\b|\.export\b.{0,400}?\bto\b", re.IGNORECASE | re.DOTALL
)
_URL = re.compile(r"https://[^\s'\";,)]+", re.IGNORECASE)
_MAX_PARAMETERS = 64
_SECONDS = re.compile(r"\d{1,9}")
# parameters of a signature: in URLs, and in the request for one; and how they are told
_SIGNED = {
    "sp": "permissions", "signedpermission": "permissions", "permissions": "permissions", "access": "access",
    "sip": "only from", "signedip": "only from", "spr": "protocol", "signedprotocol": "protocol",
    "ss": "services", "signedservices": "services", "srt": "resource types",
    "signedresourcetypes": "resource types", "canonicalizedresource": "resource",
}  # fmt: skip


def tenant(found: list[Any], read: Read, _event: Event) -> list[Destination]:
    """Tenant ids; `*` is every tenant."""
    out = []
    for value in _texts(found):
        if value == "*":
            out.append(_made(Kind.PUBLIC, "*", note="every tenant of Azure"))
        elif _GUID.fullmatch(value) and value.strip("0-"):
            out.append(_made(Kind.TENANT, value.lower(), note=read.note))
        elif not _GUID.fullmatch(value):
            out.append(_made(Kind.DOMAIN, value.lower(), note="a tenant by its domain"))
    return out


def kusto_principal(found: list[Any], read: Read, event: Event) -> list[Destination]:
    """The tenants in Kusto's names of principals: `aadapp=<application>;<tenant>`; one without a tenant gives nothing.

    Source: https://learn.microsoft.com/kusto/management/reference-security-principals
    """
    named = (value.partition(";")[2].strip() for value in _texts(found) if value.lower().startswith("aad"))
    return tenant([name for name in named if name], read, event)


def subscription(found: list[Any], read: Read, _event: Event) -> list[Destination]:
    """Subscription ids, or those in resource ids; `*` is everybody."""
    out = []
    for value in _texts(found):
        inside = _SUBSCRIPTION.match(value)
        if value == "*":
            out.append(_made(Kind.PUBLIC, "*", note="every subscription of Azure"))
        elif value.strip("0-") == "":
            continue  # a setting that names none
        elif inside or _GUID.fullmatch(value):
            out.append(_made(Kind.SUBSCRIPTION, (inside[1] if inside else value).lower(), note=read.note))
        else:
            out.append(_made(Kind.UNKNOWN, value, note="not a subscription"))
    return out


def foreign_subscription(found: list[Any], read: Read, event: Event) -> list[Destination]:
    """The subscriptions in resource ids that are not the log's own; an alias names nobody."""
    out = []
    for value in _texts(found):
        inside = _SUBSCRIPTION.match(value)
        if not inside:
            out.append(_made(Kind.UNKNOWN, value, note="not a resource id: the owner is not named"))
        elif inside[1].lower() != event.account:
            out.append(_made(Kind.SUBSCRIPTION, inside[1].lower(), note=read.note))
    return out


def moved_between(found: list[Any], read: Read, event: Event) -> list[Destination]:
    """The log's subscription as receiver, when what it was made of stands in another one.

    For copies: `path` is the source; the copy's own id says where it went.
    """
    sources = {inside[1].lower() for value in _texts(found) if (inside := _SUBSCRIPTION.match(value))}
    if not sources or event.account in sources or not event.account:
        return []
    return [
        _made(
            Kind.SUBSCRIPTION,
            event.account,
            note=read.note or f"made from a resource in {min(sources)}",
        )
    ]


def storage(found: list[Any], read: Read, _event: Event) -> list[Destination]:
    """Storage accounts as targets: by resource id their subscription, by URL, connection string or name the account.

    Signatures and keys are left out. Hosts outside Azure Storage are domains; `id` is the domain that bare names
    are of, where they are another service's.
    """
    out = []
    for value in _texts(found):
        if inside := _SUBSCRIPTION.match(value):
            store = _STORE_ID.match(value)
            note = f"storage account {store[1].lower()}" if store else read.note
            out.append(_made(Kind.SUBSCRIPTION, inside[1].lower(), note=note))
        elif _CONNECTION.match(value):
            out.extend(_of_connection(value))
        elif "://" in value or "." in value:
            out.extend(_of_url(value))
        elif read.id and _NAME.fullmatch(value):
            out.append(_made(Kind.DOMAIN, f"{value}.{read.id}".lower(), note=read.note))
        elif not read.id and _STORE_NAME.fullmatch(value):
            out.append(_made(Kind.BUCKET, value.lower(), note=read.note))
        else:
            out.append(_made(Kind.UNKNOWN, value, note="not a storage account"))
    return out


def sent_to(found: list[Any], _read: Read, _event: Event) -> list[Destination]:
    """The storage accounts that a statement writes to: `BACKUP DATABASE ... TO URL = '...'`, `.export to csv ("...")`."""
    out: list[Destination] = []
    for text in _texts(found):
        if sends := _SENDS.search(text):
            out += [d for url in _URL.findall(text[sends.end() :])[:8] for d in _of_url(url)]
    return out


def sas(found: list[Any], read: Read, event: Event) -> list[Destination]:
    """The URL that a request hands out: for whoever holds it, with what it allows and until when.

    `path` is the request's body; the log may have left it out, the URL was given out all the same.
    """
    limits: list[str] = []
    expires = ""
    for body in found:
        keys = {str(k).lower(): v for k, v in body.items()} if isinstance(body, Mapping) else {}
        limits += _limits(keys)
        expires = expires or _scalar(keys.get("signedexpiry")) or _scalar(keys.get("expires"))
        seconds = _scalar(keys.get("durationinseconds"))
        if not expires and _SECONDS.fullmatch(seconds) and event.time:
            expires = (event.time + timedelta(seconds=int(seconds))).isoformat(timespec="seconds")
    item = event.fields.get("item")  # of an inventory
    there = event.fields.get("resourceId") or (item.get("id") if isinstance(item, Mapping) else "")
    resource = str(there or "").lower()
    name = "/".join(resource.rstrip("/").split("/")[-2:])[:MAX_ID] or "url"
    note = read.note or "the log does not say who got the URL"
    return [_made(Kind.BEARER_URL, name, note=note, limits=tuple(limits[:12]), expires=expires[:64])]


def ip_range(found: list[Any], read: Read, _event: Event) -> list[Destination]:
    """A firewall rule's first and last address (`startIpAddress`, of Redis `startIP`); 0.0.0.0: all of Azure."""
    out = []
    for body in found:
        keys = {str(k).lower(): v for k, v in body.items()} if isinstance(body, Mapping) else {}
        start = _scalar(keys.get("startipaddress")) or _scalar(keys.get("startip"))
        end = _scalar(keys.get("endipaddress")) or _scalar(keys.get("endip"))
        if not start and not end:
            continue
        if start == end == "0.0.0.0":  # noqa: S104
            out.append(_made(Kind.PUBLIC, "azure", note="every address inside Azure, of any tenant"))
            continue
        try:
            first, last = ipaddress.IPv4Address(start), ipaddress.IPv4Address(end or start)
            ranges = list(ipaddress.summarize_address_range(first, last))
        except (ValueError, TypeError):
            out.append(_made(Kind.UNKNOWN, f"{start}-{end}", note="not an address range"))
            continue
        if int(last) - int(first) >= 1 << 31:
            out.append(_made(Kind.PUBLIC, f"{first}-{last}", note="the whole internet"))
        else:
            out.extend(_made(Kind.IP_RANGE, str(r), note=read.note) for r in ranges[:8])
    return out


def moved_to_tenant(found: list[Any], read: Read, _event: Event) -> list[Destination]:
    """The tenant that a message says a subscription went to."""
    messages = (_MOVED.search(value) for value in _texts(found))
    return [_made(Kind.TENANT, moved[1].lower(), note=read.note) for moved in messages if moved]


def gallery_group(found: list[Any], read: Read, _event: Event) -> list[Destination]:
    """With whom a Compute Gallery is shared: `{type, ids}`; type is Subscriptions, AADTenants, Community."""
    out = []
    for group in found:
        keys = {str(k).lower(): v for k, v in group.items()} if isinstance(group, Mapping) else {}
        ids = keys.get("ids")
        kind = _scalar(keys.get("type")).lower()
        if kind == "community":
            out.append(_made(Kind.PUBLIC, "*", note="the community: every user of Azure"))
        for value in _texts(ids if isinstance(ids, list) else [ids]):
            known = Kind.TENANT if kind == "aadtenants" else Kind.SUBSCRIPTION
            out.append(_made(known, value.lower().removeprefix("/subscriptions/"), note=read.note))
    return out


def guest(found: list[Any], read: Read, _event: Event) -> list[Destination]:
    """Mail addresses of guests; `ann_partner.example#EXT#@ours.onmicrosoft.com` is ann@partner.example."""
    out = []
    for value in _texts(found):
        name, mark, _ = value.lower().partition("#ext#")
        if mark and "@" not in name:
            user, _, domain = name.rpartition("_")
            name = f"{user}@{domain}"
        if "@" in name:
            out.append(_made(Kind.PRINCIPAL, name, note=read.note))
    return out


def changed_tenant(found: list[Any], read: Read, _event: Event) -> list[Destination]:
    """Tenants in the modified properties of a directory's audit record (`displayName` is `tenantId`)."""
    out: list[Destination] = []
    for change in found:
        if isinstance(change, Mapping) and "tenantid" in _scalar(change.get("displayName")).lower():
            value = _scalar(change.get("newValue")) or _scalar(change.get("oldValue"))
            out.extend(_made(Kind.TENANT, g.lower(), note=read.note) for g in _GUID.findall(value[:4096])[:8])
    return out


def _of_url(value: str) -> Iterator[Destination]:
    try:
        split = urlsplit(value if "://" in value else f"https://{value}")
        host = split.hostname or ""
        pairs = parse_qsl(split.query, max_num_fields=_MAX_PARAMETERS)
    except ValueError:
        yield _made(Kind.UNKNOWN, "", note="a target that is no URL")
        return
    keys = {key.lower(): v for key, v in pairs}
    store = _STORE_HOST.fullmatch(host)
    limits, expires = (tuple(_limits(keys)), keys.get("se", "")) if "sig" in keys else ((), "")
    if store:
        yield _made(Kind.BUCKET, store[1].lower(), limits=limits, expires=expires)
    elif host:
        yield _made(Kind.DOMAIN, host.lower(), limits=limits, expires=expires)


def _of_connection(value: str) -> Iterator[Destination]:
    """Where a connection string leads; one that doesn't say, or hides it, is unknown.

    A database server counts at Azure alone: those that stand elsewhere are read from, by way of a gateway.
    """
    parts = [part.partition("=") for part in value.split(";")[:_MAX_PARAMETERS]]
    keys = {key.replace(" ", "").lower(): what.strip() for key, _, what in parts}
    servers = [keys[k].removeprefix("tcp:").partition(",")[0] for k in _SERVER_KEYS & keys.keys()]
    urls = [keys[k] for k in sorted(_ENDPOINT_KEYS & keys.keys()) if "." in keys[k]]
    accounts = [a for a in (keys.get("accountname", ""),) if _STORE_NAME.fullmatch(a)]
    for account in accounts:
        yield _made(Kind.BUCKET, account)
    for url in [*urls, *filter(is_shared, servers)]:
        yield from _of_url(url)
    if not (accounts or urls or servers):
        yield _made(Kind.UNKNOWN, "connection string", note="a connection string that names no place")


def _limits(keys: Mapping[str, Any]) -> list[str]:
    """What a signature allows, in words."""
    return [f"{_SIGNED[k]} {text[:200]}" for k, v in keys.items() if k in _SIGNED and (text := _scalar(v))]


def _texts(found: list[Any]) -> Iterator[str]:
    for value in found:
        if text := _scalar(value):
            yield text[:MAX_ID]


def _scalar(value: object) -> str:
    return str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _made(
    kind: Kind, identifier: str, *, note: str = "", limits: tuple[str, ...] = (), expires: str = ""
) -> Destination:
    return Destination(
        kind=kind, id=identifier[:MAX_ID], cloud=Cloud.AZURE, note=note, limits=limits, expires=expires
    )
