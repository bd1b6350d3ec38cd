"""The calls of collect, harden and revoke exist at Azure and Google, take what they are given, and answer what is read.

interfaces.json holds of each call that is made what the published descriptions say: of Azure path and versions (the azure-mgmt
packages of Python, azure-rest-api-specs), of Google the members that we use of query, body and answer (the discovery documents in
google-api-python-client 2.202.0). A call, version or member that is new here: look it up there, then add it.
"""

from __future__ import annotations

import re
from functools import cache
from urllib.parse import parse_qs, unquote, urlsplit

from .interfaces import HELD, calls

NOW = frozenset({"$now", "$made", "$first", "$then"})


@cache
def _pattern(template):
    text = (
        re.escape(template)
        .replace(r"/\{\*\}", "(?:/.+)?")
        .replace(r"\{\*\}", ".+")
        .replace(r"\{\}", "[^/]+?")
    )
    return re.compile(text, re.IGNORECASE)


def wrong(called):
    """What is not as the descriptions have it."""
    verb, _, url = re.sub(r"\{\$\w+:[^}]*\}", "x/1", called.call).partition(" ")
    split = urlsplit(url)
    query = parse_qs(split.query, keep_blank_values=True)
    if split.netloc == "graph.microsoft.com":
        return []
    if split.netloc == "management.azure.com":
        place = f"{verb} {unquote(split.path)}"
        found = [v for t, v in HELD["azure"].items() if _pattern(t).fullmatch(place)]
        return [] if any(query["api-version"][0] in v for v in found) else [f"no {called.call}"]
    place = f"{verb} {split.netloc}{split.path}"
    known = [h for t, h in HELD["google"].items() if _pattern(t).fullmatch(place)]
    args = dict(called.args)
    if verb in ("GET", "DELETE"):
        query, args = {**query, **args}, {}
    tried = [
        [f"query {k}" for k in query if k not in h.get("query", ())]
        + list(_body(args, h.get("body", {}), ""))
        + [f"answer {k}" for k in called.keep if k not in h.get("answer", ())]
        for h in known
    ]
    return [f"{called.call}: {p}" for p in min(tried, key=len)] if tried else [f"no {called.call}"]


def _body(value, known, where):
    for name, inner in value.items() if isinstance(value, dict) and not NOW & set(value) else ():
        if name not in known:
            yield f"body {where}{name}"
        elif known[name] is not None:
            for one in inner if isinstance(inner, list) else [inner]:
                yield from _body(one, known[name], f"{where}{name}.")


def test_every_call_is_one_of_the_interfaces():
    made = list(calls())
    assert len({c.call for c in made}) > 200
    assert {p for c in made for p in wrong(c)} - _told_of_others(made) == set()


def _told_of_others(made):
    """What one kind of resource doesn't answer, where a method has several and another kind does."""
    told = {(c.who, k) for c in made for k in c.keep if f"{c.call}: answer {k}" not in wrong(c)}
    return {f"{c.call}: answer {k}" for c in made for k in c.keep if (c.who, k) in told}


def test_a_wrong_call_is_seen():
    made = {c.who: c for c in calls()}
    one, other = made["logging.ListSinks"], made["insights.ActionGroups"]
    assert wrong(type(one)("x", one.call.replace("sinks", "sink")))
    assert wrong(type(one)("x", one.call, {"pageSizes": 1}))
    assert wrong(type(one)("x", other.call.replace("2023-01-01", "2013-01-01")))
