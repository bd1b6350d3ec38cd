"""Proposes a perimeter.toml: from what logs show, or from AWS Organizations. It proposes; a person decides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from exclave.model import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_TABLES = {
    Kind.ACCOUNT: "account",
    Kind.ORGANIZATION: "organization",
    Kind.SUBSCRIPTION: "subscription",
    Kind.PROJECT: "project",
    Kind.TENANT: "tenant",
    Kind.DOMAIN: "domain",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """A line to propose: `sure` ones are written as entries, others as comments to be looked at."""

    table: str
    id: str
    verdict: str
    why: str
    name: str = ""
    sure: bool = True


def from_seen(seen: Mapping[Kind, Mapping[str, str]]) -> Iterator[Proposed]:
    """What the logs show to be ours."""
    for kind, found in sorted(seen.items()):
        for identifier, how in sorted(found.items()):
            if table := _TABLES.get(kind):
                yield Proposed(table=table, id=identifier, verdict="self", why=how)


ORGANIZATION = ("organizations:DescribeOrganization", "organizations:ListAccounts")  # what it needs


def from_organization(profile: str | None = None) -> Iterator[Proposed]:
    """The accounts of our AWS organisation, by Organizations' own lists.

    Raises:
        RuntimeError: the SDK is missing, or the call was refused; the message says what to do.
    """
    try:
        import boto3
        from botocore.exceptions import BotoCoreError, ClientError
    except ImportError as error:
        raise RuntimeError('reading an organisation needs an extra: pip install "exclave[aws]"') from error
    try:
        client = boto3.Session(profile_name=profile).client("organizations", region_name="us-east-1")
        organization = client.describe_organization()["Organization"]
        yield Proposed(
            table="organization", id=organization["Id"], verdict="organization", why="our AWS organisation"
        )
        for part in client.get_paginator("list_accounts").paginate():
            for account in part["Accounts"]:
                yield Proposed(
                    table="account",
                    id=account["Id"],
                    verdict="organization",
                    name=account.get("Name", ""),
                    why=f"account of {organization['Id']}, {account.get('Status', 'status unknown').lower()}",
                    sure=account.get("Status") == "ACTIVE",
                )
    except (BotoCoreError, ClientError) as error:
        raise RuntimeError(
            f"AWS Organizations could not be read: {error}. It needs {' and '.join(ORGANIZATION)} "
            "in the management account or a delegated administrator's"
        ) from error


def toml(proposed: Sequence[Proposed], source: str) -> str:
    """The file's text."""
    lines = [
        f"# Proposed by exclave from {source}. Look at every line: what stands here counts as ours.",
        "# as = self | organization | trusted | vendor | external; until = 2027-01-31 ends an entry.",
        "",
    ]
    for one in proposed:
        rows = [f"[[{one.table}]]", f"id = {_quoted(one.id)}", f"as = {_quoted(one.verdict)}"]
        if one.name:
            rows.append(f"name = {_quoted(one.name)}")
        rows.append(f"why = {_quoted(one.why)}")
        lines += [*(row if one.sure else f"# {row}" for row in rows), ""]
    return "\n".join(lines)


def _quoted(text: str) -> str:
    """A TOML basic string; control characters are escaped, so that a hostile name stays inside it."""
    out = ['"']
    for character in text:
        if character in '"\\':
            out.append("\\" + character)
        elif ord(character) < 0x20 or 0x7F <= ord(character) < 0xA0 or character in "\u2028\u2029":  # noqa: PLR2004 - control characters
            out.append(f"\\u{ord(character):04x}")
        else:
            out.append(character)
    return "".join([*out, '"'])
