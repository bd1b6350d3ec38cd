"""The clients that some steps need, of every cloud: opened when they are first used, reading ones and changing ones apart."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from exclave.change import calls as calls_
from exclave.model import Cloud

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from exclave.change.calls import Reader, Writer
    from exclave.change.model import Request, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """Whose credentials are used. `expect_account`: the account (subscription or tenant, project) that may be touched."""

    profile: str | None = None
    role_name: str = ""
    expect_account: str = ""
    identities: dict[Cloud, str] = field(default_factory=dict)

    def __str__(self) -> str:
        """The identities that were found, in words."""
        return ", ".join(self.identities.values())


def reader(who: Who, aws_calls: Iterable[str], accounts: Iterable[tuple[Cloud, str]] = ()) -> Reader:
    """A function that reads. It learns who we are before it asks anything of a cloud.

    Args:
        who: the credentials; their identities are noted in it.
        aws_calls: the SDK operations that it may make.
        accounts: cloud and account of everything that will be read or changed, to hold against `expect_account`.

    Raises (when it is called):
        StoppedError: no credentials, or those of another account than expected.
        CallError: as readers do.
    """
    return _Dispatch(who, tuple(aws_calls), tuple(accounts), writing=False)


def writer(who: Who, requests: Sequence[Request], accounts: Iterable[tuple[Cloud, str]] = ()) -> Writer:
    """A function that makes these requests, whatever their arguments, and no others."""
    calls = tuple(sorted({r.call for r in requests}))
    return _Dispatch(who, calls, tuple(accounts), writing=True)


def accounts_of(steps: Iterable[Step]) -> list[tuple[Cloud, str]]:
    """Cloud and account of everything that steps touch."""
    found = {
        (r.cloud, r.account) for s in steps for r in (*s.change, *s.undo, *((s.read,) if s.read else ()))
    }
    return sorted(found)


def reads_of(steps: Iterable[Step]) -> list[str]:
    """The SDK operations by which steps are read."""
    return sorted({s.read.call for s in steps if s.read is not None and s.read.cloud is Cloud.AWS})


class _Dispatch:
    """Hands each request to its cloud's client."""

    def __init__(
        self, who: Who, calls: tuple[str, ...], accounts: tuple[tuple[Cloud, str], ...], *, writing: bool
    ) -> None:
        self._who, self._calls, self._accounts, self._writing = who, calls, accounts, writing
        self._open: dict[Cloud, Any] = {}

    def __call__(self, request: Request) -> Any:
        if request.cloud not in self._open:
            make = {Cloud.AWS: self._aws, Cloud.AZURE: self._azure, Cloud.GCP: self._gcp}
            self._open[request.cloud] = make[request.cloud]()
        return self._open[request.cloud](request)

    def _aws(self) -> Any:
        from exclave.change import aws

        sessions = aws.Sessions(
            profile=self._who.profile, role_name=self._who.role_name, expect_account=self._who.expect_account
        )
        self._who.identities[Cloud.AWS] = sessions.identity
        if self._writing:
            return aws.Writer(sessions, self._calls)
        return aws.Reader(sessions, (c for c in self._calls if calls_.reads(c)))

    def _azure(self) -> Any:
        from exclave.change import azure

        self._who.identities[Cloud.AZURE] = azure.identity(self._who.expect_account, self._of(Cloud.AZURE))
        return azure.Writer(self._calls) if self._writing else azure.Reader()

    def _gcp(self) -> Any:
        from exclave.change import gcp

        self._who.identities[Cloud.GCP] = gcp.identity(self._who.expect_account, self._of(Cloud.GCP))
        return gcp.Writer(self._calls) if self._writing else gcp.Reader()

    def _of(self, cloud: Cloud) -> list[str]:
        return [account for c, account in self._accounts if c is cloud]
