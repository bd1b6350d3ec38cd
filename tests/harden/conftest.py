from __future__ import annotations

import pytest

from exclave.catalogue import loader


@pytest.fixture(autouse=True)
def _one_catalogue(monkeypatch):
    """The catalogue is read once for all tests of this folder: each check reads it anew, a second a time."""
    from exclave.audit.checks.aws import privilege, sharing

    for module in (privilege, sharing):
        monkeypatch.setattr(module, "load", _catalogue)


_HELD: list[loader.Catalogue] = []


def _catalogue():
    if not _HELD:
        _HELD.append(loader.load())
    return _HELD[0]
