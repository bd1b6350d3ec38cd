"""Three roles, two accounts, and then a share: the actor of the share is not the actor of the break-in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exclave.model import Cloud, Kind
from exclave.simulate.aws import acts, ids, records
from exclave.simulate.aws.scene import Who
from exclave.simulate.breach import Breach

if TYPE_CHECKING:
    from exclave.simulate.aws.scene import Scene

_AGENT = "aws-cli/2.17.20 md/awscrt#0.21.2 ua/2.0 os/linux#6.1.0 md/arch#x86_64 lang/python#3.11.9"
_GIB = 250


def tell(scene: Scene) -> None:
    """A person's session in tooling → its deploy role → the victim's role → its break-glass role → share."""
    start = scene.organisation.tooling.id
    here = scene.person(_AGENT, account=start)
    acts.look_around(scene, here, account=start)
    here = _assume(scene, here, (start, start), "pipeline", "build-17")
    here = _assume(scene, here, (start, scene.victim.id), "deploy", "build-17")
    here = _assume(scene, here, (scene.victim.id, scene.victim.id), "break-glass", "oncall")
    scene.look(
        here,
        ("sts", "GetCallerIdentity", None),
        ("ec2", "DescribeVolumes", {"volumeSet": {}, "filterSet": {}}),
    )
    snapshot = acts.create_snapshot(
        scene, here, scene.victim.volumes[3], _GIB, name="ledger-data", encrypted=False
    )
    scene.wait(40)
    acts.share_snapshot(scene, here, snapshot, scene.outsider)
    scene.offered_to(Kind.ACCOUNT, scene.outsider)
    scene.wait(20)
    acts.take_snapshot(scene, snapshot, scene.outsider, name="SharedSnapshotVolumeCreated")


def _assume(scene: Scene, who: Who, accounts: tuple[str, str], role: str, name: str) -> Who:
    """AssumeRole, in the caller's trail and, where the role is another account's, in that one's too."""
    source, target = accounts
    arn = f"arn:aws:iam::{target}:role/{role}"
    nextone = scene.session(role, name, _AGENT, account=target)
    key, principal = nextone.identity["accessKeyId"], nextone.identity["principalId"]
    request = {"roleArn": arn, "roleSessionName": name, "durationSeconds": 3600}
    response = {
        "credentials": {
            "accessKeyId": key,
            "sessionToken": "IQoJb3JpZ2luX2Vj" + ids.base32(scene.rng, 90),
            "expiration": scene.now.strftime("%b %d, %Y, %I:%M:%S %p"),
        },
        "assumedRoleUser": {"assumedRoleId": principal, "arn": nextone.identity["arn"]},
    }
    shared = ids.uuid(scene.rng)
    role_resource = ({"accountId": target, "type": "AWS::IAM::Role", "ARN": arn},)
    scene.call(
        who,
        "sts",
        "AssumeRole",
        request,
        response,
        account=source,
        after=4,
        phase="access",
        resources=role_resource,
        shared_id=shared,
    )
    if target != source:
        stranger = records.foreign(account=source, principal=str(who.identity["principalId"]))
        scene.call(
            Who(stranger, who.ip, who.agent),
            "sts",
            "AssumeRole",
            request,
            response,
            account=target,
            phase="access",
            resources=role_resource,
            shared_id=shared,
        )
    return nextone


BREACH = Breach(
    name="role-chain",
    title="EBS snapshot shared at the end of a chain of assumed roles",
    cloud=Cloud.AWS,
    description="A stolen session in the tooling account assumes its pipeline's role, with it a role of "
    "the victim account, with that the break-glass role, which shares the snapshot of the "
    "ledger's volume.",
    hours=3,
    tell=tell,
)
