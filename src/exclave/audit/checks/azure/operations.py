"""The operations that must raise an alert: those of the catalogue that share data, give roles, loosen policy, stop logging."""

from __future__ import annotations

from functools import cache

from exclave.catalogue.loader import load
from exclave.model import Cloud, SignalKind

NSG_RULE_DELETE = "Microsoft.Network/networkSecurityGroups/securityRules/delete"
_MARK = "azure:"
_ROLES = ("azure.authorization.", "azure.subscription.")


@cache
def watched() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Each operation (in the provider's spelling where the catalogue has it) with its methods' ids, in order."""
    spelt: dict[str, str] = {}
    found: dict[str, list[str]] = {}
    for method in load().methods:
        if method.cloud is not Cloud.AZURE:
            continue
        spelt |= {a.lower(): a for a in method.prevent.actions}
        role = method.signal is SignalKind.ACCESS_CHANGE and method.id.startswith(_ROLES)
        if method.outcome is None and method.signal is not SignalKind.TAMPER and not role:
            continue
        for match in method.match:
            for event in match.events if not match.log else ():
                if event.startswith(_MARK):
                    found.setdefault(event.removeprefix(_MARK).lower(), []).append(method.id)
    return tuple((spelt.get(name, name), tuple(dict.fromkeys(ids))) for name, ids in sorted(found.items()))


def kind_of(methods: tuple[str, ...]) -> str:
    """What an operation does, by the methods that it is of: sharing, roles or guards."""
    kinds = _kinds()
    found = {kinds[m] for m in methods}
    return next(k for k in ("sharing", "guards", "roles") if k in found)


@cache
def _kinds() -> dict[str, str]:
    return {
        m.id: "sharing" if m.outcome else "guards" if m.signal is SignalKind.TAMPER else "roles"
        for m in load().methods
    }
