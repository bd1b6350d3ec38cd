"""Steps and artefacts of Azure, from resource ids and bodies."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from exclave.change.checking import pruned
from exclave.change.model import Expect, Request, Step, step_id
from exclave.harden.makers.azure import arm, bicep
from exclave.harden.model import Artefact
from exclave.model import Cloud

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from exclave.audit.model import Result
    from exclave.harden.makers.azure.arm import Template
    from exclave.harden.model import Options

ARM, GRAPH = "https://management.azure.com", "https://graph.microsoft.com/v1.0"
BEFORE = "what was there before, for the undo"
ENDINGS = {
    "arm": "arm.json",
    "parameters": "parameters.json",
    "bicep": "bicep",
    "powershell": "ps1",
    "text": "md",
    "json": "json",
}


def url(identifier: str, api: str) -> str:
    """The address of a resource."""
    return f"{ARM}{quote(identifier, safe='/._~:@!$()*+,;=-')}?api-version={api}"


def call(
    verb: str, identifier: str, api: str, account: str, body: Mapping[str, Any] | None = None
) -> Request:
    """One call of Resource Manager."""
    return Request(
        cloud=Cloud.AZURE, account=account, call=f"{verb} {url(identifier, api)}", args=dict(body or {})
    )


def reading(identifier: str, api: str, account: str, keep: Sequence[str] = ()) -> Request:
    """The call that reads a resource, as far as it matters."""
    return Request(cloud=Cloud.AZURE, account=account, call=f"GET {url(identifier, api)}", keep=tuple(keep))


def step(
    title: str,
    resource: str,
    account: str,
    change: Sequence[Request],
    *,
    read: Request,
    before: Any,
    undo: Sequence[Request] = (),
    after: Sequence[Expect] = (),
    undone: Sequence[Expect] = (),
    breaks: Sequence[str] = (),
    results: Sequence[Result] = (),
    why: Sequence[str] = (),
) -> Step:
    """One step. `before` is the resource as the inventory has it; it is pruned as `read` will be."""
    return Step(
        id=step_id(*change), title=title, resource=resource, account=account, why=tuple(why), read=read,
        before=pruned(before, read.keep, read.where), change=tuple(change), undo=tuple(undo), after=tuple(after), undone=tuple(undone),
        breaks=tuple(breaks), findings=tuple(dict.fromkeys(r.id for r in results)),
    )  # fmt: skip


def why(results: Sequence[Result]) -> tuple[str, ...]:
    """The reasons in results, each once."""
    return tuple(dict.fromkeys(w for r in results for w in r.check.why))


def file_name(control: str, account: str, format_: str, part: str = "") -> str:
    """An artefact's name: control, subscription, part where there are several, format."""
    return ".".join(p for p in (control, account, part, ENDINGS[format_]) if p)


def templates(
    control: str,
    account: str,
    template: Template,
    options: Options,
    *,
    about: str,
    group: str = "",
    part: str = "",
    undo: str = "",
    values: Mapping[str, Any] | None = None,
    notes: Sequence[str] = (),
    back: Template | None = None,
) -> list[Artefact]:
    """A template as ARM and as Bicep, with its parameters file, as far as they were asked for.

    `back` is a template of what was there before: deploying it is the undo, and `undo` what is left to do then.
    """
    scope = (
        f"group create --resource-group {shlex.quote(group)}"
        if group
        else ("tenant" if template.where == "tenant" else "sub") + " create --location westeurope"
    )
    given = file_name(control, account, "parameters", part) if values is not None else ""
    found: list[Artefact] = []
    for format_, written in (("arm", arm.to_json), ("bicep", bicep.to_bicep)):
        if options.wants(format_):
            name = file_name(control, account, format_, part)
            deploy = f"az deployment {scope} --template-file {shlex.quote(name)}" + (
                f" --parameters {shlex.quote(f'@{given}')}" if given else ""
            )
            old = file_name(control, account, format_, f"{part}.undo".removeprefix("."))
            again = f"az deployment {scope} --template-file {shlex.quote(old)}" if back is not None else ""
            found.append(Artefact(
                control=control, name=name, format=format_, text=written(template), about=about, deploy=deploy,
                undo=" && ".join(u for u in (again, undo) if u), notes=tuple(notes),
            ))  # fmt: skip
            if back is not None:
                found.append(
                    Artefact(control=control, name=old, format=format_, text=written(back), about=BEFORE)
                )
    if given and found:
        found.append(Artefact(
            control=control, name=given, format="parameters", text=arm.parameters(values or {}),
            about="the values of the template's parameters: look at each", notes=tuple(notes),
        ))  # fmt: skip
    return found
