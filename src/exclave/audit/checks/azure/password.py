"""Passwords: fine-grained settings of a managed domain, as exported; lockout and banned passwords of Entra.

Managed domain: https://learn.microsoft.com/entra/identity/domain-services/password-policy. Entra's settings:
https://learn.microsoft.com/graph/group-directory-settings (template Password Rule Settings)
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from exclave.audit.checks.azure.ids import listed
from exclave.audit.checks.azure.moments import span
from exclave.audit.judging import failed, judged, passed, unseen
from exclave.audit.model import Check, Item, Settings, Status

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from exclave.inventory import Inventory, Scope
    from exclave.inventory.model import Answer
    from exclave.perimeter import Perimeter

GROUP_SETTINGS, DOMAINS, EXPORTED = "graph.GroupSettings", "arg.DomainServices", "aad.PasswordSettings"
TEMPLATE = "5cf42378-d67d-4f36-ba46-e8b86229381d"  # Password Rule Settings, in every tenant
MOST_ATTEMPTS = 10
LEAST_LOCKOUT = 60  # seconds, Entra's own default
RESET = timedelta(minutes=30)
EVERYBODY = ("aadds users", "aaddc users", "domain users")
EXPORT = "export them by Get-ADFineGrainedPasswordPolicy and give the file to --domain-settings"


def password_policy(inventory: Inventory, _perimeter: Perimeter, settings: Settings) -> list[Check]:
    """One item per part: Entra's lockout, its banned passwords, and each setting of a managed domain."""
    checks: list[Check] = []
    for answer in inventory.answers(GROUP_SETTINGS):
        items = [unseen(answer)] if answer.error is not None else entra(answer)
        items += _domain(inventory, answer.scope, settings)
        checks.append(judged(answer.scope, items, "password settings"))
    return checks


def entra(answer: Answer) -> list[Item]:
    """Lockout and banned passwords: what isn't set is Entra's default (10 attempts, 60 seconds, no own list)."""
    found = next((s for s in answer.items if isinstance(s, dict) and s.get("templateId") == TEMPLATE), None)
    values = {str(v.get("name", "")).lower(): str(v.get("value") or "") for v in listed(found, "values")}
    facts = (("setting", str((found or {}).get("id", ""))),)
    where = answer.where
    attempts, seconds = (
        _whole(values.get("lockoutthreshold"), 10),
        _whole(values.get("lockoutdurationinseconds"), 60),
    )
    items = []
    lockout = []
    if not 0 < attempts <= MOST_ATTEMPTS:
        lockout.append(f"an account is locked only after {attempts} attempts, more than {MOST_ATTEMPTS}")
    if seconds < LEAST_LOCKOUT:
        lockout.append(f"it is locked for {seconds} seconds only, less than {LEAST_LOCKOUT}")
    items.append(_item("Entra lockout", lockout, facts, where))
    banned = []
    if values.get("enablebannedpasswordcheck", "").lower() != "true":
        banned.append("Entra's own list of banned passwords is not enforced")
    elif not values.get("bannedpasswordlist", "").strip():
        banned.append("the list of banned passwords is empty")
    items.append(_item("Entra banned passwords", banned, facts, where))
    if values.get("enablebannedpasswordcheckonpremises", "").lower() == "true" and (
        values.get("bannedpasswordcheckonpremisesmode", "").lower() != "enforce"
    ):
        why = "banned passwords are only reported on premises (mode Audit), not refused"
        items.append(
            Item(resource="Entra on premises", status=Status.PARTIAL, why=why, facts=facts, where=where)
        )
    return items


def _domain(inventory: Inventory, tenant: Scope, settings: Settings) -> list[Item]:
    exported = [a for a in inventory.answers(EXPORTED, account=tenant.account) if a.error is None]
    domains = [(answer, domain) for answer, domain in inventory.items(DOMAINS) if isinstance(domain, dict)]
    unseen_ones = [unseen(a) for a in inventory.answers(DOMAINS) if a.error is not None]
    if not exported:
        items = [
            Item(
                resource=str(domain.get("id")),
                status=Status.COULD_NOT_LOOK,
                why=f"no interface gives the password settings of managed domain {domain.get('name')}: {EXPORT}",
                where=answer.where,
            )
            for answer, domain in domains
        ]
        return items or unseen_ones
    policies = [p for a in exported for p in listed(a.answer, "value")]
    return domain_settings(policies, settings, exported[0].where)


def domain_settings(policies: Sequence[Mapping[str, Any]], settings: Settings, where: str) -> list[Item]:
    """One item per part of the policy that decides for ordinary users (that of the lowest precedence), and of those that
    come before it for some group.
    """  # noqa: D205 - one sentence
    named = [(_lower(p), p) for p in policies]
    ordinary = [p for p, _ in named if _applies(p)]
    if not ordinary:
        why = "no exported password settings apply to the domain's users (AADDC Users)"
        return [failed("managed domain", why, where=where)]
    deciding = min(ordinary, key=_rank)
    some = [p for p, _ in named if _members(p) and not _applies(p) and _rank(p) < _rank(deciding)]
    return [item for p in (deciding, *some) for item in _parts(p, settings, where)]


def _parts(policy: Mapping[str, Any], settings: Settings, where: str) -> list[Item]:
    """Lockout, length and complexity, expiry and reuse of one policy."""
    name = str(policy.get("name") or "settings")
    facts = (("policy", name), ("precedence", str(policy.get("precedence"))))
    lockout = _lockout(policy)
    length = _whole(policy.get("minpasswordlength"), 0)
    made = []
    if length < settings.password_length:
        made.append(f"{length} characters are enough, fewer than {settings.password_length}")
    if policy.get("complexityenabled") is not True:
        made.append("complexity is not required")
    if policy.get("reversibleencryptionenabled") is True:
        made.append("passwords are kept so that they can be read")
    age, history = span(policy.get("maxpasswordage")), _whole(policy.get("passwordhistorycount"), 0)
    life = []
    if age is None or not timedelta(0) < age <= timedelta(days=settings.password_days):
        life.append(f"passwords last {_told(age)}, not at most {settings.password_days} days")
    if history < settings.password_reuse:
        life.append(
            f"only {history} old passwords may not be used again, fewer than {settings.password_reuse}"
        )
    return [
        _item(f"{name}: lockout", lockout, facts, where),
        _item(f"{name}: length and complexity", made, facts, where),
        _item(f"{name}: expiry and reuse", life, facts, where),
    ]


def _lockout(policy: Mapping[str, Any]) -> list[str]:
    attempts = _whole(policy.get("lockoutthreshold"), 0)
    if not 0 < attempts <= MOST_ATTEMPTS:
        return [f"accounts are locked after {attempts} attempts, not after 1 to {MOST_ATTEMPTS}"]
    reasons = []
    lasts, window = span(policy.get("lockoutduration")), span(policy.get("lockoutobservationwindow"))
    if lasts is None or timedelta(0) < lasts < RESET:
        reasons.append(f"they are locked for {_told(lasts)}, less than 30 minutes")
    if window is None or window < RESET:
        reasons.append(f"failed attempts are forgotten after {_told(window)}, before 30 minutes")
    return reasons


def _applies(policy: Mapping[str, Any]) -> bool:
    """Whether a policy is for the domain's ordinary users; an export without the list counts as if it were."""
    if "appliesto" not in policy:
        return True
    return any(f"cn={e}," in f"{n}," or n == e for n in _members(policy) for e in EVERYBODY)


def _members(policy: Mapping[str, Any]) -> list[str]:
    """Whom a policy is for."""
    found = policy.get("appliesto")
    return [str(n).lower() for n in (found if isinstance(found, list) else [found]) if n]


def _rank(policy: Mapping[str, Any]) -> int:
    return _whole(policy.get("precedence"), 1 << 30)


def _lower(policy: Mapping[str, Any]) -> dict[str, Any]:
    return {str(k).lower(): v for k, v in policy.items()}


def _item(name: str, reasons: Sequence[str], facts: tuple[tuple[str, str], ...], where: str) -> Item:
    if reasons:
        return failed(name, f"{name}: " + "; ".join(reasons), facts, where)
    return passed(name, facts=facts, where=where)


def _whole(value: object, default: int) -> int:
    if isinstance(value, bool):
        return default
    if isinstance(value, int):
        return value
    return int(value) if isinstance(value, str) and value.isdigit() and len(value) < 12 else default  # noqa: PLR2004


def _told(length: timedelta | None) -> str:
    return str(length) if length else "no time that is known" if length is None else "for ever"
