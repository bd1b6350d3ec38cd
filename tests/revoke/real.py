"""A share on a real peer is taken back by the command, as a user runs it, looked at, and put back."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager

from click.testing import CliRunner

from exclave.cli.revoke import command
from tests.inventory import moto
from tests.revoke.planted import OTHER, THEIRS


@contextmanager
def environment(url):
    before = dict(os.environ)
    for name in [n for n in os.environ if n.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update(moto.environment(url))
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def revoke(*arguments):
    return CliRunner().invoke(command, [str(a) for a in arguments], catch_exceptions=False)


def alike(one, other):
    """Lists in any order."""
    return sorted(map(str, one)) == sorted(map(str, other)) if isinstance(one, list) else one == other


def taken_back_and_put_back(folder, found, look, *, undone=True):
    """`look` says who is let in. Whoever else is stays; a second run finds nothing; the undo restores all."""
    before = look()
    file, notes = folder / "f.jsonl", folder / "u"
    file.write_text(json.dumps(found) + "\n")
    done = revoke(file, "--transfer", found["id"], "--apply", "--undo-file", notes)
    assert done.exit_code == 0, done.output
    assert "1 applied" in done.output, done.output
    after = look()
    assert after != before
    assert THEIRS not in json.dumps(after)
    assert OTHER not in json.dumps(before) or OTHER in json.dumps(after)
    again = revoke(file, "--transfer", found["id"])
    assert "nothing to take back" in again.output, again.output
    back = revoke("--undo", notes)
    if not undone:
        assert "can't be undone" in back.output
        return
    assert back.exit_code == 0, back.output
    assert alike(look(), before)
