"""Folders and globs become items in a fixed order; what can't be read is named."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from exclave.sources import Limits, open_item, plan
from tests.sources.helpers import planned

TRAIL = "111122223333_CloudTrail_us-east-1_202601{day:02}T0005Z_Mu0KsOhtH1ar15ZZ.json.gz"


@pytest.fixture
def tree(tmp_path):
    for name in ("b/two.json", "b/.hidden", "a/deep/er/one.gz", "z.log"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("{}")
    return tmp_path


def test_a_folder_gives_all_its_files_by_name(tree):
    paths, problems = planned(tree)
    assert [os.path.relpath(path, tree) for path in paths] == [
        "a/deep/er/one.gz",
        "b/.hidden",
        "b/two.json",
        "z.log",
    ]
    assert problems == []


def test_links_to_folders_above_end_and_nothing_is_read_twice(tree):
    (tree / "a" / "up").symlink_to(tree)
    (tree / "a" / "deep" / "loop").symlink_to(tree / "a")
    (tree / "a" / "link.json").symlink_to(tree / "z.log")
    paths, problems = planned(tree, tree)
    assert len({os.path.realpath(path) for path in paths}) == 4
    assert len(paths) == 5
    assert problems == []


def test_a_broken_link_is_a_problem(tree):
    (tree / "broken").symlink_to(tree / "nowhere")
    paths, [problem] = planned(tree)
    assert len(paths) == 4
    assert problem.where == str(tree / "broken")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_named_pipe_in_a_folder_is_a_problem(tree):
    os.mkfifo(tree / "pipe")
    paths, [problem] = planned(tree)
    assert len(paths) == 4
    assert problem.what == "is a named pipe, not a file: skipped"


def test_a_target_that_does_not_exist_or_holds_nothing_is_a_problem(tree):
    (tree / "empty" / "er").mkdir(parents=True)
    paths, problems = planned(
        tree / "nix", tree / "empty", tree / "*.nix", tree / "**" / "*.nix", "ftp://x/y"
    )
    assert paths == []
    assert [problem.what for problem in problems] == [
        "doesn't exist",
        "holds no file",
        "matches no file",
        "matches no file",
        "ftp:// isn't a place that is read",
    ]


def test_a_folder_that_may_not_be_listed_is_a_problem(tree, monkeypatch):
    real = os.scandir

    def scandir(path):
        if path.endswith("deep"):
            raise PermissionError(13, "Permission denied", path)
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    paths, [problem] = planned(tree)
    assert len(paths) == 3
    assert problem.where == str(tree / "a" / "deep")
    assert "permission denied" in problem.what


def test_globs_are_expanded_where_the_shell_did_not(tree, monkeypatch):
    monkeypatch.chdir(tree)
    assert planned("b/*")[0] == ["b/.hidden", "b/two.json"]
    assert planned("?/*.json")[0] == ["b/two.json"]
    assert planned("**/*.gz")[0] == ["./a/deep/er/one.gz"]
    assert planned(str(tree / "**" / "deep"))[0] == [str(tree / "a/deep/er/one.gz")]
    assert planned("a*")[0] == ["a/deep/er/one.gz"]


def test_a_file_whose_name_looks_like_a_glob_is_read_as_it_is(tree):
    (tree / "x[1].json").write_text("{}")
    assert planned(tree / "x[1].json")[0] == [str(tree / "x[1].json")]


@pytest.mark.skipif(os.name != "posix", reason="names are bytes only there")
def test_a_name_that_is_not_text_is_read_and_shown_in_escapes(tmp_path):
    (tmp_path / os.fsdecode(b"\xff.json")).write_bytes(b"{}")
    [item] = plan([str(tmp_path)])
    assert item.where.endswith("/\\xff.json")
    [blob] = open_item(item, Limits())
    assert blob.data == b"{}"


def test_files_of_other_days_accounts_and_regions_are_left_out_and_counted(tmp_path):
    for day in (1, 2, 10, 20):
        (tmp_path / TRAIL.format(day=day)).write_text("{}")
    (tmp_path / "export.json").write_text("{}")
    left: dict[str, int] = {}
    paths, problems = planned(
        tmp_path,
        since=datetime(2026, 1, 10, tzinfo=UTC),
        until=datetime(2026, 1, 12, tzinfo=UTC),
        left_out=left,
    )
    assert [Path(path).name for path in paths] == [TRAIL.format(day=10), "export.json"]
    assert problems == []
    assert left == {"files: before --since": 2, "files: after --until": 1}
    assert len(planned(tmp_path, accounts=frozenset({"444455556666"}))[0]) == 1
    assert len(planned(tmp_path, regions=frozenset({"us-east-1"}))[0]) == 5
    assert len(planned(tmp_path, regions=frozenset({"eu-west-1"}))[0]) == 1


def test_a_folder_of_which_nothing_is_chosen_says_so(tmp_path):
    (tmp_path / TRAIL.format(day=1)).write_text("{}")
    paths, [problem] = planned(tmp_path, accounts=frozenset({"444455556666"}))
    assert paths == []
    assert problem.what == "holds no file of the chosen accounts, regions and days"


def test_a_file_that_is_named_itself_is_read_whatever_was_chosen(tmp_path):
    path = tmp_path / TRAIL.format(day=1)
    path.write_text("{}")
    assert planned(path, accounts=frozenset({"444455556666"}))[0] == [str(path)]
