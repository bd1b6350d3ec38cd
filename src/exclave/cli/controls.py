"""`exclave controls`."""

from __future__ import annotations

import click

from exclave.cli.writing import console, put, to_stdout


@click.group()
def command() -> None:
    """The safeguards and alarms that ought to be there. Offline."""


@command.command("list")
@click.option("--cloud", type=click.Choice(["aws", "azure", "gcp"]), help="Only of this cloud.")
@click.option("--format", "format_", type=click.Choice(["text", "jsonl"]), default="text", show_default=True)
def list_(cloud: str | None, format_: str) -> None:
    """List the controls."""
    import msgspec

    from exclave.audit.loader import load

    for control in load():
        if cloud and control.cloud != cloud:
            continue
        if format_ == "jsonl":
            put(msgspec.json.encode(control).decode())
        else:
            put(f"{control.id:36} {control.severity.value:9} {control.title}")


@command.command("show")
@click.argument("control_id")
@click.option("--format", "format_", type=click.Choice(["text", "jsonl"]), default="text", show_default=True)
def show(control_id: str, format_: str) -> None:
    """Explain one control.

    What is checked and why, what it needs, what it would have stopped, how to put it in place.
    """
    import msgspec

    from exclave.audit.loader import BadControlError, control
    from exclave.harden.registry import maker_of
    from exclave.outputs.control_page import show as show_page
    from exclave.outputs.paper import inked, labelled

    try:
        found = control(control_id)
    except BadControlError as error:
        raise click.UsageError(str(error)) from error
    if format_ == "jsonl":
        put(msgspec.json.encode(found).decode())
        return
    out = console()

    def page() -> None:
        show_page(found, out)
        if maker_of(found) is not None:
            labelled(out, "harden", inked(out, f"exclave harden DIR --control {found.id} -o OUT"))

    to_stdout(page)
