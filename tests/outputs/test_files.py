from __future__ import annotations

from pathlib import Path

import pytest

from exclave.outputs.files import open_for_writing


def test_the_file_appears_when_it_is_whole(tmp_path):
    target = tmp_path / "report.jsonl"
    with open_for_writing(str(target)) as out:
        out.write(b"one\n")
        assert not target.exists()
    assert target.read_bytes() == b"one\n"
    assert [p.name for p in tmp_path.iterdir()] == ["report.jsonl"]


@pytest.mark.parametrize("end", [KeyboardInterrupt, OSError, SystemExit])
def test_an_interruption_leaves_the_old_file_and_no_other(tmp_path, end):
    target = tmp_path / "report.html"
    target.write_text("old")

    def interrupted():
        with open_for_writing(str(target)) as out:
            out.write(b"half")
            raise end

    with pytest.raises(end):
        interrupted()
    assert target.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]


def test_the_mode_of_a_file_that_was_there_is_kept_and_a_new_one_is_private(tmp_path):
    old, new = tmp_path / "old.csv", tmp_path / "new.csv"
    old.write_text("")
    old.chmod(0o644)
    for path in (old, new):
        with open_for_writing(str(path)) as out:
            out.write(b"x")
    assert old.stat().st_mode & 0o777 == 0o644
    assert new.stat().st_mode & 0o777 == 0o600


def test_a_link_stays_a_link_and_its_target_is_written(tmp_path):
    (tmp_path / "link.csv").symlink_to(tmp_path / "real.csv")
    with open_for_writing(str(tmp_path / "link.csv")) as out:
        out.write(b"x")
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "real.csv").read_bytes() == b"x"


def test_a_dash_is_standard_output(capfdbinary):
    with open_for_writing("-") as out:
        out.write(b"lines\n")
    assert capfdbinary.readouterr().out == b"lines\n"


def test_a_device_is_written_and_not_replaced():
    with open_for_writing("/dev/null") as out:
        out.write(b"x")
    assert Path("/dev/null").is_char_device()


def test_a_folder_that_is_not_there_is_an_os_error(tmp_path):
    with pytest.raises(OSError, match="No such file"), open_for_writing(str(tmp_path / "no" / "x.csv")):
        pass
