"""The words of an inventory: calls as data, scopes, and what a cloud answered."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Any, Literal

import msgspec

from exclave.catalogue import paths
from exclave.model import Cloud

GLOBAL = "global"  # the region of what has none
SCHEMA = "exclave-inventory/1"
PLAN = "exclave.Plan"  # the document in which collect says what it set out to record

NOT_RECORDED = "NotRecorded"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Scope:
    """Where a call was made. `account`: account, subscription, project, tenant or organisation."""

    cloud: Cloud
    account: str
    region: str = GLOBAL

    def __str__(self) -> str:
        """`123456789012 eu-west-1`."""
        return f"{self.account} {self.region}" if self.region != GLOBAL else self.account


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why there is no answer: could not look. `permission` is the one that is missing, where that is why."""

    code: str
    message: str = ""
    permission: str = ""

    @property
    def words(self) -> str:
        """One line for a reader."""
        need = f" (needs {self.permission})" if self.permission else ""
        return f"{code_in_words(self.code)}{': ' + self.message if self.message else ''}{need}"


def code_in_words(code: str) -> str:
    """`HTTP 500 Internal Server Error` where a service gave its answer no other name; else the code."""
    try:
        return f"HTTP {code} {HTTPStatus(int(code)).phrase}"
    except ValueError:
        return code


_TO_DO = (
    ("AccessDenied|Unauthorized|NotAuthorized|AuthorizationError|AuthorizationFailed|Forbidden|PERMISSION_DENIED|^40[13]$",
     "what was refused: `exclave permissions` prints the policy that allows it"),
    ("Throttl|TooMany|RequestLimit|SlowDown|RESOURCE_EXHAUSTED|^429$",
     "what was asked too fast: run it again later; `exclave collect --resume` asks only what is missing"),
    ("^5[0-9][0-9]$|Internal|Unavailable|UNAVAILABLE",
     "where the service itself failed: run it again; `exclave collect --resume` asks only what is missing"),
    ("Connect|Timeout|SSLError|Proxy|UnreadableAnswer|^404$",
     "where nothing answered that knows the call: look at the network, a proxy, AWS_ENDPOINT_URL; an emulator knows few services"),
)  # fmt: skip


def to_do(codes: Iterable[str]) -> list[str]:
    """What a reader can do about errors with these codes, each advice once."""
    found = (next((words for fits, words in _TO_DO if re.search(fits, c)), "") for c in codes)
    return [words for words in dict.fromkeys(found) if words]


class Each(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A call made once for every item that another call listed in the same scope."""

    call: str  # name of the other call
    items: str = ""  # path to its items; its own `items` when empty
    where: dict[str, list[str]] = {}  # only for items whose value at a path is one of these


class Call(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One reading call, as data. `{path}` in `args` (and `region`) come from the item of `each`.

    AWS: `operation` is `service.Operation` of the SDK. Azure and Google: `operation` is a name, and `http` the
    verb and URL (`GET https://...`), in which `{account}` is the subscription, project or organisation.
    """

    name: (
        str  # unique: `ec2.DescribeSnapshots`, with a further part where one operation is called in two ways
    )
    cloud: Cloud = Cloud.AWS  # the folder of the table says it
    operation: str = ""  # `name` when empty
    scope: Literal["region", "global", "organization"] = "region"
    args: dict[str, Any] = {}
    http: str = ""
    items: str = ""  # path to the list in the answer; "" when the answer itself is the one item
    each: Each | None = None
    key: str = ""  # what tells the calls of one `each` apart: `{SnapshotId}`
    region: str = ""  # another region than the scope's: `{BucketRegion}`, `us-east-1`
    only: tuple[str, ...] = ()  # only in these regions
    page: int = 0  # items a page, where the provider pages only when asked to, or in small pages
    permission: str = ""  # `service:Action`; made of `operation` when empty
    absent: tuple[str, ...] = ()  # error codes that are an answer: there is none
    until: dict[str, list[str]] = {}  # ask again until the value at a path is one of these

    @property
    def does(self) -> str:
        """`service.Operation`."""
        return self.operation or self.name

    @property
    def needs(self) -> str:
        """The permission, in the provider's spelling."""
        return self.permission or self.does.replace(".", ":", 1)


class Document(msgspec.Struct, frozen=True, kw_only=True, rename={"schema_": "schema"}):
    """One recorded call. `answer` is the provider's, pages merged; null with `error`, or with `absent`."""

    schema_: str
    cloud: Cloud
    call: str
    scope: dict[str, str]  # account, region
    args: dict[str, Any] = {}
    key: str = ""
    time: datetime | None = None
    identity: str = ""
    answer: Any = None
    absent: str = ""  # the code by which the provider said that there is none
    error: dict[str, str] | None = None  # code, message, permission


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a call answered in one scope, or why it couldn't be asked. `where` names the document."""

    call: str
    scope: Scope
    args: Mapping[str, Any] = field(default_factory=dict)
    key: str = ""
    answer: Any = None
    path: str = ""  # of the items in the answer
    absent: str = ""
    error: Failure | None = None
    time: datetime | None = None
    identity: str = ""
    where: str = ""

    @property
    def items(self) -> list[Any]:
        """The list at the call's path; the answer itself as the only item where the call has no path."""
        return list(walk(self.answer, self.path))

    def text(self, *found: str) -> str:
        """The first scalar that one of the paths reaches in the answer, as text; "" if none does."""
        return paths.text(self.answer, *found)


def walk(value: Any, path: str) -> Iterator[Any]:
    """Every item at a dotted path, lists flattened, None left out. No limit, unlike catalogue paths."""
    if value is None:
        return
    if isinstance(value, list):
        for item in value:
            yield from walk(item, path)
    elif not path:
        yield value
    elif isinstance(value, Mapping):
        head, _, rest = path.partition(".")
        yield from walk(value.get(head), rest)
