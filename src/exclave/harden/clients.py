"""The clients of a plan: one that reads and one that changes, for whichever clouds its steps are of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exclave.model import Cloud

if TYPE_CHECKING:
    from collections.abc import Iterable

    from exclave.change.calls import Reader, Writer
    from exclave.change.model import Request, Step


def clients(
    steps: Iterable[Step], *, profile: str | None = None, role_name: str = "", expect_account: str = ""
) -> tuple[Reader, Writer, str]:
    """Reader, writer, and who the credentials are of. Each makes only the calls of the steps.

    Raises:
        StoppedError: no credentials, or those of another account than expected.
    """
    reading: dict[Cloud, set[str]] = {}
    writing: dict[Cloud, set[str]] = {}
    accounts: dict[Cloud, set[str]] = {}
    for step in steps:
        for request in (*step.change, *step.undo):
            writing.setdefault(request.cloud, set()).add(request.call)
            accounts.setdefault(request.cloud, set()).add(request.account)
        if step.read is not None:
            reading.setdefault(step.read.cloud, set()).add(step.read.call)
    readers: dict[Cloud, Reader] = {}
    writers: dict[Cloud, Writer] = {}
    who: list[str] = []
    for cloud, calls in writing.items():
        made = _of(
            cloud, reading.get(cloud, set()), calls, accounts[cloud], profile, role_name, expect_account
        )
        readers[cloud], writers[cloud] = made[0], made[1]
        who.append(made[2])

    def read(request: Request) -> Any:
        return readers[request.cloud](request)

    def write(request: Request) -> Any:
        return writers[request.cloud](request)

    return read, write, ", ".join(who)


def _of(
    cloud: Cloud, reading: set[str], writing: set[str], accounts: set[str], profile: str | None, role_name: str, expect_account: str
) -> tuple[Reader, Writer, str]:  # fmt: skip
    if cloud is Cloud.AWS:
        from exclave.change import aws

        # sessions of their own, so that no credential of the one can be used by the other
        options = {"profile": profile, "role_name": role_name, "expect_account": expect_account}
        sessions = aws.Sessions(**options)  # type: ignore[arg-type]
        return (
            aws.Reader(sessions, reading),
            aws.Writer(aws.Sessions(**options), writing),  # type: ignore[arg-type]
            sessions.identity,
        )
    if cloud is Cloud.AZURE:
        from exclave.change import azure

        identity = azure.identity(expect_account, sorted(a for a in accounts if a))
        return azure.Reader(), azure.Writer(writing), identity
    from exclave.change import gcp

    identity = gcp.identity(expect_account, sorted(a for a in accounts if a))
    return gcp.Reader(), gcp.Writer(writing), identity
