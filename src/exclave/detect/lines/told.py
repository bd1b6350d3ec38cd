"""What the contents of one batch have told already, so that it need not be read again in each."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Told:
    """Facts of contents that were read to their end, and of the one that is read now until `keep` or `forget`."""

    reads: dict[Any, Any] = field(default_factory=dict)  # kinds of reads: reads.py keeps them
    _kept: set[Any] = field(default_factory=set)
    _new: set[Any] = field(default_factory=set)

    def __contains__(self, fact: object) -> bool:
        return fact in self._kept or fact in self._new

    def add(self, *facts: object) -> None:
        """Notes what the content that is read now has told."""
        self._new.update(facts)

    def keep(self) -> None:
        """The content was read to its end."""
        self._kept |= self._new
        self._new.clear()

    def forget(self) -> None:
        """The content is read in another way: nothing of it counts."""
        self._new.clear()
