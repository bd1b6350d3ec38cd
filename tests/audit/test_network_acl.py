from __future__ import annotations

import pytest

from exclave.perimeter import EntryKind

from .build import REGION, denied, doc, perimeter, status, why

CONTROL = "aws.network.acl"


def rule(number, action, cidr, *, egress=False, protocol="-1", ports=None):
    made = {
        "RuleNumber": number,
        "RuleAction": action,
        "CidrBlock": cidr,
        "Egress": egress,
        "Protocol": protocol,
    }
    return made | ({"PortRange": {"From": ports[0], "To": ports[1]}} if ports else {})


LAST = [rule(32767, "deny", "0.0.0.0/0"), rule(32767, "deny", "0.0.0.0/0", egress=True)]


def recorded(*rules, associations=("subnet-1",)):
    acl = {"NetworkAclId": "acl-1", "VpcId": "vpc-1", "IsDefault": False, "Entries": [*rules, *LAST]}
    acl["Associations"] = [{"SubnetId": s, "NetworkAclId": "acl-1"} for s in associations]
    return [
        doc("ec2.DescribeSubnets", {"Subnets": [{"SubnetId": "subnet-1", "VpcId": "vpc-1"}]}, region=REGION),
        doc("ec2.DescribeNetworkAcls", {"NetworkAcls": [acl]}, region=REGION),
        doc("ec2.DescribeVpcs", {"Vpcs": [{"VpcId": "vpc-1", "CidrBlock": "172.31.0.0/16"}]}, region=REGION),
    ]


OFFICE = perimeter((EntryKind.CIDR, "203.0.113.0/24"))


def test_only_our_ranges_pass():
    rules = [rule(100, "allow", "203.0.113.0/25"), rule(100, "allow", "172.31.0.0/16", egress=True)]
    assert status(CONTROL, recorded(*rules), who=OFFICE) == "pass"


@pytest.mark.parametrize("egress", [False, True])
def test_everywhere_fails_in_either_direction(egress):
    assert status(CONTROL, recorded(rule(100, "allow", "0.0.0.0/0", egress=egress)), who=OFFICE) == "fail"


def test_a_range_wider_than_the_perimeters_fails_and_names_the_rule():
    assert "rule 100 lets TCP 443 in from 203.0.0.0/16" in why(
        CONTROL, recorded(rule(100, "allow", "203.0.0.0/16", protocol="6", ports=(443, 443))), who=OFFICE
    )


def test_a_deny_with_a_higher_number_is_shadowed_by_the_allow_before_it():
    rules = [rule(100, "allow", "0.0.0.0/0"), rule(200, "deny", "0.0.0.0/0")]
    assert status(CONTROL, recorded(*rules), who=OFFICE) == "fail"


def test_an_allow_behind_a_deny_of_the_same_traffic_lets_nothing_through():
    rules = [rule(100, "deny", "0.0.0.0/0"), rule(200, "allow", "0.0.0.0/0")]
    assert status(CONTROL, recorded(*rules), who=OFFICE) == "pass"


def test_a_deny_of_fewer_ports_does_not_shadow():
    rules = [rule(100, "deny", "0.0.0.0/0", protocol="6", ports=(22, 22)), rule(200, "allow", "0.0.0.0/0")]
    assert status(CONTROL, recorded(*rules), who=OFFICE) == "fail"


def test_two_denies_may_together_take_all_of_an_allow():
    rules = [rule(1, "deny", "0.0.0.0/1"), rule(2, "deny", "128.0.0.0/1"), rule(3, "allow", "0.0.0.0/0")]
    assert status(CONTROL, recorded(*rules), who=OFFICE) == "pass"


def test_denies_of_all_ports_between_them_take_all_and_with_a_gap_do_not():
    def denied_but(gap):
        return [
            rule(1, "deny", "0.0.0.0/0", protocol="6", ports=(0, 1023)),
            rule(2, "deny", "0.0.0.0/0", protocol="6", ports=(1024 + gap, 65535)),
            rule(3, "allow", "0.0.0.0/0", protocol="6"),
        ]

    assert status(CONTROL, recorded(*denied_but(0)), who=OFFICE) == "pass"
    assert status(CONTROL, recorded(*denied_but(1)), who=OFFICE) == "fail"


@pytest.mark.parametrize(
    ("deny", "allow", "expected"),
    [
        ({"protocol": "6", "ports": (0, 0)}, {"protocol": "6"}, "fail"),  # port 0, not all ports
        ({"protocol": "17"}, {"protocol": "6"}, "fail"), ({"protocol": "6"}, {"protocol": "-1"}, "fail"),
        ({"protocol": "-1"}, {"protocol": "6", "ports": (443, 443)}, "pass"), ({"egress": True}, {}, "fail"),
        ({"protocol": "1", "icmp": (-1, -1)}, {"protocol": "1", "icmp": (8, 0)}, "pass"),
        ({"protocol": "1", "icmp": (8, -1)}, {"protocol": "1", "icmp": (-1, -1)}, "fail"),
    ],
)  # fmt: skip
def test_a_deny_takes_what_it_is_of_and_no_more(deny, allow, expected):
    def made(number, action, *, icmp=None, **more):
        return rule(number, action, "0.0.0.0/0", **more) | ({"IcmpTypeCode": dict(zip(("Type", "Code"), icmp, strict=True))} if icmp else {})  # fmt: skip

    rules = [made(10, "deny", **deny), made(20, "allow", **allow)]
    assert status(CONTROL, recorded(*rules), who=OFFICE) == expected


def test_a_vpc_whose_ranges_were_denied_is_not_known_to_be_wider():
    inside = recorded(rule(100, "allow", "172.31.0.0/16"))[:2]
    assert status(CONTROL, [*inside, denied("ec2.DescribeVpcs", region=REGION)]) == "could-not-look"


@pytest.mark.parametrize(("state", "expected"), [("associated", "pass"), ("disassociated", "fail")])
def test_a_range_that_the_vpc_has_no_longer_is_not_its_own(state, expected):
    documents = recorded(rule(100, "allow", "5.6.0.0/16"))
    more = {"CidrBlock": "5.6.0.0/16", "CidrBlockState": {"State": state}}
    documents[2]["answer"]["Vpcs"][0]["CidrBlockAssociationSet"] = [more]
    assert status(CONTROL, documents, who=OFFICE) == expected


def test_where_private_ranges_are_listed_the_others_are_another_networks():
    wide = recorded(rule(100, "allow", "10.0.0.0/8"), rule(110, "allow", "172.31.0.0/16"))
    assert status(CONTROL, wide, who=OFFICE) == "pass"
    assert "10.0.0.0/8" in why(CONTROL, wide, who=perimeter((EntryKind.CIDR, "10.1.0.0/16")))
    assert status(CONTROL, wide, who=perimeter((EntryKind.CIDR, "10.0.0.0/8"))) == "pass"


def test_ipv6_everywhere_fails():
    wide = rule(100, "allow", None) | {"Ipv6CidrBlock": "::/0"}
    assert status(CONTROL, recorded(wide), who=OFFICE) == "fail"


def test_a_subnet_without_acl_in_the_inventory_fails():
    assert status(CONTROL, recorded(associations=()), who=OFFICE) == "fail"


def test_no_subnets_pass_and_denied_could_not_look():
    empty = [
        doc("ec2.DescribeSubnets", {"Subnets": []}, region=REGION),
        doc("ec2.DescribeNetworkAcls", {"NetworkAcls": []}, region=REGION),
    ]
    assert status(CONTROL, empty) == "pass"
    blind = [recorded()[0], denied("ec2.DescribeNetworkAcls", "ec2:DescribeNetworkAcls", region=REGION)]
    assert status(CONTROL, blind) == "could-not-look"
