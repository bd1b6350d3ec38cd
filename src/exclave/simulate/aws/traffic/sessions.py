"""How callers get their sessions: roles assumed by services, by pipelines across accounts, by suppliers."""

from __future__ import annotations

from exclave.simulate.aws.call import Call

# As long as real ones: what does not compress is a good part of a log of sessions.
_SECRET = "IQoJb3JpZ2luX2VjE" + "@@token@@"


def calls() -> tuple[Call, ...]:
    """AssumeRole in its forms, and the console's sign-in."""
    return (
        Call(
            by="service:lambda.amazonaws.com",
            service="sts",
            name="AssumeRole",
            weight=12,
            read=True,
            shared=True,
            request={
                "roleArn": "arn:aws:iam::@@account@@:role/@@pick:function@@",
                "roleSessionName": "@@pick:function@@",
            },
            response={
                "credentials": {
                    "accessKeyId": "ASIA@@key7@@",
                    "sessionToken": _SECRET,
                    "expiration": "@@expires@@",
                }
            },
            resources=(
                {
                    "accountId": "@@account@@",
                    "type": "AWS::IAM::Role",
                    "ARN": "arn:aws:iam::@@account@@:role/@@pick:function@@",
                },
            ),
        ),
        Call(
            by="service:ec2.amazonaws.com",
            service="sts",
            name="AssumeRole",
            weight=6,
            read=True,
            shared=True,
            request={
                "roleArn": "arn:aws:iam::@@account@@:role/workload",
                "roleSessionName": "@@pick:instance@@",
            },
            response={
                "credentials": {
                    "accessKeyId": "ASIA@@key7@@",
                    "sessionToken": _SECRET,
                    "expiration": "@@expires@@",
                }
            },
            resources=(
                {
                    "accountId": "@@account@@",
                    "type": "AWS::IAM::Role",
                    "ARN": "arn:aws:iam::@@account@@:role/workload",
                },
            ),
        ),
        Call(
            by="pipeline",
            service="sts",
            name="AssumeRole",
            weight=3,
            read=True,
            shared=True,
            twin=True,
            request={
                "roleArn": "arn:aws:iam::@@peer@@:role/deploy",
                "roleSessionName": "release-@@int:1:9000@@",
                "durationSeconds": 3600,
            },
            response={
                "credentials": {
                    "accessKeyId": "ASIA@@key7@@",
                    "sessionToken": _SECRET,
                    "expiration": "@@expires@@",
                },
                "assumedRoleUser": {
                    "assumedRoleId": "AROA@@key8@@:release",
                    "arn": "arn:aws:sts::@@peer@@:assumed-role/deploy/release",
                },
            },
            resources=(
                {
                    "accountId": "@@peer@@",
                    "type": "AWS::IAM::Role",
                    "ARN": "arn:aws:iam::@@peer@@:role/deploy",
                },
            ),
        ),
        Call(
            by="vendor-account",
            service="sts",
            name="AssumeRole",
            weight=1.5,
            read=True,
            shared=True,
            request={
                "roleArn": "arn:aws:iam::@@account@@:role/vendor-read",
                "roleSessionName": "scan",
                "externalId": "c1f0e8b2-posture",
                "durationSeconds": 3600,
            },
            response={
                "credentials": {
                    "accessKeyId": "ASIA@@key7@@",
                    "sessionToken": _SECRET,
                    "expiration": "@@expires@@",
                },
                "assumedRoleUser": {
                    "assumedRoleId": "AROA@@key8@@:scan",
                    "arn": "arn:aws:sts::@@account@@:assumed-role/vendor-read/scan",
                },
            },
            resources=(
                {
                    "accountId": "@@account@@",
                    "type": "AWS::IAM::Role",
                    "ARN": "arn:aws:iam::@@account@@:role/vendor-read",
                },
            ),
        ),
        Call(
            by="person",
            service="signin",
            name="ConsoleLogin",
            weight=0.7,
            everywhere=True,
            kind="AwsConsoleSignIn",
            response={"ConsoleLogin": "Success"},
            extra={
                "LoginTo": "https://console.aws.amazon.com/console/home",
                "MobileVersion": "No",
                "MFAUsed": "No",
            },
        ),
    )
