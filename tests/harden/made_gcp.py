"""Every artefact that is made for Google Cloud: of an untidy organisation, with and without an access policy, and of a hostile one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.harden.test_gcp import HOSTILE, hostile, made, untidy
from tests.stubs.gcp import GoogleStub

if TYPE_CHECKING:
    from exclave.harden.model import Artefact


def everything() -> list[Artefact]:
    tidy, first, evil = GoogleStub(), GoogleStub(), GoogleStub()
    for stub in (tidy, first, evil):
        stub.page = 50
        untidy(stub)
    del first.things["accessPolicies/77"]
    for number, name in enumerate(HOSTILE):
        hostile(evil, name, number)
    return [a for stub in (tidy, first, evil) for a in made(stub).artefacts]
