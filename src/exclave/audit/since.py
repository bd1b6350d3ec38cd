"""Since when something is shared: what the provider says, or better the hunt's finding of the offer itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from exclave.catalogue import paths
from exclave.inventory.template import filled_text, wanted_items
from exclave.model import Destination, Kind, Resource

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from exclave.audit.model import AuditReport, Exposure
    from exclave.catalogue.entry import Standing
    from exclave.inventory.model import Answer
    from exclave.inventory.store import Inventory

Offer = tuple[str, str, str]  # method, key of the source, key of the destination
_LISTED = "listed."


class Times:
    """The times of one standing part. The items that its call was made for are read once, when first asked for."""

    def __init__(self, inventory: Inventory, standing: Standing) -> None:
        self._inventory, self._standing = inventory, standing
        self._listed: dict[tuple[Any, str], str] | None = None

    def of(self, answer: Answer, fields: Mapping[str, Any]) -> datetime | None:
        """The time that the provider gives for a share, or for what is shared; None where it gives none."""
        path = self._standing.since
        if not path:
            return None
        if path.startswith(_LISTED):
            if self._listed is None:
                self._listed = self._all(path.removeprefix(_LISTED))
            return moment(self._listed.get((answer.scope, answer.key)))
        return moment(paths.first(fields, path))

    def _all(self, path: str) -> dict[tuple[Any, str], str]:
        spec = self._inventory.table.get(self._standing.call)
        if spec is None or spec.each is None:
            return {}
        return {
            (parent.scope, filled_text(spec.key, item)): paths.text(item, path)
            for parent in self._inventory.each(spec.each.call)
            if parent.error is None
            for item in wanted_items(spec, parent)
        }


def moment(value: object) -> datetime | None:
    """A time as answers and findings write it: ISO 8601 text, or seconds since 1970 (milliseconds, if so large)."""
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value / 1000 if value > 1e11 else value, UTC)  # noqa: PLR2004
        found = datetime.fromisoformat(value) if isinstance(value, str) and value else None
    except (ValueError, OverflowError, OSError):
        return None
    return found.replace(tzinfo=UTC) if found is not None and found.tzinfo is None else found


def offers(lines: Iterable[Mapping[str, Any]]) -> Mapping[Offer, datetime]:
    """When what a hunt found to be open was offered: the earliest of each source and receiver."""
    found: dict[Offer, datetime] = {}
    for line in lines:
        source, to = line.get("source"), line.get("destination")
        if (
            line.get("open") is False
            or line.get("error")
            or not isinstance(source, dict)
            or not isinstance(to, dict)
        ):
            continue
        if line.get("type") == "transfer" and line.get("outcome") != "offered":
            continue
        when = moment(paths.text(line, "state.opened_at", "time"))
        key = _offer(line, source, to)
        if when is not None and key is not None:
            found[key] = min(when, found.get(key, when))
    return found


def dated(report: AuditReport, known: Mapping[Offer, datetime]) -> AuditReport:
    """The report, its exposures with the time of the offer where a hunt has found it."""
    if not known:
        return report

    def one(e: Exposure) -> Exposure:
        when = known.get((e.method, e.source.key, e.destination.key))
        return replace(e, since=when) if when is not None else e

    return replace(report, exposures=tuple(one(e) for e in report.exposures))


def _offer(line: Mapping[str, Any], source: Mapping[str, Any], to: Mapping[str, Any]) -> Offer | None:
    try:
        kind = Kind(str(to.get("kind")))
    except ValueError:
        return None
    resource = Resource(kind=str(source.get("kind")), id=str(source.get("id")))
    return str(line.get("method")), resource.key, Destination(kind=kind, id=str(to.get("id"))).key
