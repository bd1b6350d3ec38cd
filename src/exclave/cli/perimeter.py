"""`exclave perimeter`."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from exclave.cli.writing import CouldNotLookError, check_folders, put, tell, text_to_file
from exclave.model import Destination, Kind

if TYPE_CHECKING:
    from collections.abc import Mapping


@click.group()
def command() -> None:
    """Who is ours: propose a perimeter.toml, explain a verdict."""


@command.command("init")
@click.option(
    "--from-logs", "logs", multiple=True, metavar="PATH", help="Propose the accounts whose logs these are."
)
@click.option(
    "--from-org",
    "organization",
    is_flag=True,
    help="Propose the accounts of the AWS organisation (needs credentials and exclave[aws]).",
)
@click.option("--profile", help="AWS profile.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write there in place of standard output; never over a file.",
)
def init(logs: tuple[str, ...], organization: bool, profile: str | None, output: Path | None) -> None:
    """Propose a perimeter.toml. It is yours to check: what stands in it counts as ours."""
    from exclave.perimeter.propose import Proposed, from_organization, from_seen, toml

    if not logs and not organization:
        raise click.UsageError("say from what: --from-logs PATH or --from-org")
    if output is not None and output.exists():
        raise click.UsageError(f"{output} is there already: remove it or choose another name")
    check_folders([str(output)] if output else [])
    proposed: list[Proposed] = []
    problems: list[str] = []
    if organization:
        try:
            proposed += from_organization(profile)
        except RuntimeError as error:
            raise CouldNotLookError(str(error)) from error
    if logs:
        from exclave.catalogue.loader import load
        from exclave.engines.hunt import Hunt
        from exclave.engines.work import Settings
        from exclave.perimeter.build import maker
        from exclave.sources import plan

        hunt = Hunt(load(), Settings(), maker(None))
        result = hunt.scan(plan(logs, options={"profile": profile} if profile else {}))
        known = {p.id for p in proposed}
        proposed += [p for p in from_seen(result.seen) if p.id not in known]
        problems = [f"{p.where}: {p.what}" for p in result.coverage.problems]
    text = toml(proposed, " and ".join([*logs, *(["AWS Organizations"] if organization else [])]))
    if output is None:
        put(text, nl=False)
    else:
        text_to_file(output, text)
        entries = "1 entry" if len(proposed) == 1 else f"{len(proposed):,} entries"
        tell(f"{entries} written to {output}: look at every line, what stands there counts as ours")
    for problem in problems:
        tell(f"could not look: {problem}")
    sys.exit(3 if problems else 0)


@command.command("explain")
@click.argument("identifier")
@click.option(
    "-p",
    "--perimeter",
    "perimeter_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The perimeter file (default: ./perimeter.toml, if there is one).",
)
@click.option(
    "--logs", multiple=True, metavar="PATH", help="Logs whose accounts count as ours, as in a hunt."
)
@click.option(
    "--kind",
    type=click.Choice([k.value for k in Kind]),
    help="What it is, where that can't be told from its form.",
)
def explain(identifier: str, perimeter_file: Path | None, logs: tuple[str, ...], kind: str | None) -> None:
    """Say what decides about somebody, and why.

    IDENTIFIER is an account, organisation, ARN, bucket, address range, ...
    """
    from exclave.cli.hunt import perimeter_maker

    make = perimeter_maker(perimeter_file)
    seen: Mapping[Kind, Mapping[str, str]] = {}
    if logs:
        from exclave.catalogue.loader import load
        from exclave.engines.hunt import Hunt
        from exclave.engines.work import Settings
        from exclave.sources import plan

        seen = Hunt(load(), Settings(), make).scan(plan(logs)).seen
    perimeter, remarks = make(seen)
    chosen = Kind(kind) if kind else _guess(identifier)
    judgement = perimeter.judge(Destination(kind=chosen, id=identifier))
    put(f"{chosen.value} {identifier}: {judgement.verdict.value}")
    put(f"  decided by: {judgement.reason}")
    for remark in remarks:
        tell(f"perimeter: {remark}")
    for entry in perimeter.find(identifier):
        notes = [f"why: {entry.why}" if entry.why else "", f"owner: {entry.owner}" if entry.owner else ""]
        notes.append(
            f"until {entry.until}{' (expired, does not count)' if entry.expired(perimeter.today) else ''}"
            if entry.until
            else ""
        )
        put(f"  named in {entry.where}: as {entry.verdict.value}" + "".join(f"; {n}" for n in notes if n))


_FORMS = (
    (r"\d{12}", Kind.ACCOUNT),
    (r"o-[a-z0-9]{10,32}", Kind.ORGANIZATION),
    (r"(o-[a-z0-9]+/)?(r|ou)-.*", Kind.ORG_UNIT),
    (r"arn:.*|.*@.*", Kind.PRINCIPAL),
    (r"[0-9a-f]{64}", Kind.CANONICAL_ID),
    (r"vpce?-.*", Kind.VPC),
    (r"[0-9.]+(/\d+)?|[0-9a-fA-F]*:[0-9a-fA-F:]+(/\d+)?", Kind.IP_RANGE),
    (r"[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}", Kind.TENANT),
    (r"C0\w+", Kind.CUSTOMER),
    (r"\*|all(Authenticated)?Users", Kind.PUBLIC),
)


def _guess(identifier: str) -> Kind:
    return next((kind for form, kind in _FORMS if re.fullmatch(form, identifier)), Kind.BUCKET)
