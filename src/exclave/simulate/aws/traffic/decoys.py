"""Records in which the names of transfers mean nothing: in queries, tags, policies, search terms.

They are for hunters that look for names in text.
"""

from __future__ import annotations

from exclave.simulate.aws.call import Call

_GUARD = (
    '{\n  "Version": "2012-10-17",\n  "Statement": [\n    {\n      "Sid": "No",\n      "Effect": "Deny",\n'
    '      "Action": [\n        "ec2:ModifySnapshotAttribute",\n        "ec2:ModifyImageAttribute",\n'
    '        "rds:ModifyDBSnapshotAttribute"\n      ],\n      "Resource": "*"\n    }\n  ]\n}'
)
_QUERY = (
    "SELECT eventtime, useridentity.arn FROM trail WHERE eventname IN ('PutBucketPolicy', 'StopLogging') "
    'AND json_extract(raw, \'$."eventName"\') = \'"ModifySnapshotAttribute"\'\n-- "eventName":"CopySnapshot"'
)
_QUOTED = (
    '{"eventVersion":"1.11","eventSource":"ec2.amazonaws.com","eventName":"ModifySnapshotAttribute",'
    '"requestParameters":{"createVolumePermission":{"add":{"items":[{"userId":"@@peer@@"}]}}}}'
)


def calls() -> tuple[Call, ...]:
    """All of them rare."""
    return (
        Call(
            by="person",
            service="cloudtrail",
            name="LookupEvents",
            weight=0.05,
            read=True,
            request={
                "maxResults": 50,
                "lookupAttributes": [
                    {"attributeKey": "EventName", "attributeValue": "ModifySnapshotAttribute"}
                ],
            },
        ),
        Call(
            by="person",
            service="athena",
            name="StartQueryExecution",
            weight=0.05,
            request={
                "queryString": _QUERY,
                "workGroup": "security",
                "clientRequestToken": "@@uuid:token@@",
            },
            response={"queryExecutionId": "@@uuid:query@@"},
        ),
        Call(
            by="pipeline",
            service="iam",
            name="PutRolePolicy",
            weight=0.01,
            everywhere=True,
            request={
                "roleName": "@@pick:function@@",
                "policyName": "no-sharing",
                "policyDocument": _GUARD,
            },
        ),
        Call(
            by="pipeline",
            service="ec2",
            name="CreateTags",
            weight=0.02,
            request={
                "resourcesSet": {"items": [{"resourceId": "@@pick:snapshot@@"}]},
                "tagSet": {"items": [{"key": "eventName", "value": _QUOTED}]},
            },
            response={"requestId": "@@uuid:rid@@", "_return": True},
        ),
    )
