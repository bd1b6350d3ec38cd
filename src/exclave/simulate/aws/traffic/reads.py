"""Calls that only look: most of every trail."""

from __future__ import annotations

from exclave.simulate.aws.call import Call

_DENIED = "AccessDenied"


def calls() -> tuple[Call, ...]:
    """By people, pipelines and workloads, some of them refused."""
    return (*_people(), *_machines())


def _people() -> tuple[Call, ...]:
    return (
        Call(
            by="person",
            service="ec2",
            name="DescribeInstances",
            weight=9,
            read=True,
            request={
                "instancesSet": {},
                "filterSet": {
                    "items": [{"name": "instance-state-name", "valueSet": {"items": [{"value": "running"}]}}]
                },
            },
        ),
        Call(
            by="person",
            service="ec2",
            name="DescribeVolumes",
            weight=4,
            read=True,
            request={"maxResults": 500, "volumeSet": {}, "filterSet": {}},
        ),
        Call(
            by="person",
            service="ec2",
            name="DescribeSnapshots",
            weight=3,
            read=True,
            request={
                "maxResults": 1000,
                "snapshotSet": {},
                "ownersSet": {"items": [{"owner": "self"}]},
                "sharedUsersSet": {},
                "filterSet": {},
            },
        ),
        Call(
            by="person",
            service="ec2",
            name="DescribeImages",
            weight=3,
            read=True,
            request={
                "executableBySet": {},
                "imagesSet": {},
                "ownersSet": {"items": [{"owner": "amazon"}]},
                "filterSet": {
                    "items": [
                        {"name": "name", "valueSet": {"items": [{"value": "al2023-ami-2023.*-x86_64"}]}},
                        {"name": "is-public", "valueSet": {"items": [{"value": "true"}]}},
                    ]
                },
            },
        ),
        Call(
            by="person",
            service="ec2",
            name="DescribeSnapshotAttribute",
            weight=0.4,
            read=True,
            request={"snapshotId": "@@pick:snapshot@@", "attributeType": "CREATE_VOLUME_PERMISSION"},
        ),
        Call(
            by="person",
            service="rds",
            name="DescribeDBInstances",
            weight=4,
            read=True,
            request={"maxRecords": 100, "includeShared": False},
        ),
        Call(
            by="person",
            service="rds",
            name="DescribeDBSnapshots",
            weight=1.5,
            read=True,
            request={
                "maxRecords": 100,
                "dBInstanceIdentifier": "@@pick:database@@",
                "snapshotType": "manual",
                "includePublic": False,
                "includeShared": False,
            },
        ),
        Call(
            by="person",
            service="s3",
            name="ListBuckets",
            weight=3,
            read=True,
            everywhere=True,
            request={"Host": "s3.amazonaws.com"},
            extra={
                "SignatureVersion": "SigV4",
                "CipherSuite": "TLS_AES_128_GCM_SHA256",
                "bytesTransferredIn": 0,
                "AuthenticationMethod": "AuthHeader",
                "x-amz-id-2": "@@key1@@@@key2@@@@key3@@=",
                "bytesTransferredOut": "@@int:900:9000@@",
            },
        ),
        Call(
            by="person",
            service="s3",
            name="GetBucketPolicy",
            weight=1,
            read=True,
            request={"bucketName": "@@pick:bucket@@", "Host": "s3.@@region@@.amazonaws.com", "policy": ""},
            extra={
                "SignatureVersion": "SigV4",
                "AuthenticationMethod": "AuthHeader",
                "bytesTransferredIn": 0,
                "bytesTransferredOut": "@@int:300:3000@@",
            },
        ),
        Call(
            by="person",
            service="iam",
            name="ListRoles",
            weight=2,
            read=True,
            everywhere=True,
            request={"maxItems": 1000},
        ),
        Call(
            by="person",
            service="iam",
            name="GetRole",
            weight=3,
            read=True,
            everywhere=True,
            request={"roleName": "deploy"},
        ),
        Call(by="person", service="sts", name="GetCallerIdentity", weight=5, read=True),
        Call(
            by="person",
            service="cloudtrail",
            name="LookupEvents",
            weight=1,
            read=True,
            request={
                "maxResults": 50,
                "lookupAttributes": [{"attributeKey": "ReadOnly", "attributeValue": "false"}],
            },
        ),
        Call(
            by="person",
            service="ce",
            name="GetCostAndUsage",
            weight=1,
            read=True,
            everywhere=True,
            request={
                "granularity": "DAILY",
                "metrics": ["UnblendedCost"],
                "groupBy": [{"type": "DIMENSION", "key": "SERVICE"}],
            },
        ),
        Call(
            by="person",
            service="kms",
            name="ListGrants",
            weight=0.5,
            read=True,
            request={"keyId": "arn:aws:kms:@@region@@:@@account@@:key/@@pick:key@@", "limit": 100},
        ),
        Call(
            by="person",
            service="organizations",
            name="DescribeOrganization",
            weight=0.5,
            read=True,
            everywhere=True,
        ),
        Call(
            by="person",
            service="rds",
            name="DescribeDBClusters",
            weight=0.6,
            read=True,
            error=_DENIED,
            message="User: @@arn@@ is not authorized to perform: rds:DescribeDBClusters on resource: "
            "arn:aws:rds:@@region@@:@@account@@:cluster:* because no identity-based policy allows it",
        ),
        Call(
            by="person",
            service="secretsmanager",
            name="GetSecretValue",
            weight=0.5,
            read=True,
            error=_DENIED,
            message="User: @@arn@@ is not authorized to perform: secretsmanager:GetSecretValue on resource: "
            '"prod/@@pick:database@@" because no identity-based policy allows the action',
        ),
    )


def _machines() -> tuple[Call, ...]:
    return (
        Call(
            by="workload",
            service="kms",
            name="Decrypt",
            weight=22,
            read=True,
            request={
                "encryptionAlgorithm": "SYMMETRIC_DEFAULT",
                "encryptionContext": {"aws:s3:arn": "arn:aws:s3:::@@pick:bucket@@"},
            },
            resources=(
                {
                    "accountId": "@@account@@",
                    "type": "AWS::KMS::Key",
                    "ARN": "arn:aws:kms:@@region@@:@@account@@:key/@@pick:key@@",
                },
            ),
        ),
        Call(
            by="workload",
            service="kms",
            name="GenerateDataKey",
            weight=7,
            read=True,
            request={
                "keyId": "arn:aws:kms:@@region@@:@@account@@:key/@@pick:key@@",
                "keySpec": "AES_256",
                "encryptionContext": {"aws:s3:arn": "arn:aws:s3:::@@pick:bucket@@"},
            },
            resources=(
                {
                    "accountId": "@@account@@",
                    "type": "AWS::KMS::Key",
                    "ARN": "arn:aws:kms:@@region@@:@@account@@:key/@@pick:key@@",
                },
            ),
        ),
        Call(
            by="workload",
            service="secretsmanager",
            name="GetSecretValue",
            weight=6,
            read=True,
            request={
                "secretId": "arn:aws:secretsmanager:@@region@@:@@account@@:secret:@@pick:database@@-xYz12A"
            },
        ),
        Call(
            by="workload",
            service="ssm",
            name="GetParametersByPath",
            weight=4,
            read=True,
            request={"path": "/services/@@pick:function@@/", "recursive": True, "withDecryption": True},
        ),
        Call(
            by="workload",
            service="dynamodb",
            name="DescribeTable",
            weight=3,
            read=True,
            request={"tableName": "@@pick:database@@"},
        ),
        Call(
            by="workload",
            service="sqs",
            name="GetQueueAttributes",
            weight=2,
            read=True,
            request={
                "queueUrl": "https://sqs.@@region@@.amazonaws.com/@@account@@/@@pick:function@@",
                "attributeNames": ["ApproximateNumberOfMessages"],
            },
        ),
        Call(
            by="workload",
            service="ssm",
            name="GetParameter",
            weight=1,
            read=True,
            error="ParameterNotFound",
            message="Parameter /services/@@pick:function@@/flag not found.",
            request={"name": "/services/@@pick:function@@/flag", "withDecryption": True},
        ),
        Call(
            by="pipeline",
            service="ec2",
            name="DescribeSecurityGroups",
            weight=4,
            read=True,
            request={
                "securityGroupSet": {},
                "securityGroupIdSet": {"items": [{"groupId": "@@pick:group@@"}]},
                "filterSet": {},
            },
        ),
        Call(
            by="pipeline",
            service="iam",
            name="GetRole",
            weight=5,
            read=True,
            everywhere=True,
            request={"roleName": "@@pick:function@@"},
        ),
        Call(
            by="pipeline",
            service="iam",
            name="ListAttachedRolePolicies",
            weight=4,
            read=True,
            everywhere=True,
            request={"roleName": "@@pick:function@@"},
        ),
        Call(
            by="pipeline",
            service="lambda",
            name="GetFunction20150331v2",
            weight=3,
            read=True,
            request={"functionName": "@@pick:function@@"},
        ),
        Call(
            by="pipeline",
            service="ec2",
            name="DescribeImages",
            weight=2,
            read=True,
            request={
                "executableBySet": {},
                "imagesSet": {},
                "ownersSet": {"items": [{"owner": "099720109477"}]},
                "filterSet": {
                    "items": [
                        {
                            "name": "name",
                            "valueSet": {
                                "items": [
                                    {"value": "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-*"}
                                ]
                            },
                        }
                    ]
                },
            },
        ),
        Call(
            by="pipeline",
            service="s3",
            name="GetBucketReplication",
            weight=2,
            read=True,
            error="ReplicationConfigurationNotFoundError",
            message="The replication configuration was not found",
            request={
                "bucketName": "@@pick:bucket@@",
                "Host": "s3.@@region@@.amazonaws.com",
                "replication": "",
            },
        ),
    )
