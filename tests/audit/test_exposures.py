from __future__ import annotations

import json

import pytest

from exclave.audit.exposures import exposures
from exclave.audit.ours import seen
from exclave.catalogue.loader import load
from exclave.inventory import Inventory
from exclave.perimeter import Perimeter

from .build import MEMBER, OURS, REGION, THEIRS, denied, doc


def found(*documents):
    inventory = Inventory.of(documents)
    assert inventory.problems == ()
    return exposures(inventory, Perimeter(seen=seen(inventory)), load())


def told(*documents):
    return {(e.method, e.source.id, e.destination.key) for e in found(*documents)[0]}


def allow(action, principal=THEIRS, **more):
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"AWS": f"arn:aws:iam::{principal}:root"},
                    "Action": action,
                    "Resource": "*",
                    **more,
                }
            ],
        }
    )


def attribute(call, answer, key, args, region=REGION):
    return doc(call, answer, key=key, args=args, region=region)


STANDING = {
    "aws.ebs.snapshot-share": attribute("ec2.DescribeSnapshotAttribute", {"CreateVolumePermissions": [{"UserId": THEIRS}]}, "snap-1", {"SnapshotId": "snap-1"}),
    "aws.ami.share": attribute("ec2.DescribeImageAttribute", {"LaunchPermissions": [{"UserId": THEIRS}]}, "ami-1", {"ImageId": "ami-1"}),
    "aws.rds.snapshot-share": attribute("rds.DescribeDBSnapshotAttributes", {"DBSnapshotAttributesResult": {"DBSnapshotAttributes": [{"AttributeName": "restore", "AttributeValues": [THEIRS]}]}}, "s", {"DBSnapshotIdentifier": "s"}),
    "aws.rds.cluster-snapshot-share": attribute("rds.DescribeDBClusterSnapshotAttributes", {"DBClusterSnapshotAttributesResult": {"DBClusterSnapshotAttributes": [{"AttributeName": "restore", "AttributeValues": [THEIRS]}]}}, "s", {"DBClusterSnapshotIdentifier": "s"}),
    "aws.s3.bucket-policy": attribute("s3.GetBucketPolicy", {"Policy": allow("s3:*")}, "b", {"Bucket": "b"}, "global"),
    "aws.kms.key-policy": attribute("kms.GetKeyPolicy", {"Policy": allow("kms:*")}, "k", {"KeyId": "k"}),
    "aws.kms.grant": attribute("kms.ListGrants", {"Grants": [{"GranteePrincipal": f"arn:aws:iam::{THEIRS}:role/x", "GrantId": "g"}]}, "k", {"KeyId": "k"}),
    "aws.ecr.repository-policy": attribute("ecr.GetRepositoryPolicy", {"policyText": allow("ecr:*")}, "r", {"repositoryName": "r"}),
    "aws.secretsmanager.policy": attribute("secretsmanager.GetResourcePolicy", {"ARN": "s", "ResourcePolicy": allow("secretsmanager:*")}, "s", {"SecretId": "s"}),
    "aws.lambda.code-share": attribute("lambda.GetPolicy", {"Policy": allow("lambda:GetFunction")}, "f", {"FunctionName": "f"}),
    "aws.sqs.policy": attribute("sqs.GetQueueAttributes", {"Attributes": {"Policy": allow("sqs:*")}}, "q", {"QueueUrl": "q"}),
    "aws.sns.policy": attribute("sns.GetTopicAttributes", {"Attributes": {"Policy": allow("sns:Subscribe")}}, "t", {"TopicArn": "t"}),
    "aws.sns.subscription": doc("sns.ListSubscriptions", {"Subscriptions": [{"TopicArn": "t", "Endpoint": f"arn:aws:sqs:eu-west-1:{THEIRS}:q", "SubscriptionArn": "s"}]}, region=REGION),
    "aws.backup.vault-policy": attribute("backup.GetBackupVaultAccessPolicy", {"Policy": allow("backup:CopyFromBackupVault")}, "v", {"BackupVaultName": "v"}),
    "aws.ram.share": doc("ram.GetResourceShareAssociations", {"resourceShareAssociations": [{"resourceShareArn": "arn:share", "associatedEntity": THEIRS, "status": "ASSOCIATED"}]}, region=REGION),
    "aws.redshift.snapshot-share": doc("redshift.DescribeClusterSnapshots", {"Snapshots": [{"SnapshotIdentifier": "s", "ClusterIdentifier": "c", "AccountsWithRestoreAccess": [{"AccountId": THEIRS}]}]}, region=REGION),
    "aws.redshift.datashare": doc("redshift.DescribeDataShares", {"DataShares": [{"DataShareArn": "arn:d", "DataShareAssociations": [{"ConsumerIdentifier": THEIRS, "Status": "ACTIVE"}]}]}, region=REGION),
    "aws.efs.file-system-policy": attribute("efs.DescribeFileSystemPolicy", {"Policy": allow("elasticfilesystem:ClientMount")}, "fs-1", {"FileSystemId": "fs-1"}),
    "aws.opensearch.domain-policy": attribute("opensearch.DescribeDomain", {"DomainStatus": {"AccessPolicies": allow("es:ESHttpGet")}}, "d", {"DomainName": "d"}),
    "aws.glacier.vault-policy": attribute("glacier.GetVaultAccessPolicy", {"policy": {"Policy": allow("glacier:InitiateJob")}}, "v", {"vaultName": "v"}),
    "aws.logs.policy": doc("logs.DescribeResourcePolicies", {"resourcePolicies": [{"policyName": "p", "policyDocument": allow("logs:GetLogEvents")}]}, region=REGION),
    "aws.logs.subscription": attribute("logs.DescribeSubscriptionFilters", {"subscriptionFilters": [{"logGroupName": "g", "filterName": "f", "destinationArn": f"arn:aws:logs:eu-west-1:{THEIRS}:destination:d"}]}, "g", {"logGroupName": "g"}),
    "aws.ecr.replication": doc("ecr.DescribeRegistry", {"registryId": OURS, "replicationConfiguration": {"rules": [{"destinations": [{"registryId": THEIRS}]}]}}, region=REGION),
    "aws.ecr.registry-policy": doc("ecr.GetRegistryPolicy", {"registryId": OURS, "policyText": allow("ecr:BatchGetImage")}, region=REGION),
    "aws.lambda.invoke-permission": attribute("lambda.GetPolicy", {"Policy": allow("lambda:InvokeFunction")}, "f", {"FunctionName": "f"}),
    "aws.s3.replication": attribute("s3.GetBucketReplication", {"ReplicationConfiguration": {"Rules": [{"Status": "Enabled", "Destination": {"Bucket": "arn:aws:s3:::theirs", "Account": THEIRS}}]}}, "b", {"Bucket": "b"}, "global"),
    "aws.s3.bucket-acl": attribute("s3.GetBucketAcl", {"Owner": {"ID": "a" * 64}, "Grants": [{"Grantee": {"ID": "b" * 64}, "Permission": "READ"}]}, "b", {"Bucket": "b"}, "global"),
}  # fmt: skip


@pytest.mark.parametrize("method", STANDING)
def test_each_share_is_found_while_it_stands(method):
    assert method in {m for m, _, _ in told(STANDING[method])}


@pytest.mark.parametrize("method", [m for m in STANDING if m != "aws.s3.bucket-acl"])
def test_the_same_share_to_an_account_of_ours_is_none(method):
    text = json.dumps(STANDING[method]).replace(THEIRS, MEMBER)
    member = doc("organizations.ListAccounts", {"Accounts": [{"Id": MEMBER}, {"Id": OURS}]})
    assert told(json.loads(text), member) == set()


def test_every_method_with_an_inventory_part_has_its_case_here():
    assert {m.id for m in load().methods if m.inventory and m.cloud == "aws"} == set(STANDING)


def test_an_image_shared_with_two_organisations_is_revoked_from_each_by_its_own_arn():
    arns = [f"arn:aws:organizations::{THEIRS}:organization/o-theirs0000{n}" for n in (1, 2)]
    image = attribute(
        "ec2.DescribeImageAttribute",
        {"LaunchPermissions": [{"OrganizationArn": a} for a in arns]},
        "ami-1",
        {"ImageId": "ami-1"},
    )
    revokes = [e.revoke.args["OrganizationArns"] for e in found(image)[0]]
    assert sorted(revokes) == [[arns[0]], [arns[1]]]


def test_a_public_snapshot_that_the_region_blocks_is_told_but_quiet():
    public = attribute(
        "ec2.DescribeSnapshotAttribute",
        {"CreateVolumePermissions": [{"Group": "all"}]},
        "snap-1",
        {"SnapshotId": "snap-1"},
    )
    ((loud,), _) = found(public)
    ((quiet,), _) = found(
        public, doc("ec2.GetSnapshotBlockPublicAccessState", {"State": "block-all-sharing"}, region=REGION)
    )
    assert (loud.severity, loud.blocked) == ("critical", "")
    assert quiet.severity == "low"
    assert "block" in quiet.blocked
    # another region's block is no block, and blocking only new shares leaves this one open
    for state, region in (("block-all-sharing", "us-east-1"), ("block-new-sharing", REGION)):
        ((still,), _) = found(
            public, doc("ec2.GetSnapshotBlockPublicAccessState", {"State": state}, region=region)
        )
        assert still.severity == "critical"


def test_a_bucket_is_blocked_by_its_own_setting_only_or_by_the_accounts():
    acl = {
        "Owner": {"ID": "a"},
        "Grants": [
            {"Grantee": {"URI": "http://acs.amazonaws.com/groups/global/AllUsers"}, "Permission": "READ"}
        ],
    }
    bucket = attribute("s3.GetBucketAcl", acl, "b", {"Bucket": "b"}, "global")
    setting = {"PublicAccessBlockConfiguration": {"IgnorePublicAcls": True}}
    other = attribute("s3.GetPublicAccessBlock", setting, "c", {"Bucket": "c"}, "global")
    own = attribute("s3.GetPublicAccessBlock", setting, "b", {"Bucket": "b"}, "global")
    assert found(bucket, other)[0][0].blocked == ""
    assert found(bucket, own)[0][0].blocked
    assert found(bucket, doc("s3control.GetPublicAccessBlock", setting))[0][0].blocked


def test_numbers_have_denominators_and_what_was_denied_is_counted():
    listed = doc(
        "ec2.DescribeSnapshots",
        {"Snapshots": [{"SnapshotId": f"snap-{n}"} for n in range(1, 5)]},
        region=REGION,
    )
    plain = attribute(
        "ec2.DescribeSnapshotAttribute", {"CreateVolumePermissions": []}, "snap-2", {"SnapshotId": "snap-2"}
    )
    refused = denied(
        "ec2.DescribeSnapshotAttribute", "ec2:DescribeSnapshotAttribute", key="snap-3", region=REGION
    )
    _, looked = found(listed, STANDING["aws.ebs.snapshot-share"], plain, refused)
    one = next(k for k in looked if k.method == "aws.ebs.snapshot-share")
    # snap-3 was denied, snap-4 never asked
    assert (one.of, one.exposed, one.failed) == (2, 1, 2)
    assert any("ec2:DescribeSnapshotAttribute" in w for w in one.why)


def test_a_policy_that_is_no_json_is_an_unknown_receiver_not_a_crash():
    broken = attribute("s3.GetBucketPolicy", {"Policy": "{not json"}, "b", {"Bucket": "b"}, "global")
    ((one,), _) = found(broken)
    assert one.judgement.verdict == "unknown"
