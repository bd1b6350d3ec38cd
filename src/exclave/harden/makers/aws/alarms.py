"""The alarms: each a whole chain; for sharing also rules of EventBridge, of the catalogue's events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exclave.audit.checks.aws.alarms import IAM_EVENTS, TRAIL_EVENTS, sharing_events
from exclave.exports.metric_filter import pattern
from exclave.harden.cloudformation import template, to_yaml
from exclave.harden.makers.aws import chain_steps, changes, receiver_artefacts, rules
from exclave.harden.makers.aws.account import account_of
from exclave.harden.makers.aws.chain import Chain, in_cloudformation, in_terraform, parameters
from exclave.harden.makers.aws.trail_steps import target
from exclave.harden.model import Artefact, Made
from exclave.harden.results import by_account
from exclave.harden.terraform import configuration, to_json
from exclave.outputs.words import count

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from exclave.audit.model import Result
    from exclave.change.model import Step
    from exclave.harden.makers.aws.account import Account
    from exclave.harden.makers.aws.trail_steps import Target
    from exclave.harden.model import Options
    from exclave.inventory import Inventory
    from exclave.perimeter import Perimeter

NOBODY = "nobody is told yet: --notify MAIL (or the ARN of a queue, a function or a topic that is there); the control fails until a subscription is confirmed"
CONFIRM = 'whoever gets the mail "AWS Notification - Subscription Confirmation" must follow its link: until then the control fails'
TRAIL_FIRST = "deploy the artefact of aws.logging.trail-all-regions first: no trail of all regions delivers to a log group yet"
LET_IN = "the policy of the queue (sqs:SendMessage) or function (lambda:InvokeFunction) must let sns.amazonaws.com in, from the topic's ARN: --apply sees to it in this account and region, the templates where there is no policy yet"
ABOUT = {
    "aws.alarm.iam-policy-changes": "A policy of IAM was changed",
    "aws.alarm.cloudtrail-changes": "CloudTrail was changed or stopped",
    "aws.alarm.data-sharing": "Data may have been shared with somebody else's account",
}


def iam_policy_changes(
    results: Sequence[Result], inventory: Inventory, perimeter: Perimeter, options: Options
) -> Made:
    """The alarm on changes of IAM policies."""
    return _made("aws.alarm.iam-policy-changes", IAM_EVENTS, results, inventory, perimeter, options)


def cloudtrail_changes(
    results: Sequence[Result], inventory: Inventory, perimeter: Perimeter, options: Options
) -> Made:
    """The alarm on changes of CloudTrail."""
    return _made("aws.alarm.cloudtrail-changes", TRAIL_EVENTS, results, inventory, perimeter, options)


def data_sharing(
    results: Sequence[Result], inventory: Inventory, perimeter: Perimeter, options: Options
) -> Made:
    """The alarm on the catalogue's sharing events, and rules of EventBridge on the same."""
    made = _made("aws.alarm.data-sharing", sharing_events(), results, inventory, perimeter, options)
    more = [
        artefact
        for account_id in by_account(results)
        for artefact in rules.artefacts(
            "aws.alarm.data-sharing", account_of(inventory, account_id, options), inventory, options
        )
    ]
    return Made(artefacts=(*made.artefacts, *more), steps=made.steps, notes=made.notes)


def _made(
    control: str, events: Sequence[str], results: Sequence[Result], inventory: Inventory, perimeter: Perimeter, options: Options
) -> Made:  # fmt: skip
    artefacts: list[Artefact] = []
    steps: list[Step] = []
    notes: list[str] = []
    for account_id, mine in by_account(results).items():
        account = account_of(inventory, account_id, options)
        to = target(account, inventory, perimeter, options, mine)
        link = chain(control, events, to, options)
        steps += [*to.steps, *chain_steps.steps(link, account, to.region, inventory, mine)]
        artefacts += _artefacts(control, link, account, to, inventory, options)
        if to.ours:
            notes.append(TRAIL_FIRST)
        notes += told(link)
    return Made(artefacts=tuple(artefacts), steps=tuple(steps), notes=tuple(dict.fromkeys(notes)))


def chain(control: str, events: Sequence[str], to: Target, options: Options) -> Chain:
    """The chain of one control."""
    existing = next((n for n in options.notify if n.startswith("arn:") and n.split(":")[2] == "sns"), "")
    return Chain(
        name=f"{options.prefix}-{control.rpartition('.')[2]}",
        about=f"{ABOUT[control]}: look at the trail's events of these minutes",
        group=to.group,
        patterns=tuple(pattern(events)),
        topic=existing or f"{options.prefix}-alarms",
        notify=tuple(n for n in options.notify if n != existing),
    )


def told(link: Chain) -> Iterator[str]:
    """What is left to a person about who is told."""
    if not link.notify and not link.existing_topic:
        yield NOBODY
    if any("@" in n or n.startswith("http") for n in link.notify):
        yield CONFIRM
    if any(n.startswith("arn:") for n in link.notify):
        yield LET_IN


def _artefacts(
    control: str, link: Chain, account: Account, to: Target, inventory: Inventory, options: Options
) -> Iterator[Artefact]:
    about = f"{count(len(link.patterns), 'metric filter')}, a metric, an alarm" + (
        "" if link.existing_topic else ", a topic and who is told"
    )
    notes = (*((TRAIL_FIRST,) if to.ours else ()), *told(link))
    own = link.topic if link.existing_topic else f"{link.name}-topic"
    alone = Chain(
        name=link.name,
        about=link.about,
        group=link.group,
        patterns=link.patterns,
        topic=own,
        notify=link.notify,
    )
    receivers = (
        [] if link.existing_topic else receiver_artefacts.bare(link.notify, account, inventory, to.region)
    )
    if options.wants("cloudformation"):
        name = changes.file_name(control, account, "cloudformation", region=to.region)
        deploy, undo = changes.stack_commands(link.name, name, to.region)
        let_in, _ = receiver_artefacts.in_cloudformation(receivers, account, options.prefix, here=True)
        resources = in_cloudformation(alone, account) | let_in
        document = template(link.about, resources, parameters=parameters(link))
        yield Artefact(
            control=control, name=name, format="cloudformation", about=about, deploy=deploy, undo=undo, notes=notes, text=to_yaml(document)
        )  # fmt: skip
    if options.wants("terraform"):
        deploy, undo = changes.TERRAFORM
        open_ = receiver_artefacts.in_terraform(receivers, account, options.prefix, here=True)
        provider = {"aws": {"region": to.region, "allowed_account_ids": [account.id]}}
        variables: dict[str, Any] = {
            "log_group_name": {
                "type": "string",
                "default": link.group,
                "description": "The log group that the trail delivers to",
            }
        }
        yield Artefact(
            control=control, name=changes.file_name(control, account, "terraform", region=to.region), format="terraform", about=about,
            deploy=deploy, undo=undo, notes=notes,
            text=to_json(configuration(provider, in_terraform(alone, account) | open_, variables=variables)),
        )  # fmt: skip
