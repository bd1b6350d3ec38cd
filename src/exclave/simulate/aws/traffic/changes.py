"""Calls by which people, pipelines and workloads change things inside the organisation."""

from __future__ import annotations

from exclave.simulate.aws.call import Call

_OK = {"requestId": "@@uuid:rid@@", "_return": True}
_TRUST = (
    '{\n  "Version": "2012-10-17",\n  "Statement": [\n    {\n      "Effect": "Allow",\n      "Principal": {\n'
    '        "Service": "lambda.amazonaws.com"\n      },\n      "Action": "sts:AssumeRole"\n    }\n  ]\n}'
)
_INLINE = (
    '{\n  "Version": "2012-10-17",\n  "Statement": [\n    {\n      "Sid": "Own",\n      "Effect": "Allow",\n'
    '      "Action": [\n        "s3:GetObject",\n        "s3:PutObject"\n      ],\n'
    '      "Resource": "arn:aws:s3:::@@pick:bucket@@/*"\n    }\n  ]\n}'
)
_KEY_POLICY = (
    '{"Version":"2012-10-17","Statement":[{"Sid":"Own","Effect":"Allow","Principal":{"AWS":'
    '"arn:aws:iam::@@account@@:root"},"Action":"kms:*","Resource":"*"},{"Sid":"Org","Effect":"Allow",'
    '"Principal":{"AWS":"*"},"Action":["kms:Decrypt","kms:DescribeKey"],"Resource":"*","Condition":'
    '{"StringEquals":{"aws:PrincipalOrgID":"@@org@@"}}}]}'
)


def calls() -> tuple[Call, ...]:
    """Deployments, and changes of roles, keys and groups inside the organisation."""
    return (
        Call(
            by="pipeline",
            service="lambda",
            name="UpdateFunctionCode20150331v2",
            weight=0.4,
            request={
                "functionName": "@@pick:function@@",
                "publish": True,
                "dryRun": False,
                "s3Bucket": "@@pick:bucket@@",
                "s3Key": "builds/@@uuid:build@@.zip",
            },
            response={
                "functionName": "@@pick:function@@",
                "runtime": "python3.12",
                "version": "@@int:1:400@@",
                "functionArn": "arn:aws:lambda:@@region@@:@@account@@:function:@@pick:function@@",
                "role": "arn:aws:iam::@@account@@:role/@@pick:function@@",
                "codeSize": "@@int:90000:900000@@",
                "lastUpdateStatus": "InProgress",
                "memorySize": 512,
                "timeout": 30,
            },
        ),
        Call(
            by="pipeline",
            service="ecs",
            name="UpdateService",
            weight=0.5,
            request={
                "cluster": "main",
                "service": "@@pick:function@@",
                "forceNewDeployment": True,
                "taskDefinition": "@@pick:function@@:@@int:1:400@@",
            },
            response={
                "service": {
                    "serviceName": "@@pick:function@@",
                    "status": "ACTIVE",
                    "desiredCount": 3,
                    "clusterArn": "arn:aws:ecs:@@region@@:@@account@@:cluster/main",
                }
            },
        ),
        Call(
            by="pipeline",
            service="iam",
            name="CreateRole",
            weight=0.04,
            everywhere=True,
            request={
                "roleName": "@@pick:function@@",
                "assumeRolePolicyDocument": _TRUST,
                "description": 'runs "@@pick:function@@"',
                "maxSessionDuration": 3600,
                "path": "/",
            },
            response={
                "role": {
                    "roleName": "@@pick:function@@",
                    "roleId": "AROA@@key1@@",
                    "path": "/",
                    "arn": "arn:aws:iam::@@account@@:role/@@pick:function@@",
                }
            },
        ),
        Call(
            by="pipeline",
            service="iam",
            name="PutRolePolicy",
            weight=0.06,
            everywhere=True,
            request={"roleName": "@@pick:function@@", "policyName": "own-data", "policyDocument": _INLINE},
        ),
        Call(
            by="pipeline",
            service="ec2",
            name="AuthorizeSecurityGroupIngress",
            weight=0.06,
            request={
                "groupId": "@@pick:group@@",
                "ipPermissions": {
                    "items": [
                        {
                            "ipProtocol": "tcp",
                            "fromPort": 5432,
                            "toPort": 5432,
                            "groups": {},
                            "ipRanges": {
                                "items": [
                                    {
                                        "cidrIp": "10.@@int:16:31@@.0.0/16",
                                        "description": "application subnets",
                                    }
                                ]
                            },
                            "ipv6Ranges": {},
                            "prefixListIds": {},
                        }
                    ]
                },
            },
            response=_OK,
        ),
        Call(
            by="pipeline",
            service="ec2",
            name="CreateTags",
            weight=1.5,
            request={
                "resourcesSet": {"items": [{"resourceId": "@@pick:volume@@"}]},
                "tagSet": {
                    "items": [
                        {"key": "team", "value": "@@pick:function@@"},
                        {"key": "note", "value": 'managed by "terraform" \\ do not edit'},
                    ]
                },
            },
            response=_OK,
        ),
        Call(
            by="pipeline",
            service="kms",
            name="PutKeyPolicy",
            weight=0.02,
            request={
                "keyId": "arn:aws:kms:@@region@@:@@account@@:key/@@pick:key@@",
                "policyName": "default",
                "bypassPolicyLockoutSafetyCheck": False,
                "policy": _KEY_POLICY,
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
            service="logs",
            name="CreateLogStream",
            weight=8,
            request={
                "logGroupName": "/aws/lambda/@@pick:function@@",
                "logStreamName": "@@day@@/[$LATEST]@@uuid:stream@@",
            },
        ),
        Call(
            by="workload",
            service="dynamodb",
            name="UpdateTimeToLive",
            weight=0.2,
            request={
                "tableName": "@@pick:database@@",
                "timeToLiveSpecification": {"enabled": True, "attributeName": "expires"},
            },
        ),
        Call(
            by="person",
            service="ec2",
            name="StartInstances",
            weight=0.6,
            request={"instancesSet": {"items": [{"instanceId": "@@pick:instance@@"}]}},
            response={
                "requestId": "@@uuid:rid@@",
                "instancesSet": {
                    "items": [
                        {
                            "instanceId": "@@pick:instance@@",
                            "currentState": {"code": 0, "name": "pending"},
                            "previousState": {"code": 80, "name": "stopped"},
                        }
                    ]
                },
            },
        ),
        Call(
            by="person",
            service="ec2",
            name="StopInstances",
            weight=0.6,
            error="Client.UnauthorizedOperation",
            message="You are not authorized to perform this operation. Encoded authorization failure: "
            "@@long1@@@@long2@@@@long3@@",
            request={"instancesSet": {"items": [{"instanceId": "@@pick:instance@@"}]}, "force": False},
        ),
        Call(
            by="person",
            service="ssm",
            name="StartSession",
            weight=1,
            request={"target": "@@pick:instance@@"},
            response={
                "sessionId": "@@pick:function@@-@@key1@@",
                "streamUrl": "wss://ssmmessages.@@region@@.amazonaws.com/v1/data-channel/@@key1@@",
            },
        ),
        Call(
            by="person",
            service="athena",
            name="StartQueryExecution",
            weight=1,
            request={
                "queryString": 'SELECT count(*) FROM "logs"."orders" WHERE day = \'2026-01-10\'\\n',
                "workGroup": "primary",
                "clientRequestToken": "@@uuid:token@@",
            },
            response={"queryExecutionId": "@@uuid:query@@"},
        ),
    )
