"""The account's password policy (IAM users of the account only).

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_passwords_account-policy.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exclave.audit.judging import failed, judged, passed, unseen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exclave.audit.model import Check, Item, Settings
    from exclave.inventory import Answer, Inventory
    from exclave.perimeter import Perimeter

CALL = "iam.GetAccountPasswordPolicy"


def password_policy(inventory: Inventory, _perimeter: Perimeter, settings: Settings) -> list[Check]:
    """Each rule of the policy is one item."""
    return [
        judged(a.scope, _items(a, settings), "rules of the password policy") for a in inventory.answers(CALL)
    ]


def _items(answer: Answer, settings: Settings) -> list[Item]:
    if answer.error is not None:
        return [unseen(answer)]
    if answer.absent:
        return [
            failed(
                "password policy",
                "the account has no password policy, so only AWS's default holds",
                where=answer.where,
            )
        ]
    policy: dict[str, Any] = next(iter(answer.items), {})
    return [
        (passed if good else failed)(
            f"password policy: {name}",
            why,
            (("value", str(policy.get(name))), ("wanted", wanted)),
            answer.where,
        )
        for name, good, wanted, why in _rules(policy, settings)
    ]


def _rules(policy: dict[str, Any], s: Settings) -> Iterator[tuple[str, bool, str, str]]:
    """Name of the rule, whether it holds, what is wanted, and what is wrong otherwise."""
    length = _number(policy.get("MinimumPasswordLength"))
    yield (
        "MinimumPasswordLength",
        length >= s.password_length,
        f">={s.password_length}",
        f"passwords of {length} characters are allowed, fewer than {s.password_length}",
    )
    for key, what in (
        ("RequireUppercaseCharacters", "an upper-case letter"),
        ("RequireLowercaseCharacters", "a lower-case letter"),
        ("RequireNumbers", "a number"),
        ("RequireSymbols", "a symbol"),
    ):
        yield key, policy.get(key) is True, "true", f"no password needs {what}"
    yield (
        "AllowUsersToChangePassword",
        policy.get("AllowUsersToChangePassword") is True,
        "true",
        "users may not change their own password",
    )
    days = _number(policy.get("MaxPasswordAge")) if policy.get("ExpirePasswords") is not False else 0
    yield (
        "MaxPasswordAge",
        0 < days <= s.password_days,
        f"1..{s.password_days}",
        f"passwords expire after {days} days, later than {s.password_days}"
        if days
        else "passwords never expire",
    )
    reuse = _number(policy.get("PasswordReusePrevention"))
    yield (
        "PasswordReusePrevention",
        reuse >= s.password_reuse,
        f">={s.password_reuse}",
        f"only the last {reuse} passwords may not be used again, fewer than {s.password_reuse}"
        if reuse
        else "old passwords may be used again",
    )
    # AWS's word for "an administrator must reset an expired password"
    yield (
        "HardExpiry",
        policy.get("HardExpiry") is True,
        "true",
        "users may set a new password after theirs has expired, without an administrator",
    )


def _number(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
