"""Access levels: whom a service perimeter lets in from outside, and from where.

Source: https://cloud.google.com/access-context-manager/docs/reference/rest/v1/accessPolicies.accessLevels (a condition holds
where all of its fields do; an empty field holds for everybody; `negate` turns it round)
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from exclave.audit.checks.gcp.cel import lets_in
from exclave.audit.checks.gcp.scopes import mappings, part, texts
from exclave.model import FOREIGN, Cloud, Destination, Kind

if TYPE_CHECKING:
    from exclave.inventory import Answer, Inventory
    from exclave.perimeter import Perimeter

LEVELS = "accesscontextmanager.ListAccessLevels"
ANYWHERE = "*"
_DEEPEST = 8  # levels that name levels
_BINDING = ("devicePolicy", "members", "regions", "requiredAccessLevels", "vpcNetworkSources")


@dataclass(frozen=True, slots=True, kw_only=True)
class Levels:
    """The access levels of an organisation, by name, and the answer that could not be read."""

    found: Mapping[str, Mapping[str, Any]]
    blind: Answer | None
    perimeter: Perimeter

    def wide(self, name: str, depth: int = 0) -> str:
        """Whom a level lets in that is not ours; "" where it lets in nobody else, or nothing is known of it."""
        if name == ANYWHERE:
            return "anybody from anywhere"
        basic = part(self.found.get(name), "basic")
        conditions = [self._condition(c, depth) for c in mappings(part(basic, "conditions"))]
        if not conditions:
            return "whom its expression (CEL) lets in, from outside" if self._custom(name, depth) else ""
        if part(basic, "combiningFunction") == "OR":
            return next((c for c in conditions if c), "")
        return conditions[0] if all(conditions) else ""

    def unknown(self, names: list[str]) -> bool:
        """Whether one of some levels could not be read."""
        return self.blind is not None and any(n != ANYWHERE and n not in self.found for n in names)

    def unfollowed(self, names: list[str]) -> str:
        """A level of which it can't be said whom it lets in, for its expression is not followed; "" for none."""
        return next((n for n in names if "custom" in self.found.get(n, {}) and self._custom(n) is None), "")

    def _custom(self, name: str, depth: int = 0) -> bool | None:
        """Whether a level in CEL lets strangers in; None where that can't be said."""
        text = str(part(self.found.get(name), "custom", "expr", "expression") or "")
        if not text.strip():
            return False

        def other(short: str) -> bool:
            return depth < _DEEPEST and bool(self.wide(f"{name.rpartition('/')[0]}/{short}", depth + 1))

        return lets_in(text, lambda ranges: any(self._outside(r) for r in ranges), other)

    def _outside(self, text: str) -> bool:
        return not _private(text) and self._foreign(Kind.IP_RANGE, text)

    def _condition(self, one: Mapping[str, Any], depth: int) -> str:
        """Whom one condition lets in that is not ours."""
        ranges = texts(one.get("ipSubnetworks"))
        held = [k for k in _BINDING if _asks(one.get(k))]
        if one.get("negate") is True:
            return "anybody but from some places" if ranges or held else ""
        strangers = [
            m for m in texts(one.get("members")) if self._foreign(Kind.PRINCIPAL, m.partition(":")[2])
        ]
        if one.get("members"):
            return f"{strangers[0]}, not known to be ours" if strangers else ""
        networks = [
            str(part(n, "vpcSubnetwork", "network") or "").removeprefix("//compute.googleapis.com/")
            for n in mappings(one.get("vpcNetworkSources"))
        ]
        if strange := next(
            (n for n in networks if self._foreign(Kind.PROJECT, n.partition("/")[2].partition("/")[0])), ""
        ):
            return f"whoever is in the network {strange}, not known to be ours"
        if _asks(one.get("devicePolicy")) or networks:
            return ""
        required = texts(one.get("requiredAccessLevels"))
        if required and not (depth < _DEEPEST and all(self.wide(r, depth + 1) for r in required)):
            return ""
        if ranges:
            outside = [r for r in ranges if self._outside(r)]
            return f"anybody from {outside[0]}, which is not in the perimeter" if outside else ""
        regions = texts(one.get("regions"))
        return f"anybody from {', '.join(regions[:5])}" if regions else "anybody from anywhere"

    def _foreign(self, kind: Kind, identifier: str) -> bool:
        destination = Destination(kind=kind, id=identifier, cloud=Cloud.GCP)
        return self.perimeter.judge(destination).verdict in FOREIGN


def levels(inventory: Inventory, home: str, perimeter: Perimeter) -> Levels:
    """The access levels of an organisation."""
    answers = list(inventory.each(LEVELS, account=home)) or [inventory.one(LEVELS, home)]
    return Levels(
        found={str(level.get("name")): level for a in answers for level in mappings(a.items)},
        blind=next((a for a in answers if a.error is not None), None),
        perimeter=perimeter,
    )


def _asks(field: Any) -> bool:
    """Whether a field of a condition asks for something: a device policy may have nothing but switches that are off."""
    return any(field.values()) if isinstance(field, Mapping) else bool(field)


def _private(text: str) -> bool:
    try:
        return ipaddress.ip_network(text, strict=False).is_private
    except ValueError:
        return False
