"""Groups of commands with a default."""

from __future__ import annotations

import click


class FolderFirst(click.Group):
    """`exclave audit DIR` is `exclave audit folder DIR`."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """What the first word names: a command, else a folder."""
        if args and args[0] not in self.commands:
            args = ["folder", *args]
        return super().resolve_command(ctx, args)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """An option first is one of the default."""
        if args and args[0].startswith("-") and args[0] not in ("-h", "--help"):
            args = ["folder", *args]
        return super().parse_args(ctx, args)
