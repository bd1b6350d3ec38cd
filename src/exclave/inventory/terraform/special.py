"""Resources of Terraform that a table can't translate: rules of network ACLs, selectors, canned ACLs, permissions.

Attributes: https://registry.terraform.io/providers/hashicorp/aws/latest/docs
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from exclave.inventory.translate import Thing, Translation, at, text

Special = Callable[[Translation, Thing], None]
_PROTOCOLS = {"all": "-1", "tcp": "6", "udp": "17", "icmp": "1", "icmpv6": "58"}
_ACLS = "ec2.DescribeNetworkAcls"
_GROUPS = "http://acs.amazonaws.com/groups/global/"
# What a canned name grants beside the owner: https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html
_CANNED = {
    "private": (),
    "bucket-owner-full-control": (),
    "bucket-owner-read": (),
    "log-delivery-write": (),
    "public-read": (("AllUsers", "READ"),),
    "public-read-write": (("AllUsers", "READ"), ("AllUsers", "WRITE")),
    "authenticated-read": (("AuthenticatedUsers", "READ"),),
}


def _network_acl(translation: Translation, thing: Thing) -> None:
    """Inline `ingress` and `egress` blocks. What no rule fits is denied: rule 32767."""
    entries = [_entry(rule, egress=False) for rule in _blocks(thing.values, "ingress")]
    entries += [_entry(rule, egress=True) for rule in _blocks(thing.values, "egress")]
    _entries(translation, thing, text(thing.values, "id") or thing.address, entries)


def _network_acl_rule(translation: Translation, thing: Thing) -> None:
    entry = _entry(thing.values, egress=at(thing.values, "egress") is True)
    _entries(translation, thing, text(thing.values, "network_acl_id") or thing.address, [entry])


def _entries(translation: Translation, thing: Thing, acl: str, entries: list[dict[str, Any]]) -> None:
    answer = {"NetworkAcls": [{"NetworkAclId": acl, "Entries": entries}]}
    translation.add(_ACLS, thing, answer, join="NetworkAclId")


def _entry(rule: Mapping[str, Any], *, egress: bool) -> dict[str, Any]:
    protocol = text(rule, "protocol").lower()
    made: dict[str, Any] = {
        "RuleNumber": at(rule, "rule_no") or at(rule, "rule_number"),
        "RuleAction": text(rule, "action") or text(rule, "rule_action"),
        "Protocol": _PROTOCOLS.get(protocol, protocol),
        "Egress": egress,
    }
    for name, key in (("cidr_block", "CidrBlock"), ("ipv6_cidr_block", "Ipv6CidrBlock")):
        if cidr := text(rule, name):
            made[key] = cidr
    if made["Protocol"] in ("6", "17"):
        made["PortRange"] = {"From": at(rule, "from_port"), "To": at(rule, "to_port")}
    elif made["Protocol"] in ("1", "58"):
        made["IcmpTypeCode"] = {"Type": at(rule, "icmp_type"), "Code": at(rule, "icmp_code")}
    return made


def _cloudtrail(translation: Translation, thing: Thing) -> None:
    """Event selectors; without any a trail records all management events and no data events."""
    classic = [
        {
            "ReadWriteType": text(s, "read_write_type") or "All",
            "IncludeManagementEvents": at(s, "include_management_events") is not False,
            "ExcludeManagementEventSources": at(s, "exclude_management_event_sources") or [],
            "DataResources": [
                {"Type": text(d, "type"), "Values": at(d, "values") or []}
                for d in _blocks(s, "data_resource")
            ],
        }
        for s in _blocks(thing.values, "event_selector")
    ]
    advanced = [
        {
            "Name": text(s, "name"),
            "FieldSelectors": [
                {"Field": text(f, "field")}
                | {_camel(k): v for k, v in f.items() if isinstance(v, list) and v}
                for f in _blocks(s, "field_selector")
            ],
        }
        for s in _blocks(thing.values, "advanced_event_selector")
    ]
    if not classic and not advanced:
        classic = [{"ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": []}]
    key = text(thing.values, "arn") or text(thing.values, "id") or thing.address
    answer = {"EventSelectors": classic} if classic else {"AdvancedEventSelectors": advanced}
    translation.add("cloudtrail.GetEventSelectors", thing, answer, key=key, args={"TrailName": key})


def _bucket_acl(translation: Translation, thing: Thing) -> None:
    """A canned name, where the grants themselves aren't known (they are in a state)."""
    granted = _CANNED.get(text(thing.values, "acl"))
    if granted is None or at(thing.values, "access_control_policy") is not None:
        return
    grants = [{"Permission": p, "Grantee": {"Type": "Group", "URI": _GROUPS + g}} for g, p in granted]
    bucket = text(thing.values, "bucket") or thing.address
    translation.add("s3.GetBucketAcl", thing, {"Grants": grants}, key=bucket, args={"Bucket": bucket})


def _lambda_permission(translation: Translation, thing: Thing) -> None:
    """One statement of a function's policy; the statements of one function make one document."""
    values = thing.values
    function = text(values, "function_name").rpartition(":function:")[2] or thing.address
    principal = text(values, "principal")
    principals = {"Service": principal} if principal.endswith(".amazonaws.com") else {"AWS": principal}
    conditions: dict[str, dict[str, str]] = {}
    for name, operator, key in (
        ("source_arn", "ArnLike", "AWS:SourceArn"),
        ("source_account", "StringEquals", "AWS:SourceAccount"),
        ("principal_org_id", "StringEquals", "aws:PrincipalOrgID"),
    ):
        if bound := text(values, name):
            conditions.setdefault(operator, {})[key] = bound
    statement: dict[str, Any] = {
        "Sid": text(values, "statement_id"), "Effect": "Allow", "Principal": "*" if principal == "*" else principals,
        "Action": text(values, "action"), "Resource": "*",
    } | ({"Condition": conditions} if conditions else {})  # fmt: skip
    answer = {"Policy": {"Version": "2012-10-17", "Statement": [statement]}}
    translation.add("lambda.GetPolicy", thing, answer, key=function, args={"FunctionName": function})


def _unit(translation: Translation, thing: Thing) -> None:
    """An organisational unit: its parent, on whatever level it lies."""
    unit, parent = text(thing.values, "id") or thing.address, text(thing.values, "parent_id")
    if parent:
        for level in range(2, 6):
            answer = {"Parents": [{"Id": parent}]}
            translation.add(f"organizations.ListParents.{level}", thing, answer, key=unit)


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def _blocks(values: Any, name: str) -> Iterator[Mapping[str, Any]]:
    found = at(values, name)
    for block in found if isinstance(found, list) else [found]:
        if isinstance(block, Mapping):
            yield block


SPECIAL: Mapping[str, Special] = MappingProxyType(
    {
        "aws_network_acl": _network_acl,
        "aws_default_network_acl": _network_acl,
        "aws_network_acl_rule": _network_acl_rule,
        "aws_cloudtrail": _cloudtrail,
        "aws_s3_bucket_acl": _bucket_acl,
        "aws_lambda_permission": _lambda_permission,
        "aws_organizations_organizational_unit": _unit,
    }
)
