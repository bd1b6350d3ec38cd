"""Reads and writes of objects: data events, switched on for some buckets and functions only."""

from __future__ import annotations

from typing import Any

from exclave.simulate.aws.call import Call

_KEY = "events/@@day@@/@@pick:function@@/part-@@int:10000:99999@@-@@uuid:object@@.parquet"


def calls() -> tuple[Call, ...]:
    """By workloads and, rarely, people of the account that owns the bucket."""
    return (
        _object("GetObject", 60, {}, taken=True),
        _object("PutObject", 25, {"x-amz-server-side-encryption": "aws:kms"}, read=False),
        _object("HeadObject", 6, {}),
        _object("GetObject", 1.5, {}, error="NoSuchKey", message="The specified key does not exist."),
        _object(
            "GetObject",
            2,
            {"response-content-disposition": 'attachment; filename="report \\"final\\".csv"'},
            by="person",
            taken=True,
        ),
        _object("DeleteObject", 2, {}, read=False),
        Call(
            by="workload",
            service="s3",
            name="ListObjects",
            weight=5,
            read=True,
            data=True,
            request={
                "list-type": "2",
                "bucketName": "@@pick:bucket@@",
                "prefix": "events/@@day@@/",
                "Host": "@@pick:bucket@@.s3.@@region@@.amazonaws.com",
                "max-keys": "1000",
            },
            extra=_extra(taken=True),
            resources=({"type": "AWS::S3::Object", "ARNPrefix": "arn:aws:s3:::@@pick:bucket@@/"}, _bucket()),
        ),
        Call(
            by="service:apigateway.amazonaws.com",
            service="lambda",
            name="Invoke",
            weight=8,
            data=True,
            shared=True,
            request={
                "functionName": "arn:aws:lambda:@@region@@:@@account@@:function:@@pick:function@@",
                "invocationType": "RequestResponse",
                "qualifier": "live",
            },
            extra={
                "functionVersion": "arn:aws:lambda:@@region@@:@@account@@:function:@@pick:function@@:$LATEST"
            },
            resources=(
                {
                    "accountId": "@@account@@",
                    "type": "AWS::Lambda::Function",
                    "ARN": "arn:aws:lambda:@@region@@:@@account@@:function:@@pick:function@@",
                },
            ),
        ),
    )


def _bucket() -> dict[str, str]:
    return {"accountId": "@@account@@", "type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::@@pick:bucket@@"}


def _extra(*, taken: bool) -> dict[str, Any]:
    return {
        "SignatureVersion": "SigV4",
        "CipherSuite": "TLS_AES_128_GCM_SHA256",
        "bytesTransferredIn": 0 if taken else "@@int:2000:900000@@",
        "SSEApplied": "SSE_KMS",
        "AuthenticationMethod": "AuthHeader",
        "x-amz-id-2": "@@key1@@@@key2@@@@key3@@@@key4@@+/=",
        "bytesTransferredOut": "@@int:2000:900000@@" if taken else 0,
    }


def _object(
    name: str,
    weight: float,
    more: dict[str, str],
    *,
    by: str = "workload",
    read: bool = True,
    taken: bool = False,
    error: str = "",
    message: str = "",
) -> Call:
    request = {
        "bucketName": "@@pick:bucket@@",
        "Host": "@@pick:bucket@@.s3.@@region@@.amazonaws.com",
        "key": _KEY,
        **more,
    }
    resources = ({"type": "AWS::S3::Object", "ARN": f"arn:aws:s3:::@@pick:bucket@@/{_KEY}"}, _bucket())
    return Call(
        by=by,
        service="s3",
        name=name,
        weight=weight,
        request=request,
        read=read,
        data=True,
        error=error,
        message=message,
        extra=_extra(taken=taken),
        resources=resources,
    )
