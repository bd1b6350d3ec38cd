from __future__ import annotations

import logging
import re
import threading

import pytest

from exclave.audit.loader import load as load_controls
from exclave.audit.needs import needs, permissions
from exclave.catalogue.loader import load as load_catalogue
from exclave.inventory import Call, Inventory, Scope
from exclave.inventory.azure.access import Access, ForbiddenCallError, Granted, reads, request_of
from exclave.inventory.azure.collect import Options, collect
from exclave.inventory.azure.endpoints import ARM, BadEndpointError, Endpoints, from_environment
from exclave.inventory.azure.errors import reply_for
from exclave.inventory.azure.exported import BadSettingsError, read
from exclave.inventory.azure.tokens import NoTokenError, Tokens, claims, who
from exclave.inventory.azure.wire import service_of
from exclave.inventory.engine import StoppedError, Unit
from exclave.inventory.record import Recorder
from exclave.inventory.table import chosen, load
from exclave.model import Cloud
from tests.stubs import azure as stub
from tests.stubs.azure import SUB, TENANT, Azure

pytest.importorskip("httpx")
TABLE = load(Cloud.AZURE)
STORE = f"/subscriptions/{SUB}/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/"
ALERTS = "insights.ActivityLogAlerts"


@pytest.fixture
def azure(monkeypatch):
    made = Azure()
    with stub.serve(made):
        stub.environment(made, monkeypatch)
        yield made


def record(folder, names, *, resume=False, **options):
    options = {"rate": 0, "workers": 4} | options
    return collect(names, TABLE, Recorder(folder, resume=resume), Options(**options), threading.Event())


def test_every_call_reads_and_names_its_permission():
    for call in TABLE.values():
        assert reads(call), call.name
        assert call.http.startswith(
            (
                "GET https://management.azure.com",
                "GET https://graph.microsoft.com/",
                "POST https://management.azure.com/providers/Microsoft.ResourceGraph/resources?",
            )
        )
        assert "graph.microsoft.com" in call.http or "api-version=" in call.http, call.name
        right = r"[\w.]+/[\w/]+/read|[A-Z]\w+(\.\w+)*\.Read\.(All|AzureADGroup)|.* \(a role of Entra\)"
        assert re.fullmatch(right, call.needs), (call.name, call.needs)


def test_the_printed_permissions_are_exactly_what_the_calls_need():
    assert permissions(Cloud.AZURE) == sorted({c.needs for c in chosen(TABLE, needs(Cloud.AZURE)).values()})
    for control in load_controls():
        if control.cloud is Cloud.AZURE:
            chosen(TABLE, control.needs)


def test_no_call_of_the_table_is_there_for_nothing():
    assert set(chosen(TABLE, needs(Cloud.AZURE))) == set(TABLE)
    assert load_catalogue().methods


def test_pages_of_lists_and_of_resource_graph_are_joined(azure, tmp_path):
    for n in range(5):
        azure.put(f"{STORE}data{n}")
        azure.put(
            f"/subscriptions/{SUB}/resourceGroups/rg/providers/Microsoft.Insights/activityLogAlerts/a{n}"
        )
    tally = record(tmp_path, [ALERTS, "storage.Containers"])
    assert tally.failed == 0
    inventory = Inventory.load(tmp_path)
    assert inventory.problems == ()
    assert len(inventory.one("arg.StorageAccounts", SUB).items) == 5
    assert len(inventory.one(ALERTS, SUB).items) == 5
    assert {a.args["id"] for a in inventory.answers("storage.Containers")} == {
        f"{STORE}data{n}" for n in range(5)
    }
    assert inventory.one("azure.Subscriptions", TENANT, "tenant").items[0]["subscriptionId"] == SUB
    assert "auditor@ours.example" in inventory.one(ALERTS, SUB).identity
    assert not any(v in ("PUT", "PATCH", "DELETE") for v, _ in azure.asked)


def test_a_refusal_is_recorded_with_the_permission_that_is_missing(azure, tmp_path):
    azure.fail("activityLogAlerts", 403, stub.error("AuthorizationFailed", "no\nright"))
    assert record(tmp_path, [ALERTS]).errors == {"AuthorizationFailed": 1}
    failure = Inventory.load(tmp_path).one(ALERTS, SUB).error
    assert (failure.code, failure.permission, failure.message) == (
        "AuthorizationFailed",
        "Microsoft.Insights/activityLogAlerts/read",
        "no right",
    )


def test_what_resource_graph_would_hide_is_not_taken_for_nothing(azure, tmp_path):
    azure.actions = ["Microsoft.Compute/*/read", "Microsoft.Authorization/*/read"]
    record(tmp_path, ["arg.StorageAccounts", "arg.Disks"])
    inventory = Inventory.load(tmp_path)
    assert (
        inventory.one("arg.StorageAccounts", SUB).error.permission == "Microsoft.Storage/storageAccounts/read"
    )
    assert inventory.one("arg.Disks", SUB).error is None


def test_it_waits_as_long_as_it_is_told_and_then_goes_on(azure, tmp_path):
    azure.fail("activityLogAlerts", 429, stub.error("TooManyRequests"), {"Retry-After": "0"}, times=3)
    azure.fail(
        "ResourceGraph", 503, "<html>busy</html>", {"Retry-After": "Mon, 01 Jan 2024 00:00:00 GMT"}, times=1
    )
    assert record(tmp_path, [ALERTS, "arg.Disks"]).failed == 0
    assert len([p for _, p in azure.asked if p.endswith("activityLogAlerts")]) == 4


def test_throttled_to_the_end_is_could_not_look(azure, tmp_path):
    azure.fail("activityLogAlerts", 429, stub.error("TooManyRequests"), {"Retry-After": "0"})
    record(tmp_path, [ALERTS])
    assert Inventory.load(tmp_path).one(ALERTS, SUB).error.code == "TooManyRequests"


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<html>",
        "[]",
        "null",
        "{}",
        '{"value": 7}',
        '{"value": []',
        '{"value": [], "nextLink": "https://evil.example/x"}',
    ],
)
def test_a_malformed_answer_is_told_and_no_crash(azure, tmp_path, body):
    azure.fail("activityLogAlerts", 200, body)
    record(tmp_path, [ALERTS])
    assert Inventory.load(tmp_path).one(ALERTS, SUB).error.code == "UnreadableAnswer"


def test_a_page_that_leads_to_itself_ends(azure, tmp_path):
    azure.fail(
        "activityLogAlerts",
        200,
        {
            "value": [],
            "nextLink": f"{azure.url}/subscriptions/{SUB}/providers/Microsoft.Insights/activityLogAlerts?x",
        },
    )
    record(tmp_path, [ALERTS])
    assert "leads to itself" in Inventory.load(tmp_path).one(ALERTS, SUB).error.message


def test_credentials_that_end_leave_what_was_recorded_and_resume_goes_on(azure, tmp_path):
    azure.fail("logprofiles", 401, stub.error("ExpiredAuthenticationToken", "ended"), times=1)
    names = ["azure.Locations", "insights.LogProfiles", "insights.DiagnosticSettings"]
    with pytest.raises(StoppedError, match="renew"):
        record(tmp_path, names, workers=1)
    assert any("not finished" in p.what for p in Inventory.load(tmp_path).problems)
    asked = len(azure.asked)
    record(tmp_path, names, resume=True)
    inventory = Inventory.load(tmp_path)
    assert inventory.problems == ()
    assert all(inventory.one(n, SUB).error is None for n in names)
    again = [p for _, p in azure.asked[asked:]]
    assert not any(p.endswith("permissions") for p in again)  # recorded before


def test_an_unlicensed_tenant_and_an_unused_provider_are_answers():
    call = TABLE["graph.RiskyUsers"]
    assert (
        reply_for(403, stub.error("Forbidden", "Your tenant is not licensed for this feature."), call).absent
        == "NotLicensed"
    )
    assert (
        reply_for(403, stub.error("Forbidden", "required scopes are missing"), call).error.permission
        == "IdentityRiskyUser.Read.All"
    )
    assert reply_for(409, stub.error("MissingSubscriptionRegistration"), TABLE[ALERTS]).absent
    assert reply_for(404, None, TABLE["azure.Permissions"]).absent
    assert reply_for(404, None, TABLE[ALERTS]).error.code == "HTTP404"


def test_another_tenant_or_subscription_than_expected_stops_before_anything_is_asked(azure, tmp_path):
    for expected in ("other", "11111111-1111-4111-8111-11111111ffff"):
        with pytest.raises(StoppedError, match=expected):
            record(tmp_path / expected, [ALERTS], expect_account=expected)
    assert {p for _, p in azure.asked} == {"/subscriptions"}
    record(tmp_path / "t", [ALERTS], expect_account=TENANT.upper())
    record(tmp_path / "s", [ALERTS], expect_account=SUB)
    with pytest.raises(StoppedError, match="not visible"):
        record(tmp_path / "n", [ALERTS], subscriptions=("gone",))


def test_graph_without_a_token_is_refused_and_the_rest_goes_on(azure, tmp_path, monkeypatch):
    monkeypatch.setenv("EXCLAVE_AZURE_GRAPH", azure.url.replace("127.0.0.1", "localhost"))
    monkeypatch.setenv("EXCLAVE_AZURE_GRAPH_TOKEN", "no-such-token")
    record(tmp_path, [ALERTS, "graph.Guests"])
    inventory = Inventory.load(tmp_path)
    assert inventory.one("graph.Guests", TENANT, "tenant").error.permission == "User.Read.All"
    assert inventory.one(ALERTS, SUB).error is None


def unit(call, **args):
    return Unit(call=call, scope=Scope(cloud=Cloud.AZURE, account=SUB), args=args, region="global")


def test_a_call_outside_the_table_can_not_be_made():
    access = Access(None, TABLE)
    writes = Call(name=ALERTS, cloud=Cloud.AZURE, http="DELETE https://management.azure.com/x?api-version=1")
    for call in (Call(name="x"), writes):
        with pytest.raises(ForbiddenCallError):
            access.ask(unit(call))
    assert not reads(writes)
    assert not reads(Call(name="x", http="POST https://management.azure.com/x/listKeys?api-version=1"))


def test_a_name_from_the_cloud_never_leads_a_request_elsewhere():
    call = TABLE["storage.Containers"]
    _, url = request_of(call, unit(call, id="/subscriptions/x/../../evil?a=b#c"))
    assert (
        url
        == "https://management.azure.com/subscriptions/x/%2E%2E/%2E%2E/evil%3Fa%3Db%23c/blobServices/default/containers?api-version=2023-05-01"
    )


def test_tokens_go_to_azure_only():
    for bad in ("http://evil.example", "ftp://x", "https://", "x"):
        with pytest.raises(BadEndpointError):
            from_environment({"EXCLAVE_AZURE_ARM": bad})
    mine = Endpoints(arm="http://127.0.0.1:9")
    assert mine.real("https://management.azure.com/a") == "http://127.0.0.1:9/a"
    assert (
        mine.real("https://management.azure.com.evil.example/a")
        == "https://management.azure.com.evil.example/a"
    )
    assert Endpoints().owns("https://management.azure.com@evil.example/") == ""


def test_rights_by_patterns_and_what_is_taken_away():
    granted = Granted(
        {
            "value": [
                {"actions": ["*/read"], "notActions": ["Microsoft.Storage/*"]},
                {"actions": ["microsoft.compute/disks/READ"]},
            ]
        }
    )
    assert granted.allows("Microsoft.Compute/disks/read")
    assert not granted.allows("Microsoft.Storage/storageAccounts/read")
    assert not granted.allows("Microsoft.Compute/disks/write")


def test_the_service_that_a_request_counts_against():
    assert service_of("https://m/providers/Microsoft.ResourceGraph/resources?x") == "resource graph"
    assert service_of("https://m/subscriptions/s/providers/Microsoft.Insights/x") == "m microsoft.insights"
    assert service_of("https://m/subscriptions") == "m"


def test_who_a_token_is_of():
    assert who(stub.token()) == f"auditor@ours.example of tenant {TENANT}"
    for odd in ("", "a.b.c", "a.W10.c", "no token"):
        assert claims(odd) == {}


def test_exported_settings_in_powershells_encodings(tmp_path):
    text = '[{"Name": "p", "MinPasswordLength": 14}]'
    for number, content in enumerate(
        (text.encode(), text.encode("utf-16"), b"\xef\xbb\xbf" + text.encode(), text.strip("[]").encode())
    ):
        path = tmp_path / f"{number}.json"
        path.write_bytes(content)
        assert read(path)[0]["MinPasswordLength"] == 14
    for bad in (b"{", b"[]x", b'{"a": 1}', b"7", b"\xff\xfe\x00"):
        (tmp_path / "bad").write_bytes(bad)
        with pytest.raises(BadSettingsError):
            read(tmp_path / "bad")


def test_the_rate_of_each_service_is_kept(azure, tmp_path):
    import time

    begun = time.monotonic()
    record(
        tmp_path,
        [ALERTS, "insights.ActionGroups", "insights.MetricAlerts", "insights.LogProfiles"],
        rate=10,
        burst=1,
    )
    assert time.monotonic() - begun >= 0.25  # four of one service


def test_without_credentials_the_library_s_log_stays_quiet(monkeypatch, capfd):
    pytest.importorskip("azure.identity")
    import azure.identity
    from azure.core.exceptions import ClientAuthenticationError

    class Nothing:
        def get_token(self, _scope):
            logging.getLogger("azure.identity._internal").warning("ten lines of ways that were tried")
            raise ClientAuthenticationError("DefaultAzureCredential failed to retrieve a token\nand more")

    monkeypatch.setattr(azure.identity, "DefaultAzureCredential", Nothing)
    with pytest.raises(NoTokenError, match=r"Sign in by `az login`") as error:
        Tokens(Endpoints(), {}).of(ARM)
    assert "DefaultAzureCredential" not in str(error.value)
    assert capfd.readouterr().err == ""
