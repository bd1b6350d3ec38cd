"""A small AWS account in memory: it gives an inventory, and takes what templates and steps make.

It knows as much of AWS as is needed to see whether what harden makes is what audit looks for; what a real API
accepts is for the tests on emulators.
"""

from __future__ import annotations

import json
from datetime import date

from exclave.audit.loader import check_of, control
from exclave.audit.model import Settings
from exclave.harden.model import Options
from exclave.harden.run import harden
from exclave.inventory import Inventory
from exclave.model import Kind, Verdict
from exclave.perimeter import Entry, EntryKind, Perimeter
from tests.audit.build import NOW, OURS, REGION, doc

from .conftest import _catalogue

ORG, MANAGEMENT, ROOT = "o-ours000000", "999900001111", "r-root"
VPC, SUBNET, ACL, ENDPOINT = (f"{kind}-0a1b2c3d4e5f60718" for kind in ("vpc", "subnet", "acl", "vpce"))
BREAK_GLASS = "arn:aws:iam::*:role/break-glass"


def entry(number, action, cidr, *, egress=False):
    return {"RuleNumber": number, "RuleAction": action, "CidrBlock": cidr, "Egress": egress, "Protocol": "-1"}


WIDE = [
    entry(n, a, "0.0.0.0/0", egress=e) for e in (False, True) for n, a in ((100, "allow"), (32767, "deny"))
]


class Account:
    """An account in which nothing is in place; `organization=False`: in no organisation."""

    def __init__(self, *, organization=True, bucket="data-1"):
        self.organization, self.buckets, self.policies_of = organization, {bucket: {}}, {}
        self.trails, self.groups, self.filters, self.alarms = {}, [], [], []
        self.topics, self.subscriptions, self.rules, self.targets = [], [], [], {}
        self.acls = {
            ACL: {"NetworkAclId": ACL, "VpcId": VPC, "Entries": [dict(e) for e in WIDE], "subnets": [SUBNET]}
        }
        self.recorder, self.channel, self.flows, self.password = None, None, [], None
        self.endpoint_policy = json.dumps(
            {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]}
        )
        self.org_policies, self.enabled = [], []
        self.snapshots, self.images, self.vpc_mode, self.s3_block, self.used_addresses = (
            "unblocked",
            "unblocked",
            "off",
            None,
            0,
        )
        self.keys = {
            "ann": [
                {
                    "AccessKeyId": "AKIAOLD",
                    "Status": "Active",
                    "UserName": "ann",
                    "CreateDate": "2025-01-01T00:00:00Z",
                }
            ]
        }
        self.role_hours = 12
        self.distributions = []
        self.details = {
            "UserDetailList": [{"UserName": "ann", "Arn": f"arn:aws:iam::{OURS}:user/ann", "Path": "/"}],
            "RoleDetailList": [],
            "GroupDetailList": [],
            "Policies": [],
        }
        self.shares = [{"resourceShareArn": f"arn:aws:ram:{REGION}:{OURS}:resource-share/1", "name": "s", "status": "ACTIVE", "allowExternalPrincipals": True}]  # fmt: skip

    def documents(self):
        def here(call, answer, **more):
            return doc(call, answer, region=REGION, **more)

        made = [
            doc("sts.GetCallerIdentity", {"Account": OURS, "Arn": f"arn:aws:iam::{OURS}:user/auditor"}),
            doc("ec2.DescribeRegions", {"Regions": [{"RegionName": REGION}]}),
            *self._organization(),
            doc("s3.ListBuckets", {"Buckets": [{"Name": b, "BucketRegion": REGION} for b in self.buckets]}),
            here("ec2.DescribeVpcs", {"Vpcs": [{"VpcId": VPC, "CidrBlock": "10.1.0.0/16"}]}),
            here("ec2.DescribeSubnets", {"Subnets": [{"SubnetId": SUBNET, "VpcId": VPC, "CidrBlock": "10.1.0.0/24", "AvailableIpAddressCount": 251 - self.used_addresses}]}),
            here("ec2.DescribeNetworkAcls", {"NetworkAcls": [{**{k: v for k, v in a.items() if k != "subnets"}, "Associations": [{"SubnetId": s, "NetworkAclId": i} for s in a["subnets"]]} for i, a in self.acls.items()]}),
            here("ec2.DescribeVpcEndpoints", {"VpcEndpoints": [{"VpcEndpointId": ENDPOINT, "VpcId": VPC, "ServiceName": f"com.amazonaws.{REGION}.s3", "State": "available", "PolicyDocument": self.endpoint_policy}]}),
            here("ec2.DescribeFlowLogs", {"FlowLogs": self.flows}),
            here("ec2.GetSnapshotBlockPublicAccessState", {"State": self.snapshots}),
            here("ec2.GetImageBlockPublicAccessState", {"ImageBlockPublicAccessState": self.images}),
            here("ec2.DescribeVpcBlockPublicAccessOptions", {"VpcBlockPublicAccessOptions": {"InternetGatewayBlockMode": self.vpc_mode}}),
            doc("s3control.GetPublicAccessBlock", {"PublicAccessBlockConfiguration": self.s3_block} if self.s3_block else None, absent="" if self.s3_block else "NoSuchPublicAccessBlockConfiguration"),
            doc("iam.GetAccountPasswordPolicy", {"PasswordPolicy": self.password} if self.password else None, absent="" if self.password else "NoSuchEntity"),
            doc("iam.GetAccountSummary", {"SummaryMap": {"AccountAccessKeysPresent": 0}}),
            doc("iam.GetAccountAuthorizationDetails", self.details),
            doc("iam.ListRoles", {"Roles": [{"RoleName": "long", "Arn": f"arn:aws:iam::{OURS}:role/long", "Path": "/", "MaxSessionDuration": self.role_hours * 3600}]}),
            doc("cloudtrail.DescribeTrails", {"trailList": [t["trail"] for t in self.trails.values()]}),
            here("cloudtrail.DescribeTrails.region", {"trailList": []}),
            here("logs.DescribeMetricFilters", {"metricFilters": self.filters}),
            here("logs.DescribeLogGroups", {"logGroups": [{"logGroupName": g} for g in self.groups]}),
            here("cloudwatch.DescribeAlarms", {"MetricAlarms": self.alarms}),
            here("sns.ListTopics", {"Topics": [{"TopicArn": t} for t in self.topics]}),
            here("sns.ListSubscriptions", {"Subscriptions": self.subscriptions}),
            here("events.ListRules", {"Rules": self.rules}),
            here("config.DescribeConfigurationRecorders", {"ConfigurationRecorders": [self.recorder] if self.recorder else []}),
            here("config.DescribeConfigurationRecorderStatus", {"ConfigurationRecordersStatus": [{"name": "default", "recording": True}] if self.recorder else []}),
            here("config.DescribeDeliveryChannels", {"DeliveryChannels": [self.channel] if self.channel else []}),
            here("config.DescribeDeliveryChannelStatus", {"DeliveryChannelsStatus": []}),
            doc("cloudfront.ListDistributions", {"DistributionList": {"Items": [{"Id": d} for d in self.distributions]}}),
            *(doc("cloudfront.GetDistributionConfig", {"DistributionConfig": {"Logging": {"Enabled": False}}}, key=d) for d in self.distributions),
            here("ram.GetResourceShares", {"resourceShares": self.shares}),
        ]  # fmt: skip
        for arn, held in self.trails.items():
            made.append(doc("cloudtrail.GetTrailStatus", {"IsLogging": held["logging"]}, key=arn))
            made.append(doc("cloudtrail.GetEventSelectors", held["selectors"], key=arn))
        for name, targets in self.targets.items():
            made.append(here("events.ListTargetsByRule", {"Targets": targets}, key=name))
        for bucket, held in self.buckets.items():
            made.append(
                doc(
                    "s3.GetBucketLogging",
                    {"LoggingEnabled": held["logging"]} if "logging" in held else {},
                    key=bucket,
                )
            )
            policy = self.policies_of.get(bucket)
            made.append(doc("s3.GetBucketPolicy", {"Policy": policy} if policy else None, key=bucket, absent="" if policy else "NoSuchBucketPolicy"))  # fmt: skip
        for user, keys in self.keys.items():
            made.append(doc("iam.ListAccessKeys", {"AccessKeyMetadata": keys}, key=user))
            made += [doc("iam.GetAccessKeyLastUsed", {"UserName": user, "AccessKeyLastUsed": {"LastUsedDate": "2025-02-01T00:00:00Z", "ServiceName": "s3"}}, key=k["AccessKeyId"]) for k in keys]  # fmt: skip
        for kind, listed in (("user", "UserDetailList"), ("role", "RoleDetailList")):
            for principal in self.details[listed]:
                arn = principal["Arn"]
                made.append(
                    doc(
                        f"iam.GenerateServiceLastAccessedDetails.{kind}",
                        {"JobId": "j"},
                        key=arn,
                        args={"Arn": arn},
                    )
                )
                made.append(doc(f"iam.GetServiceLastAccessedDetails.{kind}", {"JobStatus": "COMPLETED", "ServicesLastAccessed": [{"ServiceNamespace": s} for s in ("ec2", "s3", "rds")]}, key=arn))  # fmt: skip
        return made

    def _organization(self):
        if not self.organization:
            calls = (
                "DescribeOrganization",
                "ListRoots",
                "ListPolicies.scp",
                "ListPolicies.rcp",
                "ListAccounts",
            )
            return [
                doc(f"organizations.{c}", None, absent="AWSOrganizationsNotInUseException") for c in calls
            ]
        types = [{"Type": t, "Status": "ENABLED"} for t in self.enabled]
        made = [
            doc("organizations.DescribeOrganization", {"Organization": {"Id": ORG, "MasterAccountId": MANAGEMENT}}),
            doc("organizations.ListRoots", {"Roots": [{"Id": ROOT, "PolicyTypes": types or [{"Type": "TAG_POLICY", "Status": "ENABLED"}]}]}),
            doc("organizations.ListAccounts", {"Accounts": [{"Id": OURS, "Status": "ACTIVE"}]}),
            doc("organizations.ListParents.1", {"Parents": [{"Id": ROOT, "Type": "ROOT"}]}, key=OURS),
        ]  # fmt: skip
        for kind, type_ in (("scp", "SERVICE_CONTROL_POLICY"), ("rcp", "RESOURCE_CONTROL_POLICY")):
            mine = [p for p in self.org_policies if p["Type"] == type_]
            made.append(
                doc(
                    f"organizations.ListPolicies.{kind}",
                    {"Policies": [{"Id": p["Id"], "Name": p["Name"]} for p in mine]},
                )
            )
            for p in mine:
                summary = {"Id": p["Id"], "Name": p["Name"]}
                made.append(
                    doc(
                        f"organizations.DescribePolicy.{kind}",
                        {"Policy": {"PolicySummary": summary, "Content": p["Content"]}},
                        key=p["Id"],
                    )
                )
                made.append(doc(f"organizations.ListTargetsForPolicy.{kind}", {"Targets": [{"TargetId": t} for t in p["targets"]]}, key=p["Id"]))  # fmt: skip
        return made

    def inventory(self):
        found = Inventory.of(self.documents())
        assert found.problems == ()
        return found

    def perimeter(self):
        entries = (
            Entry(kind=EntryKind.CIDR, id="203.0.113.0/24", verdict=Verdict.SELF, where="perimeter.toml"),
        )
        buckets = dict.fromkeys(self.buckets, "ours")
        seen = {
            Kind.ACCOUNT: {OURS: "collected"},
            Kind.ORGANIZATION: {ORG: "ours"},
            Kind.VPC: {VPC: "ours"},
            Kind.BUCKET: buckets,
        }
        return Perimeter(entries=entries, seen=seen, today=date(2026, 3, 2))

    def status(self, identifier, perimeter=None):
        checks = check_of(control(identifier))(
            self.inventory(), perimeter or self.perimeter(), Settings(now=NOW)
        )
        return [(c.status.value, *c.why) for c in checks if c.scope.account == OURS]

    def harden(self, *identifiers, perimeter=None, **options):
        options.setdefault("notify", ("secops@example.com",))
        options.setdefault("break_glass", (BREAK_GLASS,))
        given = Options(settings=Settings(now=NOW), **options)
        controls = [control(i) for i in identifiers]
        return harden(self.inventory(), perimeter or self.perimeter(), given, controls, _catalogue())
