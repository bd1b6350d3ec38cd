"""Consumers of Redshift datashares."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exclave.catalogue.entry import Read
from exclave.catalogue.readers.redshift import consumer
from exclave.formats.cloudtrail import event
from exclave.model import Evidence

READ = Read(reader="redshift-consumer", path="requestParameters.consumerIdentifier")
EVENT = event({"eventName": "AuthorizeDataShare"}, Evidence(file="t", record=1))


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("111122223333", "account:111122223333"),
        (11122223333, "account:011122223333"),
        ("DataCatalog/111122223333", "account:111122223333"),
        ("DATA_CATALOG/111122223333", "account:111122223333"),
        ("ADX", "unknown:ADX"),
        ("adx", "unknown:ADX"),
        ("something else", "unknown:something else"),
    ],
)
def test_a_consumer_is_an_account_or_a_keyword(written, key):
    assert [d.key for d in consumer([written], READ, EVENT)] == [key]


def test_the_way_through_the_data_catalogue_is_noted():
    assert "Lake Formation" in consumer(["DataCatalog/111122223333"], READ, EVENT)[0].note


@given(
    st.lists(
        st.one_of(st.none(), st.booleans(), st.text(), st.integers(), st.dictionaries(st.text(), st.text()))
    )
)
def test_odd_values_are_never_an_error(values):
    assert len(consumer(values, READ, EVENT)) <= len(values)
