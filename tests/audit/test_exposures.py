from __future__ import annotations

import functools
import json

import pytest

from exclave.audit.exposures import exposures
from exclave.audit.ours import seen
from exclave.catalogue.loader import load
from exclave.inventory import Inventory
from exclave.inventory.table import load_all
from exclave.perimeter import Perimeter

from .build import MEMBER, OURS, REGION, THEIRS, denied, doc


@functools.cache
def tables():
    return load_all(), load()


def found(*documents):
    table, catalogue = tables()
    inventory = Inventory.of(documents, table)
    assert inventory.problems == ()
    return exposures(inventory, Perimeter(seen=seen(inventory)), catalogue)


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

_DESTINATION = {"S3BucketDestination": {"AccountId": THEIRS, "Bucket": "arn:aws:s3:::theirs"}}
STANDING |= {
    "aws.s3.inventory-export": attribute("s3.ListBucketInventoryConfigurations", {"InventoryConfigurationList": [{"Id": "i", "IsEnabled": True, "Destination": _DESTINATION}, {"Id": "off", "IsEnabled": False, "Destination": _DESTINATION}]}, "b", {"Bucket": "b"}, "global"),
    "aws.s3.event-notification": attribute("s3.GetBucketNotificationConfiguration", {"QueueConfigurations": [{"Id": "q", "QueueArn": f"arn:aws:sqs:eu-west-1:{THEIRS}:q"}], "TopicConfigurations": [{"TopicArn": f"arn:aws:sns:eu-west-1:{OURS}:t"}]}, "b", {"Bucket": "b"}, "global"),
}  # fmt: skip

F, ROLE = f"arn:aws:x:eu-west-1:{THEIRS}:thing/x", f"arn:aws:iam::{THEIRS}:role/x"
STANDING |= {
    "aws.ssm.document-share": attribute("ssm.DescribeDocumentPermission", {"AccountIds": [THEIRS], "AccountSharingInfoList": [{"AccountId": THEIRS}]}, "d", {"Name": "d"}),
    "aws.ssm.parameter-policy": attribute("ssm.GetResourcePolicies", {"Policies": [{"PolicyId": "p", "PolicyHash": "h", "Policy": allow("ssm:GetParameter")}]}, "p", {"ResourceArn": "p"}),
    "aws.fpga.image-share": attribute("ec2.DescribeFpgaImageAttribute", {"FpgaImageAttribute": {"LoadPermissions": [{"UserId": THEIRS}]}}, "afi-1", {"FpgaImageId": "afi-1"}),
    "aws.directory.share": attribute("ds.DescribeSharedDirectories", {"SharedDirectories": [{"SharedAccountId": THEIRS, "ShareStatus": "Shared"}]}, "d-1", {"OwnerDirectoryId": "d-1"}),
    "aws.servicecatalog.portfolio-share": attribute("servicecatalog.ListPortfolioAccess", {"AccountIds": [THEIRS]}, "port-1", {"PortfolioId": "port-1"}),
    "aws.workspaces.image-share": attribute("workspaces.DescribeWorkspaceImagePermissions", {"ImagePermissions": [{"SharedAccountId": THEIRS}]}, "wsi-1", {"ImageId": "wsi-1"}),
    "aws.appstream.image-share": attribute("appstream.DescribeImagePermissions", {"SharedImagePermissionsList": [{"sharedAccountId": THEIRS, "imagePermissions": {"allowFleet": True}}]}, "i", {"Name": "i"}),
    "aws.imagebuilder.distribution": attribute("imagebuilder.GetDistributionConfiguration", {"distributionConfiguration": {"distributions": [{"amiDistributionConfiguration": {"launchPermission": {"userIds": [THEIRS]}}}]}}, "a", {"distributionConfigurationArn": "a"}),
    "aws.imagebuilder.export-to-s3": attribute("imagebuilder.GetDistributionConfiguration", {"distributionConfiguration": {"distributions": [{"s3ExportConfiguration": {"s3Bucket": "theirs"}}]}}, "a", {"distributionConfigurationArn": "a"}),
    "aws.dlm.share-rule": attribute("dlm.GetLifecyclePolicy", {"Policy": {"State": "ENABLED", "PolicyDetails": {"Schedules": [{"ShareRules": [{"TargetAccounts": [THEIRS]}]}]}}}, "policy-1", {"PolicyId": "policy-1"}),
    "aws.backup.plan-copy": attribute("backup.GetBackupPlan", {"BackupPlan": {"Rules": [{"CopyActions": [{"DestinationBackupVaultArn": f"arn:aws:backup:eu-west-1:{THEIRS}:backup-vault:v"}]}]}}, "p", {"BackupPlanId": "p"}),
    "aws.lightsail.bucket-share": doc("lightsail.GetBuckets", {"buckets": [{"name": "b", "readonlyAccessAccounts": [THEIRS], "accessRules": {"getObject": "private"}}]}, region=REGION),
    "aws.lightsail.bucket-public": doc("lightsail.GetBuckets", {"buckets": [{"name": "b", "accessRules": {"getObject": "public"}}]}, region=REGION),
    "aws.lakeformation.grant": doc("lakeformation.ListPermissions", {"PrincipalResourcePermissions": [{"Principal": {"DataLakePrincipalIdentifier": THEIRS}, "Resource": {"Table": {"DatabaseName": "db", "Name": "t"}}}]}, region=REGION),
    "aws.dataexchange.grant": doc("dataexchange.ListDataGrants", {"DataGrantSummaries": [{"Id": "g", "ReceiverPrincipal": THEIRS, "AcceptanceState": "ACCEPTED"}]}, region=REGION),
    "aws.omics.share": doc("omics.ListShares", {"shares": [{"shareId": "s", "principalSubscriber": THEIRS, "status": "ACTIVE"}]}, region=REGION),
    "aws.cleanrooms.collaboration": attribute("cleanrooms.ListMembers", {"memberSummaries": [{"accountId": THEIRS, "status": "ACTIVE"}]}, "c", {"collaborationIdentifier": "c"}),
    "aws.securitylake.subscriber": doc("securitylake.ListSubscribers", {"subscribers": [{"subscriberId": "s", "subscriberIdentity": {"principal": THEIRS}, "subscriberStatus": "ACTIVE"}]}, region=REGION),
    "aws.serverlessrepo.application-policy": attribute("serverlessrepo.GetApplicationPolicy", {"Statements": [{"Actions": ["Deploy"], "Principals": [THEIRS]}]}, "a", {"ApplicationId": "a"}),
    "aws.opensearch.endpoint-access": attribute("opensearch.ListVpcEndpointAccess", {"AuthorizedPrincipalList": [{"PrincipalType": "AWS_ACCOUNT", "Principal": THEIRS}]}, "d", {"DomainName": "d"}),
    "aws.opensearch.cross-cluster-accept": doc("opensearch.DescribeInboundConnections", {"Connections": [{"ConnectionId": "c", "ConnectionStatus": {"StatusCode": "ACTIVE"}, "RemoteDomainInfo": {"AWSDomainInformation": {"OwnerId": THEIRS}}}]}, region=REGION),
    "aws.aoss.access-policy": attribute("opensearchserverless.GetAccessPolicy", {"accessPolicyDetail": {"name": "p", "policy": [{"Principal": [ROLE]}]}}, "p", {"name": "p", "type": "data"}),
    "aws.redshift.serverless-snapshot-share": doc("redshift-serverless.ListSnapshots", {"snapshots": [{"snapshotArn": f"arn:aws:redshift-serverless:eu-west-1:{OURS}:snapshot/s", "accountsWithRestoreAccess": [THEIRS]}]}, region=REGION),
    "aws.redshift.endpoint-access": doc("redshift.DescribeEndpointAuthorization", {"EndpointAuthorizationList": [{"ClusterIdentifier": "c", "Grantee": THEIRS}]}, region=REGION),
    "aws.events.bus-permission": doc("events.ListEventBuses", {"EventBuses": [{"Name": "default", "Policy": allow("events:PutEvents")}]}, region=REGION),
    "aws.events.target": attribute("events.ListTargetsByRule", {"Targets": [{"Id": "1", "Arn": F}]}, "r", {"Rule": "r"}),
    "aws.pipes.target": doc("pipes.ListPipes", {"Pipes": [{"Name": "p", "Target": F}]}, region=REGION),
    "aws.kinesis.stream-policy": attribute("kinesis.GetResourcePolicy", {"Policy": allow("kinesis:GetRecords")}, "s", {"ResourceARN": "s"}),
    "aws.firehose.bucket": attribute("firehose.DescribeDeliveryStream", {"DeliveryStreamDescription": {"Destinations": [{"ExtendedS3DestinationDescription": {"BucketARN": "arn:aws:s3:::theirs"}}]}}, "f", {"DeliveryStreamName": "f"}),
    "aws.firehose.endpoint": attribute("firehose.DescribeDeliveryStream", {"DeliveryStreamDescription": {"Destinations": [{"HttpEndpointDestinationDescription": {"EndpointConfiguration": {"Url": "https://theirs.example"}}}]}}, "f", {"DeliveryStreamName": "f"}),
    "aws.msk.cluster-policy": attribute("kafka.GetClusterPolicy", {"Policy": allow("kafka:CreateVpcConnection")}, "c", {"ClusterArn": "c"}),
    "aws.dynamodb.table-policy": attribute("dynamodb.GetResourcePolicy", {"Policy": allow("dynamodb:GetItem")}, "t", {"ResourceArn": "t"}),
    "aws.dynamodb.stream-to-kinesis": attribute("dynamodb.DescribeKinesisStreamingDestination", {"KinesisDataStreamDestinations": [{"StreamArn": F, "DestinationStatus": "ACTIVE"}]}, "t", {"TableName": "t"}),
    "aws.efs.replication": doc("efs.DescribeReplicationConfigurations", {"Replications": [{"SourceFileSystemId": "fs-1", "Destinations": [{"FileSystemId": "fs-2", "OwnerId": THEIRS}]}]}, region=REGION),
    "aws.fsx.data-repository": doc("fsx.DescribeDataRepositoryAssociations", {"Associations": [{"FileSystemId": "fs-1", "DataRepositoryPath": "s3://theirs/x", "Lifecycle": "AVAILABLE"}]}, region=REGION),
    "aws.rds.zero-etl": doc("rds.DescribeIntegrations", {"Integrations": [{"SourceArn": f"arn:aws:rds:eu-west-1:{OURS}:db:d", "TargetArn": f"arn:aws:redshift:eu-west-1:{THEIRS}:namespace:n", "IntegrationArn": "i"}]}, region=REGION),
    "aws.dms.target": doc("dms.DescribeEndpoints", {"Endpoints": [{"EndpointArn": "e", "EndpointType": "TARGET", "S3Settings": {"BucketName": "theirs"}}]}, region=REGION),
    "aws.athena.workgroup-output": attribute("athena.GetWorkGroup", {"WorkGroup": {"Configuration": {"ResultConfiguration": {"OutputLocation": "s3://theirs/x"}}}}, "w", {"WorkGroup": "w"}),
    "aws.oam.link": doc("oam.ListLinks", {"Items": [{"Arn": "l", "SinkArn": F}]}, region=REGION),
    "aws.oam.sink-policy": attribute("oam.GetSinkPolicy", {"Policy": allow("oam:CreateLink")}, "s", {"SinkIdentifier": "s"}),
    "aws.logs.account-subscription": doc("logs.DescribeAccountPolicies", {"accountPolicies": [{"policyName": "p", "policyDocument": json.dumps({"DestinationArn": F})}]}, region=REGION),
    "aws.logs.inbound-policy": doc("logs.DescribeDestinations", {"destinations": [{"destinationName": "d", "accessPolicy": allow("logs:PutSubscriptionFilter")}]}, region=REGION),
    "aws.logs.delivery": doc("logs.DescribeDeliveryDestinations", {"deliveryDestinations": [{"name": "d", "deliveryDestinationConfiguration": {"destinationResourceArn": F}}]}, region=REGION),
    "aws.config.aggregation": doc("config.DescribeAggregationAuthorizations", {"AggregationAuthorizations": [{"AuthorizedAccountId": THEIRS, "AuthorizedAwsRegion": REGION}]}, region=REGION),
    "aws.config.delivery-elsewhere": doc("config.DescribeDeliveryChannels", {"DeliveryChannels": [{"name": "default", "s3BucketName": "theirs"}]}, region=REGION),
    "aws.cloudtrail.trail-elsewhere": doc("cloudtrail.DescribeTrails", {"trailList": [{"TrailARN": "t", "S3BucketName": "theirs", "IsOrganizationTrail": False}]}),
    "aws.cloudtrail.lake-policy": attribute("cloudtrail.GetResourcePolicy", {"ResourcePolicy": allow("cloudtrail:StartQuery")}, "e", {"ResourceArn": "e"}),
    "aws.vpc.peering-accept": doc("ec2.DescribeVpcPeeringConnections", {"VpcPeeringConnections": [{"VpcPeeringConnectionId": "pcx-1", "Status": {"Code": "active"}, "AccepterVpcInfo": {"OwnerId": OURS}, "RequesterVpcInfo": {"OwnerId": THEIRS}}]}, region=REGION),
    "aws.privatelink.service-permission": attribute("ec2.DescribeVpcEndpointServicePermissions", {"AllowedPrincipals": [{"Principal": f"arn:aws:iam::{THEIRS}:root"}]}, "vpce-svc-1", {"ServiceId": "vpce-svc-1"}),
    "aws.tgw.peering": doc("ec2.DescribeTransitGatewayPeeringAttachments", {"TransitGatewayPeeringAttachments": [{"State": "available", "RequesterTgwInfo": {"TransitGatewayId": "tgw-1", "OwnerId": OURS}, "AccepterTgwInfo": {"OwnerId": THEIRS}}]}, region=REGION),
    "aws.tgw.vpc-attachment": doc("ec2.DescribeTransitGatewayVpcAttachments", {"TransitGatewayVpcAttachments": [{"State": "available", "TransitGatewayAttachmentId": "tgw-attach-1", "VpcOwnerId": THEIRS}]}, region=REGION),
    "aws.network-interface.permission": doc("ec2.DescribeNetworkInterfacePermissions", {"NetworkInterfacePermissions": [{"NetworkInterfaceId": "eni-1", "AwsAccountId": THEIRS, "PermissionState": {"State": "granted"}}]}, region=REGION),
    "aws.lattice.auth-policy": attribute("vpc-lattice.GetAuthPolicy", {"policy": allow("vpc-lattice-svcs:Invoke")}, "s", {"resourceIdentifier": "s"}),
    "aws.lattice.resource-policy": attribute("vpc-lattice.GetResourcePolicy", {"policy": allow("vpc-lattice:GetService")}, "s", {"resourceArn": "s"}),
    "aws.route53.zone-authorised": attribute("route53.ListVPCAssociationAuthorizations", {"VPCs": [{"VPCId": "vpc-0fffffff", "VPCRegion": REGION}]}, "z", {"HostedZoneId": "z"}, "global"),
    "aws.glue.catalog-policy": doc("glue.GetResourcePolicy", {"PolicyInJson": allow("glue:GetTable")}, region=REGION),
    "aws.schemas.registry-policy": attribute("schemas.GetResourcePolicy", {"Policy": allow("schemas:DescribeSchema")}, "r", {"RegistryName": "r"}),
    "aws.lambda.layer-share": attribute("lambda.GetLayerVersionPolicy", {"Policy": allow("lambda:GetLayerVersion")}, "l:1", {"LayerName": "l", "VersionNumber": 1}),
    "aws.lambda.public-url": attribute("lambda.ListFunctionUrlConfigs", {"FunctionUrlConfigs": [{"AuthType": "NONE"}]}, "f", {"FunctionName": "f"}),
    "aws.codeartifact.policy": attribute("codeartifact.GetDomainPermissionsPolicy", {"policy": {"document": allow("codeartifact:GetAuthorizationToken")}}, "d", {"domain": "d"}),
    "aws.codebuild.share": attribute("codebuild.GetResourcePolicy", {"policy": allow("codebuild:BatchGetProjects")}, "p", {"resourceArn": "p"}),
    "aws.codebuild.public-project": attribute("codebuild.BatchGetProjects", {"projects": [{"arn": "p", "projectVisibility": "PUBLIC_READ"}]}, "p", {"names": ["p"]}),
    "aws.aps.workspace-policy": attribute("amp.DescribeResourcePolicy", {"policyDocument": allow("aps:QueryMetrics")}, "w", {"workspaceId": "w"}),
    "aws.dsql.cluster-policy": attribute("dsql.GetClusterPolicy", {"policy": allow("dsql:DbConnect")}, "c", {"identifier": "c"}),
    "aws.payment-cryptography.key-policy": attribute("payment-cryptography.GetResourcePolicy", {"Policy": allow("payment-cryptography:ExportKey")}, "k", {"ResourceArn": "k"}),
    "aws.ecr.creation-template": doc("ecr.DescribeRepositoryCreationTemplates", {"repositoryCreationTemplates": [{"prefix": "p", "repositoryPolicy": allow("ecr:BatchGetImage")}]}, region=REGION),
    "aws.sagemaker.model-package-policy": attribute("sagemaker.GetModelPackageGroupPolicy", {"ResourcePolicy": allow("sagemaker:DescribeModelPackage")}, "g", {"ModelPackageGroupName": "g"}),
    "aws.rekognition.project-policy": attribute("rekognition.ListProjectPolicies", {"ProjectPolicies": [{"PolicyName": "p", "PolicyDocument": allow("rekognition:CopyProjectVersion")}]}, "p", {"ProjectArn": "p"}),
    "aws.bedrock.resource-policy": attribute("bedrock.GetResourcePolicy", {"resourcePolicy": allow("bedrock:CreateModelCopyJob")}, "m", {"resourceArn": "m"}),
    "aws.s3.directory-bucket-policy": attribute("s3.GetBucketPolicy.directory", {"Policy": allow("s3express:CreateSession")}, "b--x-s3", {"Bucket": "b--x-s3"}),
    "aws.s3.access-point-policy": attribute("s3control.GetAccessPointPolicy", {"Policy": allow("s3:GetObject")}, "a", {"Name": "a", "AccountId": OURS}),
    "aws.s3.object-lambda": attribute("s3control.GetAccessPointConfigurationForObjectLambda", {"Configuration": {"TransformationConfigurations": [{"ContentTransformation": {"AwsLambda": {"FunctionArn": F}}}]}}, "a", {"Name": "a"}),
    "aws.s3.multi-region-access-point-policy": attribute("s3control.GetMultiRegionAccessPointPolicy", {"Policy": {"Established": {"Policy": allow("s3:GetObject")}}}, "m", {"Name": "m"}, "global"),
    "aws.s3.access-grants-policy": doc("s3control.GetAccessGrantsInstanceResourcePolicy", {"Policy": allow("s3:GetDataAccess")}, region=REGION),
    "aws.s3.access-grant": doc("s3control.ListAccessGrants", {"AccessGrantsList": [{"AccessGrantId": "g", "Grantee": {"GranteeType": "IAM", "GranteeIdentifier": ROLE}}]}, region=REGION),
    "aws.s3tables.policy": attribute("s3tables.GetTableBucketPolicy", {"resourcePolicy": allow("s3tables:GetTableData")}, "b", {"tableBucketARN": "b"}),
    "aws.s3vectors.policy": attribute("s3vectors.GetVectorBucketPolicy", {"policy": allow("s3vectors:GetVectors")}, "b", {"vectorBucketArn": "b"}),
    "aws.iam.role-trust": doc("iam.GetAccountAuthorizationDetails", {"RoleDetailList": [{"RoleName": "r", "AssumeRolePolicyDocument": json.loads(allow("sts:AssumeRole"))}]}),
}  # fmt: skip
# What names no account, so that nobody of ours can stand in it.
NAMELESS = {
    "aws.s3.bucket-acl", "aws.imagebuilder.export-to-s3", "aws.lightsail.bucket-public", "aws.firehose.bucket", "aws.firehose.endpoint",
    "aws.fsx.data-repository", "aws.dms.target", "aws.athena.workgroup-output", "aws.config.delivery-elsewhere", "aws.cloudtrail.trail-elsewhere",
    "aws.route53.zone-authorised", "aws.lambda.public-url", "aws.codebuild.public-project",
}  # fmt: skip


@pytest.mark.parametrize("method", STANDING)
def test_each_share_is_found_while_it_stands(method):
    assert method in {m for m, _, _ in told(STANDING[method])}


@pytest.mark.parametrize("method", [m for m in STANDING if m not in NAMELESS])
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
