"""The words of harden: an artefact to review, what a maker made of a control's failures, and the options."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from exclave.audit.model import Result, Settings
from exclave.inventory.store import Inventory
from exclave.perimeter import Perimeter

if TYPE_CHECKING:
    from exclave.change.model import Step


FORMATS = frozenset({
    "cloudformation", "terraform", "policy", "diff", "text", "arm", "bicep", "parameters", "powershell", "json",
    "gcloud",
})  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Artefact:
    """A file that puts a control in place, for somebody to review and deploy with his own tools.

    `name` is the file's: `aws.alarm.data-sharing.cloudformation.yaml`. Its text is the same for the same
    inventory and options.
    """

    control: str
    name: str
    format: str  # cloudformation, terraform, arm, bicep, gcloud, powershell, policy (JSON), diff, text ...
    text: str
    about: str = ""  # one line: what it makes
    deploy: str = ""  # the command that puts it in place
    undo: str = ""  # how it is taken away again: the command, or the file's text
    notes: tuple[str, ...] = ()  # what to decide or test before it is deployed


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What a maker made. `steps` are what `--apply` does; `notes` what a person must do or decide."""

    artefacts: tuple[Artefact, ...] = ()
    steps: tuple[Step, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the user chose.

    `formats`: those to write; all when empty. `values`: what only one maker asks for (`--set NAME=VALUE`).
    `break_glass`: principals (ARN patterns) that no policy may lock out, from the perimeter and the options.
    """

    formats: frozenset[str] = frozenset()
    notify: tuple[str, ...] = ()  # mail addresses that alarms are sent to
    prefix: str = "exclave"  # of the names of what is made
    break_glass: tuple[str, ...] = ()
    settings: Settings = field(default_factory=Settings)
    controls: frozenset[str] = frozenset()  # that are hardened together
    values: Mapping[str, str] = field(default_factory=dict)

    def wants(self, format_: str) -> bool:
        """Whether a format was asked for."""
        return not self.formats or format_ in self.formats

    def value(self, name: str, default: str = "") -> str:
        """What `--set` said of a name."""
        return self.values.get(name, default)


# What `--set` takes: a name that nothing reads is a slip, and would leave a default in its place.
VALUES = frozenset(
    {
        "action-group",
        "banned-passwords",
        "disable-used",
        "location",
        "log-bucket",
        "log-project",
        "log-storage",
        "log-workspace",
        "policy-target",
        "region",
        "remove-secrets",
        "resource-group",
        "rotate-keys",
        "source-restriction",
        "subnets",
        "threshold-bytes",
        "vpc-block-public-access",
    }
)

Maker = Callable[[Sequence[Result], Inventory, Perimeter, Options], Made]
