"""What a CloudFormation template makes of the account in memory, and what the calls of steps do to it."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

from ruamel.yaml import YAML

from tests.audit.build import OURS, REGION

if TYPE_CHECKING:
    from .cloud import Account


def deploy(account: Account, text: str) -> None:
    """A stack of the template, in the account's region. Whoever is subscribed has confirmed."""
    template = YAML(typ="safe", pure=True).load(io.StringIO(text))
    parameters = {name: p["Default"] for name, p in template.get("Parameters", {}).items()}
    resources = template["Resources"]

    def value(found):
        if isinstance(found, dict) and set(found) == {"Ref"}:
            return parameters.get(found["Ref"]) or _identifier(resources[found["Ref"]])
        if isinstance(found, dict) and set(found) == {"Fn::GetAtt"}:
            name, attribute = found["Fn::GetAtt"]
            return _attribute(resources[name], attribute)
        if isinstance(found, dict):
            return {k: value(v) for k, v in found.items()}
        return [value(v) for v in found] if isinstance(found, list) else found

    for name, resource in resources.items():
        made = TYPES.get(resource["Type"])
        if made is not None:
            made(account, value(resource.get("Properties", {})), name)


def _identifier(resource):
    properties = resource["Properties"]
    match resource["Type"]:
        case "AWS::SNS::Topic":
            return f"arn:aws:sns:{REGION}:{OURS}:{properties['TopicName']}"
        case "AWS::S3::Bucket":
            return properties["BucketName"]
        case "AWS::EC2::NetworkAcl":
            return "acl-new"
        case other:
            raise AssertionError(other)


def _attribute(resource, attribute):
    if resource["Type"] == "AWS::Logs::LogGroup":
        return f"arn:aws:logs:{REGION}:{OURS}:log-group:{resource['Properties']['LogGroupName']}:*"
    return f"arn of {resource['Type']}"


def _trail(account, p, _name):
    arn = f"arn:aws:cloudtrail:{REGION}:{OURS}:trail/{p['TrailName']}"
    trail = {
        "TrailARN": arn,
        "Name": p["TrailName"],
        "HomeRegion": REGION,
        "LogFileValidationEnabled": p["EnableLogFileValidation"],
    }
    trail |= {
        k: p[k]
        for k in (
            "S3BucketName",
            "IsMultiRegionTrail",
            "IncludeGlobalServiceEvents",
            "CloudWatchLogsLogGroupArn",
        )
    }
    account.trails[arn] = {
        "trail": trail, "logging": p["IsLogging"], "selectors": {"AdvancedEventSelectors": p["AdvancedEventSelectors"]},
    }  # fmt: skip


def _filter(account, p, _name):
    transformations = [{k[0].lower() + k[1:]: v for k, v in t.items()} for t in p["MetricTransformations"]]
    account.filters.append(
        {"filterName": p["FilterName"], "logGroupName": p["LogGroupName"], "filterPattern": p["FilterPattern"], "metricTransformations": transformations}
    )  # fmt: skip


def _subscription(account, p, name):
    account.subscriptions.append({**p, "SubscriptionArn": f"{p['TopicArn']}:{name}"})


def _rule(account, p, _name):
    account.rules.append(
        {"Name": p["Name"], "State": p["State"], "EventPattern": json.dumps(p["EventPattern"])}
    )
    account.targets[p["Name"]] = p["Targets"]


def _entry(account, p, _name):
    names = ("RuleNumber", "Egress", "RuleAction", "CidrBlock", "Ipv6CidrBlock", "PortRange")
    entry = {k: p[k] for k in names if k in p} | {"Protocol": str(p["Protocol"])}
    account.acls[p["NetworkAclId"]]["Entries"].append(entry)


def _association(account, p, _name):
    for acl in account.acls.values():
        acl["subnets"] = [s for s in acl["subnets"] if s != p["SubnetId"]]
    account.acls[p["NetworkAclId"]]["subnets"].append(p["SubnetId"])


def _policy(account, p, _name):
    account.enabled.append(p["Type"])
    account.org_policies.append(
        {"Id": f"p-{len(account.org_policies)}", "Name": p["Name"], "Type": p["Type"], "Content": json.dumps(p["Content"]), "targets": p["TargetIds"]}
    )  # fmt: skip
    ec2 = p["Content"].get("ec2_attributes", {})
    if "snapshot_block_public_access" in ec2:
        account.snapshots = ec2["snapshot_block_public_access"]["state"]["@@assign"].replace("_", "-")
    if "image_block_public_access" in ec2:
        account.images = ec2["image_block_public_access"]["state"]["@@assign"].replace("_", "-")
    if "vpc_block_public_access" in ec2:
        account.vpc_mode = ec2["vpc_block_public_access"]["internet_gateway_block"]["mode"][
            "@@assign"
        ].replace("_", "-")
    if p["Content"].get("s3_attributes", {}).get("public_access_block_configuration") == {"@@assign": "all"}:
        account.s3_block = dict.fromkeys(
            ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
        )


def _recorder(account, p, _name):
    group = {"allSupported": p["RecordingGroup"]["AllSupported"]}
    account.recorder = {"name": "default", "recordingGroup": group}


TYPES = {
    "AWS::CloudTrail::Trail": _trail,
    "AWS::S3::Bucket": lambda a, p, _n: a.buckets.setdefault(p["BucketName"], {}),
    "AWS::S3::BucketPolicy": lambda a, p, _n: a.policies_of.__setitem__(p["Bucket"], json.dumps(p["PolicyDocument"])),
    "AWS::Logs::LogGroup": lambda a, p, _n: a.groups.append(p["LogGroupName"]),
    "AWS::Logs::MetricFilter": _filter,
    "AWS::CloudWatch::Alarm": lambda a, p, _n: a.alarms.append(p),
    "AWS::SNS::Topic": lambda a, p, _n: a.topics.append(f"arn:aws:sns:{REGION}:{OURS}:{p['TopicName']}"),
    "AWS::SNS::Subscription": _subscription,
    "AWS::Events::Rule": _rule,
    "AWS::EC2::NetworkAcl": lambda a, p, _n: a.acls.__setitem__("acl-new", {"NetworkAclId": "acl-new", "VpcId": p["VpcId"], "Entries": [], "subnets": []}),
    "AWS::EC2::NetworkAclEntry": _entry,
    "AWS::EC2::SubnetNetworkAclAssociation": _association,
    "AWS::EC2::FlowLog": lambda a, p, _n: a.flows.append(p),
    "AWS::EC2::SnapshotBlockPublicAccess": lambda a, p, _n: setattr(a, "snapshots", p["State"]),
    "AWS::EC2::VPCBlockPublicAccessOptions": lambda a, p, _n: setattr(a, "vpc_mode", p["InternetGatewayBlockMode"]),
    "AWS::Config::ConfigurationRecorder": _recorder,
    "AWS::Config::DeliveryChannel": lambda a, p, _n: setattr(a, "channel", {"name": "default", "s3BucketName": p["S3BucketName"]}),
    "AWS::Organizations::Policy": _policy,
}  # fmt: skip


def make(account: Account, steps) -> None:
    """The calls of steps, as far as the account knows them: an unknown one is an error of the test."""
    for step in steps:
        made = []
        for request in step.change:
            assert "$now" not in json.dumps(request.args)
            args = json.loads(
                json.dumps(request.args).replace(
                    '{"$made": "Policy.PolicySummary.Id"}', json.dumps(made[-1] if made else "")
                )
            )
            made.append(CALLS[request.call](account, args))


def _create(account, a):
    account.org_policies.append(
        {
            "Id": f"p-{len(account.org_policies)}",
            "targets": [],
            **{k: a[k] for k in ("Name", "Type", "Content")},
        }
    )
    return account.org_policies[-1]["Id"]


def _attach(account, a):
    next(p for p in account.org_policies if p["Id"] == a["PolicyId"])["targets"].append(a["TargetId"])
    return a["PolicyId"]


def _principals(account):
    return [*account.details["UserDetailList"], *account.details["RoleDetailList"]]


def _inline(account, a):
    name = a.get("UserName") or a.get("RoleName")
    for p in _principals(account):
        if name in (p.get("UserName"), p.get("RoleName")):
            key = "UserPolicyList" if "UserName" in a else "RolePolicyList"
            p[key] = [x for x in p.get(key, []) if x["PolicyName"] != a["PolicyName"]]
            p[key].append({"PolicyName": a["PolicyName"], "PolicyDocument": json.loads(a["PolicyDocument"])})


def _version(account, a):
    policy = next(p for p in account.details["Policies"] if p["Arn"] == a["PolicyArn"])
    for version in policy["PolicyVersionList"]:
        version["IsDefaultVersion"] = False
    policy["PolicyVersionList"].append(
        {"VersionId": "v2", "IsDefaultVersion": True, "Document": json.loads(a["PolicyDocument"])}
    )


def _managed(account, a):
    arn = f"arn:aws:iam::{OURS}:policy/{a['PolicyName']}"
    document = json.loads(a["PolicyDocument"])
    account.details["Policies"].append(
        {
            "Arn": arn,
            "PolicyVersionList": [{"VersionId": "v1", "IsDefaultVersion": True, "Document": document}],
        }
    )


def _attached(account, a):
    name = a.get("UserName") or a.get("RoleName")
    for p in _principals(account):
        if name in (p.get("UserName"), p.get("RoleName")):
            p.setdefault("AttachedManagedPolicies", []).append({"PolicyArn": a["PolicyArn"]})


def _key(account, a):
    next(k for k in account.keys[a["UserName"]] if k["AccessKeyId"] == a["AccessKeyId"])["Status"] = a[
        "Status"
    ]


CALLS = {
    "organizations:EnablePolicyType": lambda c, a: c.enabled.append(a["PolicyType"]),
    "organizations:CreatePolicy": _create,
    "organizations:AttachPolicy": _attach,
    "ec2:EnableSnapshotBlockPublicAccess": lambda c, a: setattr(c, "snapshots", a["State"]),
    "ec2:EnableImageBlockPublicAccess": lambda c, a: setattr(c, "images", a["ImageBlockPublicAccessState"]),
    "ec2:ModifyVpcBlockPublicAccessOptions": lambda c, a: setattr(c, "vpc_mode", a["InternetGatewayBlockMode"]),
    "s3control:PutPublicAccessBlock": lambda c, a: setattr(c, "s3_block", a["PublicAccessBlockConfiguration"]),
    "iam:UpdateAccountPasswordPolicy": lambda c, a: setattr(c, "password", a),
    "iam:UpdateAccessKey": _key,
    "iam:UpdateRole": lambda c, a: setattr(c, "role_hours", a["MaxSessionDuration"] // 3600),
    "iam:PutUserPolicy": _inline,
    "iam:PutRolePolicy": _inline,
    "iam:CreatePolicyVersion": _version,
    "iam:CreatePolicy": _managed,
    "iam:AttachUserPolicy": _attached,
    "iam:AttachRolePolicy": _attached,
    "ram:UpdateResourceShare": lambda c, a: [s.update(allowExternalPrincipals=a["allowExternalPrincipals"]) for s in c.shares if s["resourceShareArn"] == a["resourceShareArn"]],
    "ec2:ModifyVpcEndpoint": lambda c, a: setattr(c, "endpoint_policy", a["PolicyDocument"]),
    "s3:PutBucketPolicy": lambda c, a: c.policies_of.__setitem__(a["Bucket"], a["Policy"]),
}  # fmt: skip
