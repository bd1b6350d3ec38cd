"""Readers of AWS: accounts, ARNs, organisations, buckets, callers and policies."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from exclave.catalogue.readers.common import CANONICAL, MAX_ID, canonical_stranger
from exclave.model import Destination, Event, Kind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from exclave.catalogue.entry import Read

_ACCOUNT = re.compile(r"\d{12}")
_ALL = frozenset({"*", "all", "public"})
_BUCKET = re.compile(
    r"(?:s3[an]?://|arn:[\w-]+:s3:::)?([a-z0-9][a-z0-9.\-_]{1,254})(?:/.*)?", re.IGNORECASE | re.DOTALL
)
_HOST = re.compile(r"\.s3(?:[.-][a-z0-9-]+)*\.amazonaws\.com(?:\.cn)?", re.IGNORECASE)
_PATH_STYLE = re.compile(r"https?://s3(?:[.-][a-z0-9-]+)*\.amazonaws\.com(?:\.cn)?/", re.IGNORECASE)
_QUEUE = re.compile(
    r"https?://(?:sqs\.[a-z0-9-]+|[a-z0-9-]+\.queue|queue)\.amazonaws\.com(?:\.cn)?/(\d{12})/", re.IGNORECASE
)
_ORG_ARN = re.compile(r"arn:[\w-]+:organizations::(\d{12}):organization/(o-[a-z0-9]+)")
_OU_ARN = re.compile(r"arn:[\w-]+:organizations::(\d{12}):ou/(o-[a-z0-9]+)/(ou-[a-z0-9-]+)")


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
    if CANONICAL.fullmatch(text):
        return Destination(kind=Kind.CANONICAL_ID, id=text, cloud=cloud, note=read.note)
    if text.endswith((".amazonaws.com", ".amazonaws.com.cn", ".amazon.com")) and " " not in text:
        return Destination(kind=Kind.SERVICE, id=text, cloud=cloud, note=read.note)
    if re.fullmatch(r"o-[a-z0-9]{10,32}", text):
        return Destination(kind=Kind.ORGANIZATION, id=text, cloud=cloud, note=read.note)
    if re.fullmatch(r"(ou|r)-[a-z0-9-]{4,68}", text):
        return Destination(kind=Kind.ORG_UNIT, id=text, cloud=cloud, note=read.note)
    return Destination(
        kind=Kind.UNKNOWN, id=text, cloud=cloud, note=read.note or "not an account, ARN or service"
    )


def _owner_of(text: str, read: Read, event: Event) -> Destination:
    parts = text.split(":", 5)
    owner = parts[4] if len(parts) > 4 else ""  # noqa: PLR2004 - arn:partition:service:region:account:resource
    if _ACCOUNT.fullmatch(owner):
        return Destination(
            kind=Kind.ACCOUNT, id=owner, cloud=event.cloud, note=read.note or f"owner of {text}"
        )
    if len(parts) > 5 and parts[2] == "s3":  # noqa: PLR2004
        return Destination(kind=Kind.BUCKET, id=parts[5].partition("/")[0], cloud=event.cloud, note=read.note)
    return Destination(kind=Kind.UNKNOWN, id=text, cloud=event.cloud, note="an ARN without an account")


def _organization(text: str, event: Event) -> Destination | None:
    if found := _ORG_ARN.fullmatch(text):
        return Destination(
            kind=Kind.ORGANIZATION,
            id=found[2],
            cloud=event.cloud,
            note=f"organisation managed by {found[1]}",
            manager=found[1],
        )
    if found := _OU_ARN.fullmatch(text):
        return Destination(
            kind=Kind.ORG_UNIT,
            id=f"{found[2]}/{found[3]}",
            cloud=event.cloud,
            note=f"organisation managed by {found[1]}",
            manager=found[1],
        )
    return None


def arn(found: list[Any], read: Read, event: Event) -> list[Destination]:
    """The account that owns each ARN or queue's URL; the bucket for S3 ARNs, which name no account. Other text gives nothing."""
    out = []
    for text in _strings(found):
        if text.startswith("arn:"):
            out.append(_organization(text, event) or _owner_of(text, read, event))
        elif queue := _QUEUE.match(text):
            out.append(
                Destination(
                    kind=Kind.ACCOUNT, id=queue[1], cloud=event.cloud, note=read.note or f"owner of {text}"
                )
            )
    return out


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
    """Bucket names, URLs, bucket ARNs and access point ARNs; an access point gives its account."""
    out = []
    for text in map(_named, _strings(found)):
        if text.startswith("arn:") and ":s3:::" not in text:
            out.append(_owner_of(text, read, event))
        elif name := _BUCKET.fullmatch(text):
            out.append(Destination(kind=Kind.BUCKET, id=name[1].lower(), cloud=event.cloud, note=read.note))
        else:
            out.append(Destination(kind=Kind.UNKNOWN, id=text, cloud=event.cloud, note="not a bucket name"))
    return out


def _named(text: str) -> str:
    """A bucket's text, the host name of S3 taken off: `https://name.s3.eu-west-1.amazonaws.com/key` is `s3://name/key`."""
    if path := _PATH_STYLE.match(text):
        return f"s3://{text[path.end() :]}"
    plain = _HOST.sub("", text, count=1)
    return re.sub(r"^https?://", "s3://", plain) if plain != text else text


def caller(_found: list[Any], _read: Read, event: Event) -> list[Destination]:
    """Who called, when it isn't the account whose log this is: in the owner's trail the taker of data."""
    actor = event.actor
    if actor.kind == "anonymous":
        return [Destination(kind=Kind.PUBLIC, id="*", cloud=event.cloud, note="an anonymous caller")]
    # A service that acts for an account names it: the service events of shared snapshots have no other taker.
    if stranger := canonical_stranger(event):
        return [
            Destination(
                kind=Kind.CANONICAL_ID,
                id=stranger,
                cloud=event.cloud,
                note="another account than the bucket's owner",
            )
        ]
    if not actor.account or actor.account == event.account:
        return []
    note = f"caller {actor.id}" if actor.id and actor.id != actor.account else "caller"
    return [Destination(kind=Kind.ACCOUNT, id=actor.account, cloud=event.cloud, note=note)]


def policy(found: list[Any], read: Read, event: Event) -> list[Destination]:
    """Whom a resource policy allows, by its meaning (see policy/grants.py). `actions` says what must be allowed."""
    from exclave.policy.grants import grants

    out: list[Destination] = []
    for document in found:
        for grant in grants(document, own_account=event.account, actions=read.actions):
            destination = grant.destination()
            if destination not in out:
                out.append(destination)
    return out
