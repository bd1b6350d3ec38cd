"""AWS: a client that reads and one that changes. They have a session each, and make only the calls they were made for."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from exclave import __version__
from exclave.change.calls import CallError, ForbiddenCallError, plain, reads
from exclave.inventory.aws.access import CONNECT, READ, Access, assume, new_session
from exclave.inventory.aws.errors import DENIED, code_of
from exclave.inventory.engine import Reply, StoppedError, Unit
from exclave.inventory.model import Call, Scope
from exclave.inventory.rate import Limiter
from exclave.model import Cloud

if TYPE_CHECKING:
    from collections.abc import Iterable

    from exclave.change.model import Request

RATE, BURST = 10.0, 20
# What services answer while a role or a policy that was just made isn't known everywhere yet:
# https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
SETTLING = frozenset(
    {
        "InvalidCloudWatchLogsRoleArnException", "InvalidCloudWatchLogsLogGroupArnException", "InsufficientS3BucketPolicyException",
        "InsufficientDeliveryPolicyException", "InvalidRoleException",
    }
)  # fmt: skip
WAITS = (2.0, 4.0, 8.0, 16.0)  # seconds
WHO = Call(name="sts.GetCallerIdentity", scope="global")


class Sessions:
    """Sessions by account: that of the credentials, and with a role's name those of other accounts.

    `identity`, `account`: who the credentials are of.
    """

    def __init__(self, *, profile: str | None = None, role_name: str = "", expect_account: str = "") -> None:
        """Ask who we are.

        Raises:
            StoppedError: no credentials, no such profile, no boto3, or another account than expected.
        """
        self._profile, self._role = profile, role_name
        self._home = new_session(profile)
        self.region = self._home.get_config_variable("region") or "us-east-1"
        self.identity, self.account = self._who()
        if expect_account and self.account != expect_account:
            raise StoppedError(
                f"these credentials are of account {self.account}, not of {expect_account}: nothing was changed"
            )
        self._sessions = {self.account: self._home}

    def of(self, account: str) -> Any:
        """The session of an account; that of the credentials for "".

        Raises:
            CallError: the credentials are of another account, and there is no role or it can't be taken on.
        """
        account = account or self.account
        if account not in self._sessions:
            if not self._role:
                raise CallError(
                    "WrongAccount",
                    f"it is in account {account}, and the credentials are of {self.account}: "
                    "use that account's, or --role-name with a role to take on there",
                )
            partition = self.identity.split(":")[1] if self.identity.count(":") > 1 else "aws"
            arn = f"arn:{partition}:iam::{account}:role/{self._role}"
            try:
                self._sessions[account] = assume(self._home, self._profile, arn, self.region)
            except Exception as error:
                code, message = code_of(error)
                raise CallError(code, f"{arn} could not be taken on: {message}", "sts:AssumeRole") from error
        return self._sessions[account]

    def _who(self) -> tuple[str, str]:
        reply = _access(self._home, "", self.region, {WHO.name: WHO}).ask(_unit(WHO, "", "", {}))
        if reply.error is not None:
            raise StoppedError(f"AWS doesn't say who we are: {reply.error.words}")
        return str(reply.answer.get("Arn", "")), str(reply.answer.get("Account", ""))


class Reader:
    """Reads. `calls` are all that it makes (`s3:GetBucketPolicy`), and each must be one that only reads."""

    def __init__(self, sessions: Sessions, calls: Iterable[str]) -> None:
        self._sessions = sessions
        self._calls = frozenset(calls)
        for call in sorted(self._calls):
            if not reads(call):
                raise ForbiddenCallError(f"{call} doesn't only read")
        self._table = {_dotted(c): Call(name=_dotted(c)) for c in self._calls}
        self._access: dict[str, Access] = {}

    def __call__(self, request: Request) -> Any:
        """The answer, pages merged; None where there is nothing.

        Raises:
            CallError: it wasn't answered.
        """
        if request.call not in self._calls:
            raise ForbiddenCallError(f"{request.call} is not among the reading calls")
        account = request.account or self._sessions.account
        if account not in self._access:
            session = self._sessions.of(account)
            self._access[account] = _access(session, account, self._sessions.region, self._table)
        call = Call(name=_dotted(request.call), absent=request.absent)
        reply = _asked(self._access[account], _unit(call, account, request.region, request.args))
        if reply.error is not None:
            raise CallError(reply.error.code, reply.error.message, reply.error.permission)
        return None if reply.absent else plain(reply.answer)


class Writer:
    """Changes. `calls` are all that it makes: those of the plan that is applied."""

    def __init__(self, sessions: Sessions, calls: Iterable[str]) -> None:
        self._sessions, self._calls = sessions, frozenset(calls)
        self._clients: dict[tuple[str, str, str], Any] = {}

    def __call__(self, request: Request) -> Any:
        """Make one call; botocore repeats it where AWS asks for that.

        Raises:
            CallError: it was refused.
        """
        if request.call not in self._calls:
            raise ForbiddenCallError(f"{request.call} is not among the planned calls")
        from botocore import xform_name

        service, _, operation = request.call.partition(":")
        make = getattr(self._client(service, request), xform_name(operation))
        for wait in (*WAITS, 0.0):
            try:
                answer = make(**request.args)
            except Exception as error:
                code, message = code_of(error)
                if code in SETTLING and wait:
                    time.sleep(wait)
                    continue
                raise CallError(code, message, request.call if DENIED.search(code) else "") from error
            return plain({k: v for k, v in answer.items() if k != "ResponseMetadata"})
        raise AssertionError  # the last attempt returns or raises

    def _client(self, service: str, request: Request) -> Any:
        from botocore.config import Config

        account, region = request.account or self._sessions.account, request.region or self._sessions.region
        key = (account, service, region)
        if key not in self._clients:
            config = Config(
                retries={"mode": "standard"},
                connect_timeout=CONNECT,
                read_timeout=READ,
                user_agent_extra=f"exclave/{__version__}",
            )
            session = self._sessions.of(account)
            try:
                self._clients[key] = session.create_client(service, region_name=region, config=config)
            except Exception as error:
                raise CallError(*code_of(error)) from error
        return self._clients[key]


def _asked(access: Access, unit: Unit) -> Reply:
    try:
        return access.ask(unit)
    except StoppedError as error:
        raise CallError("NoCredentials", str(error)) from error


def _access(session: Any, account: str, region: str, table: dict[str, Call]) -> Access:
    stop = threading.Event()
    return Access(session, account, region, table, Limiter(RATE, BURST, stop), workers=1, stop=stop)


def _unit(call: Call, account: str, region: str, args: dict[str, Any]) -> Unit:
    scope = Scope(cloud=Cloud.AWS, account=account, region=region)
    return Unit(call=call, scope=scope, args=args, region=region)


def _dotted(call: str) -> str:
    return call.replace(":", ".", 1)
