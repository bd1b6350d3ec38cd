"""Every property that a template or a call of Resource Manager writes is one that the type has in that version, and
none that it must have is left out; parameters are declared, and given.

arm_schema.json holds of each type at its version the properties that we use, and of these what is required (`!`). It was taken
from the models in azure-mgmt-monitor 6.0.2, -applicationinsights 4.0.0, -storage 21.2.1, -authorization 4.0.0 and -network 26.0.0
(2024-01-01; 2023-09-01 has the same), those of microsoft.aadiam and workspaces from azure-rest-api-specs. A property that is new here:
look it up there, then add it.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from .made_azure import hardened

SCHEMA = json.loads(Path(__file__).with_name("arm_schema.json").read_text("utf-8"))
META = frozenset({"type", "apiVersion", "name", "dependsOn"})
FREE = frozenset({"tags", "userAssignedIdentities"})
LOG = {
    "log-workspace": "/subscriptions/s/resourceGroups/g/providers/Microsoft.OperationalInsights/workspaces/w"
}


@pytest.fixture(scope="module")
def found():
    return [hardened("ours"), hardened("ours", **LOG)]


def of_format(found, format_):
    return [a for f in found for a in f.artefacts if a.format == format_]


def schema(kind, api):
    return next(s for k, s in SCHEMA.items() if k.lower() == f"{kind}@{api}".lower())


def wrong(body, known, where, *, whole=True):
    """What is not as the schema has it. `whole`: what is required must be there."""
    plain = {name.removesuffix("!"): held for name, held in known.items()}
    for name, value in body.items():
        if name not in plain:
            yield f"{where}: unknown {name}"
        elif plain[name] is not None and name not in FREE:
            for one in value if isinstance(value, list) else [value]:
                if isinstance(one, dict):
                    yield from wrong(one, plain[name], f"{where}.{name}", whole=whole)
    for name in known if whole else ():
        if name.endswith("!") and name.removesuffix("!") not in body:
            yield f"{where}: lacks {name}"


def test_resource_manager_takes_what_templates_write(found):
    templates = [json.loads(a.text) for a in of_format(found, "arm")]
    bodies = [
        (r["type"], r["apiVersion"], {k: v for k, v in r.items() if k not in META})
        for t in templates
        for r in t["resources"]
    ]
    assert {f"{kind}@{api}" for kind, api, _ in bodies} > {"Microsoft.Insights/webtests@2022-06-15"}
    assert [p for kind, api, body in bodies for p in wrong(body, schema(kind, api), kind)] == []


def test_the_same_types_stand_in_bicep(found):
    text = "".join(a.text for a in of_format(found, "bicep"))
    declared = set(re.findall(r"^resource \w+ '([^']+)'", text, re.MULTILINE))
    assert declared == {
        f"{r['type']}@{r['apiVersion']}" for a in of_format(found, "arm") for r in json.loads(a.text)["resources"]
    }  # fmt: skip


def test_resource_manager_takes_what_calls_write(found):
    calls = [
        c for f in found for s in f.steps for c in (*s.change, *s.undo) if c.args and "/providers/" in c.call
    ]
    assert calls
    problems = []
    for call in calls:
        verb, url = call.call.split(" ")
        path, _, api = url.partition("?api-version=")
        if "management.azure.com" in url and verb != "POST":
            provider, *rest = path.rpartition("/providers/")[2].split("/")
            known = schema("/".join([provider, *rest[::2]]), api)
            problems += wrong(call.args, known, call.call, whole=verb == "PUT")
    assert problems == []


def test_parameters_are_declared_and_given(found):
    values = {
        a.name.removesuffix("parameters.json"): set(json.loads(a.text)["parameters"])
        for a in of_format(found, "parameters")
    }
    for artefact in of_format(found, "arm"):
        template = json.loads(artefact.text)
        declared = template.get("parameters", {})
        assert set(re.findall(r"parameters\('(\w+)'\)", artefact.text)) == set(declared), artefact.name
        needed = {n for n, p in declared.items() if "defaultValue" not in p}
        given = values.get(artefact.name.removesuffix("arm.json"), set())
        assert needed <= given <= set(declared), artefact.name


def test_a_wrong_property_is_seen():
    known = schema("Microsoft.Network/networkSecurityGroups", "2023-09-01")
    rule = {"name": "r", "properties": {"protocol": "*", "accesses": "Deny"}}
    seen = [*wrong({"properties": {"securityRules": [rule]}}, known, "g")]
    assert "g.properties.securityRules.properties: unknown accesses" in seen
    assert "g.properties.securityRules.properties: lacks access!" in seen
