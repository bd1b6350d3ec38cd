"""One thing to read, named before it is opened."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A file, object or stream: made where the work is planned, opened in a worker.

    `where` is its display name (path, s3://bucket/key, '-' for standard input), `scheme` one of file, stdin,
    s3, az, gs, `path` what the opener needs (a path, or bucket/key), `size` bytes as stored where the
    listing said so, `options` settings of an object store (profile, region, endpoint, ...).
    """

    where: str
    scheme: str
    path: str
    size: int | None
    options: Mapping[str, str] = field(default_factory=dict, hash=False)
