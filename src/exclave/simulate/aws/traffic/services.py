"""What AWS services do by themselves or with a service role: scaling, backups, configuration recording."""

from __future__ import annotations

from exclave.simulate.aws.call import Call

_BACKUP = "role:AWSBackupDefaultServiceRole:backup.amazonaws.com"
_DLM = "role:AWSDataLifecycleManagerDefaultRole:dlm.amazonaws.com"
_CONFIG = "role:AWSServiceRoleForConfig:config.amazonaws.com"
_SCALING = "role:AWSServiceRoleForAutoScaling:autoscaling.amazonaws.com"


def calls() -> tuple[Call, ...]:
    """Snapshots and copies here stay in the account that they were made in."""
    return (
        Call(
            by=_CONFIG,
            service="ec2",
            name="DescribeSnapshotAttribute",
            weight=2,
            read=True,
            request={"snapshotId": "@@pick:snapshot@@", "attributeType": "CREATE_VOLUME_PERMISSION"},
        ),
        Call(
            by=_CONFIG,
            service="s3",
            name="GetBucketPolicy",
            weight=2,
            read=True,
            request={"bucketName": "@@pick:bucket@@", "Host": "s3.@@region@@.amazonaws.com", "policy": ""},
        ),
        Call(
            by=_CONFIG,
            service="iam",
            name="GetPolicyVersion",
            weight=2,
            read=True,
            everywhere=True,
            request={"policyArn": "arn:aws:iam::@@account@@:policy/@@pick:function@@", "versionId": "v3"},
        ),
        Call(
            by=_CONFIG,
            service="config",
            name="PutEvaluations",
            weight=2,
            request={
                "evaluations": [
                    {
                        "complianceResourceType": "AWS::EC2::Volume",
                        "complianceType": "COMPLIANT",
                        "complianceResourceId": "@@pick:volume@@",
                    }
                ],
                "testMode": False,
                "resultToken": "HIDDEN_DUE_TO_SECURITY_REASONS",
            },
            response={"failedEvaluations": []},
        ),
        Call(
            by=_SCALING,
            service="ec2",
            name="RunInstances",
            weight=0.3,
            request={
                "instancesSet": {"items": [{"minCount": 1, "maxCount": 1}]},
                "instanceType": "m6i.large",
                "blockDeviceMapping": {},
                "monitoring": {"enabled": False},
                "clientToken": "fleet-@@uuid:c@@",
                "launchTemplate": {"launchTemplateId": "lt-@@hex1@@", "version": "12"},
                "tagSpecificationSet": {
                    "items": [
                        {
                            "resourceType": "instance",
                            "tags": [{"key": "aws:autoscaling:groupName", "value": "@@pick:function@@"}],
                        }
                    ]
                },
            },
            response={
                "requestId": "@@uuid:rid@@",
                "reservationId": "r-@@hex2@@",
                "ownerId": "@@account@@",
                "groupSet": {},
                "instancesSet": {
                    "items": [
                        {
                            "instanceId": "i-@@hex3@@",
                            "imageId": "ami-@@hex4@@",
                            "instanceType": "m6i.large",
                            "instanceState": {"code": 0, "name": "pending"},
                            "subnetId": "@@pick:subnet@@",
                            "vpcId": "@@vpc@@",
                            "architecture": "x86_64",
                            "rootDeviceType": "ebs",
                            "privateIpAddress": "10.20.3.@@int:4:250@@",
                            "ebsOptimized": True,
                            "networkInterfaceSet": {
                                "items": [
                                    {
                                        "networkInterfaceId": "eni-@@hex5@@",
                                        "ownerId": "@@account@@",
                                        "status": "in-use",
                                    }
                                ]
                            },
                        }
                    ]
                },
            },
        ),
        Call(
            by=_SCALING,
            service="ec2",
            name="TerminateInstances",
            weight=0.3,
            request={"instancesSet": {"items": [{"instanceId": "i-@@hex3@@"}]}},
            response={
                "requestId": "@@uuid:rid@@",
                "instancesSet": {
                    "items": [
                        {
                            "instanceId": "i-@@hex3@@",
                            "currentState": {"code": 32, "name": "shutting-down"},
                            "previousState": {"code": 16, "name": "running"},
                        }
                    ]
                },
            },
        ),
        Call(
            by=_DLM,
            service="ec2",
            name="CreateSnapshot",
            weight=0.15,
            request={
                "volumeId": "@@pick:volume@@",
                "description": "Created for policy: policy-@@hex1@@",
                "tagSpecificationSet": {
                    "items": [
                        {
                            "resourceType": "snapshot",
                            "tags": [{"key": "aws:dlm:lifecycle-policy-id", "value": "policy-@@hex1@@"}],
                        }
                    ]
                },
            },
            response={
                "requestId": "@@uuid:rid@@",
                "snapshotId": "snap-@@hex2@@",
                "volumeId": "@@pick:volume@@",
                "status": "pending",
                "startTime": "@@millis@@",
                "progress": "",
                "ownerId": "@@account@@",
                "volumeSize": "100",
                "encrypted": True,
            },
        ),
        Call(
            by=_DLM,
            service="ec2",
            name="DeleteSnapshot",
            weight=0.15,
            request={"snapshotId": "@@pick:snapshot@@"},
            response={"requestId": "@@uuid:rid@@", "_return": True},
        ),
        Call(
            by=_BACKUP,
            service="ec2",
            name="CreateSnapshot",
            weight=0.1,
            request={
                "volumeId": "@@pick:volume@@",
                "description": "This snapshot is created by the AWS Backup service.",
            },
            response={
                "requestId": "@@uuid:rid@@",
                "snapshotId": "snap-@@hex2@@",
                "volumeId": "@@pick:volume@@",
                "status": "pending",
                "startTime": "@@millis@@",
                "progress": "",
                "ownerId": "@@account@@",
                "volumeSize": "500",
                "encrypted": True,
            },
        ),
        Call(
            by=_BACKUP,
            service="rds",
            name="CreateDBSnapshot",
            weight=0.03,
            request={
                "dBSnapshotIdentifier": "awsbackup:job-@@uuid:job@@",
                "dBInstanceIdentifier": "@@pick:database@@",
            },
            response={
                "dBSnapshotIdentifier": "awsbackup:job-@@uuid:job@@",
                "engine": "postgres",
                "status": "creating",
                "dBInstanceIdentifier": "@@pick:database@@",
                "allocatedStorage": 200,
                "encrypted": True,
                "snapshotType": "manual",
                "dBSnapshotArn": "arn:aws:rds:@@region@@:@@account@@:snapshot:awsbackup:job-@@uuid:job@@",
            },
        ),
        Call(
            by="service:backup.amazonaws.com",
            service="backup",
            name="BackupJobCompleted",
            weight=0.13,
            kind="AwsServiceEvent",
            details={
                "state": "COMPLETED",
                "completionDate": {"seconds": "@@seconds@@", "nanos": 0},
                "backupJobId": "@@uuid:job@@",
                "percentDone": 100.0,
                "backupVaultName": "Default",
                "backupVaultArn": "arn:aws:backup:@@region@@:@@account@@:backup-vault:Default",
                "recoveryPointArn": "arn:aws:ec2:@@region@@::snapshot/snap-@@hex2@@",
                "resourceArn": "arn:aws:ec2:@@region@@:@@account@@:volume/@@pick:volume@@",
                "backupSizeInBytes": "@@int:1000000000:90000000000@@",
            },
        ),
        Call(
            by="service:autoscaling.amazonaws.com",
            service="elasticloadbalancing",
            name="RegisterTargets",
            weight=0.5,
            request={
                "targets": [{"id": "i-@@hex3@@"}],
                "targetGroupArn": "arn:aws:elasticloadbalancing:@@region@@:@@account@@:targetgroup/@@hex4@@",
            },
        ),
        Call(
            by="service:delivery.logs.amazonaws.com",
            service="kms",
            name="GenerateDataKey",
            weight=3,
            read=True,
            shared=True,
            request={
                "keyId": "arn:aws:kms:@@region@@:@@account@@:key/@@pick:key@@",
                "keySpec": "AES_256",
                "encryptionContext": {"aws:s3:arn": "arn:aws:s3:::@@pick:bucket@@/AWSLogs/@@account@@/x"},
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
            by="service:cloudtrail.amazonaws.com",
            service="s3",
            name="GetBucketAcl",
            weight=3,
            read=True,
            shared=True,
            request={"bucketName": "@@pick:bucket@@", "Host": "@@pick:bucket@@.s3.amazonaws.com", "acl": ""},
            extra={
                "SignatureVersion": "SigV4",
                "CipherSuite": "TLS_AES_128_GCM_SHA256",
                "bytesTransferredIn": 0,
                "AuthenticationMethod": "AuthHeader",
                "bytesTransferredOut": "@@int:400:900@@",
                "x-amz-id-2": "@@key1@@@@key2@@@@key3@@=",
            },
        ),
        Call(
            by=_SCALING,
            service="kms",
            name="CreateGrant",
            weight=0.2,
            request={
                "keyId": "arn:aws:kms:@@region@@:@@account@@:key/@@pick:key@@",
                "constraints": {"encryptionContextSubset": {"aws:ebs:id": "@@pick:volume@@"}},
                "granteePrincipal": "arn:aws:sts::@@account@@:assumed-role/aws:ec2-infrastructure/i-@@hex3@@",
                "operations": ["CreateGrant", "Decrypt", "DescribeKey", "GenerateDataKeyWithoutPlaintext"],
            },
            response={"grantId": "@@long1@@", "keyId": "arn:aws:kms:@@region@@:@@account@@:key/@@pick:key@@"},
            resources=(
                {
                    "accountId": "@@account@@",
                    "type": "AWS::KMS::Key",
                    "ARN": "arn:aws:kms:@@region@@:@@account@@:key/@@pick:key@@",
                },
            ),
        ),
    )
