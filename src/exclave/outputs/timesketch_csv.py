"""The events of `timesketch` as CSV, for those who look at the timeline before they import it."""

from __future__ import annotations

import csv
from typing import IO, TYPE_CHECKING

from exclave.outputs import neutralise, timesketch

if TYPE_CHECKING:
    from exclave.model import Report


def write(report: Report, out: IO[str]) -> None:
    """A header and one event a row; several tags are joined by commas, as Timesketch reads them."""
    table = csv.DictWriter(out, timesketch.FIELDS, quoting=csv.QUOTE_ALL, lineterminator="\n")
    table.writeheader()
    for event in timesketch.events(report):
        row = {name: neutralise.cell(value) for name, value in event.items()}
        row["tag"] = ",".join(map(neutralise.cell, event["tag"]))
        table.writerow(row)
