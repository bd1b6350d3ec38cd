"""Backups of a cloud-hosted system, made with the provider's own means and moved to the adversary's accounts.

The case that the technique's description names (CAVEaT "Transfer Data to Cloud Account in Same CSP", ATT&CK
T1537): the machines of one system are backed up whole, and the backups go to accounts that the adversary
holds at the same provider.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from exclave.model import Cloud, Kind
from exclave.simulate.aws import acts, ids
from exclave.simulate.breach import Breach

if TYPE_CHECKING:
    from exclave.simulate.aws.scene import Scene, Who

_AGENT = "aws-sdk-go/1.44.157 (go1.19.3; linux; amd64)"
_SIZES = (100, 500)


def tell(scene: Scene) -> None:
    """Look around → all volumes of three servers → copies under one key → two accounts."""
    thief = scene.user("analytics-admin", _AGENT)
    acts.look_around(scene, thief)
    scene.look(
        thief,
        ("ec2", "DescribeVpcs", {"vpcSet": {}, "filterSet": {}}),
        (
            "ec2",
            "DescribeTags",
            {
                "maxResults": 1000,
                "filterSet": {"items": [{"name": "value", "valueSet": {"items": [{"value": "analytics"}]}}]},
            },
        ),
        ("kms", "ListAliases", {"limit": 100}),
    )
    key, accounts = scene.victim.keys[2], (scene.outsider, scene.another_outsider())
    for account in accounts:
        scene.offered_to(Kind.ACCOUNT, account)
    scene.wait(60)
    copies = [copy for number in range(3) for copy in _back_up(scene, thief, number, key)]
    for account in accounts:
        acts.grant_key(scene, thief, key, account)
    for copy in copies:
        acts.share_snapshot(scene, thief, copy, *accounts)
    for number, copy in enumerate(copies):
        account = accounts[number % len(accounts)]
        scene.wait(6)
        acts.use_key(scene, key, account, {"aws:ebs:id": copy})
        acts.take_snapshot(scene, copy, account)


def _back_up(scene: Scene, thief: Who, number: int, key: str) -> list[str]:
    """CreateSnapshots of all volumes of a machine (a newer call, nested under its request's name); copies."""
    instance = scene.victim.instances[number]
    made = [
        (scene.victim.volumes[6 + number * 2 + place], scene.id("snap"), size)
        for place, size in enumerate(_SIZES)
    ]
    items = [
        {
            "snapshotId": snapshot,
            "volumeId": volume,
            "volumeSize": size,
            "state": "pending",
            "ownerId": scene.victim.id,
            "encrypted": True,
            "startTime": scene.now.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "description": "weekly",
        }
        for volume, snapshot, size in made
    ]
    scene.call(
        thief,
        "ec2",
        "CreateSnapshots",
        {
            "CreateSnapshotsRequest": {
                "Description": "weekly",
                "InstanceSpecification": {"InstanceId": instance, "ExcludeBootVolume": False},
                "CopyTagsFromSource": "volume",
            }
        },
        {
            "CreateSnapshotsResponse": {
                "xmlns": "http://ec2.amazonaws.com/doc/2016-11-15/",
                "requestId": ids.uuid(scene.rng),
                "snapshotSet": {"item": items},
            }
        },
        after=7,
        phase="prepare",
    )
    copies = []
    for volume, snapshot, size in made:
        scene.thing("ebs-volume", volume, size=size, name=f"analytics-{number + 1}")
        scene.thing("ebs-snapshot", snapshot, parent=volume, size=size)
        scene.wait(8)
        copies.append(acts.copy_snapshot(scene, thief, snapshot, size, key))
    return copies


BREACH = Breach(
    name="backups-to-own-accounts",
    title="Backups of a whole system moved to the adversary's accounts at the same provider",
    cloud=Cloud.AWS,
    description="All volumes of the three servers of an analytics system are snapshotted, copied under a "
    "key that is opened to two foreign accounts, shared with both, and copied by them.",
    hours=7,
    tell=tell,
)
