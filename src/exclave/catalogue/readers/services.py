"""Readers of shapes of single AWS services: Lake Formation, PrivateLink, Organizations, command lines."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from exclave.catalogue.paths import embedded
from exclave.catalogue.readers import aws
from exclave.catalogue.readers.common import MAX_ID
from exclave.model import Destination, Event, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exclave.catalogue.entry import Read

MAX_ARGUMENTS = 1000  # arguments of one command that are looked at
_GROUP = re.compile(r"(\d{12}):IAMPrincipals", re.IGNORECASE)
_OTHERS_SERVICE = re.compile(r"com\.amazonaws\.vpce\.[a-z0-9-]+\.(vpce-svc-[0-9a-f]+)")
_S3_URL = re.compile(r"s3[an]?://([a-z0-9][a-z0-9.\-_]{1,254})", re.IGNORECASE)
_OUTPUT = re.compile(r"dest|output|export|target|sink|(^|[-_])(out|to)([-_]|$)", re.IGNORECASE)


def lake_principal(found: list[Any], read: Read, event: Event) -> list[Destination]:
    """Principals of Lake Formation: accounts, ARNs, organisations, `<account>:IAMPrincipals` and so on.

    `IAM_ALLOWED_PRINCIPALS` and people of IAM Identity Center (ARNs without account) are the account's own.
    Source: https://docs.aws.amazon.com/lake-formation/latest/APIReference/API_DataLakePrincipal.html
    """
    out: list[Destination] = []
    for value in found:
        if not isinstance(value, str) or not value.strip():
            continue
        text = value.strip()[:MAX_ID]
        if whole := _GROUP.fullmatch(text):
            out.append(
                Destination(
                    kind=Kind.ACCOUNT,
                    id=whole[1],
                    cloud=event.cloud,
                    note="all its IAM principals",
                )
            )
        elif text.upper() == "IAM_ALLOWED_PRINCIPALS" or text.startswith("arn:aws:identitystore:::"):
            out.append(Destination(kind=Kind.ACCOUNT, id=event.account, cloud=event.cloud, note=text))
        else:
            out.extend(aws.principal([text], read, event))
    return out


def endpoint_service(found: list[Any], _read: Read, event: Event) -> list[Destination]:
    """Names of endpoint services that a customer published; the names of AWS's own services give nothing.

    Whose such a service is, its name does not say.
    Source: https://docs.aws.amazon.com/vpc/latest/privatelink/privatelink-share-your-services.html
    """
    return [
        Destination(
            kind=Kind.UNKNOWN,
            id=name[0],
            cloud=event.cloud,
            note="somebody's endpoint service",
        )
        for value in found
        if isinstance(value, str) and (name := _OTHERS_SERVICE.search(value[:MAX_ID]))
    ]


def organization_party(found: list[Any], read: Read, event: Event) -> list[Destination]:
    """The organisations among the parties of a handshake (`{"id": ..., "type": "ORGANIZATION"}`).

    CloudTrail has recorded the id both with and without its `o-`.
    Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_HandshakeParty.html
    """
    out: list[Destination] = []
    for value in found:
        if not isinstance(value, Mapping):
            continue
        party = {str(key).lower(): item for key, item in value.items() if isinstance(item, str)}
        if party.get("type", "").lower() == "organization" and (identifier := party.get("id", "").strip()):
            full = identifier if identifier.startswith("o-") else f"o-{identifier}"
            out.extend(aws.org([full[:MAX_ID]], read, event))
    return out


def public_policy(found: list[Any], read: Read, event: Event) -> list[Destination]:
    """A resource policy, read as `policy` does; only what it gives to everybody counts."""
    return [destination for destination in aws.policy(found, read, event) if destination.kind is Kind.PUBLIC]


def s3_argument(found: list[Any], _read: Read, event: Event) -> list[Destination]:
    """Buckets that a command writes to, by its arguments: a list (`--dest=s3://b/`, `--dest`) or a map.

    Only options whose name speaks of output count: destination, output, export, target, to. A program may
    read its arguments otherwise, so this is a hint. `distcp` has no such option: its last URL is the target.
    """
    out: dict[str, Destination] = {}
    for value in found:
        for bucket in _buckets(embedded(value)):
            out.setdefault(
                bucket,
                Destination(
                    kind=Kind.BUCKET, id=bucket, cloud=event.cloud, note="from the command's arguments"
                ),
            )
    return list(out.values())


def _buckets(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        for option, item in list(value.items())[:MAX_ARGUMENTS]:
            if _OUTPUT.search(str(option)) and isinstance(item, str):
                yield from _bucket(item)
        return
    words = [w for w in value[:MAX_ARGUMENTS] if isinstance(w, str)] if isinstance(value, list) else []
    for at, word in enumerate(words):
        option, equals, item = word.partition("=")
        if not option.startswith("-") or not _OUTPUT.search(option):
            continue
        if equals:
            yield from _bucket(item)
        elif at + 1 < len(words):
            yield from _bucket(words[at + 1])
    if any(w.endswith("distcp") and "s3-dist-cp" not in w for w in words):
        urls = [bucket for w in words for bucket in _bucket(w)]
        yield from urls[-1:]


def _bucket(text: str) -> Iterator[str]:
    if found := _S3_URL.match(text.strip()[:MAX_ID]):
        yield found[1].lower()
