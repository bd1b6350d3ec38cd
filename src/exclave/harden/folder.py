"""What was made, as files: the artefacts, a plan for `--apply`, and an index for people."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from exclave.change.file import write_plan
from exclave.harden.markdown import bullets, table
from exclave.outputs.files import open_for_writing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exclave.change.model import Plan
    from exclave.harden.model import Artefact
    from exclave.harden.run import Hardened

INDEX, PLAN = "plan.md", "plan.json"
_TERRAFORM = ".tf.json"


def place(artefact: Artefact) -> Path:
    """Where an artefact lies in the folder: a Terraform configuration is a folder of its own."""
    name = Path(artefact.name).name  # never elsewhere, whatever the name says
    if artefact.format == "terraform" and name.endswith(_TERRAFORM):
        return Path(name.removesuffix(_TERRAFORM)) / "main.tf.json"
    if artefact.format == "terraform" and name.endswith(".tf"):
        return Path(name.removesuffix(".tf")) / "main.tf"
    return Path(name)


def write(folder: Path, made: Hardened, plan: Plan) -> list[Path]:
    """Write everything; the paths, in order. Raises OSError as writing does."""
    folder.mkdir(parents=True, exist_ok=True)
    paths: list[Path] = []
    for artefact in made.artefacts:
        path = folder / place(artefact)
        path.parent.mkdir(exist_ok=True)
        _write(path, artefact.text)
        paths.append(path)
    _write(folder / INDEX, index(made, plan))
    paths.append(folder / INDEX)
    if plan.steps:
        write_plan(folder / PLAN, plan)
        paths.append(folder / PLAN)
    return paths


def _write(path: Path, text: str) -> None:
    with open_for_writing(str(path)) as stream:
        stream.write(text.encode("utf-8", "surrogatepass"))


def index(made: Hardened, plan: Plan) -> str:
    """The index, as Markdown."""
    return "\n".join(_index(made, plan))


def _index(made: Hardened, plan: Plan) -> Iterator[str]:
    yield "# What puts the missing controls in place\n"
    yield f"Controls: {len(made.missing)} missing, {len(made.in_place)} in place, {len(made.unseen)} could not be looked at.\n"
    for control in made.missing:
        yield from _control(control, made)
    if made.unseen:
        yield "## Could not be looked at\n"
        yield bullets([f"{r.control.id}, {r.check.scope}: {'; '.join(r.check.why)}" for r in made.unseen])
    if plan.steps:
        yield "## What --apply changes\n"
        yield f"`exclave harden {PLAN} --apply --limit {len(plan.steps)}` makes these {len(plan.steps)} changes, and an undo file.\n"
        yield table(
            ("change", "account", "region", "what it breaks", "undo"),
            [
                (s.title, s.account, s.region, "; ".join(s.breaks), "yes" if s.undo else "no")
                for s in plan.steps
            ],
        )
    if plan.skipped:
        yield "## Not planned\n"
        yield bullets([f"{s.what}: {s.why}" for s in plan.skipped])


def _control(control: str, made: Hardened) -> Iterator[str]:
    results = made.missing[control]
    yield f"## {control}\n"
    yield f"{results[0].control.title}. {results[0].control.about}\n"
    yield bullets([f"{r.check.scope}: {w}" for r in results for w in r.check.why])
    found = [a for a in made.artefacts if a.control == control]
    if found:
        rows = [(str(place(a)), a.format, a.about, a.deploy, a.undo) for a in found]
        yield table(
            ("file", "format", "what it does", "deploy", "undo"), rows, copied=("file", "deploy", "undo")
        )
    notes = dict.fromkeys((*made.notes.get(control, ()), *(n for a in found for n in a.notes)))
    if notes:
        yield "To decide, and to do by hand:\n"
        yield bullets(list(notes))
