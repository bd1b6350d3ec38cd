"""Records of an event as it may come: by whom, from where. What counts the event must count every one of them."""

from __future__ import annotations

import copy
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

GLOBAL = frozenset(
    {"iam.amazonaws.com", "organizations.amazonaws.com", "cloudfront.amazonaws.com", "route53.amazonaws.com"}
)
_REGIONS = ("eu-west-1", "us-east-1", "ap-southeast-2")
_AGENTS = ("aws-cli/2.0", "aws-sdk-go/1.55.0", "Boto3/1.34.0", "console.amazonaws.com")
_VERSIONS = ("1.08", "1.09", "1.10", "1.11")
_ADDRESSES = ("198.51.100.7", "203.0.113.9", "2001:db8::1", "192.0.2.77")


def samples(event: str, account: str) -> list[dict[str, Any]]:
    """CloudTrail records of `service:action`, by a user, a role and the root user, in several regions.

    Global services write theirs in us-east-1:
    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-concepts.html
    """
    source, _, name = event.partition(":")
    regions = ("us-east-1",) if source in GLOBAL else _REGIONS
    callers: tuple[dict[str, Any], ...] = (
        {
            "type": "IAMUser",
            "arn": f"arn:aws:iam::{account}:user/probe",
            "userName": "probe",
            "accountId": account,
        },
        {
            "type": "AssumedRole",
            "arn": f"arn:aws:sts::{account}:assumed-role/probe/probe",
            "accountId": account,
        },
        {"type": "Root", "arn": f"arn:aws:iam::{account}:root", "accountId": account},
    )
    return [
        {
            "eventVersion": _VERSIONS[number], "userIdentity": dict(callers[number % len(callers)]), "eventTime": "2026-01-01T00:00:00Z", "eventSource": source, "eventName": name,
            "awsRegion": region, "sourceIPAddress": _ADDRESSES[number], "userAgent": _AGENTS[number], "eventType": "AwsApiCall",
            "managementEvent": True, "readOnly": False, "recipientAccountId": account, "eventCategory": "Management",
        }
        for region in regions
        for number in range(len(_AGENTS))
    ]  # fmt: skip


def everyday(account: str) -> list[dict[str, Any]]:
    """Records of calls that read, of several services: what counts them all is raised all day long."""
    calls = (
        "ec2.amazonaws.com:DescribeInstances",
        "s3.amazonaws.com:GetBucketAcl",
        "kms.amazonaws.com:Decrypt",
    )
    return [{**r, "readOnly": True} for call in calls for r in samples(call, account)]


# What whoever makes the call can choose. The name of the event, its source and its outcome are not his.
_CHOSEN = ("userIdentity.", "requestParameters.", "sourceIPAddress", "userAgent", "vpcEndpoint", "tlsDetails.", "additionalEventData.", "sessionCredential")  # fmt: skip


def exceptions(
    records: Sequence[Mapping[str, Any]], named: Iterable[tuple[str, str]]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """The same records as somebody would make them whom a pattern names, to see whether it leaves him out (words, record).

    `named`: paths in the record and values, "" for any.
    """
    for path, value in dict.fromkeys(named):
        anywhere = path == "awsRegion" and not any(r.get("eventSource") in GLOBAL for r in records)
        # AWS's services act for nobody that could choose them
        if (
            not (anywhere or path.startswith(_CHOSEN))
            or value == "AWSService"
            or (path == "sourceIPAddress" and value.endswith(".amazonaws.com"))
        ):
            continue
        bare = re.sub(r"[\\^$]", "", value)
        for chosen in dict.fromkeys((re.sub(r"\.?\*", "", bare) or "exclave-probe", bare.replace("*", "1"))):
            for record in records[:3] if chosen else ():
                if (made := _put(record, path, chosen)) is not None:
                    yield f"where {path} is {chosen}", made


def _put(record: Mapping[str, Any], path: str, value: str) -> dict[str, Any] | None:
    made = copy.deepcopy(dict(record))
    *parents, last = path.split(".")
    at: Any = made
    for key in parents:
        at = at.setdefault(key, {}) if isinstance(at, dict) else {}
    if not isinstance(at, dict):
        return None
    at[last] = value
    return made
