"""The control of the trail: steps, and a template and a configuration of a whole one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exclave.harden.cloudformation import template, to_yaml
from exclave.harden.makers.aws import changes
from exclave.harden.makers.aws.account import account_of
from exclave.harden.makers.aws.source import for_new_buckets
from exclave.harden.makers.aws.trail import SELECTORS_NOTE, Names, in_cloudformation, in_terraform
from exclave.harden.makers.aws.trail_steps import steps_of
from exclave.harden.model import Artefact, Made
from exclave.harden.results import by_account
from exclave.harden.terraform import configuration, to_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from exclave.audit.model import Result
    from exclave.change.model import Step
    from exclave.harden.makers.aws.account import Account
    from exclave.harden.model import Options
    from exclave.inventory import Inventory
    from exclave.perimeter import Perimeter

CONTROL = "aws.logging.trail-all-regions"
ARCHIVE = "in an organisation keep the bucket in an account that only the log team enters, and make the trail the organisation's"


def make(results: Sequence[Result], inventory: Inventory, perimeter: Perimeter, options: Options) -> Made:
    """A trail for each account that has none that is right."""
    steps: list[Step] = []
    artefacts: list[Artefact] = []
    for account_id, mine in by_account(results).items():
        account = account_of(inventory, account_id, options)
        steps += steps_of(account, inventory, perimeter, options, mine)
        artefacts += _artefacts(account, perimeter, options)
    return Made(
        artefacts=tuple(artefacts),
        steps=tuple(steps),
        notes=(SELECTORS_NOTE, ARCHIVE) if artefacts or steps else (),
    )


def _artefacts(account: Account, perimeter: Perimeter, options: Options) -> Iterator[Artefact]:
    more = for_new_buckets(account, perimeter, options)
    names = Names(account=account, prefix=options.prefix, more=more)
    about = f"trail {names.trail} of all regions, with key, bucket {names.bucket}, log group and role"
    stays = "  # the bucket, the key and the log group stay; no second stack can make them: delete them before, or import them"
    if options.wants("cloudformation"):
        name = changes.file_name(CONTROL, account, "cloudformation")
        deploy, undo = changes.stack_commands(f"{options.prefix}-trail", name, account.home, iam=True)
        outputs = {"LogGroupName": {"Value": names.group}, "BucketName": {"Value": names.bucket}}
        yield Artefact(
            control=CONTROL, name=name, format="cloudformation", about=about, deploy=deploy, undo=undo + stays, notes=(SELECTORS_NOTE,),
            text=to_yaml(template("CloudTrail of all regions", in_cloudformation(names), outputs=outputs)),
        )  # fmt: skip
    if options.wants("terraform"):
        deploy, undo = changes.TERRAFORM
        provider = {"aws": {"region": account.home, "allowed_account_ids": [account.id]}}
        yield Artefact(
            control=CONTROL, name=changes.file_name(CONTROL, account, "terraform"), format="terraform", about=about, deploy=deploy,
            undo=f"{undo}  # empty the bucket first, if you must", notes=(SELECTORS_NOTE,),
            text=to_json(configuration(provider, in_terraform(names))),
        )  # fmt: skip
