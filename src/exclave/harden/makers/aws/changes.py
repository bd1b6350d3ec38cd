"""Steps of AWS, from operations and arguments; and commands, for the undo of artefacts."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any

from exclave.change.model import Expect, Request, Step, step_id
from exclave.correlate import aws_cli
from exclave.model import Cloud

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exclave.audit.model import Result
    from exclave.harden.makers.aws.account import Account


def reading(
    account: str,
    call: str,
    args: dict[str, Any],
    *,
    region: str = "",
    absent: Sequence[str] = (),
    keep: Sequence[str] = (),
    where: dict[str, dict[str, Any]] | None = None,
) -> Request:
    """A call that reads what a step changes."""
    return Request(
        cloud=Cloud.AWS, account=account, region=region, call=call, args=args, absent=tuple(absent), keep=tuple(keep), where=where or {},
    )  # fmt: skip


def step(
    title: str,
    resource: str,
    change: Sequence[tuple[str, dict[str, Any]]],
    *,
    account: str,
    region: str = "",
    read: Request | None,
    before: Any = None,
    undo: Sequence[tuple[str, dict[str, Any]]] = (),
    after: Sequence[Expect] = (),
    undone: Sequence[Expect] = (),
    breaks: Sequence[str] = (),
    results: Sequence[Result] = (),
    why: Sequence[str] = (),
) -> Step:
    """One step. `change` and `undo` are operations with their arguments, made in `account` and `region`."""
    requests = [_requests(account, region, calls) for calls in (change, undo)]
    return Step(
        id=step_id(*requests[0]),
        title=title,
        resource=resource,
        account=account,
        region=region,
        why=tuple(why),
        read=read,
        before=before,
        change=requests[0],
        undo=requests[1],
        after=tuple(after),
        undone=tuple(undone),
        breaks=tuple(breaks),
        findings=tuple(dict.fromkeys(r.id for r in results)),
    )


def _requests(account: str, region: str, calls: Sequence[tuple[str, dict[str, Any]]]) -> tuple[Request, ...]:
    return tuple(Request(cloud=Cloud.AWS, account=account, region=region, call=c, args=a) for c, a in calls)


def file_name(control: str, account: Account, format_: str, *, region: str = "", part: str = "") -> str:
    """An artefact's name: control, account, region and part where there are several, format."""
    endings = {
        "cloudformation": "cloudformation.yaml",
        "terraform": "tf.json",
        "policy": "json",
        "diff": "diff",
        "text": "md",
    }
    return ".".join(p for p in (control, account.id, region, part, endings[format_]) if p)


def command(call: str, args: dict[str, Any], region: str = "") -> str:
    """A call as a command: `ec2:EnableSnapshotBlockPublicAccess` is `aws ec2 enable-snapshot-block-public-access`."""
    where = ["--region", region] if region else []
    given = ["--cli-input-json", json.dumps(args)] if args else []
    return shlex.join([*aws_cli.words(call), *where, *given])


def stack_commands(stack: str, name: str, region: str, *, iam: bool = False) -> tuple[str, str]:
    """How a template is deployed, and how it is taken away again."""
    capability = " --capabilities CAPABILITY_NAMED_IAM" if iam else ""
    where = f"--stack-name {stack} --region {region}"
    return (
        f"aws cloudformation deploy --template-file {name} {where}{capability}",
        f"aws cloudformation delete-stack {where}",
    )


TERRAFORM = ("terraform init && terraform apply", "terraform destroy")
