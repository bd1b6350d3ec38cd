from __future__ import annotations

import csv
import io

from exclave.outputs import write

from . import sample


def rows(report):
    stream = io.BytesIO()
    write(report, "csv", stream)
    return list(csv.DictReader(io.StringIO(stream.getvalue().decode(), newline="")))


def test_each_transfer_and_signal_is_a_row_and_so_is_each_problem():
    found = rows(sample.report())
    kinds = [row["type"] for row in found]
    assert kinds.count("transfer") == 8
    assert [kind for kind in kinds if kind.startswith("signal")] == [
        "signal:prepare",
        "signal:tamper",
        "signal:access-change",
    ]
    assert kinds.count("problem") == 2


def test_account_ids_keep_their_digits_and_states_are_words():
    by_id = {row["id"]: row for row in rows(sample.report())}
    assert by_id["t-f60718"]["destination_id"] == sample.THEIRS
    assert (by_id["t-f60718"]["open"], by_id["t-f60718"]["taken"]) == ("yes", "yes")
    assert by_id["t-bucket"]["closed_by"] == "s3:PutPublicAccessBlock"
    assert by_id["t-failed"]["open"] == ""


def test_no_cell_of_a_hostile_report_is_a_formula_or_holds_a_line_break():
    for text in ("=1+1", "@SUM(A1)", "\t=1", "-2", "a\r\n=1"):
        for row in rows(sample.poisoned(text)):
            assert None not in row
            for cell in row.values():
                assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
                assert "\n" not in cell
