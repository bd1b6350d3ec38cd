"""An Aurora cluster shared through Resource Access Manager, which lets the receiver clone it.

The taker's clone is recorded in his own trail only ("Cross-account cloning with AWS RAM and Amazon Aurora",
Aurora user guide); the owner sees the share and the use of the key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from exclave.model import Cloud, Kind
from exclave.simulate.aws import acts, ids
from exclave.simulate.breach import Breach

if TYPE_CHECKING:
    from exclave.simulate.aws.scene import Scene

_AGENT = "aws-cli/1.32.60 md/Botocore#1.34.60 ua/2.0 os/linux#5.10.0 md/arch#x86_64 lang/python#3.9.16"
_GIB = 1800


def tell(scene: Scene) -> None:
    """Share of the cluster with nobody → the stranger added later → the key granted and used."""
    thief = scene.session("dba-admin", "migration", _AGENT)
    cluster, key = f"{scene.victim.databases[2]}-aurora", scene.victim.keys[0]
    cluster_arn = f"arn:aws:rds:{scene.region}:{scene.victim.id}:cluster:{cluster}"
    scene.look(
        thief,
        ("sts", "GetCallerIdentity", None),
        ("rds", "DescribeDBClusters", {"maxRecords": 100, "includeShared": False}),
        ("ram", "GetResourceShares", {"resourceOwner": "SELF"}),
    )
    scene.thing("rds-cluster", cluster, size=_GIB, name=cluster)
    share = f"arn:aws:ram:{scene.region}:{scene.victim.id}:resource-share/{ids.uuid(scene.rng)}"
    scene.call(
        thief,
        "ram",
        "CreateResourceShare",
        {"name": "migration", "resourceArns": [cluster_arn], "clientToken": ids.uuid(scene.rng)},
        {
            "resourceShare": {
                "resourceShareArn": share,
                "name": "migration",
                "owningAccountId": scene.victim.id,
                "allowExternalPrincipals": True,
                "status": "ACTIVE",
            }
        },
        after=10,
    )
    association = {
        "resourceShareArn": share,
        "associatedEntity": scene.outsider,
        "associationType": "PRINCIPAL",
        "status": "ASSOCIATING",
        "external": True,
    }
    scene.call(
        thief,
        "ram",
        "AssociateResourceShare",
        {
            "resourceShareArn": share,
            "principals": [scene.outsider],
            "clientToken": ids.uuid(scene.rng),
        },
        {"resourceShareAssociations": [association]},
        after=6,
        phase="offer",
    )
    scene.offered_to(Kind.ACCOUNT, scene.outsider)
    acts.grant_key(scene, thief, key, scene.outsider)
    scene.wait(25)
    acts.use_key(scene, key, scene.outsider, {"aws:rds:dbc-id": f"cluster-{ids.base32(scene.rng, 26)}"})


BREACH = Breach(
    name="ram-share",
    title="Aurora cluster shared with a foreign account through Resource Access Manager",
    cloud=Cloud.AWS,
    description="A database administrator's session makes a resource share of an Aurora cluster, adds a "
    "foreign account to it afterwards, and grants it the key.",
    hours=3,
    tell=tell,
)
