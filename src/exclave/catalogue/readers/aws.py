"""Readers of AWS: accounts, ARNs, organisations, buckets, callers, policies and S3 access control lists."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl

from exclave.catalogue.entry import Read
from exclave.catalogue.paths import embedded
from exclave.catalogue.readers.common import MAX_ID
from exclave.model import Destination, Event, Kind
from exclave.policy.grants import grants

_ACCOUNT = re.compile(r"\d{12}")
_CANONICAL = re.compile(r"[0-9a-f]{64}")
_ALL = frozenset({"*", "all", "public"})
_BUCKET = re.compile(r"(?:s3[an]?://|arn:[\w-]+:s3:::)?([a-z0-9][a-z0-9.\-_]{1,254})(?:/.*)?", re.IGNORECASE | re.DOTALL)
_ORG_ARN = re.compile(r"arn:[\w-]+:organizations::(\d{12}):organization/(o-[a-z0-9]+)")
_OU_ARN = re.compile(r"arn:[\w-]+:organizations::(\d{12}):ou/(o-[a-z0-9]+)/(ou-[a-z0-9-]+)")
_ACL_GROUPS = {
    "allusers": (Kind.PUBLIC, "*", "S3 group AllUsers"),
    "authenticatedusers": (Kind.PUBLIC, "*", "S3 group AuthenticatedUsers: every AWS account"),
}
_CANNED = {
    "public-read": (Kind.PUBLIC, "*"),
    "public-read-write": (Kind.PUBLIC, "*"),
    "authenticated-read": (Kind.PUBLIC, "*"),
    "aws-exec-read": (Kind.SERVICE, "ec2.amazonaws.com"),
}


def _strings(found: Iterable[Any]) -> list[str]:
    out: list[str] = []
    for value in found:
        if isinstance(value, str):
            out.extend(part.strip() for part in value.split(",") if part.strip())
        elif isinstance(value, int) and not isinstance(value, bool):
            out.append(str(value).zfill(12))  # a log tool turned the account id into a number
        elif isinstance(value, list):
            out.extend(_strings(value))
    return [s[:MAX_ID] for s in out]


def account(found: list[Any], read: Read, event: Event) -> list[Destination]:
    """Account ids (or ARNs, whose account counts). `all` and `*` are the public; other text is unknown."""
    return [_party(text, read, event) for text in _strings(found)]


def principal(found: list[Any], read: Read, event: Event) -> list[Destination]:
    """Principals as policies write them: `*`, account ids, ARNs (kept whole), services, canonical ids."""
    out = []
    for text in _strings(found):
        if text.startswith("arn:") and not text.endswith(":root"):
            org = _organization(text, event)
            out.append(org or Destination(kind=Kind.PRINCIPAL, id=text, cloud=event.cloud, note=read.note))
        else:
            out.append(_party(text, read, event))
    return out


def _party(text: str, read: Read, event: Event) -> Destination:
    cloud = event.cloud
    if _ACCOUNT.fullmatch(text):
        return Destination(kind=Kind.ACCOUNT, id=text, cloud=cloud, note=read.note)
    if text.lower() in _ALL:
        return Destination(kind=Kind.PUBLIC, id="*", cloud=cloud, note=read.note)
    if text.startswith("arn:"):
        return _organization(text, event) or _owner_of(text, read, event)
    if _CANONICAL.fullmatch(text):
        return Destination(kind=Kind.CANONICAL_ID, id=text, cloud=cloud, note=read.note)
    if text.endswith((".amazonaws.com", ".amazonaws.com.cn", ".amazon.com")) and " " not in text:
        return Destination(kind=Kind.SERVICE, id=text, cloud=cloud, note=read.note)
    if re.fullmatch(r"o-[a-z0-9]{10,32}", text):
        return Destination(kind=Kind.ORGANIZATION, id=text, cloud=cloud, note=read.note)
    if re.fullmatch(r"(ou|r)-[a-z0-9-]{4,68}", text):
        return Destination(kind=Kind.ORG_UNIT, id=text, cloud=cloud, note=read.note)
    return Destination(kind=Kind.UNKNOWN, id=text, cloud=cloud, note=read.note or "not an account, ARN or service")


def _owner_of(text: str, read: Read, event: Event) -> Destination:
    parts = text.split(":", 5)
    owner = parts[4] if len(parts) > 4 else ""  # noqa: PLR2004 - arn:partition:service:region:account:resource
    if _ACCOUNT.fullmatch(owner):
        return Destination(kind=Kind.ACCOUNT, id=owner, cloud=event.cloud, note=read.note or f"owner of {text}")
    if len(parts) > 5 and parts[2] == "s3":  # noqa: PLR2004
        return Destination(kind=Kind.BUCKET, id=parts[5].partition("/")[0], cloud=event.cloud, note=read.note)
    return Destination(kind=Kind.UNKNOWN, id=text, cloud=event.cloud, note="an ARN without an account")


def _organization(text: str, event: Event) -> Destination | None:
    if found := _ORG_ARN.fullmatch(text):
        return Destination(
            kind=Kind.ORGANIZATION, id=found[2], cloud=event.cloud, note=f"organisation managed by {found[1]}"
        )
    if found := _OU_ARN.fullmatch(text):
        return Destination(
            kind=Kind.ORG_UNIT, id=f"{found[2]}/{found[3]}", cloud=event.cloud, note=f"organisation managed by {found[1]}"
        )
    return None


def arn(found: list[Any], read: Read, event: Event) -> list[Destination]:
    """The account that owns each ARN; the bucket for S3 ARNs, which name no account. Other text gives nothing."""
    return [
        _organization(text, event) or _owner_of(text, read, event) for text in _strings(found) if text.startswith("arn:")
    ]


def org(found: list[Any], read: Read, event: Event) -> list[Destination]:
    """Organisations and organisational units, by ARN or id."""
    return [_organization(text, event) or _party(text, read, event) for text in _strings(found)]


def group(found: list[Any], read: Read, event: Event) -> list[Destination]:
    """The group `all` of snapshot and image permissions is the public; other groups (`none`) are nobody."""
    return [
        Destination(kind=Kind.PUBLIC, id="*", cloud=event.cloud, note=read.note or "group all")
        for text in _strings(found)
        if text.lower() in _ALL
    ]


def bucket(found: list[Any], read: Read, event: Event) -> list[Destination]:
    """Bucket names, `s3://` URLs, bucket ARNs and access point ARNs; an access point gives its account."""
    out = []
    for text in _strings(found):
        if text.startswith("arn:") and ":s3:::" not in text:
            out.append(_owner_of(text, read, event))
        elif name := _BUCKET.fullmatch(text):
            out.append(Destination(kind=Kind.BUCKET, id=name[1].lower(), cloud=event.cloud, note=read.note))
        else:
            out.append(Destination(kind=Kind.UNKNOWN, id=text, cloud=event.cloud, note="not a bucket name"))
    return out


def caller(_found: list[Any], _read: Read, event: Event) -> list[Destination]:
    """Who called, when it isn't the account whose log this is: in the owner's trail the taker of data."""
    actor = event.actor
    if actor.kind == "anonymous":
        return [Destination(kind=Kind.PUBLIC, id="*", cloud=event.cloud, note="an anonymous caller")]
    # A service that acts for an account names it: the service events of shared snapshots have no other taker.
    if not actor.account or actor.account == event.account:
        return []
    note = f"caller {actor.id}" if actor.id and actor.id != actor.account else "caller"
    return [Destination(kind=Kind.ACCOUNT, id=actor.account, cloud=event.cloud, note=note)]


def policy(found: list[Any], read: Read, event: Event) -> list[Destination]:
    """Whom a resource policy allows, by its meaning (see policy/grants.py). `actions` says what must be allowed."""
    out: list[Destination] = []
    for document in found:
        for grant in grants(document, own_account=event.account, actions=read.actions):
            destination = grant.destination()
            if destination not in out:
                out.append(destination)
    return out


def acl(found: list[Any], read: Read, event: Event) -> list[Destination]:
    """An S3 access control list: the document (grants by canonical id, group or mail) or a canned name."""
    out: list[Destination] = []
    for item in found:
        value = embedded(item)
        for name in [value] if isinstance(value, str) else value if isinstance(value, list) else []:
            if isinstance(name, str) and name.lower() in _CANNED:
                kind, identifier = _CANNED[name.lower()]
                out.append(Destination(kind=kind, id=identifier, cloud=event.cloud, note=f"canned ACL {name.lower()}"))
        out.extend(_grantees(value, read, event, 0))
    return list(dict.fromkeys(out))


def _grantees(value: Any, read: Read, event: Event, depth: int) -> list[Destination]:
    if depth > 8:  # noqa: PLR2004 - deeper than any ACL document
        return []
    if isinstance(value, list):
        return [d for item in value for d in _grantees(item, read, event, depth + 1)]
    if not isinstance(value, dict):
        return []
    for key, item in value.items():
        if key.lower() == "grantee":
            return _grantee(item, read, event)
    return [d for key, item in value.items() if key.lower() != "owner" for d in _grantees(item, read, event, depth + 1)]


def _grantee(value: Any, read: Read, event: Event) -> list[Destination]:
    if isinstance(value, list):
        return [d for item in value for d in _grantee(item, read, event)]
    if not isinstance(value, dict):
        return []
    lowered = {key.lower(): item for key, item in value.items() if isinstance(item, str)}
    if uri := lowered.get("uri"):
        known = _ACL_GROUPS.get(uri.rsplit("/", 1)[-1].lower())
        return [Destination(kind=known[0], id=known[1], cloud=event.cloud, note=known[2])] if known else []
    if identifier := lowered.get("id"):
        return [Destination(kind=Kind.CANONICAL_ID, id=identifier[:MAX_ID], cloud=event.cloud, note=lowered.get("displayname", "")[:200])]
    if mail := lowered.get("emailaddress"):
        return [Destination(kind=Kind.PRINCIPAL, id=mail[:MAX_ID], cloud=event.cloud, note=read.note)]
    return []


def acl_grant(found: list[Any], read: Read, event: Event) -> list[Destination]:
    """The header form of an S3 grant: `id="...", uri="...", emailAddress="..."`."""
    out: list[Destination] = []
    for item in found:
        for text in [item] if isinstance(item, str) else item if isinstance(item, list) else []:
            if not isinstance(text, str):
                continue
            for part in text.split(","):
                for key, value in parse_qsl(part.strip().replace('"', "").replace("+", "%2B")):
                    out.extend(_grantee({key: value}, read, event))
    return out
