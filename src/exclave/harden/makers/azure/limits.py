"""What limits keys and SAS of a storage account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exclave.audit.checks.azure.moments import span

if TYPE_CHECKING:
    from collections.abc import Mapping

CONTROL = "azure.credentials.key-rotation"
SAS_LIFE = "1.00:00:00"  # of what is signed: a day


def limits(held: Mapping[str, Any], days: int) -> dict[str, Any]:
    """The limits that an account lacks."""
    wish: dict[str, Any] = {}
    now = held.get("keyPolicy")
    period = now.get("keyExpirationPeriodInDays") if isinstance(now, dict) else None
    if not isinstance(period, int) or period > days:
        wish["keyPolicy"] = {"keyExpirationPeriodInDays": days}
    sas = held.get("sasPolicy")
    life = span(sas.get("sasExpirationPeriod")) if isinstance(sas, dict) else None
    lasts = None if life is None or life.days > days or life.total_seconds() <= 0 else sas
    if lasts is None or str(lasts.get("expirationAction")).lower() != "block":
        period = lasts["sasExpirationPeriod"] if lasts else SAS_LIFE
        wish["sasPolicy"] = {"sasExpirationPeriod": period, "expirationAction": "Block"}
    return wish
