"""The account's password policy, made as strict as the audit asks; what is stricter already stays.

Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAccountPasswordPolicy.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exclave.audit.checks.aws.password import CALL
from exclave.change.model import equals
from exclave.harden.makers.aws import changes
from exclave.harden.makers.aws.account import account_of
from exclave.harden.model import Artefact, Made
from exclave.harden.results import by_account
from exclave.harden.terraform import configuration, to_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from exclave.audit.model import Result, Settings
    from exclave.harden.makers.aws.account import Account
    from exclave.harden.model import Options
    from exclave.inventory import Inventory
    from exclave.perimeter import Perimeter

CONTROL = "aws.credentials.password-policy"
_FLAGS = (
    "RequireUppercaseCharacters", "RequireLowercaseCharacters", "RequireNumbers", "RequireSymbols", "AllowUsersToChangePassword", "HardExpiry",
)  # fmt: skip
_NUMBERS = ("MinimumPasswordLength", "MaxPasswordAge", "PasswordReusePrevention")
_TERRAFORM = {
    "MinimumPasswordLength": "minimum_password_length",
    "RequireUppercaseCharacters": "require_uppercase_characters",
    "RequireLowercaseCharacters": "require_lowercase_characters",
    "RequireNumbers": "require_numbers",
    "RequireSymbols": "require_symbols",
    "AllowUsersToChangePassword": "allow_users_to_change_password",
    "MaxPasswordAge": "max_password_age",
    "PasswordReusePrevention": "password_reuse_prevention",
    "HardExpiry": "hard_expiry",
}
LOCKOUT = (
    "with HardExpiry only an administrator can let somebody in again whose password expired: have two of them, "
    "or people of the identity provider who may call iam:UpdateLoginProfile"
)
NO_CLOUDFORMATION = (
    "CloudFormation has no resource for the account's password policy: take Terraform, or --apply"
)


def make(results: Sequence[Result], inventory: Inventory, _perimeter: Perimeter, options: Options) -> Made:
    """One policy for each account."""
    artefacts: list[Artefact] = []
    steps = []
    for account_id, mine in by_account(results).items():
        account = account_of(inventory, account_id, options)
        answer = inventory.one(CALL, account_id)
        if answer.error is not None:
            continue
        current: Mapping[str, Any] = {} if answer.absent else next(iter(answer.items), {})
        policy = wanted(current, options.settings)
        undo = (
            ("iam:UpdateAccountPasswordPolicy", _arguments(current))
            if current
            else ("iam:DeleteAccountPasswordPolicy", {})
        )
        if options.wants("terraform"):
            artefacts.append(_terraform(account, policy, changes.command(*undo) if current else ""))
        steps.append(
            changes.step(
                f"set the password policy of account {account_id}",
                f"password policy of {account_id}",
                [("iam:UpdateAccountPasswordPolicy", policy)],
                account=account_id,
                read=changes.reading(
                    account_id, "iam:GetAccountPasswordPolicy", {}, absent=("NoSuchEntity",)
                ),
                before=None if answer.absent else answer.answer,
                undo=[undo],
                after=[equals(f"PasswordPolicy.{key}", value) for key, value in policy.items()],
                breaks=(
                    "people whose passwords are older than the policy allows must change them when they next sign in",
                    LOCKOUT,
                ),
                results=mine,
                why=[w for r in mine for w in r.check.why],
            )
        )
    notes = (LOCKOUT, NO_CLOUDFORMATION) if steps else ()
    return Made(artefacts=tuple(artefacts), steps=tuple(steps), notes=notes)


def wanted(current: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
    """The policy: as strict as asked, and no rule weaker than now."""
    policy: dict[str, Any] = dict.fromkeys(_FLAGS, True)
    age = int(current.get("MaxPasswordAge") or 0)
    policy["MinimumPasswordLength"] = max(
        int(current.get("MinimumPasswordLength") or 0), settings.password_length
    )
    policy["MaxPasswordAge"] = min(age, settings.password_days) if age else settings.password_days
    policy["PasswordReusePrevention"] = max(
        int(current.get("PasswordReusePrevention") or 0), settings.password_reuse
    )
    return policy


def _arguments(current: Mapping[str, Any]) -> dict[str, Any]:
    """A policy as it was read, as the call takes it."""
    return {k: current[k] for k in (*_FLAGS, *_NUMBERS) if current.get(k) is not None}


def _terraform(account: Account, policy: Mapping[str, Any], back: str) -> Artefact:
    arguments = {_TERRAFORM[key]: value for key, value in sorted(policy.items())}
    provider = {"aws": {"region": account.home, "allowed_account_ids": [account.id]}}
    deploy, undo = changes.TERRAFORM
    return Artefact(
        control=CONTROL,
        name=changes.file_name(CONTROL, account, "terraform"),
        format="terraform",
        about="sets the account's password policy",
        text=to_json(configuration(provider, {"aws_iam_account_password_policy": {"account": arguments}})),
        deploy=deploy,
        undo=f"{undo} && {back}" if back else undo,
        notes=(LOCKOUT,),
    )
