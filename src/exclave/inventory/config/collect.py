"""What to ask an aggregator of AWS Config: one query for each type of resource that is of use.

Source: https://docs.aws.amazon.com/config/latest/developerguide/query-components.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from exclave.inventory import engine
from exclave.inventory.aws.access import Access, new_session
from exclave.inventory.aws.collect import identity_of
from exclave.inventory.config.reading import types
from exclave.inventory.engine import StoppedError, Tally
from exclave.inventory.model import Call, Scope
from exclave.inventory.rate import Limiter
from exclave.inventory.table import chosen, load
from exclave.model import Cloud

if TYPE_CHECKING:
    import threading

    from exclave.inventory.aws.collect import Options
    from exclave.inventory.record import Recorder
    from exclave.inventory.table import Table

OPERATION = "config.SelectAggregateResourceConfig"
PAGE = 100  # the most that a query gives at a time
_NAME = re.compile(r"[\w-]{1,256}")


class BadAggregatorError(ValueError):
    """A name that no aggregator can have."""


def calls(aggregator: str) -> Table:
    """The queries as calls, made once, in the region of the credentials.

    Raises:
        BadAggregatorError: the name isn't one.
    """
    if not _NAME.fullmatch(aggregator):
        raise BadAggregatorError(f"{aggregator!r} is no name of an aggregator: letters, digits, - and _")
    found = {}
    for type_ in types():
        name = f"{OPERATION}.{type_}"
        expression = (
            "SELECT accountId, awsRegion, resourceType, resourceId, resourceName, arn, configurationItemStatus, "
            f"configuration, supplementaryConfiguration WHERE resourceType = '{type_}'"
        )
        found[name] = Call(
            name=name, operation=OPERATION, scope="global", page=PAGE,
            args={"ConfigurationAggregatorName": aggregator, "Expression": expression},
        )  # fmt: skip
    return found


def collect(aggregator: str, recorder: Recorder, options: Options, stop: threading.Event) -> Tally:
    """Record what an aggregator says of every type of resource that is of use.

    Raises:
        BadAggregatorError: no aggregator can have the name.
        StoppedError: no credentials, credentials that ended, another account than expected, no boto3.
        OSError: the folder can't be written.
    """
    session = new_session(options.profile)
    region = (*options.regions, session.get_config_variable("region") or "us-east-1")[0]
    table = {**chosen(load(Cloud.AWS), ["sts.GetCallerIdentity"]), **calls(aggregator)}
    limiter = Limiter(options.rate, options.burst, stop)
    access = Access(session, "", region, table, limiter, workers=options.workers, stop=stop)
    identity, account = identity_of(access, table)
    access.account = account
    if options.expect_account and account != options.expect_account:
        raise StoppedError(f"these credentials are of account {account}, not of {options.expect_account}: nothing was asked")  # fmt: skip
    options.say(f"{identity}: {len(table) - 1} types of resources of aggregator {aggregator} in {region}")
    tally = Tally()
    # Whose resources the aggregator holds is known when its answers are read.
    recorder.plan(Cloud.AWS, account, {}, finished=False, calls=list(table))
    engine.run(
        calls(aggregator), [Scope(cloud=Cloud.AWS, account=account)], None, access.ask, recorder, identity=identity,
        workers=options.workers, stop=stop, tally=tally, watch=options.watch,
    )  # fmt: skip
    recorder.plan(Cloud.AWS, account, {}, finished=not stop.is_set(), calls=list(table))
    return tally
