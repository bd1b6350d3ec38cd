"""A policy document as records: what any of its many spellings says, or why it can't be read.

Takes a mapping, a JSON string, or a URL-encoded JSON string as IAM returns it. Names of elements, operators
and condition keys are compared without case, since CloudTrail records some documents in lower case.
Grammar: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from msgspec import Struct

MAX_BYTES = 256 * 1024  # the size of a CloudTrail event; the longest policy AWS takes is far below
MAX_DEPTH = 12
MAX_NODES = 50_000
MAX_STATEMENTS = 1_000
MAX_UNWRAP = 3  # JSON in a string in a string

OPERATORS = (
    "StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase",
    "StringLike", "StringNotLike",
    "NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals",
    "NumericGreaterThan", "NumericGreaterThanEquals",
    "DateEquals", "DateNotEquals", "DateLessThan", "DateLessThanEquals",
    "DateGreaterThan", "DateGreaterThanEquals",
    "Bool", "BinaryEquals", "IpAddress", "NotIpAddress",
    "ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike", "Null",
)  # fmt: skip

_LEGACY_VERSION = "2008-10-17"
_ACCOUNT_DIGITS = range(10, 13)  # an unquoted account id loses its leading zeros


class Condition(Struct, frozen=True, kw_only=True):
    """One key of one operator of a Condition. `operator` is "" when AWS has none of that name."""

    operator: str
    key: str  # lower case
    name: str  # the key as written
    values: tuple[str, ...]
    quantifier: str = ""  # "any" (ForAnyValue), "all" (ForAllValues)
    if_exists: bool = False
    stated: str = ""  # the operator as written

    @property
    def negated(self) -> bool:
        """Whether the operator is true of values that are not listed."""
        return "Not" in self.operator


class Principal(Struct, frozen=True, kw_only=True, order=True):
    """One principal: `type` is AWS, Service, Federated, CanonicalUser, or * for everybody."""

    type: str
    id: str


class Statement(Struct, frozen=True, kw_only=True):
    """One statement. `principals` is None where the document has none (an identity policy)."""

    allow: bool
    sid: str = ""
    principals: tuple[Principal, ...] | None = None
    not_principal: bool = False
    actions: tuple[str, ...] = ()
    not_action: bool = False
    resources: tuple[str, ...] = ("*",)
    not_resource: bool = False
    conditions: tuple[Condition, ...] = ()


class Policy(Struct, frozen=True, kw_only=True):
    """A document. `problems` say which statements were left out, and why; `unread_allow` if one may allow."""

    statements: tuple[Statement, ...]
    version: str = _LEGACY_VERSION
    problems: tuple[str, ...] = ()
    unread_allow: bool = False

    @property
    def has_variables(self) -> bool:
        """Whether `${...}` is a variable: only in the version of 2012 and later."""
        return self.version != _LEGACY_VERSION


class Malformed(Struct, frozen=True, kw_only=True):
    """A document that can't be read: what is wrong, in words."""

    what: str


class _ShapeError(Exception):
    """Carries what is wrong with a statement up to `_statements`."""


def parse(document: object) -> Policy | Malformed:
    """The document as records. Never raises; None, "" and an empty mapping are a policy of no statements."""
    unwrapped = _unwrap(document)
    if isinstance(unwrapped, Malformed):
        return unwrapped
    if not unwrapped:
        return Policy(statements=())
    trouble = _too_large(unwrapped)
    if trouble:
        return Malformed(what=trouble)
    try:
        return _policy(unwrapped)
    except _ShapeError as bad:
        return Malformed(what=str(bad))


def _unwrap(document: object) -> dict[str, Any] | list[Any] | Malformed:
    value = document
    for _ in range(MAX_UNWRAP + 1):
        if value is None:
            return {}
        if isinstance(value, (bytes, bytearray, memoryview)):
            value = bytes(value[: MAX_BYTES + 1]).decode("utf-8", "replace")
        if isinstance(value, Mapping):
            return dict(value)
        if isinstance(value, (list, tuple)):
            return list(value)
        if not isinstance(value, str):
            return Malformed(what=f"a policy can't be a {type(value).__name__}")
        read = _decode(value)
        if isinstance(read, Malformed):
            return read
        value = read
    return Malformed(what="JSON inside strings too many times over")


def _decode(text: str) -> object:
    if len(text) > MAX_BYTES:
        return Malformed(what=f"longer than {MAX_BYTES} characters")
    text = text.strip().lstrip("\ufeff")
    if not text:
        return None
    if text[0] not in '{["' and "%" in text:
        text = unquote(text.replace("+", " ")).strip()
    try:
        return json.loads(text, object_pairs_hook=_object)
    except _ShapeError as bad:
        return Malformed(what=str(bad))
    except (ValueError, RecursionError):
        return Malformed(what="not JSON")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _ShapeError("one name stands twice in an object, so readers may differ on what it says")
    return found


def _too_large(value: object) -> str:
    nodes, size = 0, 0
    stack: list[tuple[object, int]] = [(value, 1)]
    while stack:
        node, depth = stack.pop()
        nodes += 1
        if depth > MAX_DEPTH:
            return f"nested deeper than {MAX_DEPTH}"
        if isinstance(node, Mapping):
            size += sum(len(key) for key in node if isinstance(key, str))
            stack.extend((child, depth + 1) for child in node.values())
        elif isinstance(node, (list, tuple)):
            stack.extend((child, depth + 1) for child in node)
        elif isinstance(node, str):
            size += len(node)
        if nodes + len(stack) > MAX_NODES:
            return f"more than {MAX_NODES} values"
        if size > MAX_BYTES:
            return f"longer than {MAX_BYTES} characters"
    return ""


def _policy(document: dict[str, Any] | list[Any]) -> Policy:
    version = _LEGACY_VERSION
    if isinstance(document, list):
        raw: object = document
    else:
        fields = _lowered(document)
        if "statement" in fields:
            raw = _statements(fields["statement"])
        elif "effect" in fields:
            raw = [document]
        else:
            raise _ShapeError("no Statement")
        stated = fields.get("version")
        if isinstance(stated, str) and stated:
            version = stated
    items = raw if isinstance(raw, (list, tuple)) else [] if raw is None else [raw]
    if len(items) > MAX_STATEMENTS:
        raise _ShapeError(f"more than {MAX_STATEMENTS} statements")
    statements: list[Statement] = []
    problems: list[str] = []
    unread_allow = False
    for number, item in enumerate(items, 1):
        try:
            statements.append(_statement(item))
        except _ShapeError as bad:
            problems.append(f"statement {number}: {bad}")
            unread_allow = unread_allow or not _denies(item)
    return Policy(
        statements=tuple(statements), version=version, problems=tuple(problems), unread_allow=unread_allow
    )


def _statements(value: object) -> object:
    """The statements, also where they are JSON in a string, as Lambda answers AddPermission."""
    if not isinstance(value, str):
        return value
    read = _decode(value)
    if isinstance(read, Malformed):
        raise _ShapeError(read.what)
    trouble = _too_large(read)
    if trouble:
        raise _ShapeError(trouble)
    return read


def _denies(item: object) -> bool:
    return isinstance(item, Mapping) and any(
        isinstance(key, str) and key.lower() == "effect" and str(value).strip().lower() == "deny"
        for key, value in item.items()
    )


def _lowered(mapping: Mapping[Any, Any]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for key, value in mapping.items():
        name = str(key).strip().lower()
        if name in out:
            raise _ShapeError(f"{name} stands twice")
        out[name] = value
    return out


def _statement(item: object) -> Statement:
    if not isinstance(item, Mapping):
        raise _ShapeError("not an object")
    fields = {key: value for key, value in _lowered(item).items() if value is not None}
    effect = str(fields.get("effect", "")).strip().lower() if isinstance(fields.get("effect"), str) else ""
    if effect not in {"allow", "deny"}:
        raise _ShapeError("Effect is neither Allow nor Deny")
    actions, not_action = _either(fields, "action")
    resources, not_resource = _either(fields, "resource")
    if actions is None:
        raise _ShapeError("neither Action nor NotAction")
    if "principal" in fields and "notprincipal" in fields:
        raise _ShapeError("both Principal and NotPrincipal")
    not_principal = "notprincipal" in fields
    stated = fields.get("notprincipal" if not_principal else "principal")
    return Statement(
        allow=effect == "allow",
        sid=str(fields["sid"]) if isinstance(fields.get("sid"), str) else "",
        principals=None if stated is None else _principals(stated),
        not_principal=not_principal,
        actions=actions,
        not_action=not_action,
        resources=("*",) if resources is None else resources,
        not_resource=not_resource,
        conditions=_conditions(fields.get("condition")),
    )


def _either(fields: Mapping[str, Any], name: str) -> tuple[tuple[str, ...] | None, bool]:
    if name in fields and f"not{name}" in fields:
        raise _ShapeError(f"both {name} and not{name}")
    for negated in (False, True):
        key = f"not{name}" if negated else name
        if key in fields:
            values = _strings(fields[key])
            # CloudTrail may write an empty list for what was not given
            return (values, negated) if values else (None, False)
    return None, False


def _strings(value: object) -> tuple[str, ...]:
    items = value if isinstance(value, (list, tuple)) else [value]
    return tuple(dict.fromkeys(_scalar(item) for item in items if item is not None))


def _scalar(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        try:
            return str(value)
        except ValueError:
            raise _ShapeError("a number is too long") from None
    raise _ShapeError(f"a {type(value).__name__} where a string belongs")


_TYPES = {
    "aws": "AWS",
    "service": "Service",
    "federated": "Federated",
    "canonicaluser": "CanonicalUser",
    "*": "*",
}


def _principals(value: object) -> tuple[Principal, ...]:
    if not isinstance(value, Mapping):
        return tuple(dict.fromkeys(_principal("AWS", _account(text)) for text in _strings(value)))
    found: list[Principal] = []
    for key, ids in _lowered(value).items():
        kind = _TYPES.get(key)
        if kind is None:
            raise _ShapeError("a principal of a type that AWS has not")
        found.extend(_principal(kind, _account(text)) for text in _strings(ids))
    return tuple(dict.fromkeys(found))


def _account(text: str) -> str:
    text = text.strip()
    if text.isascii() and text.isdigit() and len(text) in _ACCOUNT_DIGITS:
        return text.zfill(12)
    return text


def _principal(kind: str, text: str) -> Principal:
    if kind == "*" or (kind == "AWS" and text == "*"):
        return Principal(type="*", id="*")
    if kind == "AWS" and text.lower().endswith((".amazonaws.com", ".amazonaws.com.cn")) and ":" not in text:
        return Principal(type="Service", id=text)
    return Principal(type=kind, id=text)


def _conditions(value: object) -> tuple[Condition, ...]:
    if value is None or value in ([], ""):
        return ()
    if not isinstance(value, Mapping):
        raise _ShapeError("Condition is not an object")
    names = {name.lower(): name for name in OPERATORS}
    found: list[Condition] = []
    for operator, keys in value.items():
        if not isinstance(keys, Mapping):
            raise _ShapeError("a condition operator without keys")
        stated = str(operator).strip()
        quantifier, bare, if_exists = _operator(stated.lower())
        found.extend(
            Condition(
                operator=names.get(bare, ""),
                key=str(key).strip().lower(),
                name=str(key).strip(),
                values=_strings(values),
                quantifier=quantifier,
                if_exists=if_exists,
                stated=stated,
            )
            for key, values in keys.items()
        )
    return tuple(found)


def _operator(lowered: str) -> tuple[str, str, bool]:
    quantifier = ""
    for prefix, name in (("foranyvalue:", "any"), ("forallvalues:", "all")):
        if lowered.startswith(prefix):
            quantifier, lowered = name, lowered[len(prefix) :]
    if_exists = lowered.endswith("ifexists")
    return quantifier, lowered.removesuffix("ifexists"), if_exists
