from __future__ import annotations

import pytest

from exclave.perimeter.file import BadPerimeterError, read
from exclave.perimeter.flow_limits import FlowLimits


def written(tmp_path, content):
    file = tmp_path / "perimeter.toml"
    file.write_text(content)
    return read(file).flows


def test_without_a_table_the_defaults_hold(tmp_path):
    assert written(tmp_path, "") == FlowLimits()


def test_sizes_are_text_or_numbers(tmp_path):
    found = written(
        tmp_path, '[flows]\nbytes = "2.5 GiB"\nservice-bytes = 1000\ntimes = 3\nlearn-hours = 12\n'
    )
    assert found == FlowLimits(bytes=int(2.5 * (1 << 30)), service_bytes=1000, times=3, learn_hours=12)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("bytes = -1", "size"),
        ('bytes = "much"', "size"),
        ("bytes = true", "size"),
        ("times = 'x'", "number"),
        ("byte = 1", "unknown key"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_key(tmp_path, line, says):
    with pytest.raises(BadPerimeterError, match=says):
        written(tmp_path, f"[flows]\n{line}\n")


def test_the_table_is_one(tmp_path):
    with pytest.raises(BadPerimeterError, match="one bracket"):
        written(tmp_path, "[[flows]]\nbytes = 1\n")
