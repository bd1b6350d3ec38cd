"""Who is ours: one judge, used by hunting, audit, alarms and proof; and the file that says so."""

from exclave.perimeter.judge import Entry, EntryKind, Perimeter, owner_of

__all__ = ["Entry", "EntryKind", "Perimeter", "owner_of"]
