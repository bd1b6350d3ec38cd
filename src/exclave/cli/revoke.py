"""`exclave revoke`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from exclave.cli.applying import (
    apply_plan,
    applying_options,
    clear_errors,
    status_of,
    undo_from,
)
from exclave.cli.reading import CLOUDS
from exclave.cli.writing import CannotWriteError, check_folders, console, tell, to_stdout

if TYPE_CHECKING:
    from collections.abc import Iterable

    from exclave.change.clients import Who
    from exclave.change.model import Plan
    from exclave.revoke.findings import Choice
    from exclave.revoke.model import Found


@click.command()
@click.argument("sources", nargs=-1, metavar="[FINDINGS...]")
@click.option("--exposure", "exposures", multiple=True, metavar="ID", help="Only this exposure.")
@click.option("--transfer", "transfers", multiple=True, metavar="ID", help="Only this transfer (or signal).")
@click.option("--incident", "incidents", multiple=True, metavar="ID", help="Only transfers of this incident.")
@click.option("--method", "methods", multiple=True, metavar="PATTERN", help="Only these methods: aws.ebs.*")
@click.option(
    "--destination", "destinations", multiple=True, metavar="PATTERN", help="Only shares with these."
)
@click.option(
    "--plan", "plan_file", type=click.Path(path_type=Path, dir_okay=False), help="Write the plan as JSON."
)
@click.option(
    "--undo",
    "undo_of",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Put back what an earlier --apply noted in this file.",
)
@click.option(
    "-p",
    "--perimeter",
    "perimeter_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Who is ours, for an inventory or a cloud (default: ./perimeter.toml, if there is one).",
)
@click.option("--region", "regions", multiple=True, help="AWS, recorded now: only these regions.")
@applying_options
@click.option("--profile", help="AWS: a profile of the configuration.")
@click.option("--role-name", default="", help="AWS: the role to take on in accounts other than one's own.")
def command(
    sources: tuple[str, ...],
    exposures: tuple[str, ...],
    transfers: tuple[str, ...],
    incidents: tuple[str, ...],
    methods: tuple[str, ...],
    destinations: tuple[str, ...],
    plan_file: Path | None,
    undo_of: Path | None,
    perimeter_file: Path | None,
    regions: tuple[str, ...],
    apply_: bool,
    limit: int,
    undo_file: Path | None,
    keep_going: bool,
    expect_account: str,
    profile: str | None,
    role_name: str,
) -> None:
    """Take shares back: a plan that is shown, made with --apply.

    FINDINGS are a hunt's or an audit's .jsonl, a folder that `exclave collect` recorded, a cloud (aws, azure, gcp:
    recorded now), or a plan that --plan wrote. Without a choice all that stands open to somebody who isn't ours is taken.

    Each thing is read before it is changed, what stood there is noted in the undo file, and it is read again afterwards.
    `--undo FILE` puts it back; what has changed since is left alone.

    Exit status: 0 all planned (or taken back and verified), 1 something still stands, 2 usage, or more than --limit
    and nothing was changed, 3 something could not be looked at.
    """
    from exclave.change.clients import Who
    from exclave.revoke.findings import Choice

    who = Who(profile=profile, role_name=role_name, expect_account=expect_account)
    if undo_of is not None:
        if sources or apply_ or exposures or transfers:
            raise click.UsageError("--undo takes nothing but its file")
        undo_from(undo_of, who, keep_going=keep_going)
    if plan_file is not None:
        check_folders((str(plan_file),))
    choice = Choice(
        ids=frozenset((*exposures, *transfers)),
        methods=methods,
        destinations=destinations,
        incidents=frozenset(incidents),
    )
    if not sources and not exposures:
        raise click.UsageError("say what to take back: a .jsonl, a folder, a cloud, or --exposure ID")
    unseen: list[str] = []
    plan = _planned(sources or ("aws",), choice, who, perimeter_file, regions, unseen)
    _shown(plan, plan_file)
    unlooked = sum(not s.looked for s in plan.skipped) + len(unseen)
    left = sum(s.looked and s.stands for s in plan.skipped)
    if not apply_:
        tell(_summary(plan, limit))
        sys.exit(status_of([], left=left, unlooked=unlooked))
    results = apply_plan(
        plan, who, limit=limit, undo_file=undo_file, keep_going=keep_going, command="exclave revoke"
    )
    sys.exit(status_of(results, left=left, unlooked=unlooked))


def _planned(
    sources: tuple[str, ...],
    choice: Choice,
    who: Who,
    perimeter_file: Path | None,
    regions: tuple[str, ...],
    unseen: list[str],
) -> Plan:
    """The plan in a file, or one made of findings. `unseen` is given what could not be looked at."""
    from exclave.change import clients
    from exclave.change.file import BadFileError, read_plan
    from exclave.model import Cloud
    from exclave.revoke.findings import BadFindingsError, chosen
    from exclave.revoke.plan import plan
    from exclave.revoke.table import every, load, reading_calls

    if len(sources) == 1 and _is_plan(Path(sources[0])):
        try:
            return read_plan(Path(sources[0]))
        except BadFileError as error:
            raise click.UsageError(str(error)) from error
    try:
        found = chosen(_found(sources, perimeter_file, who, regions, unseen), choice)
    except BadFindingsError as error:
        raise click.UsageError(str(error)) from error
    ways = load()
    calls = reading_calls(every(ways, Cloud.AWS))
    accounts = [(f.cloud, f.account) for f in found]
    with clear_errors():
        made = plan(found, ways, clients.reader(who, calls, accounts))
    from msgspec.structs import replace

    return replace(made, identity=str(who))


def _found(
    sources: tuple[str, ...],
    perimeter_file: Path | None,
    who: Who,
    regions: tuple[str, ...],
    unseen: list[str],
) -> Iterable[Found]:
    from exclave.revoke.findings import read

    folders = [Path(s) for s in sources if Path(s).is_dir()]
    for source in sources:
        path = Path(source)
        if path.is_file():
            yield from read(path)
        elif source in CLOUDS and not path.exists():
            with tempfile.TemporaryDirectory(prefix="exclave-") as scratch:
                target = Path(scratch) / "inventory"
                _record(source, target, who, regions)
                yield from _standing([target], perimeter_file, unseen)
        elif not path.is_dir():
            raise click.BadParameter(f"{source}: no such file, folder or cloud", param_hint="FINDINGS")
    if folders:
        yield from _standing(folders, perimeter_file, unseen)


def _standing(folders: list[Path], perimeter_file: Path | None, unseen: list[str]) -> Iterable[Found]:
    """What stands open in an inventory, by the audit's own judgement."""
    from exclave.audit.exposures import exposures
    from exclave.audit.ours import seen
    from exclave.catalogue.loader import load
    from exclave.cli.hunt import perimeter_maker
    from exclave.inventory import Inventory
    from exclave.outputs.audit_records import exposure
    from exclave.revoke.findings import of_json

    inventory = Inventory.load(*folders)
    if not inventory.documents:
        raise click.UsageError(
            f"no inventory in {', '.join(map(str, folders))}: `exclave collect` records one"
        )
    unseen += [f"could not look: {p.where}: {p.what}" for p in inventory.problems]
    perimeter, _ = perimeter_maker(perimeter_file)(seen(inventory))
    standing, looked = exposures(inventory, perimeter, load())
    for source in looked:
        unseen += [f"{source.method}: {source.failed} could not be looked at: {w}" for w in source.why]
    for line in unseen:
        tell(line)
    for one in standing:
        found = of_json(exposure(one), one.where)
        if found is not None:
            yield found


def _record(cloud: str, target: Path, who: Who, regions: tuple[str, ...]) -> None:
    from exclave.cli.reading import needed, record

    of_aws = (
        {"profile": who.profile, "role_name": who.role_name, "regions": regions} if cloud == "aws" else {}
    )
    record(cloud, target, needed(cloud, (), exposures=True), expect_account=who.expect_account, **of_aws)


def _is_plan(path: Path) -> bool:
    """Whether a file holds a plan: it is one JSON document whose first member says so."""
    if not path.is_file():
        return False
    try:
        with path.open("rb") as stream:
            head = stream.read(200)
    except OSError:  # who reads it as findings says so
        return False
    return b'"exclave-plan/' in head


def _shown(plan: Plan, plan_file: Path | None) -> None:
    from exclave.change.file import write_plan
    from exclave.outputs import plan as writer

    if plan_file is not None:
        try:
            write_plan(plan_file, plan)
        except OSError as error:
            raise CannotWriteError(plan_file, error) from error
    to_stdout(lambda: writer.write(plan, console()))


def _summary(plan: Plan, limit: int) -> str:
    from exclave.outputs.words import count

    left = sum(s.stands for s in plan.skipped)
    if not plan.steps:
        return "nothing to take back" + (f", {left} not planned" if left else "")
    many = f"; that is more than --limit {limit}" if len(plan.steps) > limit else ""
    return f"{count(len(plan.steps), 'resource')} would be changed, {left} not planned{many}; --apply does it"
