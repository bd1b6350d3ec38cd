"""A plan of changes at a terminal."""

from __future__ import annotations

import io
from datetime import UTC, datetime

from rich.console import Console

from exclave.change.model import Plan, Skipped
from exclave.outputs import plan as writer


def shown(*skipped):
    out = io.StringIO()
    made = Plan(made_at=datetime(2026, 3, 2, tzinfo=UTC), skipped=skipped)
    writer.write(made, Console(file=out, width=200))
    return out.getvalue()


def test_what_cannot_be_taken_back_is_said_once_with_how_often():
    key, why = "aws.kms.foreign-use: key/k to account:111122223333", "it can't be taken back"
    text = shown(*(Skipped(what=f"t-{n} {key}", why=why) for n in range(8)))
    assert text.count(why) == 1
    assert f"8 findings of {key}" in text


def test_two_things_that_share_a_reason_are_both_named_and_one_keeps_its_id():
    text = shown(Skipped(what="t-1 m: a to b", why="w"), Skipped(what="t-2 m: c to d", why="w"))
    assert "t-1 m: a to b" in text
    assert "t-2 m: c to d" in text
    assert text.count("why ") == 1


def test_what_is_gone_is_not_counted_with_what_stands():
    text = shown(Skipped(what="t-1 m: a", why="w"), Skipped(what="t-2 m: a", why="w", stands=False))
    assert "not planned" in text
    assert "not there" in text
