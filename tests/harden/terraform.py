"""Judges a Terraform configuration in JSON by the record of the providers' schemas: terraform_schema.json, which terraform_record.py makes."""

from __future__ import annotations

import json
import re
from pathlib import Path

RECORD = json.loads(Path(__file__).with_name("terraform_schema.json").read_text("utf-8"))
META = frozenset({"count", "depends_on", "provider"})
PARTS = frozenset({"terraform", "provider", "variable", "resource"})
_NAME = re.compile(r"[a-z_][a-z0-9_]*")
_TEMPLATE = re.compile(r"(?<!\$)\$\{(.*)\}", re.DOTALL)
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_CALL = re.compile(r"\b([a-z]\w*)\(")
_PATH = re.compile(r"(?<![.\w])[a-z]\w*(?:\.\w+)+")
_FUNCTIONS = frozenset({"jsonencode", "format"})
_PLAIN = {"string": str, "bool": bool, "number": int | float}


def problems(text):
    """What Terraform and the providers would refuse."""
    document = json.loads(text)
    for part in document.keys() - PARTS:
        yield f"unknown {part}"
    providers = {name: _many(blocks) for name, blocks in document["provider"].items()}
    yield from _requirements(document["terraform"]["required_providers"], providers)
    for name, blocks in providers.items():
        for block in blocks:
            yield from wrong(block, RECORD["providers"][name], f"provider.{name}")
    for name, block in document.get("variable", {}).items():
        for key in block.keys() - {"type", "description", "default", "sensitive", "nullable"}:
            yield f"variable {name}: unknown {key}"
    configured = {
        f"{n}.{b['alias']}" if "alias" in b else n for n, blocks in providers.items() for b in blocks
    }
    for kind, named in document["resource"].items():
        for name, block in named.items():
            yield from _resource(kind, name, block, configured)
    yield from _references(document)


def _many(value):
    return value if isinstance(value, list) else [value]


def _requirements(required, providers):
    if required.keys() != providers.keys():
        yield f"required are {sorted(required)}, configured {sorted(providers)}"
    for name, wanted in required.items():
        if set(wanted) != {"source", "version"}:
            yield f"{name}: lacks its source or version"
        elif not admits(wanted["version"], RECORD["versions"][wanted["source"]]):
            yield f"{name}: not the version of the record"


def admits(constraint, version):
    """Whether a constraint of `>=` and `<` takes a version."""

    def number(text):
        return tuple(int(n) for n in [*text.split("."), "0", "0"][:3])

    tests = {">=": number(version).__ge__, "<": number(version).__lt__}
    return all(tests[operator](number(than)) for operator, than in (c.split() for c in constraint.split(",")))


def _resource(kind, name, block, configured):
    where = f"{kind}.{name}"
    if not _NAME.fullmatch(name):
        yield f"{where}: no name"
    if kind not in RECORD["resources"]:
        yield f"{where}: not in the record, make it anew with terraform_record.py"
        return
    if block.get("provider", kind.partition("_")[0]) not in configured:
        yield f"{where}: its provider is not configured"
    own = {k: v for k, v in block.items() if k not in META}
    yield from wrong(own, RECORD["resources"][kind], where)
    for path in RECORD["deprecated"].get(kind, ()):
        if _has(own, path.split(".")):
            yield f"{where}: {path} is deprecated"


def _has(block, path):
    return any(
        path[0] in one and (len(path) == 1 or _has(one[path[0]], path[1:])) for one in _many(block)
    )  # fmt: skip


def wrong(block, schema, where):
    """What is not as the schema has it."""
    known = {name.rstrip("!="): name for name in schema}
    for name, value in block.items():
        if name not in known:
            yield f"{where}: unknown {name}"
        elif known[name].endswith("="):
            yield f"{where}: {name} is the provider's to set"
        elif isinstance(held := schema[known[name]], str):
            if not _fits(value, held):
                yield f"{where}: {name} is no {held}"
        else:
            yield from _blocks(value, held, f"{where}.{name}")
    for name in schema:
        if name.endswith("!") and block.get(name.removesuffix("!")) in (None, []):
            yield f"{where}: lacks {name.removesuffix('!')}"


def _blocks(value, held, where):
    nesting, arguments = held
    blocks = _many(value)
    if len(blocks) > 1 and nesting in ("list 1", "struct"):
        yield f"{where}: more than one"
    for block in blocks:
        if isinstance(block, dict):
            yield from wrong(block, arguments, where)
        else:
            yield f"{where} is a block"


def _fits(value, type_):
    if isinstance(value, str) and _TEMPLATE.fullmatch(value):
        return True  # Terraform tells its type
    shape, _, inner = type_.rpartition(" ")
    if shape in ("list", "set"):
        return isinstance(value, list) and all(_fits(v, inner) for v in value)
    if shape == "map":
        return isinstance(value, dict) and all(_fits(v, inner) for v in value.values())
    return isinstance(value, _PLAIN[inner]) and (inner == "bool" or not isinstance(value, bool))


def _texts(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from _texts(key)
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)


def _references(document):
    there = {f"{kind}.{name}": kind for kind, named in document["resource"].items() for name in named}
    variables = {f"var.{name}" for name in document.get("variable", {})}
    bare = [_QUOTED.sub("", t) for text in _texts(document) for t in _TEMPLATE.findall(text)]
    for name in {name for b in bare for name in _CALL.findall(b)} - _FUNCTIONS:
        yield f"calls {name}"
    paths = {path for b in bare for path in _PATH.findall(b)}
    for name in variables - paths:
        yield f"{name} is not used"
    for path in paths - variables:
        head, _, attribute = path.rpartition(".")
        if head not in there:
            yield f"{path} points at nothing"
        elif attribute not in {n.rstrip("!=") for n in RECORD["resources"].get(there[head], ())}:
            yield f"{path}: no such attribute"
    for kind, named in document["resource"].items():
        for name, block in named.items():
            for path in set(block.get("depends_on", ())) - there.keys():
                yield f"{kind}.{name} depends on {path}, which is not there"
