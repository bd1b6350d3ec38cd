"""CloudTrail records and files for tests of detect/, engines/ and whole hunts: small, all made up."""

from __future__ import annotations

import json
from typing import Any

OURS = "123456789012"
THEIRS = "999988887777"
DELIVERED = f"{OURS}_CloudTrail_eu-west-1_20260304T0510Z_aBcDeFgHiJkLmNoP.json.gz"

Record = dict[str, Any]


def role(account: str = OURS, session: str = "dana", key: str = "ASIAEXAMPLEEXAMPLE01") -> Record:
    return {
        "type": "AssumedRole",
        "principalId": f"AROAEXAMPLEEXAMPLE000:{session}",
        "arn": f"arn:aws:sts::{account}:assumed-role/operations/{session}",
        "accountId": account,
        "accessKeyId": key,
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role",
                "principalId": "AROAEXAMPLEEXAMPLE000",
                "arn": f"arn:aws:iam::{account}:role/operations",
                "accountId": account,
                "userName": "operations",
            },
            "attributes": {"creationDate": "2026-03-04T05:00:00Z", "mfaAuthenticated": "false"},
        },
    }


def foreigner(account: str = THEIRS) -> Record:
    return {"type": "AWSAccount", "principalId": "AIDAEXAMPLEEXAMPLE999", "accountId": account}


ANONYMOUS: Record = {"type": "AWSAccount", "principalId": "", "accountId": "anonymous"}
SERVICE: Record = {"type": "AWSService", "invokedBy": "s3.amazonaws.com"}


def record(
    service: str, name: str, request: Any = None, response: Any = None, number: int = 0, **more: Any
) -> Record:
    """One record, its keys in CloudTrail's order; what `more` says stands in for the ordinary."""
    out: Record = {
        "eventVersion": "1.11",
        "userIdentity": role(),
        "eventTime": f"2026-03-04T05:{number // 60 % 60:02}:{number % 60:02}Z",
        "eventSource": f"{service}.amazonaws.com",
        "eventName": name,
        "awsRegion": "eu-west-1",
        "sourceIPAddress": "198.51.100.7",
        "userAgent": "aws-cli/2.17",
        "requestParameters": request,
        "responseElements": response,
        "requestID": f"00000000-1111-4000-8000-{number:012}",
        "eventID": f"00000000-0000-4000-8000-{number:012}",
        "readOnly": False,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": OURS,
        "eventCategory": "Management",
    }
    return {**out, **more}


def share(number: int = 1, account: str = THEIRS, **more: Any) -> Record:
    request = {
        "snapshotId": f"snap-{number:017x}",
        "createVolumePermission": {"add": {"items": [{"userId": account}]}},
        "attributeType": "CREATE_VOLUME_PERMISSION",
    }
    return record("ec2", "ModifySnapshotAttribute", request, {"_return": True}, number, **more)


def snapshot(number: int = 2, **more: Any) -> Record:
    request = {"volumeId": f"vol-{number:017x}"}
    response = {"snapshotId": f"snap-{number:017x}", "volumeId": f"vol-{number:017x}", "volumeSize": "8"}
    return record("ec2", "CreateSnapshot", request, response, number, **more)


def deleted(number: int = 3, **more: Any) -> Record:
    return record(
        "ec2", "DeleteSnapshot", {"snapshotId": f"snap-{number:017x}"}, {"_return": True}, number, **more
    )


def stopped(number: int = 4, **more: Any) -> Record:
    return record("cloudtrail", "StopLogging", {"name": "main"}, None, number, **more)


def permission(number: int = 5, **more: Any) -> Record:
    request = {
        "functionName": "report",
        "statementId": "x",
        "action": "lambda:GetFunction",
        "principal": THEIRS,
    }
    return record("lambda", "AddPermission20150331v2", request, None, number, **more)


def policy(number: int = 6, account: str = THEIRS, **more: Any) -> Record:
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
        "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::ours/*",
    }
    request = {
        "bucketName": "ours",
        "bucketPolicy": {"Version": "2012-10-17", "Statement": [statement]},
        "Host": "ours.s3.amazonaws.com",
    }
    return record("s3", "PutBucketPolicy", request, None, number, **more)


def read(number: int = 7, name: str = "GetObject", **more: Any) -> Record:
    """A read of an object by ourselves, unless `userIdentity` says otherwise."""
    resources = [
        {"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::ours/data.csv"},
        {"accountId": OURS, "type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::ours"},
    ]
    request = {"bucketName": "ours", "key": "data.csv", "Host": "ours.s3.amazonaws.com"}
    more = {"resources": resources, "managementEvent": False, "eventCategory": "Data"} | more
    return record("s3", name, request, None, number, **more)


def written(
    number: int = 13,
    bucket: str = "ours",
    owner: str = OURS,
    header: tuple[str, Any] | None = None,
    **more: Any,
) -> Record:
    """A write of an object, into a bucket of an owner, with a header that CloudTrail writes down."""
    resources = [
        {"type": "AWS::S3::Object", "ARN": f"arn:aws:s3:::{bucket}/data.csv"},
        {"accountId": owner, "type": "AWS::S3::Bucket", "ARN": f"arn:aws:s3:::{bucket}"},
    ]
    request = {"bucketName": bucket, "key": "data.csv", "Host": f"{bucket}.s3.amazonaws.com"}
    request |= dict([header] if header else [])
    response = {"x-amz-server-side-encryption": "AES256", "x-amz-version-id": "3sL4kqtJ"}
    extra = {"x-amz-id-2": "8weFFGEa", "bytesTransferredIn": 4096}
    more = {"resources": resources, "additionalEventData": extra, "eventCategory": "Data"} | more
    return record("s3", "PutObject", request, response, number, managementEvent=False, **more)


def opened(number: int = 14, **more: Any) -> Record:
    """A write that opens its object to everybody."""
    return written(number, header=("x-amz-acl", "public-read"), **more)


def sent(number: int = 15, **more: Any) -> Record:
    """A write into a bucket of another account."""
    return written(number, "eve-inbox", THEIRS, **more)


def locked(number: int = 16, account: str = THEIRS, **more: Any) -> Record:
    """A write under a key of another account."""
    header = "x-amz-server-side-encryption-aws-kms-key-id"
    key = f"arn:aws:kms:eu-west-1:{account}:key/11111111-2222-4333-8444-555555555555"
    return written(number, header=(header, key), **more)


def decrypted(number: int = 8, **more: Any) -> Record:
    key = f"arn:aws:kms:eu-west-1:{OURS}:key/11111111-2222-4333-8444-555555555555"
    resources = [{"accountId": OURS, "type": "AWS::KMS::Key", "ARN": key}]
    request = {"encryptionContext": {"aws:ebs:id": "vol-1"}, "encryptionAlgorithm": "SYMMETRIC_DEFAULT"}
    more = {"resources": resources, "sharedEventID": f"5a5a0000-0000-4000-8000-{number:012}"} | more
    return record("kms", "Decrypt", request, None, number, **more)


def assumed(number: int = 9, key: str = "ASIAEXAMPLEEXAMPLE02", **more: Any) -> Record:
    arn = f"arn:aws:sts::{OURS}:assumed-role/operations/dana"
    response = {
        "credentials": {
            "accessKeyId": key,
            "sessionToken": "x",
            "expiration": "Mar 4, 2026, 6:00:00 AM",
        },
        "assumedRoleUser": {"assumedRoleId": "AROAEXAMPLEEXAMPLE000:dana", "arn": arn},
    }
    request = {"roleArn": f"arn:aws:iam::{OURS}:role/operations", "roleSessionName": "dana"}
    return record("sts", "AssumeRole", request, response, number, **more)


def described(number: int = 10, **more: Any) -> Record:
    return record(
        "ec2", "DescribeInstances", {"instancesSet": {}, "filterSet": {}}, None, number, readOnly=True, **more
    )


def decoy(number: int = 11, **more: Any) -> Record:
    """An ordinary record with names of interest in its strings."""
    pattern = (
        '{"eventVersion":"1.0","eventName":"ModifySnapshotAttribute","recipientAccountId":"666666666666"}'
    )
    return record(
        "events",
        "PutRule",
        {"name": '"eventName":"StopLogging"', "eventPattern": pattern},
        None,
        number,
        **more,
    )


def forged(number: int = 12, last: Any = "benign", **more: Any) -> Record:
    """An ordinary record whose parameters hold whole fake records."""
    fakes: list[Any] = [share(900), policy(901, eventName="PutBucketPolicy"), deleted(902)]
    if last == "benign":
        fakes.append(described(903))
    return record("dynamodb", "PutItem", {"tableName": "notes", "item": {"x": fakes}}, None, number, **more)


def ordinary() -> list[Record]:
    """One of each."""
    return [
        described(20),
        share(21),
        snapshot(22),
        deleted(23),
        stopped(24),
        permission(25),
        policy(26),
        read(27),
        read(28, userIdentity=foreigner()),
        read(29, userIdentity=ANONYMOUS),
        decrypted(30),
        decrypted(31, userIdentity=foreigner()),
        assumed(32),
        decoy(33),
        written(34),
        opened(37),
        sent(38),
        locked(39),
        locked(40, OURS),
        decrypted(35, userIdentity=SERVICE),
        described(36),
    ]


def packed(*records: Any) -> bytes:
    """A file as CloudTrail writes it."""
    return json.dumps({"Records": list(records)}, separators=(",", ":")).encode()


def lines(*records: Any) -> bytes:
    return b"".join(json.dumps(r, separators=(",", ":")).encode() + b"\n" for r in records)
