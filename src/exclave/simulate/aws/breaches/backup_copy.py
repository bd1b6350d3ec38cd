"""Recovery points copied by AWS Backup to an account that was first invited into the organisation.

AWS Backup copies within an organisation only, so the account has to join. Names of its service events and
their details are after "Logging AWS Backup API calls with CloudTrail"; which details a copy's event holds,
and the case of request parameters, is belief.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from exclave.model import Cloud, Kind
from exclave.simulate.aws import ids
from exclave.simulate.aws.scene import Who
from exclave.simulate.breach import Breach

if TYPE_CHECKING:
    from exclave.simulate.aws.scene import Scene

_AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
_GIB = 2000


def tell(scene: Scene) -> None:
    """Account invited → cross-account backup on → backup of a volume → copied to that account's vault."""
    top = scene.organisation.management.id
    admin = scene.session("OrganizationAdmin", "support", _AGENT, account=top, mfa=True)
    scene.look(
        admin,
        ("organizations", "DescribeOrganization", None),
        ("organizations", "ListAccounts", None),
        account=top,
    )
    invitation = {
        "target": {"type": "ACCOUNT", "id": scene.outsider},
        "notes": "new disaster recovery account",
    }
    handshake = {
        "id": f"h-{scene.rng.getrandbits(40):010x}",
        "state": "OPEN",
        "action": "INVITE",
        "parties": [
            {"type": "ORGANIZATION", "id": scene.organisation.id},
            {"type": "ACCOUNT", "id": scene.outsider},
        ],
    }
    scene.call(
        admin,
        "organizations",
        "InviteAccountToOrganization",
        invitation,
        {"handshake": handshake},
        account=top,
        region="us-east-1",
        phase="access",
    )
    scene.call(
        admin,
        "backup",
        "UpdateGlobalSettings",
        {"globalSettings": {"isCrossAccountBackupEnabled": "true"}},
        account=top,
        region="us-east-1",
        after=40,
        phase="tamper",
    )
    thief = scene.session("BackupOperator", "console", _AGENT, mfa=True)
    volume, snapshot = scene.victim.volumes[2], scene.id("snap")
    scene.look(
        thief,
        ("backup", "ListBackupVaults", {"maxResults": 100}),
        ("backup", "ListRecoveryPointsByBackupVault", {"backupVaultName": "Default"}),
    )
    role = f"arn:aws:iam::{scene.victim.id}:role/service-role/AWSBackupDefaultServiceRole"
    resource = f"arn:aws:ec2:{scene.region}:{scene.victim.id}:volume/{volume}"
    job, copy_job = ids.uuid(scene.rng), ids.uuid(scene.rng)
    point = f"arn:aws:ec2:{scene.region}::snapshot/{snapshot}"
    scene.thing("ebs-volume", volume, size=_GIB, name="warehouse-data")
    scene.call(
        thief,
        "backup",
        "StartBackupJob",
        {
            "backupVaultName": "Default",
            "resourceArn": resource,
            "iamRoleArn": role,
            "idempotencyToken": ids.uuid(scene.rng),
        },
        {"backupJobId": job, "creationDate": scene.now.strftime("%b %d, %Y %I:%M:%S %p")},
        after=5,
    )
    itself = Who(
        {"accountId": scene.victim.id, "invokedBy": "backup.amazonaws.com"},
        "backup.amazonaws.com",
        "backup.amazonaws.com",
    )
    vault = f"arn:aws:backup:{scene.region}:{scene.victim.id}:backup-vault:Default"
    scene.call(
        itself,
        "backup",
        "BackupJobCompleted",
        kind="AwsServiceEvent",
        after=50,
        details={
            "state": "COMPLETED",
            "percentDone": 100.0,
            "backupJobId": job,
            "backupVaultName": "Default",
            "backupVaultArn": vault,
            "recoveryPointArn": point,
            "resourceArn": resource,
            "resourceType": "EBS",
            "backupSizeInBytes": _GIB * 2**30,
            "iamRoleArn": role,
        },
    )
    scene.thing("backup-recovery-point", point, parent=volume, size=_GIB)
    there = f"arn:aws:backup:{scene.region}:{scene.outsider}:backup-vault:dr"
    scene.call(
        thief,
        "backup",
        "StartCopyJob",
        {
            "recoveryPointArn": point,
            "sourceBackupVaultName": "Default",
            "destinationBackupVaultArn": there,
            "iamRoleArn": role,
            "idempotencyToken": ids.uuid(scene.rng),
        },
        {"copyJobId": copy_job, "creationDate": scene.now.strftime("%b %d, %Y %I:%M:%S %p")},
        after=6,
        phase="take",
    )
    scene.offered_to(Kind.ACCOUNT, scene.outsider)
    scene.call(
        itself,
        "backup",
        "CopyJobCompleted",
        kind="AwsServiceEvent",
        after=55,
        phase="take",
        details={
            "state": "COMPLETED",
            "copyJobId": copy_job,
            "sourceBackupVaultArn": vault,
            "sourceRecoveryPointArn": point,
            "destinationBackupVaultArn": there,
            "resourceArn": resource,
            "resourceType": "EBS",
            "destinationRecoveryPointArn": f"arn:aws:ec2:{scene.region}::snapshot/{scene.id('snap')}",
            "backupSizeInBytes": _GIB * 2**30,
            "iamRoleArn": role,
        },
    )
    scene.story.taken = True


BREACH = Breach(
    name="backup-copy",
    title="Recovery point copied by AWS Backup to an account just invited into the organisation",
    cloud=Cloud.AWS,
    description="The management account invites a stranger and allows backups across accounts; a backup "
    "of the warehouse's volume is made and copied to the stranger's vault.",
    hours=5,
    tell=tell,
)
