"""Readers for Azure."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from exclave.catalogue.entry import Read
from exclave.catalogue.readers import azure
from exclave.model import Actor, Cloud, Event, Evidence

OURS = "11111111-1111-4111-8111-111111111111"
THEIRS = "99999999-9999-4999-8999-999999999999"
TENANT = "88888888-8888-4888-8888-888888888888"
THEIR_STORE = f"/subscriptions/{THEIRS}/resourceGroups/x/providers/Microsoft.Storage/storageAccounts/Strange"
READ = Read(reader="x")
EVENT = Event(
    cloud=Cloud.AZURE,
    log="azure-activity",
    time=datetime(2026, 3, 4, 5, tzinfo=UTC),
    service="azure",
    action="x",
    actor=Actor(kind="user", id="d"),
    account=OURS,
    region="",
    error="",
    dry_run=False,
    raw={},
    evidence=Evidence(file="f", record=1),
    fields={"resourceId": f"/subscriptions/{OURS}/resourceGroups/rg/providers/Microsoft.Compute/disks/d1"},
)


def keys(reader, *found):
    return [d.key for d in reader(list(found), READ, EVENT)]


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (TENANT.upper(), [f"tenant:{TENANT}"]),
        ("*", ["public:*"]),
        ("contoso.example", ["domain:contoso.example"]),
        ("00000000-0000-0000-0000-000000000000", []),
        ("", []),
        (None, []),
        ({"a": 1}, []),
    ],
)
def test_tenants(value, wanted):
    assert keys(azure.tenant, value) == wanted


@pytest.mark.parametrize(
    ("value", "wanted", "foreign"),
    [
        (THEIR_STORE.upper(), [f"subscription:{THEIRS}"], [f"subscription:{THEIRS}"]),
        (f"/subscriptions/{OURS.upper()}/resourceGroups/rg", [f"subscription:{OURS}"], []),
        (f"subscriptions/{THEIRS}", [f"subscription:{THEIRS}"], [f"subscription:{THEIRS}"]),
        (
            "svc.alias.privatelinkservice",
            ["unknown:svc.alias.privatelinkservice"],
            ["unknown:svc.alias.privatelinkservice"],
        ),
        (
            "00000000-0000-0000-0000-000000000000",  # where a setting names none
            [],
            ["unknown:00000000-0000-0000-0000-000000000000"],
        ),
    ],
)
def test_subscriptions(value, wanted, foreign):
    assert keys(azure.subscription, value) == wanted
    assert keys(azure.foreign_subscription, value) == foreign


def test_a_copy_is_told_only_between_subscriptions():
    assert keys(azure.moved_between, THEIR_STORE) == [f"subscription:{OURS}"]
    assert keys(azure.moved_between, f"/subscriptions/{OURS}/resourceGroups/rg") == []
    assert keys(azure.moved_between) == []


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (THEIR_STORE, [f"subscription:{THEIRS}"]),
        ("https://Strange.blob.core.windows.net/c/b.bacpac", ["bucket:strange"]),
        ("https://strange.z6.blob.storage.azure.net/c", ["bucket:strange"]),
        ("strange.dfs.core.windows.net", ["bucket:strange"]),
        (
            "https://strange.blob.core.windows.net.evil.example/c",
            ["domain:strange.blob.core.windows.net.evil.example"],
        ),
        ("https://user@evil.example:443/strange.blob.core.windows.net", ["domain:evil.example"]),
        ("strangestore", ["bucket:strangestore"]),
        ("Not A Store", ["unknown:Not A Store"]),
        ("https://[", ["unknown:"]),
        ("sb://Strange.servicebus.windows.net/", ["domain:strange.servicebus.windows.net"]),
        (
            "DefaultEndpointsProtocol=https;AccountName=strangestore;AccountKey=SECRET;EndpointSuffix=core.windows.net",
            ["bucket:strangestore"],
        ),
        (
            "BlobEndpoint=https://strange.blob.core.windows.net/;SharedAccessSignature=sv=2021&sig=SECRET",
            ["bucket:strange"],
        ),
        (
            "Endpoint=sb://strange.servicebus.windows.net/;SharedAccessKeyName=send;SharedAccessKey=SECRET;EntityPath=h",
            ["domain:strange.servicebus.windows.net"],
        ),
        (
            "AccountEndpoint=https://strange.documents.azure.com:443/;AccountKey=SECRET;",
            ["domain:strange.documents.azure.com"],
        ),
        (
            "Server=tcp:strange.database.windows.net,1433;Database=d;User ID=u;Password=SECRET",
            ["domain:strange.database.windows.net"],
        ),
        ("Data Source = sql.corp.example\\SQL01,1433; Initial Catalog=d", []),  # on premises: a source
        ("AccountName=***;AccountKey=***", ["unknown:connection string"]),
        ("Password=SECRET", ["unknown:connection string"]),
    ],
)
def test_storage_targets(value, wanted):
    assert keys(azure.storage, value) == wanted


def test_names_of_another_service_are_completed_by_its_domain():
    read = Read(reader="storage", path="x", id="servicebus.windows.net")
    found = azure.storage(["Strange-ns", "sb://other.example", "", "no name"], read, EVENT)
    assert [d.key for d in found] == [
        "domain:strange-ns.servicebus.windows.net",
        "domain:other.example",
        "unknown:no name",
    ]


def test_a_signature_in_a_url_is_left_out_and_its_limits_are_read():
    (found,) = azure.storage(
        ["https://s01.blob.core.windows.net/c?sp=rw&se=2027-01-01T00:00:00Z&sip=1.2.3.4&sig=SECRET"],
        READ,
        EVENT,
    )
    assert found.expires == "2027-01-01T00:00:00Z"
    assert found.limits == ("permissions rw", "only from 1.2.3.4")
    assert "SECRET" not in repr(found)


def test_a_url_handed_out_says_what_it_allows_and_until_when():
    (found,) = azure.sas([{"access": "Read", "durationInSeconds": 3600}], READ, EVENT)
    assert found.key == "bearer-url:disks/d1"
    assert found.expires == "2026-03-04T06:00:00+00:00"
    assert found.limits == ("access Read",)


def test_a_url_handed_out_is_told_without_the_request():
    (found,) = azure.sas([], READ, EVENT)
    assert (found.key, found.expires, found.limits) == ("bearer-url:disks/d1", "", ())


def test_an_account_signature_says_its_services():
    body = {
        "signedServices": "b",
        "signedPermission": "rl",
        "signedIp": "1.2.3.4",
        "signedExpiry": "2027-01-01T00:00:00Z",
    }
    (found,) = azure.sas([body], READ, EVENT)
    assert set(found.limits) == {"services b", "permissions rl", "only from 1.2.3.4"}
    assert found.expires == "2027-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("start", "end", "wanted"),
    [
        ("0.0.0.0", "0.0.0.0", ["public:azure"]),
        ("0.0.0.0", "255.255.255.255", ["public:0.0.0.0-255.255.255.255"]),
        ("20.0.0.0", "20.0.0.255", ["ip-range:20.0.0.0/24"]),
        ("20.0.0.1", "20.0.0.1", ["ip-range:20.0.0.1/32"]),
        ("20.0.0.9", "20.0.0.1", ["unknown:20.0.0.9-20.0.0.1"]),
        ("x", "y", ["unknown:x-y"]),
        ("", "", []),
    ],
)
def test_firewall_rules(start, end, wanted):
    assert keys(azure.ip_range, {"startIpAddress": start, "endIpAddress": end}) == wanted
    assert keys(azure.ip_range, {"startIP": start, "endIP": end}) == wanted  # so called by Redis


def test_a_subscription_moved_names_the_tenant_it_went_to():
    assert keys(azure.moved_to_tenant, f"moved from tenant {THEIRS} to tenant {TENANT}.") == [
        f"tenant:{TENANT}"
    ]
    assert keys(azure.moved_to_tenant, "moved") == []


def test_gallery_groups():
    assert keys(azure.gallery_group, {"type": "AADTenants", "ids": [TENANT]}) == [f"tenant:{TENANT}"]
    assert keys(azure.gallery_group, {"type": "Subscriptions", "ids": [THEIRS]}) == [f"subscription:{THEIRS}"]
    assert keys(azure.gallery_group, {"type": "Community"}) == ["public:*"]


def test_guests():
    assert keys(azure.guest, "eve_other.example#EXT#@ours.onmicrosoft.com") == ["principal:eve@other.example"]
    assert keys(azure.guest, "first_last_other.example#EXT#@ours.onmicrosoft.com") == [
        "principal:first_last@other.example"
    ]
    assert keys(azure.guest, "Dana@ours.example", "no mail") == ["principal:dana@ours.example"]


def test_a_partner_tenant_in_modified_properties():
    changes = [
        {"displayName": "tenantId", "newValue": f'"{TENANT}"'},
        {"displayName": "other", "newValue": THEIRS},
    ]
    assert keys(azure.changed_tenant, *changes) == [f"tenant:{TENANT}"]
    assert keys(azure.changed_tenant, {"displayName": "tenantId", "oldValue": TENANT}) == [f"tenant:{TENANT}"]


_READERS = (
    azure.tenant,
    azure.subscription,
    azure.foreign_subscription,
    azure.moved_between,
    azure.storage,
    azure.sas,
    azure.ip_range,
    azure.moved_to_tenant,
    azure.gallery_group,
    azure.guest,
    azure.changed_tenant,
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "ids",
                    "type",
                    "startIpAddress",
                    "endIpAddress",
                    "newValue",
                    "displayName",
                    "durationInSeconds",
                ]
            ),
            inner,
        )
    ),
    max_leaves=5,
)


@given(st.sampled_from(_READERS), st.lists(_JSON, max_size=4), st.booleans())
def test_a_reader_takes_whatever_stands_there(reader, found, timeless):
    event = replace(EVENT, time=None, fields={}) if timeless else EVENT
    for destination in reader(found, READ, event):
        assert len(destination.id) <= 2048
