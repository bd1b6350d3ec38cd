"""What to record of Azure: the tenant, and every subscription that the credential sees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from exclave.inventory import engine
from exclave.inventory.azure.access import Access, Granted
from exclave.inventory.azure.endpoints import BadEndpointError, Endpoints, from_environment
from exclave.inventory.azure.tokens import NoTokenError, Tokens, claims, who
from exclave.inventory.azure.wire import Wire
from exclave.inventory.engine import StoppedError, Tally, Unit
from exclave.inventory.model import GLOBAL, Call, Scope
from exclave.inventory.rate import Limiter
from exclave.inventory.table import chosen
from exclave.model import Cloud

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Sequence

    from exclave.inventory.record import Recorder
    from exclave.inventory.table import Table

TENANT = "tenant"  # the "region" of what is asked once for the tenant: not a place where subscriptions' calls belong
SUBSCRIPTIONS, PERMISSIONS = "azure.Subscriptions", "azure.Permissions"
SETTINGS = Call(name="aad.PasswordSettings", cloud=Cloud.AZURE, scope="organization")
QUERIES, QUERY_BURST = 3.0, 15  # Resource Graph lets 15 through in 5 seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What `exclave collect azure` was asked for. `rate` is requests a second for each service."""

    subscriptions: tuple[str, ...] = ()
    expect_account: str = ""
    settings: Any = None  # exported password settings of a managed domain
    rate: float = 10.0
    burst: int = 20
    workers: int = 8
    endpoints: Endpoints | None = None
    watch: Callable[[Tally], None] = field(default=lambda _tally: None)
    say: Callable[[str], None] = field(default=lambda _text: None)


def collect(
    names: Sequence[str], table: Table, recorder: Recorder, options: Options, stop: threading.Event
) -> Tally:
    """Record the calls of these names, and those that they are made for.

    Raises:
        StoppedError: no credentials, credentials that ended, another tenant or subscription than expected, no
            httpx. What was recorded until then stands.
        OSError: the folder can't be written.
    """
    wanted = chosen(table, [SUBSCRIPTIONS, PERMISSIONS, *names])
    endpoints, tokens = _ready(options)
    limits = (
        Limiter(options.rate, options.burst, stop),
        Limiter(min(options.rate, QUERIES), QUERY_BURST, stop),
    )
    wire = Wire(endpoints, tokens, limits, stop=stop, workers=options.workers)
    try:
        return _recorded(
            _Run(wanted, Access(wire, wanted), recorder, options, stop, Tally()), tokens, endpoints
        )
    finally:
        wire.close()


@dataclass(slots=True)
class _Run:
    table: Table
    access: Access
    recorder: Recorder
    options: Options
    stop: threading.Event
    tally: Tally
    identity: str = ""

    def of(self, table: Table, scopes: Sequence[Scope], home: Scope | None, *, counted: bool = True) -> None:
        kept = self.tally.kept
        engine.run(
            table, scopes, home, self.access.ask, self.recorder, identity=self.identity,
            workers=self.options.workers, stop=self.stop, tally=self.tally, watch=self.options.watch,
        )  # fmt: skip
        if not counted:
            self.tally.kept = kept  # the first calls are met again among all


def _ready(options: Options) -> tuple[Endpoints, Tokens]:
    try:
        endpoints = options.endpoints or from_environment()
    except BadEndpointError as error:
        raise StoppedError(str(error)) from error
    return endpoints, Tokens(endpoints)


def _recorded(run: _Run, tokens: Tokens, endpoints: Endpoints) -> Tally:
    options, recorder = run.options, run.recorder
    try:
        token = tokens.of(endpoints.arm)
    except NoTokenError as error:
        raise StoppedError(f"no credentials for Azure: {error}") from error
    run.identity = who(token)
    listed = _subscriptions(run)
    tenant = str(claims(token).get("tid") or "") or next(
        (str(s.get("tenantId")) for s in listed.values() if s.get("tenantId")), ""
    )
    if not tenant:
        raise StoppedError("no subscription is visible to these credentials, and nothing names their tenant")
    ids = _chosen(listed, options.subscriptions)
    _expected(options.expect_account, tenant, ids)
    rate = f"at most {options.rate:g} a second for each service" if options.rate else "no limit of rate"
    options.say(f"{run.identity}: {len(ids)} subscriptions, {len(run.table)} calls, {rate}")
    home = Scope(cloud=Cloud.AZURE, account=tenant, region=TENANT)
    planned: dict[str, list[str]] = {i: [] for i in ids}
    recorder.plan(Cloud.AZURE, tenant, planned, finished=False, calls=list(run.table))
    if options.settings is not None:
        recorder.write(SETTINGS, home, args={}, identity=run.identity, answer={"value": options.settings})
    run.of(run.table, [], home)
    for number, each in enumerate(ids):
        if run.stop.is_set():
            break
        options.say(f"subscription {each} ({number + 1} of {len(ids)})")
        scope = Scope(cloud=Cloud.AZURE, account=each)
        run.of({PERMISSIONS: run.table[PERMISSIONS]}, [scope], None, counted=False)
        for answer in recorder.answers(run.table[PERMISSIONS], scope):
            if not answer.absent:
                run.access.granted[each] = Granted(answer.answer)
        run.of(run.table, [scope], None)
    recorder.plan(Cloud.AZURE, tenant, planned, finished=not run.stop.is_set(), calls=list(run.table))
    return run.tally


def _subscriptions(run: _Run) -> dict[str, Mapping[str, Any]]:
    """What the credential sees, by id; asked anew each time, since it says where to go."""
    call = run.table[SUBSCRIPTIONS]
    unit = Unit(call=call, scope=Scope(cloud=Cloud.AZURE, account="", region=TENANT), args={}, region=GLOBAL)
    reply = run.access.ask(unit)
    if reply.error is not None:
        raise StoppedError(f"Azure doesn't say which subscriptions there are: {reply.error.words}")
    found = [s for s in (reply.answer or {}).get("value") or () if isinstance(s, Mapping)]
    return {
        str(s.get("subscriptionId")).lower(): s
        for s in found
        if s.get("subscriptionId") and s.get("state") != "Deleted"
    }


def _chosen(listed: Mapping[str, Mapping[str, Any]], asked: Sequence[str]) -> list[str]:
    wanted = [a.lower() for a in asked]
    unseen = [a for a in wanted if a not in listed]
    if unseen:
        raise StoppedError(
            f"not visible to these credentials: subscription {', '.join(unseen)}; visible: {', '.join(listed) or 'none'}"
        )
    return sorted(wanted or listed)


def _expected(expected: str, tenant: str, ids: Sequence[str]) -> None:
    """A tenant, or the one subscription that is to be recorded."""
    wanted = expected.lower()
    if wanted and wanted != tenant.lower() and list(ids) != [wanted]:
        raise StoppedError(
            f"these credentials are of tenant {tenant} and see {len(ids)} subscriptions ({', '.join(ids[:3])}"
            f"{', ...' if len(ids) > 3 else ''}), not just {expected}: nothing more was asked"  # noqa: PLR2004
        )
