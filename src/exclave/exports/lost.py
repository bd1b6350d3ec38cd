"""What a rule loses on the way to another tool, in sentences that stand with the rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from exclave.exports.rule import Clause, Rule, Test

_READ_BY_MEANING = frozenset(
    {"policy", "public-policy", "acl", "acl-grant", "application-policy", "replication", "gcp-policy"}
)


def common(rule: Rule, *, receiver_compared: bool, caller_compared: bool) -> list[str]:
    """What is lost of the judgement, whatever the tool."""
    method = rule.method
    out = []
    meaning = [r.path for r in method.read if r.reader in _READ_BY_MEANING]
    named = [r.path for r in method.read if r.path and r.path not in meaning]
    if meaning:
        out.append(
            f"Matches whatever the document in {', '.join(meaning)} grants; exclave reads whom it grants what."
        )
    if named and not receiver_compared:
        out.append(
            f"Matches receivers of your own too: who is outside has to be read from {', '.join(dict.fromkeys(named))}."
        )
    if rule.too_common:
        out.append(
            f"Misses {', '.join(rule.too_common)}: each such call would match; exclave reads whose resource it names."
        )
    if rule.foreign_caller and not caller_compared:
        out.append("Matches callers of your own account too; exclave counts callers of other accounts only.")
    return out


def dropped(tests: Iterable[Test]) -> list[str]:
    """Conditions that the tool can't check."""
    return [
        f"Left out, since it can't be checked here: {words}."
        for words in dict.fromkeys(t.words for t in tests)
    ]


def presence_dropped(clauses: Iterable[Clause]) -> list[str]:
    """Said where the tool can't check that a receiver is named at all."""
    paths = dict.fromkeys(t.path for c in clauses for t in c.presence if not t.path.endswith(".omitted"))
    return (
        [f"Matches calls that name nobody too: it can't be checked here that {' or '.join(paths)} is there."]
        if paths
        else []
    )
