"""From an inventory to what puts its missing controls in place: audited, then made, control by control."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import msgspec

from exclave.audit.model import Status
from exclave.audit.run import results_of
from exclave.harden.cloudformation import UnsafeTextError
from exclave.harden.registry import in_turn, maker_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from exclave.audit.model import Control, Result
    from exclave.catalogue.loader import Catalogue
    from exclave.change.model import Step
    from exclave.harden.model import Artefact, Made, Options
    from exclave.inventory import Inventory
    from exclave.perimeter import Perimeter

NO_MAKER = "nothing is made for it: {}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hardened:
    """What was made. `notes` and `missing` by control; `in_place`: controls that need nothing."""

    artefacts: tuple[Artefact, ...] = ()
    steps: tuple[Step, ...] = ()
    notes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    missing: Mapping[str, tuple[Result, ...]] = field(default_factory=dict)
    in_place: tuple[str, ...] = ()
    unseen: tuple[Result, ...] = ()  # could not be looked at: neither made nor in place

    @property
    def unmade(self) -> tuple[str, ...]:
        """Controls that are missing and for which there is neither an artefact nor a step."""
        made = {a.control for a in self.artefacts}
        answered = {f for s in self.steps for f in s.findings}
        return tuple(
            c
            for c, results in self.missing.items()
            if c not in made and not any(r.id in answered for r in results)
        )


def harden(
    inventory: Inventory,
    perimeter: Perimeter,
    options: Options,
    controls: Sequence[Control],
    catalogue: Catalogue,
) -> Hardened:
    """Audit the controls and make what is missing. A control of a cloud that the inventory has nothing of is left out."""
    options = replace(options, controls=frozenset(c.id for c in controls))
    clouds = {s.cloud for s in inventory.scopes}
    artefacts: list[Artefact] = []
    steps: dict[str, Step] = {}
    notes: dict[str, tuple[str, ...]] = {}
    missing: dict[str, tuple[Result, ...]] = {}
    unseen: list[Result] = []
    in_place: list[str] = []
    for control in controls:
        if control.cloud not in clouds:
            continue
        results = results_of(control, inventory, perimeter, options.settings, catalogue)
        unseen += [r for r in results if r.check.status is Status.COULD_NOT_LOOK]
        lacking = [r for r in results if r.check.status in (Status.FAIL, Status.PARTIAL)]
        if not lacking:
            if all(r.check.status is Status.PASS for r in results):
                in_place.append(control.id)
            continue
        missing[control.id] = tuple(lacking)
        made = _made(control, lacking, inventory, perimeter, options)
        artefacts += made.artefacts
        for step in made.steps:
            steps[step.id] = _joined(steps.get(step.id), step)
        if made.notes:
            notes[control.id] = tuple(dict.fromkeys(made.notes))
    return Hardened(
        artefacts=tuple(artefacts),
        steps=in_turn(steps.values()),
        notes=notes,
        missing=missing,
        in_place=tuple(in_place),
        unseen=tuple(unseen),
    )


def _made(
    control: Control, lacking: Sequence[Result], inventory: Inventory, perimeter: Perimeter, options: Options
) -> Made:
    from exclave.harden.model import Made

    maker = maker_of(control)
    if maker is None:
        return Made(notes=(NO_MAKER.format(control.remediation),))
    try:
        return maker(lacking, inventory, perimeter, options)
    except UnsafeTextError as error:
        return Made(notes=(f"nothing was made: {error}; put it in place by hand: {control.remediation}",))


def _joined(earlier: Step | None, step: Step) -> Step:
    """A step that two controls ask for is made once."""
    if earlier is None:
        return step
    return msgspec.structs.replace(
        earlier, findings=tuple(dict.fromkeys((*earlier.findings, *step.findings)))
    )
