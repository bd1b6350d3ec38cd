"""Writes what azure-cli says of the commands that cli_reference.json names: `PYTHON tests/harden/az_record.py [COMMAND...]`, with a Python that has
azure-cli (PyPI); a COMMAND is one more, as 'group create'.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from azure.cli.core import __version__, get_default_cli

RECORD = Path(__file__).with_name("cli_reference.json")


def options(name: str) -> list[str]:
    """A command's options, each with its other names; what must be given begins with `!`."""
    cli = get_default_cli()
    cli.invocation = cli.invocation_cls(
        cli_ctx=cli, commands_loader_cls=cli.commands_loader_cls, parser_cls=cli.parser_cls, help_cls=cli.help_cls
    )  # fmt: skip
    cli.invocation.data |= {"command_string": name, "command": name}
    loader = cli.invocation.commands_loader
    loader.load_command_table(name.split())
    loader.command_name = name
    loader.load_arguments(name)
    arguments = loader.command_table[name].arguments
    settings = [a.type.settings for named, a in arguments.items() if named != "cmd"]  # the CLI's own
    return sorted(
        "!" * bool(s.get("required")) + " ".join(o for o in s["options_list"] if isinstance(o, str))
        for s in settings
        if s.get("options_list") and type(s.get("action")).__name__ != "IgnoreAction"
    )


def main(commands: list[str]) -> None:
    held = json.loads(RECORD.read_text("utf-8"))
    names = sorted({*held["az"]["commands"], *commands})
    held["az"] = {"version": __version__, "commands": {name: options(name) for name in names}}
    RECORD.write_text(written(held), "utf-8")


def written(held: dict) -> str:
    """A line for each command."""
    tools = (
        f' "{tool}": {{"version": {json.dumps(of["version"])}, "commands": {{\n'
        + ",\n".join(f"  {json.dumps(n)}: {json.dumps(o)}" for n, o in of["commands"].items())
        + "\n }}"
        for tool, of in held.items()
    )
    return "{\n" + ",\n".join(tools) + "\n}\n"


if __name__ == "__main__":
    main(sys.argv[1:])
