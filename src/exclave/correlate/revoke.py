"""The call that takes a share back, with its arguments filled in and as a command to paste."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Any

import orjson

from exclave.correlate import aws_cli
from exclave.model import Cloud, Finding, Outcome, RevokeCall, Transfer, short_id

if TYPE_CHECKING:
    from collections.abc import Mapping

    from exclave.catalogue.entry import Method, Revoke
    from exclave.model import Destination

_PLACEHOLDER = re.compile(r"\{((?:resource|destination|fact)\.[a-z_A-Z]+|account|region)\}")


def revoke_call(found: Finding, method: Method) -> RevokeCall | None:
    """The call for what stands, or None where the catalogue knows none or a value that it needs wasn't logged."""
    if found.destination is None or (isinstance(found, Transfer) and found.outcome is not Outcome.OFFERED):
        return None
    fill = _values(found, found.destination)
    for rule in method.revoke:
        if rule.when and found.destination.kind not in rule.when:
            continue
        if rule.of and found.source.kind not in rule.of:
            continue
        try:
            call = _filled(rule.call, fill)
            args = _filled_all(rule.args, fill)
        except KeyError:
            continue
        return RevokeCall(
            call=call, args=args, command=_command(rule, call, args, found), risk=rule.risk, note=rule.note
        )
    return None


def _values(found: Finding, destination: Destination) -> dict[str, str]:
    values = {
        "resource.id": found.source.id,
        "resource.short": short_id(found.source.id),
        "resource.name": found.source.name,
        "destination.id": destination.id,
        "account": found.account,
        "region": found.region,
    } | {f"fact.{name}": value for name, value in found.facts}
    return {k: v for k, v in values.items() if v}


def _filled(template: str, values: Mapping[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda m: values[m[1]], template)


def _filled_all(value: Any, values: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return _filled(value, values)
    if isinstance(value, list):
        return [_filled_all(v, values) for v in value]
    if isinstance(value, dict):
        return {k: _filled_all(v, values) for k, v in value.items()}
    return value


def _command(rule: Revoke, call: str, args: Mapping[str, Any], found: Finding) -> str:
    if found.cloud is Cloud.AWS:
        words = aws_cli.words(rule.call)
        if found.region:
            words += ["--region", found.region]
        for name, value in args.items():
            words += _option(f"--{aws_cli.kebab(name)}", value)
        return shlex.join(words)
    verb, _, url = call.partition(" ")
    body = orjson.dumps(args).decode() if args else ""
    if found.cloud is Cloud.AZURE:
        return shlex.join(
            ["az", "rest", "--method", verb.lower(), "--url", url, *(["--body", body] if body else [])]
        )
    token = '"Authorization: Bearer $(gcloud auth print-access-token)"'  # noqa: S105
    return f"curl -X {verb} -H {token} {shlex.quote(url)}" + (
        f" -H 'Content-Type: application/json' -d {shlex.quote(body)}" if body else ""
    )


def _option(flag: str, value: Any) -> list[str]:
    if isinstance(value, bool):
        return [flag if value else flag.replace("--", "--no-", 1)]
    if isinstance(value, list) and all(isinstance(v, str) for v in value):
        return [flag, *value]
    if isinstance(value, str | int | float):
        return [flag, str(value)]
    return [flag, orjson.dumps(value).decode()]
