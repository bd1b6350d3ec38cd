"""What an entry of the catalogue may say. Unknown keys are errors; docs/adding-a-method.md explains each."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from exclave.model import Cloud, Kind, Severity, SignalKind

Confidence = Literal["recorded", "documented", "model", "belief"]
Scalar = str | int | float | bool


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A table of a catalogue file."""


class Condition(_Table, frozen=True, rename={"in_": "in", "not_in": "not-in"}):
    """A condition on the values of a path: any of them is in a list, none is, or there is (not) a value."""

    in_: tuple[Scalar, ...] | None = None
    not_in: tuple[Scalar, ...] | None = None
    exists: bool | None = None


Where = dict[str, Condition | Scalar]


class Match(_Table, frozen=True):
    """Names (`service:action`, `*:action` for any service) and conditions that must all hold."""

    events: tuple[str, ...]
    where: Where = {}
    log: str = ""  # only in this log (s3-access, ...); "" for the provider's audit log
    common: bool = False  # AWS: too common to look at each; only where its record tells (detect/telling.py)


class Read(_Table, frozen=True):
    """One use of a reader: which, where it looks, and when."""

    reader: str
    path: str = ""
    when: Where = {}
    kind: Kind | None = None  # reader `value` and `fixed`: the kind of destination
    id: str = ""  # reader `fixed`
    actions: tuple[str, ...] = ()  # reader `policy` and IAM readers: what must be granted for it to count
    note: str = ""


class ResourceSpec(_Table, frozen=True):
    """The thing that holds the data. `id` (and `name`, `size`, `account`) are paths; the first that has a value counts."""

    kind: str
    id: tuple[str, ...] | str = ()
    name: str = ""
    size_gib: str = ""
    account: str = ""

    @property
    def id_paths(self) -> tuple[str, ...]:
        """The paths of the id, in order of preference."""
        return (self.id,) if isinstance(self.id, str) else self.id


class Close(_Table, frozen=True):
    """Events that end what the entry's offers opened: on one resource, or in the whole account."""

    events: tuple[str, ...]
    where: Where = {}
    resource: (
        tuple[str, ...] | str
    ) = ()  # paths; none: every open offer of the method in that account and region
    only_public: bool = False
    # facts that it must share with an offer to end it: one policy of several; or fact → its path in the closing event
    same: tuple[str, ...] | dict[str, str] = ()


class Revoke(_Table, frozen=True):
    """The call that takes the share back. `{resource.id}`, `{destination.id}`, `{fact.NAME}`, `{account}`, `{region}` are filled in.

    AWS: `call` is `service:Operation` of the SDK and `args` its parameters. Azure and Google: `call` is an
    HTTP verb and a URL, `args` the body.
    """

    call: str
    args: dict[str, Any] = {}
    when: tuple[Kind, ...] = ()  # only for these kinds of destination; none: for all
    of: tuple[str, ...] = ()  # only for these kinds of resource; none: for all
    risk: Literal["safe", "disruptive"] = "safe"
    note: str = ""


class Prevent(_Table, frozen=True):
    """What stops it beforehand: the actions a policy must deny, condition keys that can bind them, settings."""

    actions: tuple[str, ...] = ()
    condition_keys: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    note: str = ""


class Blocked(_Table, frozen=True):
    """A recorded setting that keeps a standing share from having effect, such as S3's block of public access.

    `same`: a path (`args.Bucket`) whose value must be one in both; none: the setting is of the whole account
    and region.
    """

    call: str
    where: Where
    same: str = ""
    kinds: tuple[Kind, ...] = (Kind.PUBLIC,)
    note: str = ""


class Standing(_Table, frozen=True):
    """How the entry's share is seen in the cloud's state, as recorded in an inventory.

    Paths start with `item` (one item of the answer), `parent` (what it was listed in), `args` (the call's
    arguments) or `answer`. `call` is a name of the inventory's table, `items` a path to the items where it
    isn't the table's own. `since` is a path to the time from which the provider says the share may stand;
    `listed.X` is `X` of the item that the call was made for (a snapshot's own start: no share of it is older).
    """

    call: str
    resource: ResourceSpec
    read: tuple[Read, ...]
    items: str = ""
    where: Where = {}
    facts: dict[str, str] = {}
    since: str = ""
    blocked: tuple[Blocked, ...] = ()


class Example(_Table, frozen=True):
    """A record (laid over the log's ordinary envelope) and what must be found in it.

    `expect` lines are `<outcome> <kind>:<id> <verdict>` for transfers and `<signal> [<kind>:<id> <verdict>]`
    for signals; an empty list means that nothing is found. Accounts in examples: 123456789012 is ours,
    210987654321 is in our organisation (o-ours000000), 111122223333 and others are foreign.
    """

    name: str
    event: dict[str, Any]
    expect: tuple[str, ...] = ()
    log: str = ""


class Method(_Table, frozen=True):
    """One way to move data out, or one supporting signal."""

    id: str
    title: str
    about: str
    confidence: Confidence
    match: tuple[Match, ...]
    resource: ResourceSpec
    covers: tuple[str, ...] = ()
    outcome: Literal["offered", "taken", "revoked"] | None = None  # a transfer ...
    signal: SignalKind | None = None  # ... or a signal
    caller: Literal["any", "foreign"] = "any"
    needs_destination: bool = False  # a signal that counts only when a reader names somebody
    read: tuple[Read, ...] = ()
    removes: tuple[Read, ...] = ()
    whole: bool = False
    closes: tuple[Close, ...] = ()
    facts: dict[str, str] = {}
    severity: dict[str, Severity] = {}
    raises: str = ""  # why an incident that this signal belongs to is worse: its identity was at risk
    revoke: tuple[Revoke, ...] = ()
    prevent: Prevent = Prevent()
    inventory: tuple[Standing, ...] = ()  # for `exclave audit`: the same share, standing
    attack: tuple[str, ...] = ("T1537",)
    look_alikes: tuple[str, ...] = ()
    known_gaps: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    example: tuple[Example, ...] = ()

    @property
    def cloud(self) -> Cloud:
        """The provider, the id's first part."""
        return Cloud(self.id.partition(".")[0])


class LineageSpec(_Table, frozen=True):
    """Events in which one resource is made from another.

    Where one event makes several, `each` is the path of its items; paths of child and parent then begin with `item.`
    for what stands in the item.
    """

    events: tuple[str, ...]
    child: ResourceSpec
    parent: ResourceSpec
    where: Where = {}
    each: str = ""


class Unlogged(_Table, frozen=True):
    """Rows of a list of ways that no log shows, each with the reason."""

    rows: tuple[str, ...]
    reason: str


class File(_Table, frozen=True):
    """One catalogue file: all the ways out of one service."""

    service: str
    method: tuple[Method, ...] = ()
    lineage: tuple[LineageSpec, ...] = ()
    unlogged: tuple[Unlogged, ...] = ()
