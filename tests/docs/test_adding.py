"""The entry that the page on adding a method shows is one: it passes the lint, and its examples hold."""

import re
from pathlib import Path

from exclave.catalogue.lint import problems
from exclave.catalogue.loader import load
from tests.catalogue.harness import lines

PAGE = Path(__file__).parents[2] / "docs" / "adding-a-method.md"


def test_the_page_s_entry_can_be_copied(tmp_path):
    entry = "\n".join(re.findall(r"^```toml\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL))
    (tmp_path / "aws").mkdir()
    (tmp_path / "aws" / "ebs.toml").write_text(entry)
    catalogue = load(tmp_path, compiled=False)
    assert problems(catalogue) == []
    [method] = catalogue.methods
    assert [lines(method, e) for e in method.example] == [sorted(e.expect) for e in method.example]
