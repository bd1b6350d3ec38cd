"""Readers that suit every cloud."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Any

from exclave.model import Destination, Event, Kind

if TYPE_CHECKING:
    from exclave.catalogue.entry import Read

MAX_ID = 2048  # characters of an id that are kept
CANONICAL = re.compile(r"[0-9a-f]{64}")  # AWS: the canonical id of an account


def value(found: list[Any], read: Read, event: Event) -> list[Destination]:
    """Each scalar as the id of a destination of the kind that the entry gives."""
    kind = read.kind or Kind.UNKNOWN
    return [
        Destination(kind=kind, id=str(v)[:MAX_ID], cloud=event.cloud, note=read.note)
        for v in found
        if isinstance(v, str | int) and not isinstance(v, bool) and str(v).strip()
    ]


def fixed(_found: list[Any], read: Read, event: Event) -> list[Destination]:
    """A destination that the entry names itself: where the log cannot say who receives."""
    return [Destination(kind=read.kind or Kind.UNKNOWN, id=read.id, cloud=event.cloud, note=read.note)]


def cidr(found: list[Any], read: Read, event: Event) -> list[Destination]:
    """Address ranges; one that is the whole internet is `public`. Host bits may be set (`203.0.113.9/0`)."""
    out = []
    for v in found:
        if not isinstance(v, str) or not v.strip():
            continue
        try:
            network = ipaddress.ip_network(v.strip(), strict=False)
        except ValueError:
            out.append(
                Destination(kind=Kind.UNKNOWN, id=v[:MAX_ID], cloud=event.cloud, note="not an address range")
            )
            continue
        if network.prefixlen == 0:
            out.append(Destination(kind=Kind.PUBLIC, id=str(network), cloud=event.cloud, note=read.note))
        else:
            out.append(Destination(kind=Kind.IP_RANGE, id=str(network), cloud=event.cloud, note=read.note))
    return out


def canonical_stranger(event: Event) -> str:
    """The canonical id of the caller, where the log names the bucket's owner by one too and they differ; else ""."""
    owner, who = event.fields.get("bucket_owner"), event.actor.id
    if event.log != "s3-access" or not isinstance(owner, str):
        return ""
    return who if CANONICAL.fullmatch(who) and CANONICAL.fullmatch(owner) and who != owner else ""
