"""What a resource's policy, and the key that it is encrypted with, let a service of AWS's do.

Sources: https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html,
https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from exclave.audit.checks.aws.recorded import Recorded
from exclave.inventory.model import NOT_RECORDED
from exclave.policy.evaluate import Answer as Says
from exclave.policy.evaluate import Policies, evaluate
from exclave.policy.requests import Request

if TYPE_CHECKING:
    from exclave.inventory import Answer, Inventory

KEYS, KEY, KEY_POLICY, ALIASES = "kms.ListKeys", "kms.DescribeKey", "kms.GetKeyPolicy", "kms.ListAliases"
_USES = ("kms:GenerateDataKey", "kms:Decrypt")
_WORKS = ("Enabled", "Creating", "Updating", "")
_STATES = {"Disabled": "is disabled", "PendingDeletion": "is to be deleted, and can't be used"}
Found = tuple[str, str]  # what is wrong, and what could not be seen


class Keys:
    """The keys of an inventory, read once."""

    def __init__(self, inventory: Inventory) -> None:
        self._recorded = Recorded(inventory)

    def locked(
        self, what: str, own: str, key: str, place: tuple[str, str], sender: str, source: str
    ) -> Found:
        """What keeps a service from using the key of something (`what`, in an account and region), and whether that can't be told.

        `own`: the alias of the key that AWS keeps for the resource's own service, which no other service can use.
        """
        if key.endswith(own):
            return (
                f"{what} is encrypted with {own.rpartition('/')[2].upper()}'s own key, which {sender} can't use",
                "",
            )
        answer, blind = self._policy(what, key, place)
        if answer is None or blind:
            return ("", blind) if blind else (f"the key of {what}, {key}, does not exist", "")
        wrong, blind = self.unusable(what, key, place)
        if wrong or blind:
            return wrong, blind
        account, region = answer.scope.account, answer.scope.region
        policy = (answer.answer or {}).get("Policy")
        says = {
            lets(policy, f"arn:aws:kms:{region}:{account}:key/{answer.key}", sender, source, use)
            for use in _USES
        }
        if Says.DENIES in says:
            return f"the policy of the key of {what} does not let {sender} use it", ""
        unsure = f"whether the policy of the key of {what} lets {sender} use it can't be told"
        return "", unsure if Says.CANT_TELL in says else ""

    def unusable(self, what: str, key: str, place: tuple[str, str]) -> Found:
        """Why nobody can use a key: it is disabled or on its way out; nothing where nothing was recorded of it."""
        name, place, _ = self._name(key, place)
        found = self._recorded.by_key(KEY, *place).get(name)
        if found is None or not refused(found):
            state = found.text("KeyMetadata.KeyState") if found is not None else ""
            said = _STATES.get(state, f"is in state {state}")
            return ("" if state in _WORKS else f"the key of {what} {said}"), ""
        return "", f"key of {what}: {found.error.words if found.error else ''}"

    def _policy(self, what: str, key: str, place: tuple[str, str]) -> tuple[Answer | None, str]:
        """The recorded policy of a key, None when there is no such key; and what could not be seen."""
        name, place, refused = self._name(key, place)
        keys = self._recorded.one(KEYS, *place)
        for answer in (refused, keys):
            if answer is not None and answer.error is not None:
                return None, f"key of {what}: {answer.error.words}"
        found = self._recorded.by_key(KEY_POLICY, *place).get(name)
        if found is not None and found.error is not None:
            return None, f"key of {what}: {found.error.words}"
        return (None if found is None or found.absent else found), ""

    def _name(self, key: str, place: tuple[str, str]) -> tuple[str, tuple[str, str], Answer | None]:
        """The id of a key that is named by ARN, id or alias, where it is, and the refusal to tell aliases."""
        if key.startswith("arn:"):
            region, account = key.split(":")[3:5]
            place = (account, region)
        name = key.rpartition(":")[2].removeprefix("key/")
        if not name.startswith("alias/"):
            return name, place, None
        aliases = self._recorded.one(ALIASES, *place)
        named = (str(a.get("TargetKeyId")) for a in aliases.items if a.get("AliasName") == name)
        return next(named, name), place, aliases


def refused(answer: Answer) -> bool:
    """Whether it was asked for, and not told."""
    return answer.error is not None and answer.error.code != NOT_RECORDED


def lets(policy: object, resource: str, sender: str, source: str, action: str = "sns:Publish") -> Says:
    """Whether a policy of a topic, a queue, a function or a key lets a service, for the alarm, topic or rule `source`.

    EventBridge says nothing of whose rule it is when it tells a topic, CloudWatch does, and is let by who lets the account:
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-sns-permissions
    """
    context = {"aws:SecureTransport": "true"}
    callers = [sender]
    if source:
        account = source.split(":")[4]
        context |= {"aws:SourceAccount": account, "aws:SourceOwner": account, "aws:SourceArn": source}
        # a key is used by the service itself, not for the account
        callers += [f"arn:aws:iam::{account}:root"] if action == "sns:Publish" else []
    answers = [
        evaluate(
            Request(
                action=action,
                resource=resource,
                principal=caller,
                resource_account=resource.split(":")[4],
                context=context,
            ),
            Policies(resource=policy),
        )
        for caller in callers
    ]
    return next((a for a in (Says.ALLOWS, Says.CANT_TELL) if a in answers), Says.DENIES)
