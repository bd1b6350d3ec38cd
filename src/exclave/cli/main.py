"""`exclave`: finds a command's module only when it is used, so that `--version` starts at once."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import click

from exclave import __version__

COMMANDS = {
    "hunt": "exclave.cli.hunt",
    "timeline": "exclave.cli.timeline",
    "revoke": "exclave.cli.revoke",
    "collect": "exclave.cli.collect",
    "audit": "exclave.cli.audit",
    "harden": "exclave.cli.harden",
    "diff": "exclave.cli.diff",
    "perimeter": "exclave.cli.perimeter",
    "catalogue": "exclave.cli.catalogue",
    "controls": "exclave.cli.controls",
    "permissions": "exclave.cli.permissions",
    "simulate": "exclave.cli.simulate",
}


INTERRUPTED = 130


class Lazy(click.Group):
    """A group whose commands are modules with a `command`."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Names, in the order of use."""
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, name: str) -> click.Command | None:
        """One command, imported now."""
        if name not in COMMANDS:
            return None
        command: click.Command = import_module(COMMANDS[name]).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """What the first word names; a misspelt one is told the nearest, a path the command that reads it."""
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            from difflib import get_close_matches

            near = get_close_matches(args[0], COMMANDS, 1)
            logs = f"; to hunt in it: exclave hunt {args[0]}" if Path(args[0]).exists() else ""
            ctx.fail(f"No such command {args[0]!r}" + (f". Did you mean {near[0]!r}?" if near else logs))
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> object:
        """Run a command. One that Ctrl-C ended with nothing to tell has not found anything: its status is not 1."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            click.echo("stopped by Ctrl-C", err=True)
            ctx.exit(INTERRUPTED)


@click.command(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="exclave", message="%(prog)s %(version)s")
def run() -> None:
    """Find cloud data moved to somebody else's account on the same cloud (ATT&CK T1537).

    Exit status: 0 nothing found, 1 findings at or above --fail-on, 2 usage, or an output that can't be written, 3 could
    not look at something, 130 interrupted with nothing to tell.
    """
