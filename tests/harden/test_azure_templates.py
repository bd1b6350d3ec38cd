"""Templates of Azure that are deployed together, and what their undo brings back."""

from __future__ import annotations

import json
import shlex

import pytest

from .made_azure import made

CLOSED, LIMITED = "azure.network.storage-vnet", "azure.credentials.key-rotation"


@pytest.fixture(scope="module")
def found():
    return {a.name: a for a in made("ours")}


def named(found, control, ending):
    return [a for n, a in found.items() if n.startswith(control) and n.endswith(ending)]


def properties(artefact, name):
    (one,) = [r for r in json.loads(artefact.text)["resources"] if r["name"] == name]
    return one["properties"]


def test_of_two_templates_of_one_account_neither_takes_back_what_the_other_did(found):
    """Each says the whole account: the last that is deployed decides."""
    (closed,) = named(found, CLOSED, "rg.arm.json")
    (limited,) = named(found, LIMITED, "rg.arm.json")
    wished = properties(closed, "keyed")
    assert wished == properties(limited, "keyed")
    assert wished["allowSharedKeyAccess"] is False
    assert wished["keyPolicy"]["keyExpirationPeriodInDays"] == 90
    assert wished["enableExtendedGroups"] is True  # what it leaves out, a deployment sets back


def test_the_undo_deploys_what_was_there(found):
    for control in (CLOSED, LIMITED):
        (closed,) = named(found, control, "rg.arm.json")
        words = shlex.split(closed.undo)
        assert words[:3] == ["az", "deployment", "group"]
        before = properties(found[words[-1]], "keyed")
        assert before.get("allowSharedKeyAccess") is not False
        assert "keyPolicy" not in before
    for ending in ("arm.json", "bicep"):
        (group,) = [a for a in named(found, "azure.network.nsg", ending) if a.undo]
        again, _, deletion = group.undo.partition(" && ")
        text = found[shlex.split(again)[-1]].text
        assert "networkSecurityGroups" in text
        assert "-no-internet-out" not in text
        assert shlex.split(deletion)[:4] == ["az", "network", "nsg", "delete"]


def test_every_artefact_that_changes_something_has_an_undo(found):
    assert [n for n, a in found.items() if a.deploy and not a.undo] == []


def test_no_template_takes_the_place_of_another(found):
    """Their parameters files name what they make: all of it can stand side by side."""
    names = [
        value["value"]
        for a in found.values()
        if a.format == "parameters"
        for key, value in json.loads(a.text)["parameters"].items()
        if key in ("alertName", "testName")
    ]
    assert len(set(names)) == len(names) > 3
