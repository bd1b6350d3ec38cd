"""The words of revoke: a way to take a share back, as data; and a finding to take back."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from exclave.model import Cloud, Kind


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A table of a file of ways."""


class Call(_Table, frozen=True):
    """A call with places to fill in: `{resource.id}` in a text, `{=before.Grants}` for a whole value.

    For what can be named see fill.py. `region`: another than the finding's. `now`: members of the args that are
    taken from what was read just before (`{ "policy.etag" = "etag" }`).
    """

    call: str
    args: Any = {}
    region: str = ""
    absent: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    where: dict[str, dict[str, Any]] = {}
    now: dict[str, str] = {}


class Standing(_Table, frozen=True):
    """How it is seen that the share stands: one of the values at `path` is, or has the members of, `value`."""

    path: str = ""
    value: Any = None


class Reading(_Table, frozen=True):
    """The catalogue's reader that says whom an item of a list lets in; `path` in it (`item` is the item itself)."""

    reader: str
    path: str = "item"
    kind: Kind | None = None


class Pick(_Table, frozen=True):
    """An item of a list: the first at `path` that has some members."""

    path: str
    where: dict[str, Any]


class Way(_Table, frozen=True):
    """How the shares of some methods are taken back.

    `how`:
    - `call`: one call takes it away (`change`), another puts it back (`undo`); `stands` is looked for before and after.
    - `policy`: a policy document stands at `at` in what is read; the grant is cut out of its text (`{=doc}`) and it
      is put by `set`. `drop` takes away a document of which nothing is left. `change`, where there is one, takes away a
      statement by its name, where whole ones go.
    - `items`: `at` (and `also`) is a list in what is read (`Rules[]`; `rules[].destinations[]`); the items whose reader
      finds the receiver are left out and the whole (`{=doc...}`) is put by `set`. `drop` when none is left. Where each item
      is a thing of its own, `change` takes one away and `undo` puts it back.
    - `statements`: as `policy`, for policies that are changed a statement at a time (`change` and `undo` for each).

    The first way whose `kinds` fit the receiver, and for which everything that it names is known, is taken.
    """

    methods: tuple[str, ...]
    how: Literal["call", "policy", "items", "statements"]
    read: Call
    title: str = ""
    kinds: tuple[Kind, ...] = ()
    where: dict[str, str] = {}  # values of the finding that must be so: `{ "fact.type" = "dashboard" }`
    at: str = ""
    also: tuple[str, ...] = ()  # further lists of the same kind
    keep_empty: bool = False  # what holds a list that becomes empty stays
    reader: Reading | None = None
    stands: Standing | None = None
    picked: Pick | None = None  # the item of a list in what was read that `{=item...}` names
    becomes: Standing | None = None  # instead of its absence, what must be seen afterwards
    unseen: bool = False  # nothing that can be read tells whether it stands
    change: tuple[Call, ...] = ()
    set: tuple[Call, ...] = ()
    drop: tuple[Call, ...] = ()
    undo: tuple[Call, ...] = ()
    undone: tuple[Standing, ...] = ()  # what must be seen after the undo, where it isn't what was
    breaks: tuple[str, ...] = ()  # what else stops working; `{...}` are filled in
    dropped: str = ""  # what it means that the whole document goes
    permissions: tuple[str, ...] = ()  # where they aren't named as the calls are
    references: tuple[str, ...] = ()
    confidence: Literal["tested", "model", "documented", "belief"] = "model"


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A transfer, signal or exposure to take back, as a line of JSON lines states it."""

    type: Literal["transfer", "exposure", "signal"]
    id: str
    method: str
    cloud: Cloud
    account: str = ""
    region: str = ""
    source: dict[str, Any] = {}
    destination: dict[str, Any] | None = None
    facts: dict[str, str] = {}
    outcome: str = ""
    open: bool | None = None
    incident: str = ""
    command: str = ""  # what a person could paste
    revoke: dict[str, Any] = {}  # the catalogue's call's arguments
    file: str = ""

    @property
    def kind(self) -> str:
        """The kind of the receiver."""
        return str((self.destination or {}).get("kind", ""))

    @property
    def to(self) -> str:
        """The receiver's id."""
        return str((self.destination or {}).get("id", ""))

    @property
    def resource(self) -> str:
        """The id of what is shared."""
        return str(self.source.get("id", ""))
