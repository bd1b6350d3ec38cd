"""Trails, flow logs and detection switched off before an Aurora snapshot is given away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exclave.model import Cloud, Kind
from exclave.simulate.aws import acts
from exclave.simulate.breach import Breach

if TYPE_CHECKING:
    from exclave.simulate.aws.scene import Scene

_AGENT = "Boto3/1.28.85 Python/3.11.6 Linux/6.5.6-76060506-generic Botocore/1.31.85"
_GIB = 640


def tell(scene: Scene) -> None:
    """Selectors narrowed → logging stopped → flow logs deleted → cluster snapshot shared → logging resumed.

    The account's own trail is stopped; the organisation's trail, whose files these are, records on.
    """
    thief = scene.session("ops-admin", "maintenance", _AGENT)
    trail = "account-trail"
    scene.look(
        thief,
        ("cloudtrail", "DescribeTrails", {"trailNameList": [], "includeShadowTrails": True}),
        ("cloudtrail", "GetTrailStatus", {"name": trail}),
        ("ec2", "DescribeFlowLogs", {"DescribeFlowLogsRequest": {"MaxResults": 100}}),
    )
    arn = f"arn:aws:cloudtrail:{scene.region}:{scene.victim.id}:trail/{trail}"
    selectors = [
        {
            "readWriteType": "ReadOnly",
            "includeManagementEvents": False,
            "dataResources": [],
            "excludeManagementEventSources": [],
        }
    ]
    scene.call(
        thief,
        "cloudtrail",
        "PutEventSelectors",
        {"trailName": trail, "eventSelectors": selectors},
        {"trailARN": arn, "eventSelectors": selectors},
        after=6,
        phase="tamper",
    )
    scene.call(thief, "cloudtrail", "StopLogging", {"name": arn}, phase="tamper")
    scene.call(
        thief,
        "ec2",
        "DeleteFlowLogs",
        {"DeleteFlowLogsRequest": {"FlowLogId": {"tag": 1, "content": scene.id("fl")}}},
        {
            "DeleteFlowLogsResponse": {
                "xmlns": "http://ec2.amazonaws.com/doc/2016-11-15/",
                "unsuccessful": "",
                "requestId": acts.ok(scene)["requestId"],
            }
        },
        phase="tamper",
    )
    cluster = f"{scene.victim.databases[1]}-aurora"
    snapshot = f"{cluster}-m1"
    scene.thing("rds-cluster", cluster, size=_GIB, name=cluster)
    scene.call(
        thief,
        "rds",
        "CreateDBClusterSnapshot",
        {"dBClusterIdentifier": cluster, "dBClusterSnapshotIdentifier": snapshot},
        _snapshot(scene, snapshot, cluster),
        after=9,
        phase="prepare",
    )
    scene.thing("rds-cluster-snapshot", snapshot, parent=cluster, size=_GIB)
    attributes = [{"attributeName": "restore", "attributeValues": [scene.outsider]}]
    scene.call(
        thief,
        "rds",
        "ModifyDBClusterSnapshotAttribute",
        {
            "dBClusterSnapshotIdentifier": snapshot,
            "attributeName": "restore",
            "valuesToAdd": [scene.outsider],
        },
        {"dBClusterSnapshotIdentifier": snapshot, "dBClusterSnapshotAttributes": attributes},
        after=30,
        phase="offer",
    )
    scene.offered_to(Kind.ACCOUNT, scene.outsider)
    scene.call(thief, "cloudtrail", "StartLogging", {"name": arn}, after=75)


def _snapshot(scene: Scene, name: str, cluster: str) -> dict[str, Any]:
    return {
        "dBClusterSnapshotIdentifier": name,
        "dBClusterSnapshotArn": f"arn:aws:rds:{scene.region}:{scene.victim.id}:cluster-snapshot:{name}",
        "dBClusterIdentifier": cluster,
        "engine": "aurora-postgresql",
        "engineVersion": "15.4",
        "allocatedStorage": _GIB,
        "status": "creating",
        "port": 5432,
        "snapshotType": "manual",
        "storageEncrypted": False,
    }


BREACH = Breach(
    name="logging-stopped-first",
    title="Aurora snapshot shared after logging was stopped",
    cloud=Cloud.AWS,
    description="An administrator's session narrows and stops the account's trail and deletes flow logs, "
    "shares a snapshot of an Aurora cluster with a foreign account, and starts the trail "
    "again.",
    hours=4,
    tell=tell,
)
