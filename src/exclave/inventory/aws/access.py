"""Access to one account: clients that make the table's calls and refuse every other."""

from __future__ import annotations

import gc
import threading
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from exclave import __version__
from exclave.catalogue import paths
from exclave.inventory.aws.errors import reply_for
from exclave.inventory.engine import Reply, Unit
from exclave.inventory.model import GLOBAL, Failure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from exclave.inventory.rate import Limiter
    from exclave.inventory.table import Table

MOST_CLIENTS = 64  # kept open: each holds connections and the rules of its service's endpoints
MOST_ASKED = 30  # times that a job is asked for
PAUSE = 1.0  # seconds between
CONNECT, READ = 10, 60  # seconds
NOT_IN_REGION = (
    "ServiceNotInRegion"  # nothing answers there, and the SDK knows the service in other regions only
)
MOST_PAGES = 100_000  # of an operation without a paginator
_TOKENS = (
    ("NextToken", "NextToken"),
    ("nextToken", "nextToken"),
    ("NextPageToken", "PageToken"),
    ("nextPageToken", "pageToken"),
    ("NextContinuationToken", "ContinuationToken"),
)  # token in the answer, and in the next request


class ForbiddenCallError(Exception):
    """Somebody tried to make a call that isn't in the table: a mistake in the program."""


class Access:
    """One account through one botocore session. `fallback` is the region of global calls."""

    def __init__(
        self,
        session: Any,
        account: str,
        fallback: str,
        table: Table,
        limiter: Limiter,
        *,
        workers: int,
        stop: threading.Event,
    ) -> None:
        self._session, self.account, self.fallback = session, account, fallback
        self._limiter, self._workers, self._stop = limiter, workers, stop
        self._allowed = frozenset(call.does for call in table.values())
        self._clients: OrderedDict[tuple[str, str], Any] = OrderedDict()
        self._lock = threading.Lock()

    def ask(self, unit: Unit) -> Reply:
        """Make one call, pages merged. A refusal is a reply; see `errors.reply_for`."""
        service, _, operation = unit.call.does.partition(".")
        if unit.call.does not in self._allowed:
            raise ForbiddenCallError(f"{unit.call.does} is not in the table of calls")
        region = self.fallback if unit.region in (GLOBAL, "") else unit.region
        try:
            client = self._client(service, region)
            for _ in range(MOST_ASKED):
                answer = _answer(client, operation, unit.args, unit.call.page)
                if all(paths.text(answer, path) in wanted for path, wanted in unit.call.until.items()):
                    return Reply(answer=answer)
                self._stop.wait(PAUSE)
        except Exception as error:  # noqa: BLE001 - every way to fail is an answer to the reader
            if type(error).__name__ == "EndpointConnectionError" and self._lacks(service, region):
                return Reply(absent=NOT_IN_REGION)
            return reply_for(error, unit.call)
        return Reply(error=Failure(code="NotReady", message=f"not ready after {MOST_ASKED} times"))

    def _lacks(self, service: str, region: str) -> bool:
        """Whether the SDK knows the regions of the service, and this is none of them."""
        partition = self._session.get_partition_for_region(region)
        known = self._session.get_available_regions(service, partition)
        return bool(known) and region not in known

    def renew(self) -> None:
        """Let go of the clients and of the services' models, which are most of what a run keeps in memory."""
        with self._lock:
            self._clients.clear()
            self._session.register_component("data_loader", _loader(self._session))
        gc.collect()  # clients hold themselves by their event handlers

    def _client(self, service: str, region: str) -> Any:
        with self._lock:
            key = (service, region)
            client = self._clients.pop(key, None)
            if client is None:
                client = self._session.create_client(
                    service, region_name=region, config=_config(self._workers)
                )
                client.meta.events.register("before-call", self._guard(service, region))
            self._clients[key] = client
            if len(self._clients) > MOST_CLIENTS:
                self._clients.popitem(last=False)
            return client

    def _guard(self, service: str, region: str) -> Any:
        """Called by botocore before each request, pages too: refuses what isn't in the table, and keeps the rate."""

        def before(model: Any, **_: Any) -> None:
            if f"{service}.{model.name}" not in self._allowed:
                raise ForbiddenCallError(f"{service}.{model.name} is not in the table of calls")
            self._limiter.take(f"{self.account} {service} {region}")

        return before


def _answer(client: Any, operation: str, args: Mapping[str, Any], page: int) -> Any:
    from botocore import xform_name

    name = xform_name(operation)
    if client.can_paginate(name):
        config = {"PageSize": page} if page else {}
        pages = client.get_paginator(name).paginate(**args, PaginationConfig=config)
        answer = pages.build_full_result()
    else:
        answer = _by_token(client, name, operation, dict(args))
    return {key: value for key, value in answer.items() if key != "ResponseMetadata"}


def _by_token(client: Any, name: str, operation: str, args: dict[str, Any]) -> dict[str, Any]:
    """Operations that give a token but of which botocore has no paginator: their lists, one after the other."""
    shape = client.meta.service_model.operation_model(operation).input_shape
    known = shape.members if shape is not None else {}
    whole: dict[str, Any] = {}
    for _ in range(MOST_PAGES):
        page = getattr(client, name)(**args)
        given = [(into, page[out]) for out, into in _TOKENS if page.get(out) and into in known]
        for key, value in page.items():
            if isinstance(value, list) and isinstance(whole.get(key), list):
                whole[key] += value
            else:
                whole[key] = value
        if not given or args.get(given[0][0]) == given[0][1]:
            break
        args[given[0][0]] = given[0][1]
    for out, _into in _TOKENS:
        whole.pop(out, None)
    return whole


def _config(workers: int) -> Any:
    """Retries are botocore's own; AWS_MAX_ATTEMPTS says how many."""
    from botocore.config import Config

    return Config(
        retries={"mode": "adaptive"},
        max_pool_connections=workers,
        connect_timeout=CONNECT,
        read_timeout=READ,
        user_agent_extra=f"exclave/{__version__}",
    )


def _loader(session: Any) -> Any:
    from botocore.loaders import create_loader

    return create_loader(session.get_config_variable("data_path"))


def new_session(profile: str | None, loader: Any = None) -> Any:
    """A botocore session. `loader` of another session saves parsing the services' models again.

    Raises:
        StoppedError: boto3 isn't installed, or there is no such profile.
    """
    from exclave.inventory.engine import StoppedError

    try:
        import botocore.exceptions
        import botocore.session
    except ImportError as error:
        raise StoppedError('AWS needs boto3: pip install "exclave[aws]"') from error
    session = botocore.session.Session(profile=profile)
    try:
        session.get_scoped_config()
    except botocore.exceptions.ProfileNotFound as error:
        raise StoppedError(
            f"there is no AWS profile {profile!r}: `aws configure list-profiles` names those that there are"
        ) from error
    if loader is not None:
        session.register_component("data_loader", loader)
    return session


def assume(session: Any, profile: str | None, role_arn: str, region: str) -> Any:
    """A session of a role in another account, whose credentials renew themselves. Raises botocore's errors."""
    from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials

    def create(service: str, **more: Any) -> Any:
        more.setdefault("region_name", region)
        return session.create_client(service, **more)

    fetcher = AssumeRoleCredentialFetcher(
        create,
        session.get_credentials(),
        role_arn,
        extra_args={"RoleSessionName": f"exclave-{int(time.time())}"},
    )
    credentials = DeferredRefreshableCredentials(fetcher.fetch_credentials, "assume-role")
    credentials.get_frozen_credentials()  # so that a refusal shows now
    other = new_session(profile, session.get_component("data_loader"))
    other._credentials = credentials  # noqa: SLF001 - botocore has no other way to give a session refreshable ones
    return other
