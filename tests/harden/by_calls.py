"""Resources of templates that no peer's CloudFormation has, made on moto by the calls that they stand for.

Their properties are the parameters of those calls, so that botocore checks their names and types, and moto what they refer to.
"""

from __future__ import annotations

import io
import json

from ruamel.yaml import YAML

from tests.audit.test_aws_real import client

ACCOUNT = "123456789012"  # of moto
ARNS = {
    "AWS::KMS::Key": "arn:aws:kms:{region}:{account}:key/{id}", "AWS::Logs::LogGroup": "arn:aws:logs:{region}:{account}:log-group:{id}:*",
    "AWS::IAM::Role": "arn:aws:iam::{account}:role/{id}",
}  # fmt: skip


def rest(url, text, stack, region):
    """Makes of a deployed stack's template what the peer has passed over."""
    resources = YAML(typ="safe", pure=True).load(io.StringIO(text))["Resources"]
    listed = client(url, "cloudformation", region=region).describe_stack_resources(StackName=stack)
    names = {
        r["LogicalResourceId"]: r["PhysicalResourceId"]
        for r in listed["StackResources"]
        if r.get("PhysicalResourceId") and resources[r["LogicalResourceId"]]["Type"] not in MADE
    }

    def value(found):
        match found:
            case {"Ref": name}:
                return names[name]
            case {"Fn::GetAtt": [name, "Arn"]}:
                return ARNS[resources[name]["Type"]].format(region=region, account=ACCOUNT, id=names[name])
            case dict():
                return {k: value(v) for k, v in found.items()}
            case list():
                return [value(v) for v in found]
        return found

    for name, resource in resources.items():
        if make := MADE.get(resource["Type"]):
            names[name] = make(lambda s: client(url, s, region=region), value(resource["Properties"]))


def _trail(of, given):
    name = given.pop("TrailName")
    selectors, starts = given.pop("AdvancedEventSelectors"), given.pop("IsLogging")
    trail = of("cloudtrail")
    trail.create_trail(Name=name, KmsKeyId=given.pop("KMSKeyId"), **given)
    trail.put_event_selectors(TrailName=name, AdvancedEventSelectors=selectors)
    assert starts
    trail.start_logging(Name=name)
    return name


def _acl(of, given):
    return of("ec2").create_network_acl(**given)["NetworkAcl"]["NetworkAclId"]


def _entry(of, given):
    of("ec2").create_network_acl_entry(**given | {"Protocol": str(given["Protocol"])})


def _association(of, given):
    subnet, acl = given["SubnetId"], given["NetworkAclId"]
    held = of("ec2").describe_network_acls(Filters=[{"Name": "association.subnet-id", "Values": [subnet]}])
    (now,) = [a for a in held["NetworkAcls"][0]["Associations"] if a["SubnetId"] == subnet]
    of("ec2").replace_network_acl_association(AssociationId=now["NetworkAclAssociationId"], NetworkAclId=acl)


def _recorder(of, given):
    group = {k[0].lower() + k[1:]: v for k, v in given["RecordingGroup"].items()}
    recorder = {"name": "default", "roleARN": given["RoleARN"], "recordingGroup": group}
    of("config").put_configuration_recorder(ConfigurationRecorder=recorder)


def _channel(of, given):
    channel = {"name": "default", "s3BucketName": given["S3BucketName"]}
    of("config").put_delivery_channel(DeliveryChannel=channel)
    of("config").start_configuration_recorder(ConfigurationRecorderName="default")  # as CloudFormation does


def _bucket_policy(of, given):
    of("s3").put_bucket_policy(Bucket=given["Bucket"], Policy=json.dumps(given["PolicyDocument"]))


def _policy(of, given):
    targets, content = given.pop("TargetIds"), json.dumps(given.pop("Content"))
    made = of("organizations").create_policy(Content=content, **given)["Policy"]["PolicySummary"]["Id"]
    for target in targets:
        of("organizations").attach_policy(PolicyId=made, TargetId=target)
    return made


MADE = {
    "AWS::CloudTrail::Trail": _trail, "AWS::EC2::NetworkAcl": _acl, "AWS::EC2::NetworkAclEntry": _entry,
    "AWS::EC2::SubnetNetworkAclAssociation": _association, "AWS::Config::ConfigurationRecorder": _recorder,
    "AWS::Config::DeliveryChannel": _channel, "AWS::Organizations::Policy": _policy, "AWS::S3::BucketPolicy": _bucket_policy,
}  # fmt: skip
