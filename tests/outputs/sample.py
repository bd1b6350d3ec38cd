"""Reports made by hand: a realistic breach, thousands of findings, and one whose every string is hostile."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any

from msgspec import Struct
from msgspec.structs import fields, replace

from exclave.model import (
    Actor,
    Cloud,
    Coverage,
    Destination,
    Evidence,
    Incident,
    Issued,
    Judgement,
    Kind,
    Openness,
    Outcome,
    Problem,
    Report,
    Resource,
    RevokeCall,
    Severity,
    Signal,
    SignalKind,
    Step,
    Transfer,
    Verdict,
)

OURS = "123456789012"
THEIRS = "111122223333"
START = datetime(2026, 3, 2, 1, 12, 4, tzinfo=UTC)
FILE = "logs/AWSLogs/123456789012/CloudTrail/eu-west-1/2026/03/02/123456789012_CloudTrail_eu-west-1_20260302T0115Z_q8Zr1.json.gz"
KEY_ID = "AKIAIOSFODNN7EXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"  # the documentation's example


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def proof(record: int, file: str = FILE) -> Evidence:
    return Evidence(file=file, record=record, event_id=f"6f1f3a2c-0000-4000-8000-{record:012d}")


def deploy_user() -> Actor:
    return Actor(
        kind="user",
        id=f"arn:aws:iam::{OURS}:user/ci-deploy",
        name="ci-deploy",
        account=OURS,
        credential=KEY_ID,
        ip="203.0.113.9",
        agent="aws-cli/2.15.0 Python/3.11.6 Linux/6.1",
    )


def outsider() -> Actor:
    return Actor(kind="account", id=THEIRS, account=THEIRS, ip="198.51.100.77")


def snapshot(identifier: str = "snap-0a1b2c3d4e5f60718", size: float | None = 500.0) -> Resource:
    return Resource(kind="snapshot", id=identifier, account=OURS, region="eu-west-1", size_gib=size)


def external(account: str = THEIRS) -> Judgement:
    return Judgement(
        verdict=Verdict.EXTERNAL,
        reason=f"account {account} is in no log's recipient and in no entry of the perimeter",
    )


def share(identifier: str, **changes: Any) -> Transfer:
    source = snapshot(identifier)
    transfer = Transfer(
        id=f"t-{identifier[-6:]}",
        method="aws.ebs.snapshot-share",
        time=at(32),
        cloud=Cloud.AWS,
        account=OURS,
        region="eu-west-1",
        action="ec2:ModifySnapshotAttribute",
        actor=deploy_user(),
        source=source,
        destination=Destination(kind=Kind.ACCOUNT, id=THEIRS),
        outcome=Outcome.OFFERED,
        evidence=proof(17),
        judgement=external(),
        severity=Severity.CRITICAL,
        why=(
            "the destination is outside the perimeter",
            "it was copied 8 minutes later",
            "logging was stopped first",
        ),
        lineage=(
            Resource(
                kind="volume", id="vol-0b7c6d5e4f3a21908", account=OURS, region="eu-west-1", size_gib=500.0
            ),
            Resource(
                kind="instance", id="i-0c1d2e3f4a5b60789", account=OURS, region="eu-west-1", name="db-prod-1"
            ),
        ),
        state=Openness(open=True, opened_at=at(32), taken=True),
        revoke=RevokeCall(
            call="ec2:ModifySnapshotAttribute",
            args={
                "SnapshotId": identifier,
                "Attribute": "createVolumePermission",
                "OperationType": "remove",
                "UserIds": [THEIRS],
            },
            command=(
                f"aws ec2 modify-snapshot-attribute --region eu-west-1 --snapshot-id {identifier} "
                f"--attribute createVolumePermission --operation-type remove --user-ids {THEIRS}"
            ),
            note="does not undo copies already made",
        ),
        incident="inc-4f1c02",
    )
    return replace(transfer, **changes)


def bucket_public(**changes: Any) -> Transfer:
    return replace(
        share("unused"),
        **{
            "id": "t-bucket",
            "method": "aws.s3.bucket-policy",
            "time": at(600),
            "action": "s3:PutBucketPolicy",
            "actor": Actor(
                kind="role",
                id=f"arn:aws:sts::{OURS}:assumed-role/platform-admin/maria",
                name="maria",
                account=OURS,
                credential="ASIAIOSFODNN7EXAMPLE",
                issuer=f"arn:aws:iam::{OURS}:role/platform-admin",
                ip="192.0.2.14",
            ),
            "source": Resource(kind="bucket", id="acme-marketing-assets", account=OURS, region="eu-west-1"),
            "destination": Destination(
                kind=Kind.PUBLIC, id="*", limits=("only reads of objects under public/",)
            ),
            "judgement": Judgement(verdict=Verdict.PUBLIC, reason="Principal is * and no condition binds it"),
            "severity": Severity.HIGH,
            "why": ("anybody can read it",),
            "lineage": (),
            "state": Openness(
                open=False, opened_at=at(600), closed_at=at(660), by="s3:PutPublicAccessBlock", seconds=3600.0
            ),
            "revoke": RevokeCall(
                call="s3:DeleteBucketPolicy",
                args={"Bucket": "acme-marketing-assets"},
                command="aws s3api delete-bucket-policy --bucket acme-marketing-assets",
                risk="disruptive",
                note="removes the whole policy; put back the statements you need",
            ),
            "incident": "",
            "evidence": proof(3, "logs/trail-2026-03-02T11.json.gz"),
            **changes,
        },
    )


def signals() -> tuple[Signal, ...]:
    common = {
        "cloud": Cloud.AWS,
        "account": OURS,
        "region": "eu-west-1",
        "actor": deploy_user(),
        "incident": "inc-4f1c02",
    }
    return (
        Signal(
            id="s-key", method="aws.iam.access-key-create", signal=SignalKind.PREPARE, time=at(0),
            action="iam:CreateAccessKey", source=Resource(kind="user", id="backup-svc", account=OURS),
            evidence=proof(4), severity=Severity.MEDIUM, why=("a second key for a user that had none",), **common,
        ),
        Signal(
            id="s-stop", method="aws.cloudtrail.stop-logging", signal=SignalKind.TAMPER, time=at(21),
            action="cloudtrail:StopLogging", source=Resource(kind="trail", id="org-trail", account=OURS),
            evidence=proof(11), severity=Severity.HIGH, why=("logging was switched off",), **common,
        ),
        Signal(
            id="s-trust", method="aws.iam.role-trust", signal=SignalKind.ACCESS_CHANGE, time=at(24),
            action="iam:UpdateAssumeRolePolicy", source=Resource(kind="role", id="backup-admin", account=OURS),
            evidence=proof(12), destination=Destination(kind=Kind.ACCOUNT, id=THEIRS), judgement=external(),
            severity=Severity.HIGH, why=("a foreign account may assume the role",), **common,
        ),
    )  # fmt: skip


def breach() -> Incident:
    first, second = (
        share("snap-0a1b2c3d4e5f60718"),
        share("snap-0f9e8d7c6b5a49382", time=at(33), evidence=proof(18)),
    )
    second = replace(
        second,
        source=snapshot("snap-0f9e8d7c6b5a49382", 120.0),
        lineage=(),
        state=Openness(open=True, opened_at=at(33)),
    )
    copied = share(
        "snap-0a1b2c3d4e5f60718", id="t-copy", method="aws.ebs.snapshot-copy-by-other", time=at(40),
        action="ec2:SharedSnapshotCopyInitiated", actor=outsider(), outcome=Outcome.TAKEN, evidence=proof(25),
        state=None, revoke=None, why=("the other account copied it",), count=3, last=at(44),
    )  # fmt: skip
    key, stop, trust = signals()
    who = "ci-deploy"
    story = (
        Step(time=key.time, phase="prepare", text="creates an access key for backup-svc", actor=who, ref=key.id, evidence=key.evidence),
        Step(time=stop.time, phase="tamper", text="stops logging of the trail org-trail", actor=who, ref=stop.id, evidence=stop.evidence),
        Step(time=trust.time, phase="access", text=f"lets account {THEIRS} assume the role backup-admin", actor=who, ref=trust.id, evidence=trust.evidence),
        Step(time=first.time, phase="offer", text=f"shares snapshot {first.source.id} (500 GiB of db-prod-1) with account {THEIRS}", actor=who, ref=first.id, evidence=first.evidence),
        Step(time=second.time, phase="offer", text=f"shares snapshot {second.source.id} (120 GiB) with account {THEIRS}", actor=who, ref=second.id, evidence=second.evidence),
        Step(time=copied.time, phase="take", text=f"account {THEIRS} copies {first.source.id}", actor=THEIRS, ref=copied.id, evidence=copied.evidence),
    )  # fmt: skip
    return Incident(
        id="inc-4f1c02",
        title=f"2 snapshots shared with account {THEIRS}, 1 of them copied",
        severity=Severity.CRITICAL,
        why=("data was taken by an account outside the perimeter", "logging was stopped 11 minutes before"),
        started=key.time,
        ended=copied.time,
        transfers=(first, second, copied),
        signals=(key, stop, trust),
        story=story,
        actors=(deploy_user(), outsider()),
        destinations=(first.destination,),
    )


def coverage(*problems: Problem) -> Coverage:
    return Coverage(
        files=412,
        bytes_read=88_412_160,
        bytes_plain=1_402_000_000,
        records=1_204_118,
        records_exact=False,
        formats={"cloudtrail": 409, "s3-access": 3},
        accounts=frozenset({OURS, "210987654321", "345678901234"}),
        first=datetime(2026, 2, 24, 0, 0, 11, tzinfo=UTC),
        last=datetime(2026, 3, 2, 23, 59, 58, tzinfo=UTC),
        problems=problems
        or (
            Problem(
                where="logs/trail-0007.json.gz", what="gzip stream ends early; 2,113 records before that were read",
                hint="fetch the file again",
            ),
            Problem(where="logs/old.tar", what="permission denied", hint="run as a user who may read it"),
        ),
        skipped={"digest file": 24, "empty": 2},
    )  # fmt: skip


def report() -> Report:
    incident = breach()
    vendor = share(
        "snap-0aaaaaaaaaaaaaaaa", id="t-vendor", time=at(90), severity=Severity.LOW, incident="", evidence=proof(44),
        destination=Destination(kind=Kind.ACCOUNT, id="464622532012"), lineage=(),
        judgement=Judgement(verdict=Verdict.VENDOR, name="Datadog", reason="vendors.yaml:12"),
    )  # fmt: skip
    inside = replace(
        vendor, id="t-self", time=at(95), severity=Severity.INFO, evidence=proof(45),
        destination=Destination(kind=Kind.ACCOUNT, id="210987654321"),
        judgement=Judgement(verdict=Verdict.SELF, reason="recipient in the logs"),
    )  # fmt: skip
    failed = replace(
        share("snap-0bbbbbbbbbbbbbbbb"), id="t-failed", time=at(31), outcome=Outcome.ATTEMPTED, severity=Severity.MEDIUM,
        error="Client.UnauthorizedOperation", incident="", state=None, revoke=None, evidence=proof(16),
        why=("the call failed",), facts=(("attributeType", "CREATE_VOLUME_PERMISSION"),),
    )  # fmt: skip
    link = bucket_public(
        id="t-link", method="aws.s3.presigned-url", action="s3:GetObject", time=at(700),
        source=Resource(kind="object", id="acme-exports/customers.parquet", account=OURS, size_gib=3.2),
        destination=Destination(
            kind=Kind.BEARER_URL, expires="2026-03-09T13:00:00Z",
            id="https://acme-exports.s3.amazonaws.com/customers.parquet?X-Amz-Credential=" + KEY_ID
            + "&X-Amz-Signature=aa5be1d5f0c1deadbeef",
        ),
        state=Openness(open=True, opened_at=at(700)), evidence=proof(51),
    )  # fmt: skip
    return Report(
        incidents=(incident,),
        transfers=(*incident.transfers, bucket_public(), failed, vendor, inside, link),
        signals=incident.signals,
        coverage=coverage(),
        perimeter=(
            "assumed: 3 accounts seen as recipients in the logs are ours (123456789012, 210987654321, 345678901234)",
            "no perimeter.toml was read",
        ),
        version="0.1.0",
        issued=(
            Issued(
                credential="ASIAIOSFODNN7EXAMPLE", role=f"arn:aws:iam::{OURS}:role/backup-admin", to=deploy_user(),
                action="sts:AssumeRole", time=at(23), evidence=proof(13),
            ),
        ),
    )  # fmt: skip


def many(count: int) -> Report:
    """A report of `count` transfers outside incidents, with other severities, methods and accounts."""
    base = report()
    severities, methods = (
        list(Severity),
        ["aws.ebs.snapshot-share", "aws.ec2.image-share", "aws.rds.snapshot-share", "aws.s3.bucket-policy"],
    )
    accounts = [f"{n:012d}" for n in (999988887777, 444455556666, 777788889999, 222233334444)]
    extra = tuple(
        share(
            f"snap-{n:017x}", id=f"t-many-{n}", method=methods[n % 4], time=at(n), severity=severities[n % 5],
            destination=Destination(kind=Kind.ACCOUNT, id=accounts[n % 3]), judgement=external(accounts[n % 3]),
            incident="", evidence=proof(n + 1),
        )
        for n in range(count)
    )  # fmt: skip
    return replace(base, transfers=base.transfers + extra)


def empty() -> Report:
    nothing = Coverage(files=3, records=120, accounts=frozenset({OURS}), first=at(0), last=at(60))
    return Report(incidents=(), transfers=(), signals=(), coverage=nothing, perimeter=(), version="0.1.0")


def poisoned(text: str, value: Any = None) -> Any:
    """The sample report (or `value`) with `text` put before and after every free string in it."""
    if value is None:
        value = report()
    if isinstance(value, Enum) or (
        not isinstance(value, (str, tuple, frozenset, list, Mapping)) and not isinstance(value, Struct)
    ):
        return value
    if isinstance(value, str):
        return text + value + text
    if isinstance(value, tuple | list | frozenset):
        return type(value)(poisoned(text, item) for item in value)
    if isinstance(value, Mapping):
        return {poisoned(text, key): poisoned(text, item) for key, item in value.items()}
    closed = {"phase", "risk"}  # words that the code writes, never a log
    return replace(
        value,
        **{
            f.name: poisoned(text, getattr(value, f.name))
            for f in fields(value)
            if f.name not in closed and getattr(value, f.name) is not None
        },
    )
