"""Every call of Azure and Google that collect, harden and revoke make: with samples of real resource ids in its places.

interfaces.json holds what the published descriptions say of them, see test_interfaces.py.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from exclave.inventory.azure.access import request_of as of_azure
from exclave.inventory.engine import Unit
from exclave.inventory.gcp.access import request_of as of_google
from exclave.inventory.model import Scope
from exclave.inventory.table import load as load_calls
from exclave.inventory.template import filled, place
from exclave.model import Cloud
from exclave.revoke import fill
from exclave.revoke.table import every
from exclave.revoke.table import load as load_ways
from tests.harden.made_azure import hardened
from tests.harden.test_gcp import made, untidy
from tests.revoke.test_table import sample
from tests.stubs.gcp import GoogleStub

HELD = json.loads(Path(__file__).with_name("interfaces.json").read_text("utf-8"))
SAMPLES = HELD[
    "samples"
]  # of what a call is made for, of a method's resource, and of a fact: real forms of ids


@dataclass(frozen=True, slots=True)
class Called:
    """`VERB URL`, the arguments that the URL doesn't have, and the paths of the answer that are read."""

    who: str
    call: str
    args: dict[str, Any] = field(default_factory=dict)
    keep: tuple[str, ...] = ()


def calls():
    """All of them."""
    yield from collected()
    yield from revoked()
    yield from hardening()


def collected():
    for cloud, home in ((Cloud.AZURE, "t"), (Cloud.GCP, "organizations/1")):
        for call in load_calls(cloud).values():
            scope = Scope(cloud=cloud, account=home if call.scope == "organization" else "p")
            item = SAMPLES["items"].get(call.each.call, {}) if call.each else {}
            unit = Unit(
                call=call, scope=scope, args=filled(call.args, {**item, **place(scope)}), region="global"
            )
            keep = (call.items,) if call.items else ()
            if cloud is Cloud.AZURE:
                verb, url = of_azure(call, unit)
                yield Called(call.name, f"{verb} {url}", dict(unit.args) if verb == "POST" else {}, keep)
            else:
                verb, url, rest = of_google(call, unit)
                yield Called(call.name, f"{verb} {url}", rest, keep)


def revoked():
    ways = load_ways()
    for way in [*every(ways, Cloud.AZURE), *every(ways, Cloud.GCP)]:
        for method in way.methods:
            asset = way.where.get("fact.asset_type", "")
            for identifier in SAMPLES["resources"].get(asset or method, ["x"]):
                found = sample(way)
                found.source["id"] = identifier
                for name in found.facts:
                    found.facts[name] = SAMPLES["facts"].get(f"{method} {name}", "7")
                yield from _of_way(
                    way,
                    method,
                    {**fill.values(found), "item": {"id": SAMPLES["facts"].get(f"{method} item", "x")}},
                )


def _of_way(way, method, known):
    paths = [way.at, *(s.path for s in (way.stands, way.becomes, way.picked, *way.undone) if s)]
    now = [v for calls_ in (way.set, way.change, way.undo) for c in calls_ for v in c.now.values()]
    for call in (way.read, *way.change, *way.set, *way.drop, *way.undo):
        args = call.args if isinstance(call.args, dict) else {}
        for path in call.now if call is not way.read else ():
            args = fill._put(args, path.split("."), "")
        keep = (*call.keep, *filter(None, paths), *now) if call is way.read else ()
        yield Called(method, fill.text(call.call, known, in_url=True), args, keep)


def hardening():
    tidy, first = GoogleStub(), GoogleStub()
    for stub in (tidy, first):
        stub.page = 50
        untidy(stub)
    del first.things["accessPolicies/77"]
    for found in (hardened("ours"), made(tidy), made(first)):
        for step in found.steps:
            for request in filter(None, (step.read, step.first)):
                yield Called(step.title, request.call, request.args, request.keep)
            for request in (*step.change, *step.undo):
                yield Called(step.title, request.call, request.args)
