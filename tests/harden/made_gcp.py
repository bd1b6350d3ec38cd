"""Every artefact that is made for Google Cloud: of an untidy organisation, with and without an access policy, and of a hostile one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.harden.test_gcp import HOSTILE, SUBNET, hostile, made, untidy
from tests.stubs.gcp import ORG, OTHER, PROJECT, GoogleStub

if TYPE_CHECKING:
    from exclave.harden.model import Artefact

TITLE = "exclave: changes of access, logging, perimeters and sharing"


def everything() -> list[Artefact]:
    tidy, first, evil = GoogleStub(), GoogleStub(), GoogleStub()
    for stub in (tidy, first, evil):
        stub.page = 50
        untidy(stub)
    del first.things["accessPolicies/77"]
    for number, name in enumerate(HOSTILE):
        hostile(evil, name, number)
    found = [a for stub in (tidy, first, evil) for a in made(stub).artefacts]
    return [*found, *made(half(), values={"log-project": OTHER, "disable-used": "yes"}).artefacts]


def half():
    """An organisation in which what is made is there and wrong, so that it is mended, and the undo gives back what was there."""
    stub = GoogleStub()
    stub.page = 50
    untidy(stub)
    home = f"projects/{OTHER}"
    stub.put(f"{ORG}/sinks/exclave-audit", {
        "name": "exclave-audit", "destination": f"logging.googleapis.com/{home}/locations/global/buckets/exclave-audit",
        "filter": "severity>=ERROR", "disabled": True,
    })  # fmt: skip
    stub.put(f"{home}/locations/global/buckets/exclave-audit", {"retentionDays": 30})
    stub.put(f"{home}/metrics/exclave-sharing", {"name": "exclave-sharing", "filter": "severity>=ERROR"})
    stub.put(f"{home}/alertPolicies/1", {"displayName": TITLE, "enabled": False})
    stub.put(
        f"{ORG}/policies/iam.disableServiceAccountKeyCreation", {"spec": {"rules": [{"enforce": False}]}}
    )
    (subnet,) = [a for a in stub.assets[PROJECT] if a["name"] == SUBNET]
    subnet["resource"]["data"]["logConfig"] = {
        "enable": True, "flowSampling": 0.1, "metadata": "EXCLUDE_ALL_METADATA", "aggregationInterval": "INTERVAL_10_MIN",
    }  # fmt: skip
    return stub
