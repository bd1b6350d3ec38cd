"""The table of ways is true to the clouds' interfaces: calls, parameters, answers and errors exist."""

from __future__ import annotations

import re

import pytest

from exclave.catalogue import paths
from exclave.catalogue.loader import load as load_catalogue
from exclave.catalogue.readers import READERS
from exclave.change.calls import reads
from exclave.change.http import checked
from exclave.model import Cloud
from exclave.revoke import advice, fill
from exclave.revoke.model import Found
from exclave.revoke.table import cloud_of, every, load

WAYS = load()
METHODS = {m.id: m for m in load_catalogue().methods}
AWS = every(WAYS, Cloud.AWS)
REST = [*every(WAYS, Cloud.AZURE), *every(WAYS, Cloud.GCP)]
# errors that botocore's models leave out: services whose errors it doesn't list
UNLISTED = {
    "ec2", "s3", "s3control", "sqs", "sns", "iam", "sagemaker",
}  # fmt: skip


def name(way):
    return f"{way.methods[0]}-{'-'.join(way.kinds)}"


def sample(way):
    """What a way is filled with: names of the right form, and values of the right shape by botocore's model."""
    found = Found(
        type="exposure", id="x-1", method=way.methods[0], cloud=cloud_of(way), account="123456789012", region="eu-west-1",
        source={"id": "thing", "kind": "k"}, destination={"kind": (way.kinds or ("account",))[0], "id": "111122223333"},
        facts=dict.fromkeys(sorted(_facts(way)), "7"),
    )  # fmt: skip
    if cloud_of(way) is Cloud.AZURE:
        thing = "/subscriptions/s/resourceGroups/g/providers/Microsoft.X/things/n"
        found.source["id"] = "u" if "graph.microsoft" in way.read.call else thing
        found.facts.update(dict.fromkeys(found.facts, thing))
    if cloud_of(way) is Cloud.GCP:
        found.source["id"] = "projects/p/buckets/b/objects/o"
    return found


def _facts(way):
    from msgspec import json

    return {m[1] for m in re.finditer(r"(?:fact|number)\.([a-z_]+)", json.encode(way).decode())}


def _calls(way):
    return [way.read, *way.change, *way.set, *way.drop, *way.undo]


def model(call):
    import botocore.session

    service, _, operation = call.partition(":")
    return SESSION.setdefault(
        service, botocore.session.get_session().get_service_model(service)
    ).operation_model(operation)


SESSION: dict = {}


def test_every_way_is_of_methods_that_there_are():
    assert set(WAYS) <= set(METHODS), set(WAYS) - set(METHODS)
    assert all(len({m.partition(".")[0] for m in w.methods}) == 1 for ways in WAYS.values() for w in ways)


def test_what_can_not_be_taken_back_is_said_with_what_to_do():
    """Of everything that was offered or taken: there is a way, or words or a command that a person can act on."""
    left = [m for m in METHODS.values() if m.outcome and m.id not in WAYS]
    assert not [
        m.id for m in left if advice.words(m.id, m.cloud, m.outcome) == advice.UNKNOWN and not m.revoke
    ]
    assert all("{" not in advice.words(m.id, m.cloud, m.outcome) for m in left)


def test_what_an_audit_sees_standing_says_all_that_some_way_needs():
    lacking = {
        m.id for m in METHODS.values() if m.id in WAYS
        for s in m.inventory if not any(fill.facts_named(w) <= set(s.facts) for w in WAYS[m.id])
    }  # fmt: skip
    assert lacking == set()


@pytest.mark.parametrize("way", AWS, ids=name)
def test_the_calls_of_aws_exist_and_take_these_parameters(way):
    for call in _calls(way):
        operation = model(call.call)
        assert reads(call.call) is (call is way.read), call.call
        members = operation.input_shape.members if operation.input_shape else {}
        _check_args(call.args, operation.input_shape, call.call)
        given = {*call.args, *call.now}
        required = set(operation.input_shape.required_members) if operation.input_shape else set()
        automatic = {n for n, s in members.items() if s.metadata.get("idempotencyToken")}
        assert required - automatic <= given, (call.call, required - given)
        if call.absent and call.call.partition(":")[0] not in UNLISTED:
            codes = {c for e in operation.error_shapes for c in (e.name, e.error_code)}
            assert set(call.absent) <= codes, (call.call, set(call.absent) - codes)


def _check_args(args, shape, where):
    for key, value in args.items():
        assert key in shape.members, f"{where}: no parameter {key}"
        member = shape.members[key]
        if isinstance(value, dict) and member.type_name == "structure":
            _check_args(value, member, f"{where}.{key}")
        elif isinstance(value, list):
            assert member.type_name == "list", f"{where}.{key}"
        elif isinstance(value, str) and not value.startswith("{="):
            assert member.type_name == "string", f"{where}.{key} is a {member.type_name}"
            if member.enum and "{" not in value:
                assert value in member.enum, f"{where}.{key}"
        elif isinstance(value, bool):
            assert member.type_name == "boolean", f"{where}.{key}"


@pytest.mark.parametrize("way", AWS, ids=name)
def test_what_is_read_of_aws_is_in_the_answer(way):
    output = model(way.read.call).output_shape
    for path in (*way.read.keep, *way.read.where, *filter(None, [way.at, way.stands and way.stands.path])):
        shape = output
        for segment in paths.split(path):
            if shape.type_name == "list":
                shape = shape.member
            if segment in ("[]", "*"):
                continue
            if shape.type_name == "map":
                shape = shape.value
                continue
            assert shape.type_name == "structure", f"{path} at {segment}"
            if shape.is_document_type:  # any JSON
                break
            assert segment in shape.members, f"{path}: the answer has no {segment}"
            shape = shape.members[segment]
    for path in way.read.where:
        assert any(k.startswith(path) or path.startswith(k) for k in way.read.keep), path


@pytest.mark.parametrize("way", [*AWS, *REST], ids=name)
def test_a_way_can_be_filled_in_and_is_whole(way):
    found = sample(way)
    known = {**fill.values(found), **_planted(way)}
    request = fill.request(way.read, found, known)
    assert reads(request.call)
    for call in (*way.change, *way.set, *way.drop, *way.undo):
        made = fill.request(call, found, known)
        if cloud_of(way) is not Cloud.AWS:
            hosts = r"management\.azure\.com|graph\.microsoft\.com|[a-z]+\.googleapis\.com"
            checked(made, re.compile(hosts))
            if cloud_of(way) is Cloud.AZURE and "graph." not in made.call:
                assert "api-version=" in made.call
    for standing in filter(None, [way.stands, way.becomes, *way.undone]):
        fill.fill(standing.value, known)
    match way.how:
        case "call":
            assert way.change
            assert not way.set
            assert way.undo or way.breaks, "what can't be undone must warn"
            assert way.stands or way.read.keep or way.becomes or cloud_of(way) is Cloud.GCP
        case "policy" | "items":
            assert way.at
            # a policy may lose whole statements by their names
            named = way.how == "policy" and "{item.sid}" in str(way.change)
            assert bool(way.set) is not (bool(way.change) and not named)
            if way.how == "items":
                assert way.reader
                assert way.reader.reader in READERS
                assert "[]" in way.at
        case "statements":
            assert way.change
            assert way.undo
            assert way.at
    if cloud_of(way) is not Cloud.AWS:
        assert way.references or way.how == "call", name(way)
        assert way.confidence in ("documented", "belief")


def _planted(way):
    """An object that has something at every path that the way's calls name."""
    from msgspec import json

    out: dict = {"before": {}, "doc": {}, "item": {}}
    for found in re.finditer(
        r"\{(?:json)?=?\??((?:before|doc|item)(?:\.[\w\[\]]+)*)\}", json.encode(way).decode()
    ):
        at = out
        *above, last = [s for s in paths.split(found[1]) if s != "[]"]
        for segment in above:
            held = at.get(segment)
            at[segment] = held if isinstance(held, dict) else {}
            at = at[segment]
        value = "/subscriptions/s/x" if found[1] == "item.id" else "text"
        at[last] = at.get(last) or ({} if found[1] in ("before", "doc") else value)
    return out
