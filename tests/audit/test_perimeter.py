from __future__ import annotations

import itertools
import json

import pytest

from exclave.audit.checks.aws.perimeter import READS, WRITES, sharing_actions
from exclave.perimeter import EntryKind

from .build import MEMBER, OURS, REGION, THEIRS, denied, doc, look, perimeter, status, why

IDENTITY, RESOURCE = "aws.perimeter.identity", "aws.perimeter.resource"
ORG, MANAGEMENT = "o-ours000000", "999900001111"


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def deny(**more):
    return {"Effect": "Deny", "Action": "*", "Resource": "*"} | more


SHARING = deny(Action=list(sharing_actions()))
CARRYING = deny(Condition={"StringNotEqualsIfExists": {"aws:ResourceOrgID": ORG}})
RCP = ("kms", "sqs", "secretsmanager", "ecr")
STRANGERS = deny(
    Principal="*", Action=["s3:*", "sts:*", "kms:*", "sqs:*", "secretsmanager:*", "ecr:*"],
    Condition={"StringNotEqualsIfExists": {"aws:PrincipalOrgID": ORG}, "BoolIfExists": {"aws:PrincipalIsAWSService": "false"}},
)  # fmt: skip


def organization(kind, *documents, target="r-root", account=OURS, management=MANAGEMENT):
    made = [
        doc(
            "organizations.DescribeOrganization", {"Organization": {"Id": ORG, "MasterAccountId": management}}
        ),
        doc(
            "organizations.ListRoots",
            {
                "Roots": [
                    {
                        "Id": "r-root",
                        "PolicyTypes": [
                            {"Type": t, "Status": "ENABLED"}
                            for t in ("SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY")
                        ],
                    }
                ]
            },
        ),
        doc(
            "organizations.ListParents.1",
            {"Parents": [{"Id": "ou-1", "Type": "ORGANIZATIONAL_UNIT"}]},
            key=account,
        ),
        doc("organizations.ListParents.2", {"Parents": [{"Id": "r-root", "Type": "ROOT"}]}, key="ou-1"),
        doc(
            f"organizations.ListPolicies.{kind}",
            {"Policies": [{"Id": f"p-{n}"} for n, _ in enumerate(documents)]},
        ),
    ]
    for n, text in enumerate(documents):
        made.append(
            doc(
                f"organizations.DescribePolicy.{kind}",
                {"Policy": {"Content": text, "PolicySummary": {"Name": f"policy {n}"}}},
                key=f"p-{n}",
            )
        )
        made.append(
            doc(
                f"organizations.ListTargetsForPolicy.{kind}",
                {"Targets": [{"TargetId": target}]},
                key=f"p-{n}",
            )
        )
    return made


def shares(allow=False):
    return doc(
        "ram.GetResourceShares",
        {
            "resourceShares": [
                {
                    "resourceShareArn": "arn:1",
                    "name": "net",
                    "allowExternalPrincipals": allow,
                    "status": "ACTIVE",
                }
            ]
        },
        region=REGION,
    )


def test_scps_that_refuse_every_share_and_every_write_outside_pass():
    (check,) = look(IDENTITY, [*organization("scp", policy(SHARING), policy(CARRYING)), shares()])
    assert (check.status, check.count) == ("pass", len(sharing_actions()) + len(WRITES) + 1)


@pytest.mark.parametrize("target", ["r-root", "ou-1", OURS])
def test_a_policy_on_the_root_a_unit_above_or_the_account_reaches_it(target):
    assert (
        status(IDENTITY, [*organization("scp", policy(SHARING, CARRYING), target=target), shares()]) == "pass"
    )


HOLES = {
    "attached elsewhere": organization("scp", policy(SHARING, CARRYING), target="ou-other"),
    "one action left out": organization(
        "scp",
        policy(deny(Action=[a for a in sharing_actions() if a != "ec2:ModifySnapshotAttribute"]), CARRYING),
    ),
    "NotAction leaves a hole": organization(
        "scp", policy(deny(Action=None, NotAction=["ec2:Modify*"]) | {}, CARRYING)
    ),
    "for one user only": organization(
        "scp",
        policy(
            SHARING | {"Condition": {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/bob"}}}, CARRYING
        ),
    ),
    "bound to the wrong organisation": organization(
        "scp",
        policy(SHARING, deny(Condition={"StringNotEquals": {"aws:ResourceOrgID": ["o-zz99foreign9", ORG]}})),
    ),
    "allow in place of deny": organization("scp", policy(SHARING | {"Effect": "Allow"}, CARRYING)),
    "nothing about writing outside": organization("scp", policy(SHARING)),
    "no policy": organization("scp"),
    "users are spared": organization(
        "scp",
        policy(SHARING | {"Condition": {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/*"}}}, CARRYING),
    ),
    "the root user is spared": organization(
        "scp",
        policy(
            SHARING | {"Condition": {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:root"}}}, CARRYING
        ),
    ),
    "everybody alone is refused": organization(
        "scp", policy(SHARING | {"Condition": {"StringEquals": {"ec2:Add/group": "all"}}}, CARRYING)
    ),
    "one region is spared": organization(
        "scp",
        policy(
            SHARING | {"Condition": {"StringNotEquals": {"aws:RequestedRegion": "ap-southeast-2"}}}, CARRYING
        ),
    ),
    "one region is bound": organization(
        "scp",
        policy(SHARING | {"Condition": {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}}, CARRYING),
    ),
    "a second factor is enough": organization(
        "scp",
        policy(SHARING | {"Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}}, CARRYING),
    ),
    "an office is enough": organization(
        "scp", policy(SHARING | {"Condition": {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}}, CARRYING)
    ),
    "snapshots of an account, which none have in their ARN": organization(
        "scp", policy(SHARING | {"Resource": [f"arn:aws:*:*:{OURS}:*", "arn:aws:s3:::*"]}, CARRYING)
    ),
    "snapshots of one region": organization(
        "scp",
        policy(
            deny(Action="ec2:*", Resource=["arn:aws:ec2:eu-west-1::snapshot/*", "arn:aws:ec2:*::image/*"]),
            deny(Action=[a for a in sharing_actions() if not a.startswith("ec2:")]),
            CARRYING,
        ),
    ),
    "not through a service": organization(
        "scp", policy(SHARING | {"Condition": {"BoolIfExists": {"aws:ViaAWSService": "false"}}}, CARRYING)
    ),
    "not by a stack": organization(
        "scp",
        policy(
            SHARING
            | {
                "Condition": {
                    "ForAllValues:StringNotEquals": {"aws:CalledVia": "cloudformation.amazonaws.com"}
                }
            },
            CARRYING,
        ),
    ),
    "but for what a tag asks": organization(
        "scp",
        policy(SHARING | {"Condition": {"StringNotEquals": {"aws:RequestTag/share": "yes"}}}, CARRYING),
    ),
    "but for what is tagged in any other way": organization(
        "scp",
        policy(SHARING | {"Condition": {"StringEqualsIfExists": {"aws:ResourceTag/data": "x"}}}, CARRYING),
    ),
    "one kind of principal is spared": organization(
        "scp", policy(SHARING | {"Condition": {"StringNotEquals": {"aws:PrincipalType": "User"}}}, CARRYING)
    ),
    "who has a name is spared": organization(
        "scp", policy(SHARING | {"Condition": {"StringNotLike": {"aws:username": "*"}}}, CARRYING)
    ),
    "who has an id is spared": organization(
        "scp", policy(SHARING | {"Condition": {"StringNotLike": {"aws:userid": "*"}}}, CARRYING)
    ),
    "what is one's own is spared": organization(
        "scp", policy(SHARING | {"Condition": {"StringNotEquals": {"ec2:Owner": OURS}}}, CARRYING)
    ),
    "a share that is there, by the key of one that is made": organization(
        "scp",
        policy(
            deny(Action=[a for a in sharing_actions() if not a.startswith("ram:")]),
            deny(Action="ram:*", Condition={"Bool": {"ram:RequestedAllowsExternalPrincipals": "true"}}),
            CARRYING,
        ),
    ),
    "a path of the organisation, which accounts in none have not": organization(
        "scp",
        policy(SHARING, deny(Condition={"ForAnyValue:StringNotLike": {"aws:ResourceOrgPaths": f"{ORG}/*"}})),
    ),
    "policies are not enabled": [
        d
        | (
            {"answer": {"Roots": [{"Id": "r-root", "PolicyTypes": []}]}}
            if d["call"].endswith("ListRoots")
            else {}
        )
        for d in organization("scp", policy(SHARING, CARRYING))
    ],
    "the management account": organization("scp", policy(SHARING, CARRYING), management=OURS),
}


@pytest.mark.parametrize("name", HOLES)
def test_each_hole_fails(name):
    documents = [d | {"answer": _without_none(d["answer"])} for d in HOLES[name]]
    assert status(IDENTITY, [*documents, shares()]) == "fail"


def test_what_a_level_does_not_allow_needs_no_deny():
    allowed = {"Effect": "Allow", "Action": ["s3:GetObject", "ec2:Describe*"], "Resource": "*"}
    assert status(IDENTITY, [*organization("scp", policy(allowed)), shares()]) == "pass"
    beside = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    assert status(IDENTITY, [*organization("scp", policy(allowed), policy(beside)), shares()]) == "fail"


def test_shares_bound_to_resources_and_paths_as_aws_writes_them_pass():
    exact = SHARING | {
        "Resource": ["arn:aws:ec2:*::snapshot/*", "arn:aws:ec2:*::image/*", "arn:aws:rds:*:*:*", "arn:aws:redshift:*:*:*",
                     "arn:aws:ram:*:*:resource-share/*", "arn:aws:logs:*:*:log-group:*", "arn:aws:s3:::*", "arn:aws:sns:*:*:*"],
    }  # fmt: skip
    registry = deny(Action="ecr:PutReplicationConfiguration")
    paths = deny(Condition={"ForAllValues:StringNotLike": {"aws:ResourceOrgPaths": f"{ORG}/*"}})
    assert status(IDENTITY, [*organization("scp", policy(exact, registry, paths)), shares()]) == "pass"


def test_the_root_above_five_units_is_reached():
    made = [d for d in organization("scp", policy(SHARING, CARRYING)) if "ListParents" not in d["call"]]
    places = [OURS, *(f"ou-{n}" for n in range(5, 0, -1))]
    made += [
        doc(f"organizations.ListParents.{n}", {"Parents": [{"Id": parent}]}, key=child)
        for n, (child, parent) in enumerate(itertools.pairwise(places), 1)
    ]
    assert status(IDENTITY, [*made, shares()]) == "pass"


def test_roots_that_could_not_be_listed_are_not_known_to_have_policies_enabled():
    made = [d for d in organization("scp", policy(SHARING, CARRYING)) if not d["call"].endswith("ListRoots")]
    assert status(IDENTITY, [*made, denied("organizations.ListRoots"), shares()]) == "could-not-look"


def _without_none(value):
    if isinstance(value, dict) and isinstance(value.get("Policy"), dict):
        content = json.loads(value["Policy"]["Content"])
        content["Statement"] = [{k: v for k, v in s.items() if v is not None} for s in content["Statement"]]
        return {"Policy": value["Policy"] | {"Content": json.dumps(content)}}
    return value


def test_a_share_that_lets_outsiders_in_fails_by_itself():
    documents = [*organization("scp", policy(SHARING, CARRYING)), shares(allow=True)]
    assert "allows principals outside" in why(IDENTITY, documents)


def test_conditions_by_which_sharing_inside_stays_allowed_still_pass():
    own = deny(
        Action="ec2:ModifySnapshotAttribute",
        Condition={"StringNotEquals": {"ec2:Add/userId": [OURS, MEMBER]}},
    )
    rest = deny(Action=[a for a in sharing_actions() if a != "ec2:ModifySnapshotAttribute"])
    documents = [*organization("scp", policy(own, rest, CARRYING)), shares()]
    assert status(IDENTITY, documents, who=perimeter((EntryKind.ACCOUNT, MEMBER))) == "pass"
    assert f"with {MEMBER}, which a policy lets in" in why(IDENTITY, documents)


def test_without_the_organisations_answers_nothing_is_said():
    assert (
        status(
            IDENTITY,
            [
                denied("organizations.ListPolicies.scp", "organizations:ListPolicies"),
                doc("organizations.DescribeOrganization", {"Organization": {"Id": ORG}}),
                shares(),
            ],
        )
        == "could-not-look"
    )
    assert status(IDENTITY, [shares()]) == "could-not-look"


def test_an_account_in_no_organisation_fails():
    alone = [
        doc(c, absent="AWSOrganizationsNotInUseException")
        for c in ("organizations.DescribeOrganization", "organizations.ListPolicies.scp")
    ]
    assert status(IDENTITY, [*alone, shares()]) == "fail"


def settings(snapshots="block-all-sharing", images="block-new-sharing", vpc="block-bidirectional", **s3):
    block = (
        dict.fromkeys(
            ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
        )
        | s3
    )
    return [
        doc("s3control.GetPublicAccessBlock", {"PublicAccessBlockConfiguration": block}),
        doc("ec2.GetSnapshotBlockPublicAccessState", {"State": snapshots}, region=REGION),
        doc("ec2.GetImageBlockPublicAccessState", {"ImageBlockPublicAccessState": images}, region=REGION),
        doc(
            "ec2.DescribeVpcBlockPublicAccessOptions",
            {"VpcBlockPublicAccessOptions": {"InternetGatewayBlockMode": vpc}},
            region=REGION,
        ),
    ]


def test_an_rcp_and_every_block_pass():
    (check,) = look(RESOURCE, [*organization("rcp", policy(STRANGERS)), *settings()])
    assert (check.status, check.count) == ("pass", len(READS) + 4)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"snapshots": "unblocked"}, "fail"), ({"snapshots": "block-new-sharing"}, "partial"), ({"images": "unblocked"}, "fail"),
        ({"vpc": "off"}, "partial"), ({"RestrictPublicBuckets": False}, "fail"),
    ],
)  # fmt: skip
def test_each_setting_counts(changes, expected):
    assert status(RESOURCE, [*organization("rcp", policy(STRANGERS)), *settings(**changes)]) == expected


@pytest.mark.parametrize(
    "broken",
    [
        STRANGERS | {"Action": ["s3:*"]},
        STRANGERS
        | {
            "Condition": {
                "StringNotEquals": {"aws:PrincipalOrgID": ORG},
                "Null": {"aws:PrincipalOrgID": "false"},
            }
        },
        STRANGERS | {"Condition": {"StringNotEquals": {"aws:ResourceOrgID": ORG}}},
        STRANGERS | {"Resource": "arn:aws:s3:::another-bucket/*"},
        {k: v for k, v in STRANGERS.items() if k != "Action"} | {"NotAction": ["kms:Decrypt"]},
    ],
)
def test_an_rcp_with_a_hole_fails(broken):
    assert status(RESOURCE, [*organization("rcp", policy(broken)), *settings()]) == "fail"


def test_a_setting_in_one_region_of_two_is_not_enough():
    elsewhere = doc("ec2.GetSnapshotBlockPublicAccessState", {"State": "unblocked"}, region="us-east-1")
    here = [*organization("rcp", policy(STRANGERS)), *settings()]
    assert "EBS snapshots in us-east-1 is unblocked" in why(RESOURCE, [*here, elsewhere])


NETWORK = "aws.network.source-restriction"
ONLY_HERE = deny(
    Condition={
        "NotIpAddressIfExists": {"aws:SourceIp": ["203.0.113.0/24"]}, "StringNotEqualsIfExists": {"aws:SourceVpc": ["vpc-ours"]},
        "BoolIfExists": {"aws:ViaAWSService": "false", "aws:PrincipalIsAWSService": "false"},
    }
)  # fmt: skip


def buckets(text=None):
    return [
        doc("s3.ListBuckets", {"Buckets": [{"Name": "data"}]}),
        doc("s3.GetBucketPolicy", {"Policy": text}, key="data")
        if text
        else doc("s3.GetBucketPolicy", absent="NoSuchBucketPolicy", key="data"),
        doc("ec2.DescribeVpcEndpoints", {"VpcEndpoints": []}, region=REGION),
    ]


def test_an_scp_that_binds_to_our_addresses_and_vpcs_passes():
    documents = [
        *organization("scp", policy(ONLY_HERE)),
        doc("organizations.ListPolicies.rcp", {"Policies": []}),
        *buckets(),
    ]
    assert status(NETWORK, documents) == "pass"


@pytest.mark.parametrize(
    "broken",
    [
        ONLY_HERE | {"Condition": {"NotIpAddress": {"aws:SourceIp": ["0.0.0.0/1", "128.0.0.0/1"]}}},
        ONLY_HERE | {"Condition": {"NotIpAddress": {"aws:SourceIp": ["128.0.0.0/1"]}}},
        ONLY_HERE | {"Action": "ec2:*"},
        {k: v for k, v in ONLY_HERE.items() if k != "Action"} | {"NotAction": ["s3:Get*"]},
        ONLY_HERE
        | {"Condition": {"StringNotEquals": {"aws:UserAgent": "x"}, "Bool": {"aws:ViaAWSService": "true"}}},
    ],
)
def test_a_restriction_that_restricts_nothing_fails(broken):
    documents = [
        *organization("scp", policy(broken)),
        doc("organizations.ListPolicies.rcp", {"Policies": []}),
        *buckets(),
    ]
    assert status(NETWORK, documents) == "fail"


def test_a_bucket_whose_own_policy_binds_it_passes_where_nothing_above_does():
    documents = [*organization("scp"), doc("organizations.ListPolicies.rcp", {"Policies": []})]
    own = policy(ONLY_HERE | {"Principal": "*", "Resource": ["arn:aws:s3:::data", "arn:aws:s3:::data/*"]})
    assert status(NETWORK, [*documents, *buckets(own)]) == "pass"
    assert status(NETWORK, [*documents, *buckets()]) == "fail"


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ({"NotIpAddressIfExists": {"aws:SourceIp": ["203.0.113.0/24", "3.0.0.0/8"]}}, "3.0.0.0/8"),
        (
            {"NotIpAddressIfExists": {"aws:SourceIp": ["203.0.113.0/24", "198.51.100.0/24"]}},
            "198.51.100.0/24",
        ),
        ({"NotIpAddressIfExists": {"aws:SourceIp": ["203.0.113.0/24", "::/0"]}}, "2600:"),
        ({"NotIpAddressIfExists": {"aws:VpcSourceIp": ["10.0.0.0/8"]}}, "a VPC that is not ours"),
        (
            {
                "NotIpAddressIfExists": {"aws:SourceIp": "203.0.113.0/24"},
                "ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/*"},
            },
            "by a user",
        ),
        (
            {
                "NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"},
                "StringNotLike": {"aws:Referer": "https://ours.example/*"},
            },
            "with aws:Referer https://ours.example/x",
        ),
    ],
)
def test_a_restriction_with_a_hole_says_where_it_is(condition, words):
    own = policy(deny(Principal="*", Condition=condition))
    documents = [
        *organization("scp"),
        doc("organizations.ListPolicies.rcp", {"Policies": []}),
        *buckets(own),
    ]
    assert words in why(NETWORK, documents, who=perimeter((EntryKind.CIDR, "203.0.113.0/24")))


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ({"StringNotEquals": {"s3:signatureversion": "AWS4-HMAC-SHA256"}}, "with s3:signatureversion AWS4-HMAC-SHA256"),
        ({"StringNotEquals": {"s3:DataAccessPointAccount": OURS}}, f"with s3:DataAccessPointAccount {OURS}"),
        ({"ArnNotLike": {"s3:DataAccessPointArn": "arn:aws:s3:*:*:accesspoint/*"}}, "with s3:DataAccessPointArn"),
        ({"NumericLessThanIfExists": {"s3:TlsVersion": "1.2"}}, "with s3:TlsVersion 1.2"),
        ({"NumericGreaterThanIfExists": {"aws:MultiFactorAuthAge": "3600"}}, "with a session that is new"),
        ({"DateLessThan": {"aws:TokenIssueTime": "2026-01-01T00:00:00Z"}}, "from 1.77.33.11"),
    ],
)  # fmt: skip
def test_a_restriction_that_spares_a_way_to_ask_fails(condition, words):
    who = perimeter((EntryKind.CIDR, "203.0.113.0/24"))
    bound = {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}
    above = [*organization("scp"), doc("organizations.ListPolicies.rcp", {"Policies": []})]
    spared = deny(Principal="*", Condition=bound | condition)
    assert words in why(NETWORK, [*above, *buckets(policy(spared))], who=who)
    # as a rule of its own it spares nobody
    beside = policy(deny(Principal="*", Condition=bound), deny(Principal="*", Condition=condition))
    assert status(NETWORK, [*above, *buckets(beside)], who=who) == "pass"


@pytest.mark.parametrize(
    ("key", "ours", "theirs"),
    [("aws:VpceAccount", OURS, THEIRS), ("aws:VpceOrgID", ORG, "o-another0000")],
)
def test_a_restriction_to_somebody_elses_endpoints_by_their_owner_fails(key, ours, theirs):
    above = [*organization("scp"), doc("organizations.ListPolicies.rcp", {"Policies": []})]
    for owners, expected in (([ours], "pass"), ([ours, theirs], "fail")):
        only = deny(Principal="*", Condition={"StringNotLike": {key: owners}})
        documents = [*above, *buckets(policy(only))]
        assert status(NETWORK, documents) == expected
        assert (theirs in why(NETWORK, documents)) is (expected == "fail")


def test_a_restriction_that_leaves_older_versions_out_fails():
    documents = [
        *organization("scp", policy(ONLY_HERE | {"Action": "s3:GetObject"})),
        doc("organizations.ListPolicies.rcp", {"Policies": []}),
        *buckets(),
    ]
    assert "by s3:GetObjectVersion" in why(NETWORK, documents)


def endpoint(document):
    return [
        doc(
            "ec2.DescribeVpcEndpoints",
            {
                "VpcEndpoints": [
                    {
                        "VpcEndpointId": "vpce-1",
                        "VpcId": "vpc-1",
                        "ServiceName": f"com.amazonaws.{REGION}.s3",
                        "State": "available",
                        "PolicyDocument": document,
                    }
                ]
            },
            region=REGION,
        )
    ]


def test_an_open_endpoint_fails_and_one_bound_to_the_organisation_passes():
    above = [
        *organization("scp", policy(ONLY_HERE)),
        doc("organizations.ListPolicies.rcp", {"Policies": []}),
        *buckets()[:2],
    ]
    allow = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
    assert status(NETWORK, [*above, *endpoint(policy(allow))]) == "fail"
    ours = endpoint(policy(allow | {"Condition": {"StringEquals": {"aws:PrincipalOrgID": ORG}}}))
    assert "carrying data to a stranger's resource (s3:PutObject)" in why(NETWORK, [*above, *ours])
    assert status(NETWORK, [*above, *ours]) == "partial"
    bound = [*organization("scp", policy(ONLY_HERE, CARRYING)), *above[-3:]]
    assert status(NETWORK, [*bound, *ours]) == "pass"
    both = {"StringEquals": {"aws:PrincipalOrgID": ORG, "aws:ResourceOrgID": ORG}}
    assert status(NETWORK, [*above, *endpoint(policy(allow | {"Condition": both}))]) == "pass"
    assert status(NETWORK, [*above, *endpoint("not json")]) == "fail"
    for key, value in (("aws:PrincipalOrgID", "o-another0000"), ("aws:PrincipalAccount", MEMBER)):
        theirs = policy(allow | {"Condition": {"StringEquals": {key: [ORG, OURS, value]}}})
        assert value in why(NETWORK, [*above, *endpoint(theirs)])


def test_a_restriction_to_somebody_elses_endpoint_or_vpc_fails_and_names_it():
    above = [*organization("scp"), doc("organizations.ListPolicies.rcp", {"Policies": []})]
    endpoints = doc(
        "ec2.DescribeVpcEndpoints", {"VpcEndpoints": [{"VpcEndpointId": "vpce-1"}]}, region=REGION
    )
    vpcs = doc("ec2.DescribeVpcs", {"Vpcs": [{"VpcId": "vpc-1"}]}, region=REGION)

    def bound(key, value):
        only = deny(Principal="*", Condition={"StringNotEquals": {key: value}})
        return [*above, *buckets(policy(only))[:2], endpoints, vpcs]

    assert status(NETWORK, bound("aws:SourceVpce", "vpce-1")) == "pass"
    assert status(NETWORK, bound("aws:SourceVpc", "vpc-1")) == "pass"
    for key, value in (("aws:SourceVpce", "vpce-0theirs"), ("aws:SourceVpc", ["vpc-1", "vpc-0theirs"])):
        assert "0theirs" in why(NETWORK, bound(key, value))


@pytest.mark.parametrize(
    "broken",
    [
        STRANGERS | {"Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-zz99foreign9"}}},
        STRANGERS
        | {
            "Condition": {
                "StringNotEqualsIfExists": {"aws:PrincipalOrgID": ORG},
                "StringEquals": {"aws:RequestTag/never": "x"},
            }
        },
        STRANGERS
        | {"Condition": {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": [ORG, "o-*"]}}, "Effect": "Allow"},
        STRANGERS | {"Condition": {"StringNotLikeIfExists": {"aws:PrincipalOrgID": "o-*"}}},
        STRANGERS
        | {"Condition": {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": [ORG, "o-another0000"]}}},
        STRANGERS
        | {
            "Condition": {
                "StringNotEqualsIfExists": {"aws:PrincipalOrgID": ORG, "aws:PrincipalAccount": MEMBER}
            }
        },
        STRANGERS | {"Condition": {"ForAnyValue:StringNotLike": {"aws:PrincipalOrgPaths": f"{ORG}/*"}}},
        STRANGERS
        | {
            "Condition": {
                "StringNotEqualsIfExists": {"aws:PrincipalOrgID": ORG},
                "ArnNotLikeIfExists": {"aws:PrincipalArn": "arn:aws:iam::*:role/break-glass"},
            }
        },
        STRANGERS
        | {
            "Condition": {
                "StringNotEqualsIfExists": {"aws:PrincipalOrgID": ORG},
                "NotIpAddressIfExists": {"aws:SourceIp": "203.0.113.0/24"},
            }
        },
        {k: v for k, v in STRANGERS.items() if k != "Action"} | {"NotAction": ["s3:GetObjectVersion"]},
        STRANGERS
        | {"Resource": ["arn:aws:s3:::*", "arn:aws:iam::*", *(f"arn:aws:{x}:eu-west-1:*" for x in RCP)]},
        STRANGERS | {"Condition": STRANGERS["Condition"] | {"Null": {"aws:CalledVia": "true"}}},
        STRANGERS
        | {"Condition": STRANGERS["Condition"] | {"StringEqualsIfExists": {"aws:ResourceTag/data": "x"}}},
        STRANGERS | {"Condition": {"DateLessThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}},
    ],
)
def test_an_rcp_whose_condition_never_holds_or_holds_too_seldom_fails(broken):
    assert status(RESOURCE, [*organization("rcp", policy(broken)), *settings()]) == "fail"


def condition(**more):
    return STRANGERS | {"Condition": STRANGERS["Condition"] | more}


@pytest.mark.parametrize(
    ("conditions", "reason"),
    [
        # who calls tags himself, in his own account
        ({"StringNotEquals": {"aws:PrincipalTag/partner": "yes"}}, "with aws:PrincipalTag/partner yes"),
        ({"StringNotLikeIfExists": {"aws:PrincipalTag/team": "data-*"}}, "with aws:PrincipalTag/team data-x"),
        ({"Null": {"aws:PrincipalTag/exempt": "true"}}, "aws:PrincipalTag/exempt"),
        ({"StringNotLikeIfExists": {"aws:userid": "*:vendor"}}, "with aws:userid x:vendor"),
        ({"StringNotEqualsIfExists": {"aws:username": "vendor"}}, "with aws:username vendor"),
        ({"StringNotEqualsIfExists": {"aws:PrincipalType": "Anonymous"}}, "an anonymous caller"),
        ({"StringNotLikeIfExists": {"aws:PrincipalAccount": "1*"}}, "which the pattern 1* lets in"),
        ({"StringNotLikeIfExists": {"aws:PrincipalAccount": ["12345678????"]}}, "which the pattern 12345678???? lets in"),
        ({"StringNotLikeIfExists": {"aws:PrincipalOrgID": ["o-ours000000", "o-ou*"]}}, ""),
    ],
)  # fmt: skip
def test_an_rcp_spares_nobody_by_what_a_stranger_sets_or_may_be(conditions, reason):
    documents = [*organization("rcp", policy(condition(**conditions))), *settings()]
    if "aws:PrincipalOrgID" in str(conditions):
        documents = [*organization("rcp", policy(STRANGERS | {"Condition": conditions})), *settings()]
    assert status(RESOURCE, documents) == "fail"
    assert reason in why(RESOURCE, documents)


def test_an_rcp_may_spare_what_we_tag_ourselves_and_accounts_that_we_name():
    spared = condition(StringNotEqualsIfExists={"aws:PrincipalOrgID": ORG, "aws:ResourceTag/shared": "yes"})
    assert status(RESOURCE, [*organization("rcp", policy(spared)), *settings()]) == "pass"
    named = condition(StringNotEqualsIfExists={"aws:PrincipalOrgID": ORG, "aws:PrincipalAccount": MEMBER})
    documents = [*organization("rcp", policy(named)), *settings()]
    assert status(RESOURCE, documents, who=perimeter((EntryKind.ACCOUNT, MEMBER))) == "pass"


def test_an_scp_spares_no_thing_by_a_tag_that_its_owner_sets():
    own = CARRYING | {"Condition": CARRYING["Condition"] | {"StringNotEqualsIfExists": {"aws:ResourceOrgID": ORG, "aws:ResourceTag/ok": "yes"}}}  # fmt: skip
    documents = [*organization("scp", policy(SHARING, own)), shares()]
    assert "with aws:ResourceTag/ok yes, which a stranger sets himself" in why(IDENTITY, documents)
    ours = CARRYING | {"Condition": {"StringNotEqualsIfExists": {"aws:ResourceOrgID": ORG, "aws:PrincipalTag/break-glass": "yes"}}}  # fmt: skip
    assert status(IDENTITY, [*organization("scp", policy(SHARING, ours)), shares()]) == "pass"


def test_an_endpoint_lets_nobody_through_for_a_tag_of_his_own():
    above = [*organization("scp", policy(ONLY_HERE, CARRYING)), doc("organizations.ListPolicies.rcp", {"Policies": []}), *buckets()[:2]]  # fmt: skip
    allow = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
    ours = allow | {"Condition": {"StringEquals": {"aws:PrincipalOrgID": ORG}}}
    tagged = allow | {"Condition": {"StringEquals": {"aws:PrincipalTag/ok": "yes"}}}
    assert status(NETWORK, [*above, *endpoint(policy(ours))]) == "pass"
    assert "aws:PrincipalTag/ok yes" in why(NETWORK, [*above, *endpoint(policy(ours, tagged))])


def excluded(mode="allow-bidirectional", state="create-complete", **more):
    one = {
        "ExclusionId": "vpcbpa-exclude-1", "InternetGatewayExclusionMode": mode, "State": state,
        "ResourceArn": f"arn:aws:ec2:{REGION}:{OURS}:vpc/vpc-1",
    }  # fmt: skip
    return doc("ec2.DescribeVpcBlockPublicAccessExclusions", {"VpcBlockPublicAccessExclusions": [one]}, key="block-bidirectional", region=REGION) | more  # fmt: skip


@pytest.mark.parametrize(
    ("exclusion", "expected", "reason"),
    [
        (excluded(), "partial", "vpc-1 in eu-west-1 is excluded from the VPCs' block of public access: traffic goes in and out"),
        (excluded("allow-egress"), "partial", "traffic goes out"),
        (excluded(state="delete-complete"), "pass", ""),
        (denied("ec2.DescribeVpcBlockPublicAccessExclusions", "ec2:DescribeVpcBlockPublicAccessExclusions", key="block-bidirectional", region=REGION), "could-not-look", "AccessDenied"),
    ],
)  # fmt: skip
def test_what_is_excluded_from_the_block_of_vpcs_is_told(exclusion, expected, reason):
    documents = [*organization("rcp", policy(STRANGERS)), *settings(), exclusion]
    assert status(RESOURCE, documents) == expected
    assert reason in why(RESOURCE, documents)
