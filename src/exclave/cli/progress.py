"""A progress bar on standard error, on a terminal only."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exclave.engines.hunt import Progress, Watch


_EVERY = 0.1  # seconds between two pictures


def watched(*, quiet: bool) -> bool:
    """Whether somebody looks."""
    return not quiet and sys.stderr.isatty()


@contextmanager
def watching(*, quiet: bool, total: int | None = None) -> Iterator[Watch]:
    """A function that shows how far a hunt is; one that does nothing where nobody looks.

    `total`: the stored bytes that there are to read; None where that isn't known.
    """
    if not watched(quiet=quiet):
        yield lambda _progress: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        SpinnerColumn,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )
    from rich.progress import Progress as Bar

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TextColumn("{task.fields[files]:,} files"),
        BarColumn(bar_width=20),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(elapsed_when_finished=True),
    )
    # It is drawn as work is done and not by a thread, so that processes may be forked.
    with Bar(*columns, console=Console(stderr=True), transient=True, auto_refresh=False) as bar:
        task = bar.add_task("reading", total=total, files=0)

        drawn = [0.0]

        def watch(progress: Progress) -> None:
            if progress.phase == "reading":
                bar.update(task, completed=progress.stored, files=progress.items)
            else:
                bar.update(task, description=progress.phase)
            now = time.monotonic()
            if now - drawn[0] >= _EVERY:
                drawn[0] = now
                bar.refresh()

        yield watch
