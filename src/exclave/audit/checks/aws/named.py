"""What policies name: outsiders whom they let in, and circumstances under which a Deny of theirs doesn't hold.

Each is tried as a request of its own, so that an exception shows by what it lets through.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from exclave.model import FOREIGN, Cloud, Destination, Kind
from exclave.perimeter import private
from exclave.policy.document import Malformed, Policy, parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from exclave.perimeter import Perimeter
    from exclave.policy.document import Condition

STRANGER, THEIR_ORGANIZATION = "999988887777", "o-zz99foreign9"
_ORGANIZATION = re.compile(r"\bo-[a-z0-9]{10,32}\b")
_ACCOUNT = re.compile(r"(?<![0-9])[0-9]{12}(?![0-9])")
# Keys that say who, and which values of theirs whoever shares can choose.
_WHO = (
    "aws:principalorgid", "aws:principalorgpaths", "aws:principalaccount", "aws:resourceorgid", "aws:resourceorgpaths", "aws:resourceaccount",
    "ec2:add/userid", "ram:principal", "redshift:consumeridentifier", "logs:destinationarn", "sns:endpoint",
)  # fmt: skip
_REGION = "aws:requestedregion"
_REGIONS = ("us-east-1", "ap-southeast-2")
_FACTOR = "aws:multifactorauthpresent"
# How a request is made is the caller's choice: by which signature, through an access point, with which headers.
_CHOSEN = (
    "aws:useragent", "aws:referer", "aws:requesttag/", "aws:sourcevpc", "aws:sourcevpce",
    "s3:signatureversion", "s3:signatureage", "s3:authtype", "s3:tlsversion", "s3:dataaccesspoint", "s3:accesspointnetworkorigin", "s3:x-amz-",
    "s3:requestobjecttag", "s3:prefix", "s3:delimiter", "s3:max-keys", "s3:versionid", "kms:viaservice", "kms:encryptioncontext", "sts:externalid",
    "sts:rolesessionname", "secretsmanager:versionid", "secretsmanager:versionstage",
)  # fmt: skip
_OF_ENDPOINT = {"aws:vpceaccount": Kind.ACCOUNT, "aws:vpceorgid": Kind.ORGANIZATION}
_FRESH = {"aws:multifactorauthage": "0", "aws:tokenissuetime": "2099-01-01T00:00:00Z"}
_ADDRESSES = ("aws:sourceip", "aws:vpcsourceip")
NETWORKS = ("aws:sourcevpc", "aws:sourcevpce", *_ADDRESSES)
THROUGH = ("aws:viaawsservice", "aws:calledvia", "aws:calledviafirst", "aws:calledvialast")
OF_CALLER, OF_THING = ("aws:principaltag/", "aws:username"), ("aws:resourcetag/", "s3:existingobjecttag/")
_TAGS = (*OF_CALLER, *OF_THING)
_SERVICE = "cloudformation.amazonaws.com"
_SESSION = "aws:userid"
_WIDE = {4: 16, 6: 32}  # a range as wide as this is nobody's own


@dataclass(frozen=True, slots=True)
class Stranger:
    """An account outside; `organization` "" when it is in none. `said`: why it is tried."""

    account: str = STRANGER
    organization: str = THEIR_ORGANIZATION
    said: str = ""


def strangers(documents: Sequence[object], perimeter: Perimeter, account: str) -> list[Stranger]:
    """Anybody, and each organisation and account that a policy names and the perimeter doesn't."""
    found = [Stranger()]
    texts = " ".join(v for c in _conditions(documents) if c.key in _WHO for v in c.values)
    for kind, pattern in ((Kind.ORGANIZATION, _ORGANIZATION), (Kind.ACCOUNT, _ACCOUNT)):
        for name in dict.fromkeys(pattern.findall(texts)):
            if name == account:
                continue
            judged = perimeter.judge(Destination(kind=kind, id=name, cloud=Cloud.AWS), account)
            if judged.verdict not in FOREIGN:
                continue
            said = f"{name}, which a policy lets in and which is none of ours"
            found.append(
                Stranger(organization=name, said=said)
                if kind is Kind.ORGANIZATION
                else Stranger(name, "", said)
            )
    return [*found, *_like(documents, perimeter, account)]


def _like(documents: Sequence[object], perimeter: Perimeter, account: str) -> Iterator[Stranger]:
    """Accounts and organisations that patterns let in: whoever makes accounts gets one that fits a short one."""
    for condition in _conditions(documents):
        for value in condition.values if condition.key in _WHO else ():
            kind = Kind.ORGANIZATION if condition.key.endswith("orgid") else Kind.ACCOUNT
            name = _fill(value, kind)
            judged = perimeter.judge(Destination(kind=kind, id=name, cloud=Cloud.AWS), account)
            if not name or name == account or judged.verdict not in FOREIGN:
                continue
            said = f"{name}, which the pattern {value} lets in"
            yield (
                Stranger(organization=name, said=said)
                if kind is Kind.ORGANIZATION
                else Stranger(name, "", said)
            )


def _fill(pattern: str, kind: Kind) -> str:
    """An account or organisation that fits a pattern; "" where there is none, or it is no pattern."""
    if not {"*", "?"} & set(pattern):
        return ""
    filler, form = ("z", _ORGANIZATION) if kind is Kind.ORGANIZATION else ("7", _ACCOUNT)
    head, *rest = pattern.replace("?", filler).split("*")
    tail = "".join(rest)
    name = head + filler * max(0, 12 - len(head) - len(tail)) + tail
    return name if form.fullmatch(name) else ""


def principals(documents: Sequence[object], account: str) -> list[str]:
    """ARNs in an account outside that an exception for principals of any account lets in."""
    found: dict[str, None] = {}
    for condition in _conditions(documents):
        for value in condition.values if condition.key == "aws:principalarn" else ():
            parts = value.split(":", 5)
            if len(parts) == 6 and "*" in parts[4]:  # noqa: PLR2004 - arn:aws:iam::account:role/name
                found[f"arn:aws:iam::{account}:{parts[5].replace('*', 'x')}"] = None
    return list(found)


def circumstances(
    documents: Sequence[object], spared: Sequence[str] = (), theirs: tuple[str, ...] = ()
) -> list[tuple[str, Mapping[str, str]]]:
    """Circumstances that the caller can choose (words, context): plain ones, and those that a condition names.

    `spared`: keys by which an exception is as it should be. `theirs`: how keys of tags begin that a stranger sets himself.
    """
    found: dict[str, Mapping[str, str]] = {"": {}}
    for condition in _conditions(documents):
        key, name = condition.key, condition.name
        if key in spared:
            continue
        if key == _FACTOR:
            found["with a second factor"] = {name: "true"}
        elif key in _FRESH:
            found["with a session that is new"] = {name: _FRESH[key]}
        elif key in THROUGH:
            service = next((v for v in condition.values if v.endswith(".amazonaws.com")), _SERVICE)
            through = dict.fromkeys(("aws:CalledVia", "aws:CalledViaFirst", "aws:CalledViaLast"), service)
            found[f"through {service}"] = {**through, "aws:ViaAWSService": "true"}
        elif key in _ADDRESSES:
            found |= {f"from {a}": {name: a} for v in condition.values if (a := _first(v))}
        elif key.startswith(theirs) or (theirs and key == _SESSION):
            # of an id only the session's name behind it is his choice
            values = [
                v.replace("*", "x").replace("?", "x")
                for v in condition.values
                if key != _SESSION or v.startswith("*")
            ]
            found |= {
                f"with {name} {v}, which a stranger sets himself": {name: v}
                for v in (*values, "exclave-probe")
            }
        elif key.startswith(_TAGS) and not condition.negated and condition.operator != "Null":
            # one value that is spared is meant; that all others are is not
            found[f"with another {name}"] = {name: "exclave-probe"}
        elif key.startswith(_CHOSEN) or key == _REGION:
            word = "in" if key == _REGION else f"with {name}"
            values = [v.replace("*", "x").replace("?", "x") for v in condition.values]
            values += _REGIONS if key == _REGION else ()
            found |= {f"{word} {v}": {name: v} for v in values}
    return list(found.items())


def regional(documents: Sequence[object]) -> bool:
    """Whether a policy names resources of some region."""
    policies = (d if isinstance(d, Policy) else parse(d) for d in documents)
    named = (
        r.split(":") for p in policies if isinstance(p, Policy) for s in p.statements for r in s.resources
    )
    return any(len(parts) > 4 and parts[3] not in ("", "*") for parts in named)  # noqa: PLR2004 - arn:aws:ec2:region:


def ranges(documents: Sequence[object], perimeter: Perimeter, account: str) -> Iterator[tuple[str, str, str]]:
    """Range, key and an address of each range in the policies that is not ours.

    Where the perimeter names no range of ours, only the widest are known not to be.
    """
    listed = any(e.kind == "cidr" for e in perimeter.entries)
    for condition in _conditions(documents):
        if condition.key not in _ADDRESSES:
            continue
        for value in condition.values:
            network = _network(value)
            if network is None:
                continue
            wide = network.prefixlen < _WIDE[network.version]
            destination = Destination(kind=Kind.IP_RANGE, id=str(network))
            foreign = perimeter.judge(destination, account).verdict in FOREIGN
            inner = any(network.version == p.version and network.subnet_of(p) for p in private.RANGES)  # type: ignore[arg-type]
            # of private addresses SourceIp is none, and VpcSourceIp may be anybody's
            strange = condition.key == "aws:vpcsourceip" if inner else wide or listed
            if foreign and strange:
                yield value, condition.name, str(network[min(77, network.num_addresses - 1)])


def endpoints(
    documents: Sequence[object], perimeter: Perimeter, account: str
) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Owners of VPC endpoints that policies name and that are none of ours: name, and context."""
    for condition in _conditions(documents):
        kind = _OF_ENDPOINT.get(condition.key)
        if kind is None:
            continue
        for value in condition.values:
            name = _fill(value, kind) or value
            judged = perimeter.judge(Destination(kind=kind, id=name, cloud=Cloud.AWS), account)
            if name != account and judged.verdict in FOREIGN:
                yield value, {condition.name: name}


def _conditions(documents: Iterable[object]) -> Iterator[Condition]:
    for document in documents:
        policy = document if isinstance(document, Policy) else parse(document)
        if not isinstance(policy, Malformed):
            yield from (c for s in policy.statements for c in s.conditions)


def _first(value: str) -> str:
    network = _network(value)
    return str(network[min(77, network.num_addresses - 1)]) if network is not None else ""


def _network(value: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(value, strict=False)
    except ValueError:
        return None
