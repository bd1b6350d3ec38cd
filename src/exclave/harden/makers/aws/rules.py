"""Rules of EventBridge on the catalogue's sharing events: faster than a metric, and needed in every region.

Sources: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html and
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html (2,048 characters of a pattern)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from exclave.audit.checks.aws.alarms import sharing_events
from exclave.exports.eventbridge import MAX_LENGTH
from exclave.harden.cloudformation import template, to_yaml
from exclave.harden.makers.aws import changes, receiver_artefacts
from exclave.harden.makers.aws.chain import RULES, topic_in_cloudformation, topic_in_terraform
from exclave.harden.model import Artefact
from exclave.harden.terraform import Reference, configuration, to_json
from exclave.outputs.words import count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exclave.harden.makers.aws.account import Account
    from exclave.harden.model import Options
    from exclave.inventory import Inventory

NOTE = (
    "deploy it in every enabled region (a stack set does): EventBridge gets the events of its own region only"
)
NOBODY = "subscribe somebody to the rules' topic: it tells nobody, since no topic can tell another, and an alarm's is of one region"


def patterns() -> list[dict[str, Any]]:
    """Event patterns that together fire on every sharing event, each short enough."""
    services: dict[str, list[str]] = {}
    for event in sharing_events():
        source, _, name = event.partition(":")
        services.setdefault(source, []).append(name)
    packs: list[list[dict[str, Any]]] = [[]]
    for source, names in services.items():
        # Lambda's and CloudFront's event names end in the date of their API
        matchers: list[Any] = [*names, *({"prefix": f"{n}20"} for n in names if source.startswith("lambda."))]
        one = {"eventSource": [source], "eventName": matchers}
        if len(orjson.dumps(_pattern([*packs[-1], one]))) > MAX_LENGTH:
            packs.append([])
        packs[-1].append(one)
    return [_pattern(p) for p in packs if p]


def _pattern(alternatives: list[dict[str, Any]]) -> dict[str, Any]:
    detail: dict[str, Any] = alternatives[0] if len(alternatives) == 1 else {"$or": alternatives}
    return {
        "source": [{"prefix": "aws."}], "detail-type": ["AWS API Call via CloudTrail"], "detail": {"errorCode": [{"exists": False}], **detail},
    }  # fmt: skip


def artefacts(control: str, account: Account, inventory: Inventory, options: Options) -> Iterator[Artefact]:
    """The rules with a topic; one template that fits every region."""
    found = patterns()
    about = f"{count(len(found), 'rule')} of EventBridge on the catalogue's sharing events, and a topic: for every region"
    topic = f"{options.prefix}-sharing-rules"
    notify = [n for n in options.notify if ":sns:" not in n]
    receivers = receiver_artefacts.bare(notify, account, inventory)
    notes = (NOTE, *(() if notify else (NOBODY,)))
    if options.wants("cloudformation"):
        name = changes.file_name(control, account, "cloudformation", part="eventbridge")
        deploy, undo = changes.stack_commands(f"{options.prefix}-sharing-rules", name, "REGION")
        let_in, conditions = receiver_artefacts.in_cloudformation(
            receivers, account, options.prefix, here=False
        )
        resources = topic_in_cloudformation(account, topic, notify, RULES) | let_in
        for number, pattern in enumerate(found, 1):
            resources[f"Rule{number}"] = {
                "Type": "AWS::Events::Rule",
                "Properties": {
                    "Name": f"{options.prefix}-sharing-{number}",
                    "Description": "Data may have been shared with somebody else's account",
                    "State": "ENABLED",
                    "EventPattern": pattern,
                    "Targets": [{"Id": "topic", "Arn": {"Ref": "Topic"}}],
                },
            }
        yield Artefact(
            control=control, name=name, format="cloudformation", about=about, deploy=deploy, undo=undo, notes=notes,
            text=to_yaml(template("Rules on sharing events", resources, conditions=conditions)),
        )  # fmt: skip
    if options.wants("terraform"):
        deploy, undo = changes.TERRAFORM
        open_ = receiver_artefacts.in_terraform(receivers, account, options.prefix, here=False)
        yield Artefact(
            control=control, name=changes.file_name(control, account, "terraform", part="eventbridge"), format="terraform", about=about,
            deploy=f"{deploy} -var region=REGION", undo=f"{undo} -var region=REGION", notes=notes,
            text=to_json(_terraform(account, topic, notify, found, options, open_)),
        )  # fmt: skip


def _terraform(
    account: Account,
    topic: str,
    notify: list[str],
    patterns_: list[dict[str, Any]],
    options: Options,
    let_in: dict[str, dict[str, Any]],
) -> dict[str, Any]:
    found = topic_in_terraform(account, topic, notify, RULES) | let_in
    rules = {
        f"rule_{n}": {
            "name": f"{options.prefix}-sharing-{n}", "description": "Data may have been shared with somebody else's account",
            "state": "ENABLED", "event_pattern": orjson.dumps(p).decode(),
        }
        for n, p in enumerate(patterns_, 1)
    }  # fmt: skip
    targets = {
        name: {
            "rule": Reference(f"aws_cloudwatch_event_rule.{name}.name"), "target_id": "topic", "arn": Reference("aws_sns_topic.alarms.arn"),
        }
        for name in rules
    }  # fmt: skip
    provider = {"aws": {"region": Reference("var.region"), "allowed_account_ids": [account.id]}}
    variables = {"region": {"type": "string", "default": account.home}}
    return configuration(
        provider, {**found, "aws_cloudwatch_event_rule": rules, "aws_cloudwatch_event_target": targets}, variables=variables
    )  # fmt: skip
