"""`exclave timeline`."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from exclave.cli.when import When
from exclave.cli.writing import tell, to_stdout

if TYPE_CHECKING:
    from exclave.detect.doings import Doing
    from exclave.engines.work import Settings
    from exclave.model import Problem
    from exclave.sources import Item

_NEVER = datetime.min.replace(tzinfo=UTC)


@click.command()
@click.argument("logs", nargs=-1, required=True)
@click.option(
    "--incident",
    metavar="ID",
    help="Everything that the actors of this incident did (its id, or the beginning of it).",
)
@click.option(
    "--actor",
    "actors",
    multiple=True,
    help="Everything that this actor did: an access key id, ARN, session or user name, or a foreign account.",
)
@click.option("--since", type=When(), help="Only events from then on.")
@click.option("--until", type=When(), help="Only events before then.")
@click.option(
    "-p",
    "--perimeter",
    "perimeter_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="As for hunt.",
)
@click.option(
    "-f",
    "--format",
    "format_",
    type=click.Choice(["text", "jsonl", "csv"]),
    default="text",
    show_default=True,
)
@click.option("--profile", help="AWS profile for s3:// logs.")
@click.option(
    "-j",
    "--jobs",
    type=click.IntRange(0),
    default=0,
    help="Processes; as many as there are cores unless said.",
)
def command(
    logs: tuple[str, ...],
    incident: str | None,
    actors: tuple[str, ...],
    since: datetime | None,
    until: datetime | None,
    perimeter_file: Path | None,
    format_: str,
    profile: str | None,
    jobs: int,
) -> None:
    """Show everything that an actor did, in order of time.

    An incident shows what belongs to it. This goes back to the logs for the rest: reconnaissance, failures, what else was
    touched. Exit status: 0 shown, 2 usage, 3 could not look at something.
    """
    from exclave.engines.local import batches, each
    from exclave.engines.work import Settings, doings_items
    from exclave.model import Problem
    from exclave.outputs.timeline import write
    from exclave.outputs.words import count
    from exclave.sources import Item, plan

    if "-" in logs:
        raise click.UsageError("a timeline reads the logs more than once, so standard input will not do")
    settings = Settings(since=since, until=until)
    options = {"profile": profile} if profile else {}
    planned = list(plan(logs, since=since, until=until, options=options))
    who = frozenset(actors)
    if incident:
        who |= _of_incident(incident, planned, perimeter_file, settings, jobs)
    if not who:
        raise click.UsageError("say whose timeline: --incident ID or --actor NAME")
    problems = [p for p in planned if isinstance(p, Problem)]
    found: list[Doing] = []
    for task, result in each(
        doings_items, batches(p for p in planned if isinstance(p, Item)), who, settings, jobs=jobs
    ):
        if isinstance(result, Exception):
            problems += [Problem(where=i.where, what="the process that read it died") for i in task]
        else:
            found += result[0]
            problems += result[1]
    unique = {
        (d.evidence.event_id or id(d), d.action, d.account): d for d in found if _inside(d, since, until)
    }
    told = sorted(unique.values(), key=lambda d: (d.time or _NEVER, d.evidence.event_id))
    to_stdout(lambda: write(told, format_, sys.stdout))
    tell(f"{count(len(told), 'event')} by {', '.join(sorted(who)[:6])}")
    if not told:
        tell(
            "an actor is an access key id, an ARN, a session or user name, or a foreign account, as a hunt's report names it"
        )
    for problem in problems:
        tell(f"could not look: {problem.where}: {problem.what}")
    sys.exit(3 if problems else 0)


def _of_incident(
    wanted: str, planned: list[Item | Problem], perimeter_file: Path | None, settings: Settings, jobs: int
) -> frozenset[str]:
    from exclave.catalogue.loader import load
    from exclave.cli.hunt import perimeter_maker
    from exclave.engines.hunt import Hunt

    report = Hunt(load(), settings, perimeter_maker(perimeter_file), jobs).run(planned)
    fitting = [i for i in report.incidents if i.id.startswith(wanted)]
    if len(fitting) != 1:
        known = ", ".join(i.id for i in report.incidents) or "none"
        raise click.UsageError(
            f"{'several incidents begin' if fitting else 'no incident begins'} with {wanted!r}; in these logs: {known}"
        )
    asked = {i.credential: i.to for i in report.issued}
    waiting = list(fitting[0].actors)
    who: set[str] = set()
    while waiting:
        actor = waiting.pop()
        name = actor.account if actor.kind == "account" else actor.credential or actor.id
        if name and name not in who:
            who.add(name)
            waiting += [asked[name]] if name in asked else []
    return frozenset(who)


def _inside(doing: Doing, since: datetime | None, until: datetime | None) -> bool:
    return doing.time is None or (
        (since is None or doing.time >= since) and (until is None or doing.time < until)
    )
