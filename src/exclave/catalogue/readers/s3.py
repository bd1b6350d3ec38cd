"""Readers of S3: access control lists, replication rules, and copies between buckets of different owners.

Shapes: https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html and
https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-s3-info.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote

from exclave.catalogue import paths
from exclave.catalogue.paths import embedded
from exclave.catalogue.readers.aws import account, arn, bucket, caller
from exclave.catalogue.readers.common import MAX_ID
from exclave.model import Destination, Event, Kind

if TYPE_CHECKING:
    from exclave.catalogue.entry import Read

_SERVICES_OWN = "/AWSServiceRoleFor"  # in the ARNs of service-linked roles and their sessions
_MAX_DEPTH = 8  # deeper than any ACL document
_INBOUND = frozenset({"write", "read_acp"})  # permissions that let no data out
_ACL_GROUPS = {
    "allusers": "S3 group AllUsers",
    "authenticatedusers": "S3 group AuthenticatedUsers: every AWS account",
}
_CANNED = {
    "public-read": (Kind.PUBLIC, "*"),
    "public-read-write": (Kind.PUBLIC, "*"),
    "authenticated-read": (Kind.PUBLIC, "*"),
    "aws-exec-read": (Kind.SERVICE, "ec2.amazonaws.com"),
}


def acl(found: list[Any], read: Read, event: Event) -> list[Destination]:
    """An S3 access control list: the document (grants by canonical id, group or mail) or a canned name.

    The owner, whom every document names with full control, is left out, and so are grants that only let
    others write.
    """
    out: list[Destination] = []
    for item in found:
        value = embedded(item)
        for name in [value] if isinstance(value, str) else value if isinstance(value, list) else []:
            if isinstance(name, str) and name.lower() in _CANNED:
                kind, identifier = _CANNED[name.lower()]
                out.append(
                    Destination(
                        kind=kind, id=identifier, cloud=event.cloud, note=f"canned ACL {name.lower()}"
                    )
                )
        owner = (
            paths.text(value, "Owner.ID", "AccessControlList.Owner.ID") if isinstance(value, Mapping) else ""
        )
        out.extend(d for d in _grantees(value, read, event, 0) if not owner or d.id != owner)
    return list(dict.fromkeys(out))


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


def _grantees(value: object, read: Read, event: Event, depth: int) -> list[Destination]:
    if depth > _MAX_DEPTH:
        return []
    if isinstance(value, list):
        return [d for item in value for d in _grantees(item, read, event, depth + 1)]
    if not isinstance(value, Mapping):
        return []
    if paths.text(value, "Permission").lower() in _INBOUND:
        return []
    for key, item in value.items():
        if key.lower() == "grantee":
            return _grantee(item, read, event)
    return [
        d
        for key, item in value.items()
        if key.lower() != "owner"
        for d in _grantees(item, read, event, depth + 1)
    ]


def _grantee(value: object, read: Read, event: Event) -> list[Destination]:
    if isinstance(value, list):
        return [d for item in value for d in _grantee(item, read, event)]
    if not isinstance(value, Mapping):
        return []
    lowered = {key.lower(): item for key, item in value.items() if isinstance(item, str)}
    if kind := lowered.get("typeidentifier"):  # as S3 Batch Operations writes it
        lowered[kind.lower()] = lowered.get("identifier", "")
    if uri := lowered.get("uri"):
        group = uri.rsplit("/", 1)[-1].lower()
        note = _ACL_GROUPS.get(group, "")
        return [Destination(kind=Kind.PUBLIC, id="*", cloud=event.cloud, note=note)] if note else []
    if identifier := lowered.get("id"):
        note = lowered.get("displayname", "")[:200]
        return [Destination(kind=Kind.CANONICAL_ID, id=identifier[:MAX_ID], cloud=event.cloud, note=note)]
    if mail := lowered.get("emailaddress"):
        return [Destination(kind=Kind.PRINCIPAL, id=mail[:MAX_ID], cloud=event.cloud, note=read.note)]
    return []


def replication(found: list[Any], read: Read, event: Event) -> list[Destination]:
    """Replication rules, one by one: the destination's account where the rule states it, else its bucket.

    The account is optional in a rule, so a rule without it must not hide behind one that has it. A replica
    key of another account names its owner too. Disabled rules give nothing.
    """
    out: list[Destination] = []
    for rule in _each(found):
        if paths.text(rule, "Status").lower() == "disabled":
            continue
        target = paths.text(rule, "Destination.Bucket")
        owner = account(paths.values(rule, "Destination.Account"), read, event)
        out.extend(owner or bucket([target] if target else [], read, event))
        keys = arn(paths.values(rule, "Destination.EncryptionConfiguration.ReplicaKmsKeyID"), read, event)
        out.extend(key for key in keys if key.id != event.account)
    return list(dict.fromkeys(out))


def _each(found: list[Any]) -> list[Mapping[str, Any]]:
    items = [item for value in found for item in (value if isinstance(value, list) else [value])]
    return [item for item in items if isinstance(item, Mapping)]


def copied_to(found: list[Any], read: Read, event: Event) -> list[Destination]:
    """Where own people copied an object to: the owner of the destination bucket, else the bucket.

    Nothing for a copy inside one bucket, into an own bucket, or by a caller of another account.
    """
    if event.actor.account != event.account:
        return []
    source, owners = _source(event), _owners(event)
    out: list[Destination] = []
    for name in found:
        if not isinstance(name, str) or name.lower() == source:
            continue
        if owner := owners.get(name.lower()) or _other_owner(owners, source, event.account):
            if owner != event.account:
                out.append(_bucket_owner(owner, name, event))
        else:
            out.extend(d for d in bucket([name], read, event) if d.id != event.account)
    return out


def put_to(found: list[Any], _read: Read, event: Event) -> list[Destination]:
    """The owner of the bucket that own people write to, where the record says that it is another account's.

    Nothing for what a service writes for itself by its service-linked role.
    """
    if event.actor.account != event.account or _SERVICES_OWN in event.actor.id:
        return []
    owners = _owners(event)
    owned = [(name, owners.get(name.lower())) for name in found if isinstance(name, str)]
    return [_bucket_owner(owner, name, event) for name, owner in owned if owner and owner != event.account]


def copier(found: list[Any], read: Read, event: Event) -> list[Destination]:
    """The foreign caller who copies an object of ours; nothing where the copy is known to come in."""
    owners = _owners(event)
    into = {owners.get(name.lower(), "") for name in found if isinstance(name, str)}
    if event.account in into and owners.get(_source(event)) != event.account:
        return []
    return caller(found, read, event)


def object_reader(found: list[Any], read: Read, event: Event) -> list[Destination]:
    """The foreign caller who reads an object; nothing where the record says that the bucket is his own.

    Network activity events of a VPC endpoint of ours show every bucket that is used through it.
    """
    owners = _owners(event)
    if any(owners.get(name.lower()) == event.actor.account for name in found if isinstance(name, str)):
        return []
    return caller(found, read, event)


def _source(event: Event) -> str:
    """The source bucket of a copy: `bucket/key`, `/bucket/key` (maybe URL-encoded), or an access point."""
    text = unquote(paths.text(event.fields, "requestParameters.x-amz-copy-source")).lstrip("/")
    return text.split("/", 1)[0].rpartition(":")[2].lower() if not text.startswith("arn:") else text.lower()


def _owners(event: Event) -> dict[str, str]:
    """Bucket → owning account, as the record's `resources` list tells."""
    out: dict[str, str] = {}
    for item in paths.values(event.fields, "resources[]"):
        name = paths.text(item, "ARN")
        if ":s3:::" in name and "/" not in name and (owner := paths.text(item, "accountId")):
            out[name.rpartition(":")[2].lower()] = owner.zfill(12)
    return out


def _bucket_owner(owner: str, name: str, event: Event) -> Destination:
    return Destination(kind=Kind.ACCOUNT, id=owner, cloud=event.cloud, note=f"owner of bucket {name[:100]}")


def _other_owner(owners: dict[str, str], source: str, own: str) -> str:
    """The owner of a bucket that is neither the source nor ours: the destination's, if names don't match."""
    return next((owner for name, owner in owners.items() if name != source and owner != own), "")
