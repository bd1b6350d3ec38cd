"""Suppliers, who read in each account with a role that trusts their account."""

from __future__ import annotations

from exclave.simulate.aws.call import Call


def calls() -> tuple[Call, ...]:
    """Reads; how a supplier gets its session is among the sessions."""
    return (
        Call(
            by="vendor",
            service="ec2",
            name="DescribeInstances",
            weight=4,
            read=True,
            request={"maxResults": 1000, "instancesSet": {}, "filterSet": {}},
        ),
        Call(
            by="vendor",
            service="ec2",
            name="DescribeSnapshots",
            weight=2,
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
            by="vendor",
            service="iam",
            name="GetAccountAuthorizationDetails",
            weight=1,
            read=True,
            everywhere=True,
            request={"maxItems": 1000, "filter": ["Role", "LocalManagedPolicy"]},
        ),
        Call(
            by="vendor",
            service="rds",
            name="DescribeDBSnapshotAttributes",
            weight=1,
            read=True,
            request={"dBSnapshotIdentifier": "rds:@@pick:database@@-@@int:2025:2026@@-01-10-03-05"},
        ),
        Call(
            by="vendor",
            service="s3",
            name="GetBucketAcl",
            weight=2,
            read=True,
            request={"bucketName": "@@pick:bucket@@", "Host": "s3.@@region@@.amazonaws.com", "acl": ""},
        ),
        Call(
            by="vendor",
            service="s3",
            name="GetBucketPolicyStatus",
            weight=1,
            read=True,
            error="NoSuchBucketPolicy",
            message="The bucket policy does not exist",
            request={"bucketName": "@@pick:bucket@@", "policyStatus": ""},
        ),
    )
