"""Whether the ways of scanning agree: by a scan of the bytes, by a typed parse, by the full parser alone."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from exclave.catalogue.loader import load
from exclave.detect import scan as scan_module
from exclave.detect.result import merge
from exclave.detect.scan import Scanner, scanner
from exclave.sources.blob import Blob
from tests.detect.build import DELIVERED

if TYPE_CHECKING:
    from exclave.detect.result import ScanResult

WAYS = ("scan", "parse", "full")
PLAIN, PACKED = "plain", "packed"
OTHER_NAME = "logs/export.json"


@functools.lru_cache
def scanner_of(way: str, *, confirm: bool = True) -> Scanner:
    return scanner(load(), fast=way != "full", hyperscan=way == "scan", confirm=confirm)


def scanned(data: bytes, way: str, *, name: str = OTHER_NAME, stored: str = PACKED) -> ScanResult:
    """What one way finds, also in files so small that the full parser would do."""
    tiny = scan_module._TINY
    scan_module._TINY = -1
    try:
        size = max(0, len(data) - 1) if stored == PACKED else len(data)
        return scanner_of(way).scan(Blob(name=name, data=data, packed=size))
    finally:
        scan_module._TINY = tiny


def findings(result: ScanResult) -> dict[str, Any]:
    """What must be equal, in an order of its own: like finds may be joined already, so they are here."""
    result = merge([result])
    out: dict[str, Any] = {
        part: sorted(map(repr, getattr(result, part)))
        for part in ("transfers", "signals", "closures", "derivations")
    }
    out["seen"] = {kind.value: dict(sorted(found.items())) for kind, found in sorted(result.seen.items())}
    return out


def assert_agree(data: bytes, *, names: tuple[str, ...] = (OTHER_NAME, DELIVERED)) -> dict[str, Any]:
    """Every way gives what the full parser gives, whatever the file is called and however it was stored."""
    expected: dict[str, Any] = {}
    for name in names:
        expected = findings(scanned(data, "full", name=name))
        for way in WAYS:
            for stored in (PLAIN, PACKED):
                found = findings(scanned(data, way, name=name, stored=stored))
                assert found == expected, (way, stored, name)
    return expected
