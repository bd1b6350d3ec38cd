"""Sigma rules (https://github.com/SigmaHQ/sigma-specification, version 2) from the catalogue.

Fields are the log's own names, dotted: CloudTrail's record, the activity log as its REST API writes it, a LogEntry
of Google. Lists are not marked, as is the custom of Sigma's rules for JSON logs.
"""

from __future__ import annotations

import io
import re
import uuid
from typing import TYPE_CHECKING, Any

from exclave.exports import Export, NotExpressibleError
from exclave.exports.lost import common, dropped, presence_dropped
from exclave.exports.rule import DRY_RUN, Clause, Rule, Test, names_of
from exclave.model import Severity, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from exclave.catalogue.entry import Method, Scalar
    from exclave.exports.places import Place

PLACEHOLDER = "%trusted_accounts%"
_LEVELS = {
    Severity.INFO: "informational",
    Severity.LOW: "low",
    Severity.MEDIUM: "medium",
    Severity.HIGH: "high",
    Severity.CRITICAL: "critical",
}
_SOURCES: dict[str, tuple[str, str]] = {
    "cloudtrail": ("aws", "cloudtrail"),
    "s3-access": ("aws", "s3-access"),
    "cloudfront": ("aws", "cloudfront"),
    "azure-activity": ("azure", "activitylogs"),
    "azure-storage": ("azure", "storagelogs"),
    "azure-resource": ("azure", "resourcelogs"),
    "entra": ("azure", "auditlogs"),
    "entra-sign-in": ("azure", "signinlogs"),
    "entra-risk": ("azure", "riskdetection"),
    "entra-risky-user": ("azure", "riskyusers"),
    "m365": ("m365", "audit"),
    "gcp-audit": ("gcp", "gcp.audit"),
    "gcp-denied": ("gcp", "gcp.audit"),
    "gcp-scc": ("gcp", "gcp.securitycenter"),
}
_TACTICS = {"T1537": "attack.exfiltration", "T1562": "attack.defense-evasion", "T1098": "attack.persistence"}


def of(rule: Rule) -> Export:
    """The entry's rules as YAML, one for each log that it looks at.

    Raises:
        NotExpressibleError: no record shows it by itself.
    """
    lost = lost_of(rule)
    logs = tuple(dict.fromkeys(c.log for c in rule.clauses if c.log in _SOURCES))
    if not logs:
        raise NotExpressibleError("it is reckoned from many records, not seen in one")
    return Export(rules=tuple(_yaml(document(rule, log)) for log in logs), lost=tuple(lost))


def lost_of(rule: Rule) -> list[str]:
    """What the rule loses."""
    lost = common(rule, receiver_compared=rule.receiver is not None, caller_compared=_compares_caller(rule))
    lost += dropped(t for c in rule.clauses for t in c.tests if not told(t))
    return lost + presence_dropped(c for c in rule.clauses if not all(t.plain for t in c.presence))


def document(rule: Rule, log: str) -> dict[str, Any]:
    """The rule for one log, as what its YAML says."""
    method = rule.method
    product, service = _SOURCES[log]
    several = len({c.log for c in rule.clauses}) > 1
    return {
        "title": (f"{method.title} ({service})" if several else method.title)[:256],
        "id": str(uuid.uuid5(uuid.NAMESPACE_OID, f"exclave/{method.id}/{log}")),
        "status": "experimental" if method.confidence in ("model", "belief") else "test",
        "description": "\n".join(
            [
                method.about,
                *([""] if lost_of(rule) else []),
                *lost_of(rule),
                f"Made from exclave's entry {method.id}.",
            ]
        ),
        "references": list(method.references),
        "author": "exclave contributors",
        "tags": _tags(method),
        "logsource": {"product": product, "service": service},
        "detection": detection(rule, log),
        "falsepositives": list(method.look_alikes) or ["ordinary use by your own people"],
        "level": level(method),
    }


def level(method: Method) -> str:
    """The rule's level: of an external receiver where it is one that tells, else the entry's own."""
    stated = method.severity
    if method.outcome:
        default = stated.get("default", Severity.INFO)
        severity = stated.get(Verdict.EXTERNAL, max(Severity.HIGH, default, key=lambda s: s.rank))
    elif method.needs_destination:
        severity = stated.get(Verdict.EXTERNAL, stated.get("default", Severity.MEDIUM))
    else:
        severity = stated.get("default", Severity.MEDIUM if method.signal == "tamper" else Severity.LOW)
    return _LEVELS[severity]


def detection(rule: Rule, log: str) -> dict[str, Any]:
    """Selections, filters and the condition over them."""
    clauses = [c for c in rule.clauses if c.log == log]
    out: dict[str, Any] = {}
    chosen: list[str] = []
    for number, clause in enumerate(clauses, 1):
        suffix = f"_{number}" if len(clauses) > 1 else ""
        parts = _of_clause(clause, suffix, out)
        chosen.append(" and ".join(parts) if len(clauses) == 1 else f"({' and '.join(parts)})")
    condition = " or ".join(chosen)
    filters = _filters(rule, clauses, out)
    if filters:
        condition = f"({condition})" if len(chosen) > 1 else condition
        condition += "".join(f" and not {f}" for f in filters)
    out["condition"] = condition
    return out


def told(test: Test) -> bool:
    """Whether a rule can say it. A negation through lists it can't: tools differ on what it means."""
    return test.plain and (test.positive or all(p.single for p in test.places))


def _of_clause(clause: Clause, suffix: str, out: dict[str, Any]) -> list[str]:
    """Adds a clause's selections, and gives the parts of its condition."""
    maps = [_names(clause, service) for service in clause.services]
    choices: list[Any] = [m for some in maps for m in some]
    name = f"selection{suffix}"
    out[name] = choices[0] if len(choices) == 1 else choices
    parts = [name]
    for number, test in enumerate((t for t in clause.tests if told(t)), 1):
        where = f"where{suffix}_{number}"
        fields = list(dict.fromkeys(map(_field, test.places)))
        if test.any_of is not None:
            out[where] = _either([{f: _values(test.any_of)} for f in fields])
            parts.append(where)
        elif test.exists is not None:
            if test.exists:
                out[where] = _either([{f"{f}|exists": True} for f in fields])
            else:
                out[where] = {f"{f}|exists": False for f in fields}
            parts.append(where)
        if test.none_of is not None:
            out[f"barred{suffix}_{number}"] = _either([{f: _values(test.none_of)} for f in fields])
            parts.append(f"not barred{suffix}_{number}")
    if clause.presence and all(t.plain for t in clause.presence):
        fields = list(dict.fromkeys(_field(p) for t in clause.presence for p in t.places))
        out[f"receiver{suffix}"] = _either([{f"{f}|exists": True} for f in fields])
        parts.append(f"receiver{suffix}")
    return parts


def _names(clause: Clause, service: str) -> list[dict[str, Any]]:
    """What a record's names must be: maps, any of which is enough."""
    log, actions = clause.log, clause.actions(service)
    if log in _WHOLE_LOGS:
        return [{f"{_WHOLE_LOGS[log]}|exists": True}]
    if log == "entra":
        return [{"activityDisplayName|re|i": _one(map(_activity, actions), escape=False)}]
    if log == "gcp-denied":
        return [{"protoPayload.metadata.@type|endswith": "VpcServiceControlAuditMetadata"}]
    if log == "gcp-scc":
        return [{"finding.category|startswith": _one(map(_tactic, actions))}]
    if log == "gcp-audit":
        # The API's version and package stand before the name: v1.compute.images.setIamPolicy.
        source, name = {"protoPayload.serviceName": service}, "protoPayload.methodName"
        return [
            {**source, name: _one(actions)},
            {**source, f"{name}|endswith": _one(f".{a}" for a in actions)},
        ]
    if log == "azure-activity":
        # Extensions are named with the resource they stand on.
        return [
            {"operationName": _one(actions)},
            {"operationName|endswith": _one(f"/providers/{a}" for a in actions)},
        ]
    if log == "azure-resource":
        source = {"resourceId|contains": f"/providers/{service}/"}
        return [
            {**source, "operationName": _one(actions)},
            {**source, "operationName|endswith": _one(f"/{a}" for a in actions)},
        ]
    if log == "m365":
        return [{"Workload": service, "Operation": _one(actions)}]
    if log != "cloudtrail":
        return [{_OPERATION[log]: _one(actions)}]
    equal, beginnings = names_of(service, actions)
    source = {} if service == "*" else {"eventSource": service}
    maps: list[dict[str, Any]] = [{**source, "eventName": _one(equal)}]
    return [*maps, {**source, "eventName|startswith": _one(beginnings)}] if beginnings else maps


_OPERATION = {"s3-access": "operation", "cloudfront": "operation", "azure-storage": "operationName"}
# logs every record of which is of the one kind: a field that each of them has
_WHOLE_LOGS = {
    "entra-sign-in": "appDisplayName",
    "entra-risk": "riskEventType",
    "entra-risky-user": "riskLevel",
}


def _activity(slug: str) -> str:
    """An activity's name, of which entries know the words only."""
    return "^[^a-z0-9]*" + "[^a-z0-9]+".join(re.escape(w) for w in slug.split("-")) + "[^a-z0-9]*$"


def _tactic(action: str) -> str:
    """How the category of a finding begins: the first word of `Finding/PrivilegeEscalation`."""
    words = re.findall(r"[A-Z][a-z0-9]*", action.partition("/")[2])
    return str(words[0]).removesuffix("and") if words else action


def _filters(rule: Rule, clauses: list[Clause], out: dict[str, Any]) -> list[str]:
    names = []
    if any(c.dry_runs for c in clauses):
        out["filter_dry_run"] = {"errorCode": list(DRY_RUN)}
        names.append("filter_dry_run")
    if _compares_caller(rule) and clauses[0].log == "cloudtrail":
        out["filter_own_caller"] = {"userIdentity.accountId|fieldref": "recipientAccountId"}
        names.append("filter_own_caller")
    if rule.receiver is not None:
        fields = list(dict.fromkeys(map(_field, rule.receiver.places)))
        out["filter_trusted"] = _either([{f"{f}|expand": PLACEHOLDER} for f in fields])
        names.append("filter_trusted")
    return names


def _compares_caller(rule: Rule) -> bool:
    """CloudTrail names both accounts; in the other logs the caller's has to be made out."""
    return rule.foreign_caller and any(c.log == "cloudtrail" for c in rule.clauses)


def _field(place: Place) -> str:
    return ".".join(place.names)


def _either(maps: list[dict[str, Any]]) -> Any:
    return maps[0] if len(maps) == 1 else maps


def _one(values: Iterable[str], *, escape: bool = True) -> Any:
    found = [_escaped(v) if escape else v for v in values]
    return found[0] if len(found) == 1 else found


def _values(values: tuple[Scalar, ...]) -> Any:
    """Values, flags also as text: tools differ in how they keep them. Without case, as Sigma compares anyway."""
    found: list[Any] = []
    for value in values:
        found.append(_escaped(value) if isinstance(value, str) else value)  # noqa: PERF401
    return found[0] if len(found) == 1 else found


def _escaped(value: str) -> str:
    """A text in which `*` and `?` stand for themselves."""
    return value.replace("\\", "\\\\").replace("*", r"\*").replace("?", r"\?")


def _tags(method: Method) -> list[str]:
    techniques = [f"attack.{t.lower()}" for t in method.attack]
    tactics = [_TACTICS[base] for t in method.attack if (base := t.partition(".")[0]) in _TACTICS]
    return list(dict.fromkeys([*tactics, *techniques]))


def _yaml(value: dict[str, Any]) -> str:
    from ruamel.yaml import YAML
    from ruamel.yaml.scalarstring import LiteralScalarString, SingleQuotedScalarString

    writer = YAML()
    writer.default_flow_style = False
    writer.allow_unicode = True
    writer.width = 4096
    writer.indent(mapping=4, sequence=6, offset=4)
    stream = io.StringIO()

    def quoted(node: Any) -> Any:
        # Other parsers of YAML take a bare `off` or 012345670123 for something else than text.
        if isinstance(node, dict):
            return {k: v if k == "condition" else quoted(v) for k, v in node.items()}
        if isinstance(node, list):
            return [quoted(v) for v in node]
        return SingleQuotedScalarString(node) if isinstance(node, str) else node

    described = LiteralScalarString(value["description"])
    writer.dump({**value, "description": described, "detection": quoted(value["detection"])}, stream)
    return stream.getvalue()
