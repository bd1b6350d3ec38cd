"""An inventory audited: every chosen control, and what is exposed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exclave import __version__
from exclave.audit.exposures import exposures
from exclave.audit.ids import digest
from exclave.audit.loader import check_of
from exclave.audit.model import AuditReport, Check, Control, Result, Settings, Status
from exclave.audit.needs import methods_of
from exclave.inventory.model import Scope

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exclave.catalogue.loader import Catalogue
    from exclave.inventory.store import Inventory
    from exclave.perimeter import Perimeter


def audit(
    inventory: Inventory,
    perimeter: Perimeter,
    settings: Settings,
    controls: Sequence[Control],
    catalogue: Catalogue,
    *,
    with_exposures: bool = True,
    said: Sequence[str] = (),
) -> AuditReport:
    """The whole audit. A control of a cloud that the inventory has nothing of is left out."""
    clouds = {s.cloud for s in inventory.scopes}
    results = [
        result
        for control in controls
        if control.cloud in clouds
        for result in results_of(control, inventory, perimeter, settings, catalogue)
    ]
    found, looked = exposures(inventory, perimeter, catalogue) if with_exposures else ((), ())
    return AuditReport(
        results=tuple(results),
        exposures=found,
        looked=looked,
        coverage=inventory.coverage(),
        perimeter=tuple(said),
        time=inventory.last,
        version=__version__,
    )


def results_of(
    control: Control, inventory: Inventory, perimeter: Perimeter, settings: Settings, catalogue: Catalogue
) -> list[Result]:
    """One control in every scope; could-not-look where its check has nothing to go by."""
    checks = check_of(control)(inventory, perimeter, settings)
    if not checks:
        accounts = inventory.accounts(control.cloud)
        checks = [
            Check(
                scope=Scope(cloud=control.cloud, account=a),
                status=Status.COULD_NOT_LOOK,
                count=0,
                of=0,
                what="answers",
                why=("nothing was recorded that this control needs",),
            )
            for a in accounts
        ]
    methods = methods_of(control, catalogue)
    return [
        Result(control=control, check=c, id=result_id(control.id, c.scope), methods=methods) for c in checks
    ]


def result_id(control: str, scope: Scope) -> str:
    """`c-` and 16 hex digits, the same in every audit."""
    return "c-" + digest(control, scope.account, scope.region)
