"""The cheap path for lines of Azure and Google Cloud and the full parser agree on every input."""

from __future__ import annotations

import functools
import json
import re
from typing import Any
from unittest import mock

import pytest
from hypothesis import HealthCheck, given, settings
from msgspec.structs import asdict

from exclave.catalogue.loader import load
from exclave.detect import scan as scan_module
from exclave.detect.lines import ways
from exclave.detect.result import ScanResult, merge
from exclave.detect.scan import Scanner, scanner
from exclave.sources.blob import Blob
from tests.properties import cloud_lines

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]
FEW = settings(max_examples=60, deadline=None, suppress_health_check=SLOW)
PARTS = ("transfers", "signals", "closures", "derivations")


NAME = "logs/export.json.gz"


@functools.lru_cache
def scanner_of(way: str, *, confirm: bool) -> Scanner:
    return scanner(load(), fast=way != "full", hyperscan=way == "scan", confirm=confirm)


def scanned(data: bytes, way: str, *, packed: bool, name: str = NAME, confirm: bool = False) -> ScanResult:
    """What one way finds, also in content so small that the full parser would do."""
    blob = Blob(name=name, data=data, packed=1 if packed else len(data))
    with mock.patch.object(scan_module, "_TINY", -1), mock.patch.object(ways, "_WORTH", 0):
        return merge([scanner_of(way, confirm=confirm).scan(blob)])


def shown(result: ScanResult) -> dict[str, Any]:
    out: dict[str, Any] = {part: sorted(map(repr, getattr(result, part))) for part in PARTS}
    coverage = asdict(result.coverage)
    coverage["bytes_read"] = 0
    seen = {kind.value: dict(sorted(found.items())) for kind, found in sorted(result.seen.items())}
    return out | {"seen": seen, "failures": result.failures, "coverage": coverage}


def assert_agree(data: bytes, *, packed: tuple[bool, ...] = (False, True)) -> None:
    expected = shown(scanned(data, "full", packed=False))
    for way in ("parse", "scan"):
        for stored in packed:
            assert shown(scanned(data, way, packed=stored)) == expected, (way, stored)


@FEW
@given(cloud_lines.contents())
def test_on_lines_of_every_kind(made: tuple[str, bytes]) -> None:
    assert_agree(made[1])


@FEW
@given(cloud_lines.written())
def test_on_lines_that_one_writer_lays_out(data: bytes) -> None:
    assert_agree(data)


@FEW
@given(cloud_lines.delivered())
def test_on_files_that_azure_delivered(made: tuple[str, bytes]) -> None:
    """Its scan numbers no line, and goes by the first and the last for the time: what it confirms says all."""
    name, data = made
    expected = scanned(data, "full", packed=True, name=name)
    for confirm in (False, True):
        found = scanned(data, "scan", packed=True, name=name, confirm=confirm)
        assert (shown if confirm else roughly)(found) == (shown if confirm else roughly)(expected)


def roughly(result: ScanResult) -> dict[str, Any]:
    out = shown(result)
    out["coverage"] = out["coverage"]["records"], out["coverage"]["problems"]
    return out | {part: sorted(re.sub(r"record=\d+", "", one) for one in out[part]) for part in PARTS}


@FEW
@given(cloud_lines.escaped())
def test_on_escapes(data: bytes) -> None:
    assert_agree(data)


@FEW
@given(cloud_lines.repeated_keys())
def test_on_keys_given_twice(data: bytes) -> None:
    assert_agree(data)


@FEW
@given(cloud_lines.mangled())
def test_on_mangled_lines(data: bytes) -> None:
    assert_agree(data, packed=(False,))


@pytest.mark.parametrize("cloud", ["azure", "gcp"])
def test_on_every_example_of_the_catalogue_among_ordinary_lines(cloud: str) -> None:
    examples = cloud_lines.examples(cloud)
    ordinary = examples[0]
    if cloud == "gcp":
        plain = ordinary | {
            "protoPayload": ordinary["protoPayload"] | {"methodName": "v1.compute.instances.start"}
        }
    else:
        plain = ordinary | {"operationName": "MICROSOFT.WEB/SITES/RESTART/ACTION", "category": "Action"}
    lines = []
    for one in examples:
        lines += [json.dumps(plain), json.dumps(plain), json.dumps(plain), json.dumps(plain), json.dumps(one)]
    assert len(examples) > 100
    assert_agree("\n".join(lines).encode())
