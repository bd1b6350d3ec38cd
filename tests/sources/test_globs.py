from __future__ import annotations

import pytest

from exclave.sources.globs import glob_pattern, prefix_of


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        ("logs/**/*.gz", "logs/a.gz", True),
        ("logs/**/*.gz", "logs/a/b/c.gz", True),
        ("logs/**/*.gz", "logs/a/b/c.json", False),
        ("logs/**", "logs/a/b", True),
        ("logs/**", "other/a", False),
        ("**/2026/0[12]", "a/2026/01/x/y.gz", True),
        ("**/2026/0[12]", "a/2026/03/x/y.gz", False),
        ("a/?.json", "a/b.json", True),
        ("a/?.json", "a/bc.json", False),
        ("a/[!b].json", "a/c.json", True),
        ("a*b", "a/b", False),
        ("a[!x]b", "a/b", False),
        ("a.b", "axb", False),
    ],
)
def test_a_pattern_matches_files_and_what_lies_in_matching_folders(pattern, path, fits):
    assert bool(glob_pattern(pattern).match(path)) is fits


@pytest.mark.parametrize(
    ("pattern", "prefix"), [("a/b/*.gz", "a/b"), ("a/b*/c", "a"), ("*.gz", ""), ("/x/**", "/x")]
)
def test_the_fixed_part_of_a_pattern_ends_at_a_folder(pattern, prefix):
    assert prefix_of(pattern) == prefix
