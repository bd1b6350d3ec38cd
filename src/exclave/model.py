"""The words of exclave as types: one frozen record per idea, shared by every stage.

perimeter.py judges destinations, detect/ makes transfers and signals, correlate/ fills in what only the
whole shows (verdict, severity, state, incident). Field names are the keys of the JSON lines.

Structs of msgspec, not dataclasses: a hunt makes many, and these take a tenth of the time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from msgspec import Struct


class Cloud(StrEnum):
    """A provider."""

    AWS = "aws"
    AZURE = "azure"
    GCP = "gcp"


class Kind(StrEnum):
    """Kinds of destination: who, or what, can receive data."""

    ACCOUNT = "account"
    ORGANIZATION = "organization"
    ORG_UNIT = "org-unit"
    TENANT = "tenant"
    SUBSCRIPTION = "subscription"
    PROJECT = "project"
    DOMAIN = "domain"
    CUSTOMER = "customer"
    PRINCIPAL = "principal"
    CANONICAL_ID = "canonical-id"
    SERVICE = "service"
    PUBLIC = "public"
    BEARER_URL = "bearer-url"
    BUCKET = "bucket"
    VPC = "vpc"
    IP_RANGE = "ip-range"
    UNKNOWN = "unknown"


class Verdict(StrEnum):
    """What the perimeter says of a destination."""

    SELF = "self"
    ORGANIZATION = "organization"
    TRUSTED = "trusted"
    VENDOR = "vendor"
    EXTERNAL = "external"
    PUBLIC = "public"
    UNKNOWN = "unknown"


OURS = frozenset({Verdict.SELF, Verdict.ORGANIZATION, Verdict.TRUSTED})
FOREIGN = frozenset({Verdict.EXTERNAL, Verdict.PUBLIC, Verdict.UNKNOWN})


class Outcome(StrEnum):
    """How far a transfer got."""

    ATTEMPTED = "attempted"
    OFFERED = "offered"
    TAKEN = "taken"
    REVOKED = "revoked"


class SignalKind(StrEnum):
    """What a supporting event is."""

    PREPARE = "prepare"
    TAMPER = "tamper"
    ACCESS_CHANGE = "access-change"
    NETWORK_CHANGE = "network-change"
    EXPOSURE = "exposure"


class Severity(StrEnum):
    """How loud a finding is; `rank` orders them, info lowest."""

    INFO = "info"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for info up to 4 for critical."""
        return _RANKS[self]


_RANKS = {name: rank for rank, name in enumerate(Severity)}


class Evidence(Struct, frozen=True, kw_only=True):
    """Where a record was read: file (or object key), record number from 1, the provider's event id."""

    file: str
    record: int
    event_id: str = ""


class Actor(Struct, frozen=True, kw_only=True):
    """Who did it.

    `id` is the ARN, mail address or object id; `credential` the access key id or session that was used;
    `issuer` the role, user or service account behind a session; `via` the service that acted for them.
    """

    kind: str  # user, role, root, service, account, federated, anonymous, unknown
    id: str
    name: str = ""
    account: str = ""
    credential: str = ""
    issuer: str = ""
    via: str = ""
    ip: str = ""
    agent: str = ""


class Event(Struct, frozen=True, kw_only=True):
    """One audit record, normalised just enough.

    `raw` is the record in the log's own shape; `fields` the same after the format took off wrappers that
    the provider adds to some calls (`<Action>Request`, JSON kept in strings). Paths in the catalogue read
    `fields`. `service` and `action` together are the name that entries match.
    """

    cloud: Cloud
    log: str  # cloudtrail, s3-access, azure-activity, gcp-audit, ...
    time: datetime | None
    service: str
    action: str
    actor: Actor
    account: str  # whose log: account, subscription or project; "" when it doesn't say
    region: str
    error: str  # "" when the call succeeded
    dry_run: bool
    fields: Mapping[str, Any]
    raw: Mapping[str, Any]
    evidence: Evidence
    shared_id: str = ""  # the same happening in another account's log

    @property
    def name(self) -> str:
        """`service:action`, as the catalogue writes it."""
        return f"{self.service}:{self.action}"


class Destination(Struct, frozen=True, kw_only=True):
    """Who receives. `limits` are conditions that narrow it (in words), `expires` when a bearer URL ends.

    `manager` is the account that manages an organisation, where the log says it.
    """

    kind: Kind
    id: str
    cloud: Cloud = Cloud.AWS
    limits: tuple[str, ...] = ()
    expires: str = ""
    note: str = ""  # how it was read, where that isn't obvious
    manager: str = ""

    @property
    def key(self) -> str:
        """`kind:id`, as examples and reports write it."""
        return f"{self.kind}:{self.id}"


_SECRET = re.compile(r"-[A-Za-z0-9]{6}$")  # what Secrets Manager puts after a secret's name in its ARN
_WITHOUT_CASE = ("rds-", "redshift-cluster", "redshift-snapshot", "docdb-", "elasticache-", "memorydb-")


class Resource(Struct, frozen=True, kw_only=True):
    """A thing that holds data. `id` is the provider's own; `size_gib` where the log says it."""

    kind: str
    id: str
    account: str = ""
    region: str = ""
    name: str = ""
    size_gib: float | None = None

    @property
    def key(self) -> str:
        """What joins two mentions of one resource: an ARN and a bare id of the same thing are equal."""
        # Azure's resource ids compare without case, and its logs write one in several.
        if self.id[:15].lower() == "/subscriptions/":
            return f"{self.kind}:{self.id.lower()}"
        # Databases of AWS are named without case too: a request may spell the name as it likes.
        short = short_id(self.id)
        if self.kind == "secret" and short != self.id:
            short = _SECRET.sub("", short)
        return f"{self.kind}:{short.lower() if self.kind.startswith(_WITHOUT_CASE) else short}"

    @property
    def keys(self) -> tuple[str, ...]:
        """Its own key, and that of what it lies in: an object's bucket."""
        if self.kind == "s3-object" and self.id:
            return self.key, f"s3-bucket:{short_id(self.id).partition('/')[0]}"
        return (self.key,)


def short_id(identifier: str) -> str:
    """The last part of an ARN's resource (`arn:aws:ec2:r:a:snapshot/snap-1` → `snap-1`), else as given.

    Of an Azure resource id the type and name (`/subscriptions/s/.../Microsoft.Compute/disks/d1` → `disks/d1`).

    S3 object ARNs and RDS names keep what follows the first separator of their resource part.
    """
    if not identifier.startswith("arn:"):
        lower = identifier.lower()
        at = lower.rfind("/providers/") if lower.startswith(("/subscriptions/", "/providers/")) else -1
        return identifier[at + 1 :].split("/", 2)[-1] if at >= 0 else identifier
    parts = identifier.split(":", 5)
    if len(parts) < 6:  # noqa: PLR2004 - arn:partition:service:region:account:resource
        return identifier
    service, resource = parts[2], parts[5]
    if service == "s3":
        return resource
    head, sep, tail = resource.partition("/")
    if not sep or ":" in head:
        head, sep, tail = resource.partition(":")
    return tail if sep else resource


def size_text(gib: float | None) -> str:
    """`500 GiB`, `1,200 GiB`, `3.2 GiB`; empty where nothing says it."""
    if gib is None:
        return ""
    return f"{gib:,.0f} GiB" if gib >= 100 else f"{gib:.3g} GiB"  # noqa: PLR2004 - three digits


class Judgement(Struct, frozen=True, kw_only=True):
    """A verdict with the line or fact that decided it, and the name of the vendor or entry."""

    verdict: Verdict
    reason: str
    name: str = ""


class RevokeCall(Struct, frozen=True, kw_only=True):
    """The call that undoes a transfer, arguments filled in. `command` is what a person can paste."""

    call: str
    args: Mapping[str, Any]
    command: str
    risk: str = "safe"  # safe, disruptive
    note: str = ""


class Openness(Struct, frozen=True, kw_only=True):
    """Whether an offer still stands: `closed_at`/`by` say what ended it, `seconds` how long it stood."""

    open: bool
    opened_at: datetime | None = None
    closed_at: datetime | None = None
    by: str = ""
    seconds: float | None = None
    taken: bool = False


class Transfer(Struct, frozen=True, kw_only=True):
    """Data offered to, or taken by, a destination. The second half is filled in by correlate/."""

    method: str
    time: datetime | None
    cloud: Cloud
    account: str
    region: str
    action: str  # service:action
    actor: Actor
    source: Resource
    destination: Destination
    outcome: Outcome
    evidence: Evidence
    error: str = ""
    shared_id: str = ""
    facts: tuple[tuple[str, str], ...] = ()  # further values the entry reads, for reasons and revocation
    whole: bool = False  # the event states every grant of the resource, so what it leaves out has ended
    count: int = (
        1  # like takings (one taker, one resource) are one transfer: how many, the first of which is told
    )
    last: datetime | None = None  # time of the last of them
    # filled in by correlate/
    id: str = ""
    judgement: Judgement | None = None
    severity: Severity = Severity.INFO
    why: tuple[str, ...] = ()
    lineage: tuple[Resource, ...] = ()  # nearest ancestor first
    state: Openness | None = None
    revoke: RevokeCall | None = None
    incident: str = ""


class Signal(Struct, frozen=True, kw_only=True):
    """A supporting event. `destination` where it names somebody (a trust policy, a peering)."""

    method: str
    signal: SignalKind
    time: datetime | None
    cloud: Cloud
    account: str
    region: str
    action: str
    actor: Actor
    source: Resource
    evidence: Evidence
    destination: Destination | None = None
    failed: bool = False
    error: str = ""
    shared_id: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    count: int = 1  # what a stranger does again and again is one signal: how often
    last: datetime | None = None  # time of the last of them
    # filled in by correlate/
    id: str = ""
    judgement: Judgement | None = None
    severity: Severity = Severity.INFO
    why: tuple[str, ...] = ()
    state: Openness | None = (
        None  # of a way opened to somebody else, where the catalogue knows what closes it
    )
    revoke: RevokeCall | None = None
    incident: str = ""


Finding = Transfer | Signal


class Closure(Struct, frozen=True, kw_only=True):
    """An event that ends offers: on one resource, or (`resource` None) on all of its method in an account."""

    method: str
    time: datetime | None
    account: str
    region: str
    action: str
    actor: Actor
    evidence: Evidence
    resource: Resource | None
    only_public: bool = False
    facts: tuple[tuple[str, str], ...] = ()  # that an offer must share to be ended
    shared_id: str = ""  # of a long operation, which leaves a record as it begins and one as it ends


class Derivation(Struct, frozen=True, kw_only=True):
    """One resource made from another: volume → snapshot → copy → image."""

    child: Resource
    parent: Resource
    action: str
    time: datetime | None
    actor: Actor
    evidence: Evidence


class Issued(Struct, frozen=True, kw_only=True):
    """A credential handed out: a role session, a token or a key, to whoever asked with another credential."""

    credential: str
    role: str
    to: Actor
    action: str
    time: datetime | None
    evidence: Evidence


class Problem(Struct, frozen=True, kw_only=True):
    """Something that could not be looked at: where, what, and what to do about it."""

    where: str
    what: str
    hint: str = ""


class Coverage(Struct, frozen=True, kw_only=True):
    """What was read and what was not. Adds up with `merge`."""

    files: int = 0
    bytes_read: int = 0
    bytes_plain: int = 0
    records: int = 0
    records_exact: bool = True  # False where records were counted without decoding each
    formats: Mapping[str, int] = {}  # files per format
    accounts: frozenset[str] = frozenset()
    first: datetime | None = None
    last: datetime | None = None
    problems: tuple[Problem, ...] = ()
    skipped: Mapping[str, int] = {}  # files left out on purpose, by reason


class Incident(Struct, frozen=True, kw_only=True):
    """Transfers and signals that belong together, in order of time."""

    id: str
    title: str
    severity: Severity
    why: tuple[str, ...]
    started: datetime | None
    ended: datetime | None
    transfers: tuple[Transfer, ...]
    signals: tuple[Signal, ...]
    story: tuple[Step, ...]
    actors: tuple[Actor, ...] = ()
    destinations: tuple[Destination, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Transfers and signals together."""
        return (*self.transfers, *self.signals)


class Step(Struct, frozen=True, kw_only=True):
    """A line of an incident's story. `phase` is one word: prepare, access, network, exposure, tamper, offer, take, revoke, close, attempt."""

    time: datetime | None
    phase: str
    text: str
    actor: str
    ref: str  # id of the transfer or signal
    evidence: Evidence


class Report(Struct, frozen=True, kw_only=True):
    """Everything a hunt found: what outputs/ writes."""

    incidents: tuple[Incident, ...]
    transfers: tuple[Transfer, ...]
    signals: tuple[Signal, ...]
    coverage: Coverage
    perimeter: tuple[
        str, ...
    ]  # in words: what was assumed or read of the perimeter, expired and unused entries
    version: str = ""
    issued: tuple[Issued, ...] = ()  # who asked for the credentials of the incidents' actors

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Transfers and signals together, those of incidents too."""
        return (*self.transfers, *self.signals)
