"""What to record of AWS: this account, or with a role's name every account of the organisation; every enabled region."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from exclave.inventory import engine
from exclave.inventory.aws.access import Access, assume, new_session
from exclave.inventory.aws.errors import code_of, reply_for
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

FIRST = ("sts.GetCallerIdentity", "ec2.DescribeRegions")
ACCOUNTS = ("organizations.DescribeOrganization", "organizations.ListAccounts")
ASSUME = Call(name="sts.AssumeRole", scope="global", permission="sts:AssumeRole")
AT_A_TIME = 8  # services
_HOMES = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What `exclave collect aws` was asked for. `rate` is calls a second for each service and region."""

    profile: str | None = None
    role_name: str = ""
    regions: tuple[str, ...] = ()
    expect_account: str = ""
    rate: float = 20.0
    burst: int = 40
    workers: int = 16
    watch: Callable[[Tally], None] = field(default=lambda _tally: None)
    say: Callable[[str], None] = field(default=lambda _text: None)


def collect(
    names: Sequence[str], table: Table, recorder: Recorder, options: Options, stop: threading.Event
) -> Tally:
    """Record the calls of these names, and those that they are made for.

    Raises:
        StoppedError: no credentials, credentials that ended, another account than expected, no boto3. What was
            recorded until then stands.
        OSError: the folder can't be written.
    """
    wanted = chosen(table, [*FIRST, *ACCOUNTS, *names])
    limiter = Limiter(options.rate, options.burst, stop)
    session = new_session(options.profile)
    home_region = _home_region(session)
    tally = Tally()
    access = Access(session, "", home_region, wanted, limiter, workers=options.workers, stop=stop)
    identity, account = identity_of(access, wanted)
    access.account = account
    if options.expect_account and account != options.expect_account:
        raise StoppedError(
            f"these credentials are of account {account}, not of {options.expect_account}: nothing was asked"
        )
    rate = (
        f"at most {options.rate:g} a second for each service and region"
        if options.rate
        else "no limit of rate"
    )
    options.say(f"{identity}: {len(wanted)} calls, {rate}")
    home = Scope(cloud=Cloud.AWS, account=account)
    run = _Run(wanted, recorder, options, stop, tally, home)
    planned: dict[str, list[str]] = {account: []}
    recorder.plan(Cloud.AWS, account, planned, finished=False, calls=list(wanted))
    run.of({n: wanted[n] for n in (*FIRST, *ACCOUNTS)}, [home], access, identity, organization=True)
    others = _others(recorder, wanted, home) if options.role_name else []
    planned |= {other: [] for other in others}
    partition = identity.split(":")[1] if identity.count(":") > 1 else "aws"
    for number, each in enumerate([account, *others]):
        if stop.is_set():
            break
        if each != account:
            try:
                access, identity = _enter(session, each, partition, wanted, limiter, run)
            except _RefusedError:
                continue
            run.of({n: wanted[n] for n in FIRST}, [Scope(cloud=Cloud.AWS, account=each)], access, identity)
        planned[each] = _regions(recorder, wanted, each, options, home_region)
        recorder.plan(Cloud.AWS, account, planned, finished=False, calls=list(wanted))
        options.say(f"account {each} ({number + 1} of {1 + len(others)}): {len(planned[each])} regions")
        scopes = [Scope(cloud=Cloud.AWS, account=each, region=r) for r in (GLOBAL, *planned[each])]
        run.of(wanted, scopes, access, identity, organization=each == account)
    recorder.plan(Cloud.AWS, account, planned, finished=not stop.is_set(), calls=list(wanted))
    return tally


class _RefusedError(Exception):
    """A role could not be taken on; that is recorded."""


@dataclass(slots=True)
class _Run:
    table: Table
    recorder: Recorder
    options: Options
    stop: threading.Event
    tally: Tally
    home: Scope

    def of(
        self,
        table: Table,
        scopes: Sequence[Scope],
        access: Access,
        identity: str,
        *,
        organization: bool = False,
    ) -> None:
        kept = self.tally.kept
        for part in parts(table):
            engine.run(
                part, scopes, self.home if organization else None, access.ask, self.recorder, identity=identity,
                workers=self.options.workers, stop=self.stop, tally=self.tally, watch=self.options.watch,
            )  # fmt: skip
            if table is self.table:
                access.renew()
        if table is not self.table:
            self.tally.kept = kept  # the first calls are met again among all


def parts(table: Table) -> list[Table]:
    """The table a few services at a time: what a service's client needs is large, and isn't kept for the next."""

    def root(call: Call) -> str:
        return root(table[call.each.call]) if call.each else call.does.partition(".")[0]

    services = sorted({root(c) for c in table.values()})
    return [
        {name: call for name, call in table.items() if root(call) in some}
        for some in batched(services, AT_A_TIME)
    ]


def batched(names: Sequence[str], size: int) -> list[Sequence[str]]:
    """Slices of so many."""
    return [names[at : at + size] for at in range(0, len(names), size)]


def identity_of(access: Access, table: Table) -> tuple[str, str]:
    """The ARN and account of the credentials.

    Raises:
        StoppedError: AWS doesn't say.
    """
    call = table["sts.GetCallerIdentity"]
    reply = access.ask(Unit(call=call, scope=Scope(cloud=Cloud.AWS, account=""), args={}, region=GLOBAL))
    if reply.error is not None:
        raise StoppedError(f"AWS doesn't say who we are: {reply.error.words}")
    return str(reply.answer.get("Arn", "")), str(reply.answer.get("Account", ""))


def _home_region(session: Any) -> str:
    """The region of global services in the partition of the configured region."""
    region = session.get_config_variable("region") or "us-east-1"
    return _HOMES.get(session.get_partition_for_region(region), region)


def _others(recorder: Recorder, table: Table, home: Scope) -> list[str]:
    """The other active accounts of the organisation."""
    found = [
        str(item.get("Id", ""))
        for answer in recorder.answers(table["organizations.ListAccounts"], home)
        for item in answer.items
        # Status is being replaced by State: https://docs.aws.amazon.com/organizations/latest/APIReference/API_Account.html
        if (item.get("State") or item.get("Status")) == "ACTIVE"
    ]
    if not found:
        raise StoppedError(
            "the accounts of the organisation can't be listed: use the management or a delegated account"
        )
    return sorted(i for i in found if i and i != home.account)


def _regions(recorder: Recorder, table: Table, account: str, options: Options, fallback: str) -> list[str]:
    scope = Scope(cloud=Cloud.AWS, account=account)
    enabled = sorted(
        {
            str(item.get("RegionName"))
            for answer in recorder.answers(table["ec2.DescribeRegions"], scope)
            for item in answer.items
            if item.get("RegionName")
        }
    )
    if options.regions:
        return sorted(options.regions)
    return enabled or [fallback]


def _enter(
    session: Any, account: str, partition: str, table: Table, limiter: Limiter, run: _Run
) -> tuple[Access, str]:
    arn = f"arn:{partition}:iam::{account}:role/{run.options.role_name}"
    scope = Scope(cloud=Cloud.AWS, account=account)
    region = _home_region(session)
    try:
        other = assume(session, run.options.profile, arn, region)
    except Exception as error:
        reply = reply_for(error, ASSUME)
        run.recorder.write(ASSUME, scope, args={"RoleArn": arn}, error=reply.error)
        run.tally.failed += 1
        run.options.say(f"account {account}: {arn} could not be taken on: {code_of(error)[0]}")
        raise _RefusedError from error
    recorded = run.recorder.path(ASSUME.name, scope, lines=False)
    if recorded.is_file():
        recorded.unlink()  # refused in an earlier run
    access = Access(other, account, region, table, limiter, workers=run.options.workers, stop=run.stop)
    return access, identity_of(access, table)[0]
