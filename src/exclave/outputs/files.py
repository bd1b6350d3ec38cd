"""Files that are whole or not there: written beside the target under another name, then renamed."""

from __future__ import annotations

import os
import sys
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def open_for_writing(path: str) -> Iterator[BinaryIO]:
    """A binary stream whose bytes appear at `path` when the block ends well, and not at all otherwise.

    `-` is standard output. A device or pipe (`/dev/stdout`, a named pipe) is written directly, since a rename
    would replace it. A symbolic link is followed. Raises OSError as `open` does.
    """
    if path == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    target = Path(path).resolve()
    if target.exists() and not target.is_file():
        with target.open("wb") as stream:
            yield stream
        return
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent)
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        _keep_mode(part, target)
        part.replace(target)
    except BaseException:  # also KeyboardInterrupt: leave no half file behind
        with suppress(OSError):
            part.unlink()
        raise


def _keep_mode(part: Path, target: Path) -> None:
    """Temporary files are made 0600: keep the target's mode, else stay private: reports are sensitive."""
    if target.exists():
        with suppress(OSError):
            part.chmod(target.stat().st_mode & 0o777)
