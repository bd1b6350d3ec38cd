"""Who can share data, and who of them ever does: what is granted and unused can be taken away.

Last-accessed information at action level: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_last-accessed.html
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from exclave.audit.checks.aws.probes import whole
from exclave.audit.checks.aws.trails import moment
from exclave.audit.judging import failed, judged, passed, unseen
from exclave.audit.model import Check, Item, Settings, Status
from exclave.catalogue.loader import load
from exclave.model import Cloud
from exclave.policy.document import Malformed, Policy, Statement, parse
from exclave.policy.patterns import action_tokens, arn_covers, covers, literal, tokens

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from exclave.inventory import Answer, Inventory
    from exclave.perimeter import Perimeter

DETAILS = "iam.GetAccountAuthorizationDetails"
LAST_USED = {
    "user": "iam.GetServiceLastAccessedDetails.user",
    "role": "iam.GetServiceLastAccessedDetails.role",
}


def actions() -> tuple[str, ...]:
    """Every action of the catalogue that shares data."""
    return tuple(
        sorted(
            {
                a
                for m in load().methods
                if m.cloud is Cloud.AWS and m.outcome == "offered"
                for a in m.prevent.actions
            }
        )
    )


# AWS's own that let nobody share, where their documents aren't recorded.
_HARMLESS = ("ReadOnlyAccess", "SecurityAudit", "job-function/ViewOnlyAccess", "IAMUserChangePassword")
_ALL = ("AdministratorAccess", "PowerUserAccess")
_OF_AWS = ":iam::aws:policy/"


@dataclass(frozen=True, slots=True)
class Rights:
    """What one policy document says of the actions: allowed in some way, denied in every way."""

    allowed: frozenset[str]
    denied: frozenset[str]
    unread: bool = False


def least_privilege(inventory: Inventory, _perimeter: Perimeter, settings: Settings) -> list[Check]:
    """One item per user and role: those that can share data must also do it."""
    asked = actions()
    checks: list[Check] = []
    for details in inventory.answers(DETAILS):
        account = details.scope.account
        if details.error is not None:
            checks.append(judged(details.scope, [unseen(details)], "users and roles"))
            continue
        used = {
            kind: {a.key: a for a in inventory.each(call, account=account)}
            for kind, call in LAST_USED.items()
        }
        items = [
            _item(
                kind, principal, granted, used[kind].get(str(principal.get("Arn"))), settings, details.where
            )
            for kind, principal, granted in _granted(details.answer or {}, asked)
        ]
        checks.append(judged(details.scope, items, "users and roles"))
    return checks


def _granted(
    details: Mapping[str, Any], asked: Sequence[str]
) -> Iterator[tuple[str, Mapping[str, Any], Rights]]:
    """Kind, principal, and what its policies together say: what is denied is taken off already."""
    managed = {str(p.get("Arn")): _default(p) for p in details.get("Policies") or ()}
    known: dict[str, Rights] = {}

    def of(name: str, document: object) -> Rights:
        if name not in known:
            known[name] = rights(document, asked)
        return known[name]

    groups = {
        str(g.get("GroupName")): list(_documents(g, "GroupPolicyList", managed))
        for g in details.get("GroupDetailList") or ()
    }
    for kind, listed, inline in (
        ("user", "UserDetailList", "UserPolicyList"),
        ("role", "RoleDetailList", "RolePolicyList"),
    ):
        for principal in details.get(listed) or ():
            if str(principal.get("Path", "")).startswith("/aws-service-role/"):
                continue
            documents = list(_documents(principal, inline, managed))
            for group in principal.get("GroupList") or ():
                unknown = [(f"group {group}", f"group {group} was not recorded")]
                documents += groups.get(str(group), unknown)
            found = [of(name, document) for name, document in documents]
            allowed = frozenset().union(*(r.allowed for r in found)) - frozenset().union(
                *(r.denied for r in found)
            )
            unread = any(r.unread for r in found)
            boundary = (principal.get("PermissionsBoundary") or {}).get("PermissionsBoundaryArn")
            if boundary in managed:
                # a boundary whose document isn't recorded limits nothing that is known
                limit = of(str(boundary), managed[str(boundary)])
                unread = unread or (limit.unread and bool(allowed))
                allowed = (allowed & limit.allowed) - limit.denied
            elif boundary and str(boundary).partition(_OF_AWS)[2] in _HARMLESS:
                allowed = frozenset()
            yield kind, principal, Rights(allowed, frozenset(), unread=unread)


def _documents(
    principal: Mapping[str, Any], inline: str, managed: Mapping[str, object]
) -> Iterator[tuple[str, object]]:
    owner = str(principal.get("Arn"))
    for policy in principal.get(inline) or ():
        yield f"{owner} {policy.get('PolicyName')}", policy.get("PolicyDocument")
    for attached in principal.get("AttachedManagedPolicies") or ():
        arn = str(attached.get("PolicyArn"))
        if arn in managed:
            yield arn, managed[arn]
        elif arn.partition(_OF_AWS)[2] in _ALL:
            # AWS's own, which an inventory may leave out
            yield arn, {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
        elif arn.partition(_OF_AWS)[2] not in _HARMLESS:
            yield (
                arn,
                f"{arn} is attached, and its document was not recorded",
            )  # no policy: what it allows isn't known


def _default(policy: Mapping[str, Any]) -> object:
    versions = policy.get("PolicyVersionList") or ()
    return next((v.get("Document") for v in versions if v.get("IsDefaultVersion")), None)


def rights(document: object, asked: Sequence[str]) -> Rights:
    """What a document says of some actions. A Deny counts only when nothing limits it."""
    policy = document if isinstance(document, Policy) else parse(document)
    if isinstance(policy, Malformed):
        return Rights(frozenset(), frozenset(), unread=True)
    allowed: set[str] = set()
    denied: set[str] = set()
    for action in asked:
        for statement in policy.statements:
            if not _names(statement, action):
                continue
            if statement.allow:
                allowed.add(action)
            elif not statement.conditions and not statement.not_resource and _everything(statement, action):
                denied.add(action)
    return Rights(frozenset(allowed), frozenset(denied), unread=policy.unread_allow)


def _everything(statement: Statement, action: str) -> bool:
    """Whether a statement is of all things that an action is about, wherever they are."""
    everything = tokens(whole(action))
    return any(arn_covers(tokens(pattern), everything) for pattern in statement.resources)


def _names(statement: Statement, action: str) -> bool:
    wanted = literal(action.lower())
    return any(covers(action_tokens(p), wanted) for p in statement.actions) != statement.not_action


def _item(
    kind: str,
    principal: Mapping[str, Any],
    mine: Rights,
    last: Answer | None,
    settings: Settings,
    where: str,
) -> Item:
    arn = str(principal.get("Arn"))
    granted = mine.allowed
    blind = Item(
        resource=arn,
        status=Status.COULD_NOT_LOOK,
        why=f"a policy of {arn} can't be read, so what it allows is not known",
        where=where,
    )
    if not granted:
        return blind if mine.unread else passed(arn, where=where)
    seen = settings.hunted.get(arn, frozenset())
    used, unused, untold = _sorted(granted, seen, last, settings)
    facts = (
        ("kind", kind),
        ("used", ", ".join(used)),
        ("unused", ", ".join(unused)),
        ("untold", ", ".join(untold)),
    )
    if unused:
        more = f" and {len(unused) - 4} more" if len(unused) > 4 else ""  # noqa: PLR2004
        return failed(
            arn,
            f"{arn} can share data and did not in {settings.unused_days} days: {', '.join(unused[:4])}{more}",
            facts,
            where,
        )
    if mine.unread:
        return blind
    if untold and (last is None or last.error is not None):
        if last is not None:
            item = unseen(last, arn)
            return Item(
                resource=arn, status=item.status, why=item.why, facts=(*facts, *item.facts), where=item.where
            )
        return Item(
            resource=arn,
            status=Status.COULD_NOT_LOOK,
            why="when its rights were last used was not recorded",
            facts=facts,
            where=where,
        )
    if untold and (last is None or (last.answer or {}).get("JobStatus") != "COMPLETED"):
        job = (last.answer or {}).get("JobStatus") if last is not None else None
        return Item(
            resource=arn,
            status=Status.COULD_NOT_LOOK,
            why=f"{LAST_USED[kind]}: AWS did not finish looking (JobStatus {job})",
            facts=facts,
            where=where,
        )
    if untold:
        return Item(
            resource=arn,
            status=Status.PARTIAL,
            why=f"AWS does not track whether {arn} used {', '.join(untold[:4])}",
            facts=facts,
            where=where,
        )
    return passed(arn, facts=facts, where=where)


def _sorted(
    granted: frozenset[str], seen: frozenset[str], last: Answer | None, settings: Settings
) -> tuple[list[str], list[str], list[str]]:
    """The granted actions that were used, that were not, and of which nothing says."""
    services: dict[str, Mapping[str, Any]] = {}
    told = last is not None and last.error is None and (last.answer or {}).get("JobStatus") == "COMPLETED"
    if told and last is not None:
        services = {str(s.get("ServiceNamespace")): s for s in last.answer.get("ServicesLastAccessed") or ()}
    used: list[str] = []
    unused: list[str] = []
    untold: list[str] = []
    for action in sorted(granted):
        answer = True if action.lower() in seen else _was_used(action, services, settings) if told else None
        if answer is None and not told and settings.hunted:
            answer = False  # the logs that were hunted are all there is to go by
        (used if answer else untold if answer is None else unused).append(action)
    return used, unused, untold


def _was_used(action: str, services: Mapping[str, Mapping[str, Any]], settings: Settings) -> bool | None:
    service, _, name = action.partition(":")
    known = services.get(service)
    if known is None:
        return None
    since = settings.now - timedelta(days=settings.unused_days)
    for tracked in known.get("TrackedActionsLastAccessed") or ():
        if str(tracked.get("ActionName")).lower() == name.lower():
            when = moment(tracked.get("LastAccessedTime"))
            return when is not None and when >= since
    when = moment(known.get("LastAuthenticated"))
    return None if when is not None and when >= since else False
