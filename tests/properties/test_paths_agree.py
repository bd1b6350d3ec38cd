"""The cheap path and the full parser agree on every input."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings

from tests.detect.agree import DELIVERED, OTHER_NAME, PACKED, PLAIN, WAYS, assert_agree, findings, scanned
from tests.properties import logs

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]
FEW = settings(max_examples=60, deadline=None, suppress_health_check=SLOW)


@FEW
@given(logs.documents())
def test_on_files_of_every_shape(data: bytes) -> None:
    assert_agree(data)


@FEW
@given(logs.escaped())
def test_on_escapes(data: bytes) -> None:
    assert_agree(data)


@FEW
@given(logs.mangled())
def test_on_mangled_files(data: bytes) -> None:
    assert_agree(data, names=(OTHER_NAME,))


@FEW
@given(logs.mangled())
def test_on_mangled_files_that_a_checksum_vouches_for(data: bytes) -> None:
    # Their bytes are taken as they are, so damage may go unsaid; but nothing is made up or lost.
    expected = findings(scanned(data, "full", name=DELIVERED))
    for way in WAYS:
        assert findings(scanned(data, way, name=DELIVERED, stored=PLAIN)) == expected
        found = findings(scanned(data, way, name=DELIVERED, stored=PACKED))
        assert {**found, "seen": expected["seen"]} == expected
