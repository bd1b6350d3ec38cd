"""What to record of Google Cloud: an organisation, a folder or some projects."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from exclave.inventory import engine
from exclave.inventory.engine import Reply, StoppedError, Tally, Unit
from exclave.inventory.gcp.access import Access
from exclave.inventory.gcp.endpoints import BadEndpointError, Endpoints
from exclave.inventory.gcp.tokens import Tokens
from exclave.inventory.gcp.wire import SLOW_RATE, Wire
from exclave.inventory.model import Scope
from exclave.inventory.rate import Limiter
from exclave.inventory.table import chosen
from exclave.inventory.template import filled, place
from exclave.model import Cloud

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Sequence

    from exclave.inventory.record import Recorder
    from exclave.inventory.table import Table

SEARCH, PROJECTS, ANCESTRY, PROJECT = (
    "cloudresourcemanager.SearchOrganizations",
    "cloudasset.SearchProjects",
    "cloudresourcemanager.GetAncestry",
    "cloudresourcemanager.GetProject",
)
FIRST = (SEARCH, PROJECTS, ANCESTRY, PROJECT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What `exclave collect gcp` was asked for. `rate` is requests a second for each service."""

    organization: str = ""
    folder: str = ""
    projects: tuple[str, ...] = ()
    expect_account: str = ""
    rate: float = 8.0
    burst: int = 16
    workers: int = 8
    watch: Callable[[Tally], None] = field(default=lambda _tally: None)
    say: Callable[[str], None] = field(default=lambda _text: None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Where to look: `home` (the organisation, or a project that is in none) and the projects."""

    home: str
    projects: tuple[str, ...]


def collect(
    names: Sequence[str], table: Table, recorder: Recorder, options: Options, stop: threading.Event
) -> Tally:
    """Record the calls of these names, and those that they are made for.

    Raises:
        StoppedError: no credentials, credentials that ended, another organisation or project than expected, no
            project to be found, google-auth missing. What was recorded until then stands.
        OSError: the folder can't be written.
    """
    wanted = chosen(table, [*FIRST, *names])
    try:
        endpoints = Endpoints.of_environment()
    except BadEndpointError as error:
        raise StoppedError(str(error)) from error
    slow = min(options.rate, SLOW_RATE)
    limits = (Limiter(options.rate, options.burst, stop), Limiter(slow, max(1, int(slow * 4)), stop))
    wire = Wire(endpoints, Tokens(), limits, stop=stop, workers=options.workers)
    tally = Tally()
    try:
        identity = wire.tokens.who()
        access = Access(wire, wanted)
        found = _find(access, wanted, options, wire.tokens, identity)
        rate = (
            f"at most {options.rate:g} requests a second for each service"
            if options.rate
            else "no limit of rate"
        )
        options.say(f"{identity}: {found.home}, {len(found.projects)} projects, {len(wanted)} calls, {rate}")
        home = Scope(cloud=Cloud.GCP, account=found.home)
        planned: dict[str, list[str]] = {account: [] for account in (found.home, *found.projects)}
        recorder.plan(Cloud.GCP, found.home, planned, finished=False, calls=list(wanted))
        scopes = [Scope(cloud=Cloud.GCP, account=project) for project in found.projects]
        for some in ({n: wanted[n] for n in FIRST}, wanted):
            kept = tally.kept
            engine.run(
                some, scopes, home, access.ask, recorder, identity=identity, workers=options.workers,
                stop=stop, tally=tally, watch=options.watch,
            )  # fmt: skip
            if some is not wanted:
                tally.kept = kept  # the first calls are met again among all
        recorder.plan(Cloud.GCP, found.home, planned, finished=not stop.is_set(), calls=list(wanted))
    finally:
        wire.close()
    return tally


def _find(access: Access, table: Table, options: Options, tokens: Tokens, identity: str) -> Found:
    """The home and the projects that the options mean, checked against what is expected."""
    organization = options.organization.removeprefix("organizations/")
    projects = options.projects
    if not (organization or options.folder or projects):
        organization = _only_organization(access, table)
        if not organization and tokens.project:
            projects = (tokens.project,)
        elif not organization:
            raise StoppedError("nothing says where to look: name --organization, --folder or --project")
    if projects:
        home = _home_of(access, table, projects[0])
        found = Found(home=home, projects=tuple(dict.fromkeys(projects)))
    else:
        container = f"organizations/{organization}" if organization else _folder(options.folder)
        home, listed = _listed(access, table, container)
        found = Found(home=home, projects=listed)
    known = {found.home, found.home.rpartition("/")[2], identity, *(found.projects if projects else ())}
    if options.expect_account and options.expect_account not in known:
        raise StoppedError(
            f"these credentials ({identity}) lead to {found.home}, not to {options.expect_account}: nothing was asked"
        )
    return found


def _folder(name: str) -> str:
    return f"folders/{name.removeprefix('folders/')}"


def _ask(access: Access, table: Table, name: str, account: str) -> Reply:
    scope = Scope(cloud=Cloud.GCP, account=account)
    call = table[name]
    return access.ask(Unit(call=call, scope=scope, args=filled(call.args, place(scope)), region=scope.region))


def _items(reply: Reply, path: str) -> list[dict[str, Any]]:
    found = reply.answer.get(path) if isinstance(reply.answer, dict) else None
    return [i for i in found if isinstance(i, dict)] if isinstance(found, list) else []


def _only_organization(access: Access, table: Table) -> str:
    """The one organisation that the credentials see, "" when there is none."""
    found = [
        str(o.get("name", "")).removeprefix("organizations/")
        for o in _items(_ask(access, table, SEARCH, "organizations"), "organizations")
    ]
    if len(found) > 1:
        raise StoppedError(f"these credentials see several organisations, name one: {', '.join(found)}")
    return found[0] if found else ""


def _home_of(access: Access, table: Table, project: str) -> str:
    """The organisation that a project is in; the project itself when it is in none, or may not be asked."""
    for ancestor in _items(_ask(access, table, ANCESTRY, project), "ancestor"):
        resource = ancestor.get("resourceId")
        if isinstance(resource, dict) and resource.get("type") == "organization" and resource.get("id"):
            return f"organizations/{resource['id']}"
    return project


def _listed(access: Access, table: Table, container: str) -> tuple[str, tuple[str, ...]]:
    """The organisation over a container, and the ids of its active projects."""
    reply = _ask(access, table, PROJECTS, container)
    if reply.error is not None:
        raise StoppedError(
            f"the projects of {container} can't be listed ({reply.error.words}); name them with --project"
        )
    results = _items(reply, "results")
    home = container
    if container.startswith("folders/"):
        home = next((str(r["organization"]) for r in results if r.get("organization")), container)
    ids = {_project_id(r) for r in results if r.get("state", "ACTIVE") == "ACTIVE"}
    found = tuple(sorted(i for i in ids if i))
    if not found:
        raise StoppedError(f"there is no active project in {container} that these credentials see")
    return home, found


def _project_id(result: dict[str, Any]) -> str:
    more = result.get("additionalAttributes")
    named = more.get("projectId") if isinstance(more, dict) else None
    return str(named or str(result.get("name", "")).rpartition("/")[2])
