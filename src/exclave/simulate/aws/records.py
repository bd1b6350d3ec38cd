"""CloudTrail records and the identities in them.

Shapes after "CloudTrail record contents" and "CloudTrail userIdentity element" in the AWS CloudTrail user
guide; the order of keys is the one that delivered files have.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

VERSION = "1.11"
_GLOBAL_HOSTS = frozenset({"iam", "organizations", "cloudfront", "route53"})


def record(
    *,
    identity: Mapping[str, Any],
    time: str,
    service: str,
    name: str,
    account: str,
    region: str,
    ip: str,
    agent: str,
    event_id: str,
    request_id: str = "",
    request: object = None,
    response: object = None,
    read: bool = False,
    error: str = "",
    message: str = "",
    extra: Mapping[str, Any] | None = None,
    resources: Sequence[Mapping[str, str]] = (),
    shared_id: str = "",
    kind: str = "AwsApiCall",
    details: Mapping[str, Any] | None = None,
    data: bool = False,
    endpoint: str = "",
) -> dict[str, Any]:
    """One record. `service` is the first part of the event source; `account` whose trail it is.

    `extra` is additionalEventData, `details` serviceEventDetails, `endpoint` a VPC endpoint's id. Records
    of browsers and of services that act by themselves carry no TLS details.
    """
    made: dict[str, Any] = {
        "eventVersion": VERSION,
        "userIdentity": identity,
        "eventTime": time,
        "eventSource": f"{service}.amazonaws.com",
        "eventName": name,
        "awsRegion": region,
        "sourceIPAddress": ip,
        "userAgent": agent,
    }
    if error:
        made["errorCode"] = error
        made["errorMessage"] = message or "User is not authorized to perform this operation"
    made["requestParameters"] = request
    made["responseElements"] = None if error else response
    if extra is not None:
        made["additionalEventData"] = extra
    if request_id:
        made["requestID"] = request_id
    made["eventID"] = event_id
    made["readOnly"] = read
    if resources:
        made["resources"] = list(resources)
    made["eventType"] = kind
    made["managementEvent"] = not data
    made["recipientAccountId"] = account
    if shared_id:
        made["sharedEventID"] = shared_id
    if endpoint:
        made["vpcEndpointId"] = endpoint
    if details is not None:
        made["serviceEventDetails"] = details
    made["eventCategory"] = "Data" if data else "Management"
    if kind == "AwsApiCall" and not ip.endswith(".amazonaws.com") and ip != "AWS Internal":
        made["tlsDetails"] = _tls(service, region, request)
    return made


def _tls(service: str, region: str, request: object) -> dict[str, str]:
    host = f"{service}.amazonaws.com" if service in _GLOBAL_HOSTS else f"{service}.{region}.amazonaws.com"
    if service == "s3" and isinstance(request, Mapping) and "bucketName" in request:
        host = f"{request['bucketName']}.{host}"
    return {
        "tlsVersion": "TLSv1.3",
        "cipherSuite": "TLS_AES_128_GCM_SHA256",
        "clientProvidedHostHeader": host,
    }


def user(*, account: str, name: str, principal: str, key: str) -> dict[str, Any]:
    """An IAM user with a long-lived access key."""
    return {
        "type": "IAMUser",
        "principalId": principal,
        "arn": f"arn:aws:iam::{account}:user/{name}",
        "accountId": account,
        "accessKeyId": key,
        "userName": name,
    }


def session(
    *,
    account: str,
    role: str,
    path: str = "/",
    principal: str,
    name: str,
    key: str,
    born: str,
    mfa: bool = False,
    invoked_by: str = "",
) -> dict[str, Any]:
    """A session of a role. `born` is when it was issued, `path` the role's path with both slashes."""
    made: dict[str, Any] = {
        "type": "AssumedRole",
        "principalId": f"{principal}:{name}",
        "arn": f"arn:aws:sts::{account}:assumed-role/{role}/{name}",
        "accountId": account,
        "accessKeyId": key,
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role",
                "principalId": principal,
                "arn": f"arn:aws:iam::{account}:role{path}{role}",
                "accountId": account,
                "userName": role,
            },
            "webIdFederationData": {},
            "attributes": {"creationDate": born, "mfaAuthenticated": "true" if mfa else "false"},
        },
    }
    if invoked_by:
        made["invokedBy"] = invoked_by
    return made


def service(name: str) -> dict[str, Any]:
    """An AWS service that acts by itself (`autoscaling.amazonaws.com`)."""
    return {"type": "AWSService", "invokedBy": name}


def foreign(*, account: str, principal: str, invoked_by: str = "") -> dict[str, Any]:
    """A caller of another account, as the owner of the resource sees it."""
    made = {"type": "AWSAccount", "principalId": principal, "accountId": account}
    if invoked_by:
        made["invokedBy"] = invoked_by
    return made
