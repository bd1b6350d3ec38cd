"""The other logs: S3's and CloudFront's access logs, the trail's log group, Config, flow logs of VPCs.

Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html,
https://docs.aws.amazon.com/config/latest/developerguide/gs-cli-subscribe.html,
https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3-create-flow-log.html and
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logging.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from exclave.harden.makers.aws import buckets
from exclave.harden.makers.aws.account import account_of
from exclave.harden.makers.aws.service_artefacts import artefacts
from exclave.harden.makers.aws.service_steps import config, distribution, flow_log, s3_logging
from exclave.harden.makers.aws.source import for_new_buckets
from exclave.harden.makers.aws.trail_steps import bucket_step, target
from exclave.harden.model import Made
from exclave.harden.results import by_account, fact, items_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from exclave.audit.model import Item, Result
    from exclave.change.model import Step
    from exclave.harden.makers.aws.account import Account
    from exclave.harden.makers.aws.documents import Statement
    from exclave.harden.model import Artefact, Options
    from exclave.inventory import Inventory
    from exclave.perimeter import Perimeter

CONTROL = "aws.logging.services"
COST = "flow logs, Config's recording and access logs are charged by their volume"
CENTRAL = "--set log-bucket=NAME sends Config, flow logs and CloudFront's logs to a bucket of your log archive, whose policy must let them write"


def make(results: Sequence[Result], inventory: Inventory, perimeter: Perimeter, options: Options) -> Made:
    """The steps for whatever doesn't log, after the buckets that they write to."""
    steps: list[Step] = []
    found: list[Artefact] = []
    for account_id, mine in by_account(results).items():
        account = account_of(inventory, account_id, options)
        # our buckets receive logs: they would log their own without end
        own = {buckets.log_bucket(account, options.prefix, r) for r in account.regions}
        items = [(r, i) for r, i in items_of(mine) if i.resource not in own]
        regions = _bucket_regions(inventory, account)
        wanted = _log_regions(items, regions, account, options)
        more = for_new_buckets(account, perimeter, options)
        steps += _buckets(account, wanted, regions, mine, options, more)
        for result, item in items:
            steps += _steps(item, account, regions, inventory, perimeter, options, result)
        found += artefacts(CONTROL, account, items, regions, wanted, options, more)
    return Made(artefacts=tuple(found), steps=tuple(steps), notes=(COST, CENTRAL) if steps else ())


def _bucket_regions(inventory: Inventory, account: Account) -> dict[str, str]:
    return {
        str(b.get("Name")): str(b.get("BucketRegion") or account.home)
        for _, b in inventory.items("s3.ListBuckets", account=account.id)
    }


def _log_regions(
    items: Sequence[tuple[Result, Item]], regions: dict[str, str], account: Account, options: Options
) -> list[str]:
    """Regions in which a bucket for logs is needed: access logs of S3 stay in theirs, the rest goes home."""
    found: set[str] = set()
    for _, item in items:
        kind = fact(item, "kind")
        if kind == "s3":
            found.add(regions.get(item.resource, account.home))
        elif kind in ("config", "vpc", "cloudfront") and not options.value("log-bucket"):
            found.add(account.home)
    return sorted(found)


def _buckets(
    account: Account,
    wanted: Sequence[str],
    there: dict[str, str],
    results: Sequence[Result],
    options: Options,
    more: Sequence[Statement],
) -> Iterator[Step]:
    for region in wanted:
        name = buckets.log_bucket(account, options.prefix, region)
        if name not in there:
            yield bucket_step(account, name, region, buckets.log_policy(account, name, more), "logs", results)


def _steps(
    item: Item, account: Account, regions: dict[str, str], inventory: Inventory, perimeter: Perimeter, options: Options, result: Result
) -> Iterator[Step]:  # fmt: skip
    central = options.value("log-bucket") or buckets.log_bucket(account, options.prefix, account.home)
    kind = fact(item, "kind")
    if kind == "s3":
        region = regions.get(item.resource, account.home)
        mine = buckets.log_bucket(account, options.prefix, region)
        yield s3_logging(item, account, region, mine, inventory, result)
    elif kind == "vpc":
        yield flow_log(item, account, fact(item, "region"), central, options, result)
    elif kind == "config":
        yield from config(item, account, central, inventory, result)
    elif kind == "cloudfront":
        yield from distribution(item, account, central, result)
    elif kind == "cloudwatch-logs":
        yield from target(account, inventory, perimeter, options, [result]).steps
