"""A new network ACL with narrowed entries, and the subnets that it is to hold for. An existing one can't be adopted by CloudFormation."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from exclave.harden.cloudformation import template, to_yaml
from exclave.harden.makers.aws import changes
from exclave.harden.model import Artefact
from exclave.harden.terraform import Reference, configuration, to_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from exclave.harden.makers.aws.account import Account
    from exclave.harden.makers.aws.acl_entries import Entry, Key
    from exclave.harden.model import Options

_PORTS = ("6", "17")
_ICMP = ("1", "58")


def artefacts(
    control: str, account: Account, region: str, acl: Mapping[str, Any], subnets: Sequence[str], after: Mapping[Key, Entry],
    options: Options,
) -> Iterator[Artefact]:  # fmt: skip
    """A new ACL for the subnets of one that is too wide."""
    identifier = str(acl.get("NetworkAclId"))
    about = f"a network ACL for {len(subnets)} subnets that {identifier} guards now, with narrowed entries"
    back = _back(identifier, region, subnets)
    if options.wants("cloudformation"):
        name = changes.file_name(control, account, "cloudformation", region=region, part=identifier)
        stack = f"{options.prefix}-{identifier}"
        deploy, undo = changes.stack_commands(stack, name, region)
        wait = f"aws cloudformation wait stack-delete-complete --stack-name {stack} --region {region}"
        yield Artefact(
            control=control, name=name, format="cloudformation", about=about, deploy=deploy, undo=f"{undo} && {wait} && {back}",
            text=to_yaml(_cloudformation(acl, subnets, after)),
        )  # fmt: skip
    if options.wants("terraform"):
        deploy, undo = changes.TERRAFORM
        yield Artefact(
            control=control, name=changes.file_name(control, account, "terraform", region=region, part=identifier),
            format="terraform", about=about, deploy=deploy, undo=f"{undo} && {back}",
            text=to_json(_terraform(account, region, acl, subnets, after)),
        )  # fmt: skip


def _back(identifier: str, region: str, subnets: Sequence[str]) -> str:
    """What gives the subnets their ACL again: without the new one they have the VPC's default."""
    association = (
        f"aws ec2 describe-network-acls --region {region} --filters Name=association.subnet-id,Values=$subnet "
        "--query \"NetworkAcls[].Associations[?SubnetId=='$subnet'].NetworkAclAssociationId[]\" --output text"
    )
    return (
        f"for subnet in {shlex.join(subnets)}; do aws ec2 replace-network-acl-association --region {region} "
        f'--network-acl-id {shlex.quote(identifier)} --association-id "$({association})"; done'
    )


def _cloudformation(
    acl: Mapping[str, Any], subnets: Sequence[str], after: Mapping[Key, Entry]
) -> dict[str, Any]:
    resources: dict[str, Any] = {
        "Acl": {"Type": "AWS::EC2::NetworkAcl", "Properties": {"VpcId": str(acl.get("VpcId"))}}
    }
    for (egress, number), entry in after.items():
        properties = {
            "NetworkAclId": {"Ref": "Acl"}, "RuleNumber": number, "Egress": egress, "Protocol": int(str(entry.get("Protocol"))),
            "RuleAction": entry.get("RuleAction"),
        }  # fmt: skip
        properties |= {k: entry[k] for k in ("CidrBlock", "Ipv6CidrBlock", "PortRange") if entry.get(k)}
        if entry.get("IcmpTypeCode"):
            properties["Icmp"] = entry["IcmpTypeCode"]
        name = f"{'Outbound' if egress else 'Inbound'}{number}"
        resources[name] = {"Type": "AWS::EC2::NetworkAclEntry", "Properties": properties}
    for number, subnet in enumerate(subnets, 1):
        # last, so that no subnet is cut off while the entries are made
        resources[f"Subnet{number}"] = {
            "Type": "AWS::EC2::SubnetNetworkAclAssociation",
            "DependsOn": [n for n in resources if n.startswith(("Outbound", "Inbound"))],
            "Properties": {"NetworkAclId": {"Ref": "Acl"}, "SubnetId": subnet},
        }
    return template(
        f"Network ACL no wider than the perimeter, in place of {acl.get('NetworkAclId')}", resources
    )


def _terraform(
    account: Account, region: str, acl: Mapping[str, Any], subnets: Sequence[str], after: Mapping[Key, Entry]
) -> dict[str, Any]:
    rules: dict[str, Any] = {}
    for (egress, number), entry in after.items():
        rule: dict[str, Any] = {
            "network_acl_id": Reference("aws_network_acl.acl.id"), "rule_number": number, "egress": egress,
            "protocol": str(entry.get("Protocol")), "rule_action": entry.get("RuleAction"),
        }  # fmt: skip
        names = {"CidrBlock": "cidr_block", "Ipv6CidrBlock": "ipv6_cidr_block"}
        rule |= {to: entry[k] for k, to in names.items() if entry.get(k)}
        ports, icmp = entry.get("PortRange") or {}, entry.get("IcmpTypeCode") or {}
        if str(entry.get("Protocol")) in _PORTS:
            rule |= {"from_port": ports.get("From", 0), "to_port": ports.get("To", 65535)}
        if str(entry.get("Protocol")) in _ICMP:
            rule |= {"icmp_type": icmp.get("Type", -1), "icmp_code": icmp.get("Code", -1)}
        rules[f"{'outbound' if egress else 'inbound'}_{number}"] = rule
    associations = {
        f"subnet_{number}": {
            "network_acl_id": Reference("aws_network_acl.acl.id"), "subnet_id": subnet,
            "depends_on": ["aws_network_acl_rule." + name for name in rules],
        }
        for number, subnet in enumerate(subnets, 1)
    }  # fmt: skip
    resources = {
        "aws_network_acl": {"acl": {"vpc_id": str(acl.get("VpcId"))}},
        "aws_network_acl_rule": rules,
        "aws_network_acl_association": associations,
    }
    provider = {"aws": {"region": region, "allowed_account_ids": [account.id]}}
    return configuration(provider, {k: v for k, v in resources.items() if v})
