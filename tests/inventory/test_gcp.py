from __future__ import annotations

import json
import re
import threading

import pytest

from exclave.audit.loader import load as load_controls
from exclave.audit.needs import needs, permissions
from exclave.catalogue.loader import load as load_catalogue
from exclave.harden.registry import also_read
from exclave.inventory import GLOBAL, Inventory
from exclave.inventory import http as wires
from exclave.inventory.engine import StoppedError, Unit
from exclave.inventory.gcp.access import Access, ForbiddenCallError, reads
from exclave.inventory.gcp.collect import Options, collect
from exclave.inventory.gcp.endpoints import BadEndpointError, Endpoints
from exclave.inventory.gcp.errors import reply_for
from exclave.inventory.gcp.tokens import Tokens
from exclave.inventory.gcp.wire import Wire
from exclave.inventory.model import Call, Scope
from exclave.inventory.rate import Limiter
from exclave.inventory.record import Recorder
from exclave.inventory.table import chosen, load
from exclave.model import Cloud
from tests.stubs.gcp import NUMBER, ORG, OTHER, PROJECT, GoogleStub, error, switched_off

pytest.importorskip("httpx")
PERMISSION = re.compile(
    r"[a-z]+\.[A-Za-z]+\.(get|list|query|search[A-Za-z]+|list[A-Z][A-Za-z]+|getIamPolicy)"
)
NAMES = [
    "cloudresourcemanager.GetIamPolicy",
    "storage.ListBuckets",
    "iam.ListServiceAccountKeys",
    "storagetransfer.ListTransferJobs",
]


@pytest.fixture
def stub(monkeypatch):
    with GoogleStub() as found:
        monkeypatch.setenv("EXCLAVE_GCP_ENDPOINT", found.url)
        monkeypatch.setenv("EXCLAVE_GCP_TOKEN", "t")
        monkeypatch.setattr(wires, "FIRST_WAIT", 0.01)
        yield found


def record(out, names=NAMES, *, resume=False, **options):
    recorder = Recorder(out, resume=resume)
    options = {"rate": 0.0, "workers": 2, **options}
    return collect(names, load(Cloud.GCP), recorder, Options(**options), threading.Event())


# -- the table


def test_every_call_only_reads_and_goes_to_google():
    for call in load(Cloud.GCP).values():
        verb, _, url = call.http.partition(" ")
        assert reads(call), call.name
        assert verb in ("GET", "POST")
        assert re.match(r"https://[a-z]+\.googleapis\.com/", url), call.name


def test_every_call_says_its_permission_in_iams_spelling():
    for call in load(Cloud.GCP).values():
        assert PERMISSION.fullmatch(call.permission), call.name


def test_the_printed_permissions_are_exactly_what_the_calls_need():
    wanted = chosen(load(Cloud.GCP), needs(Cloud.GCP))
    assert permissions(Cloud.GCP) == sorted({c.needs for c in wanted.values()})


def test_no_call_is_there_for_nothing_and_none_is_missing():
    table = load(Cloud.GCP)
    assert set(chosen(table, [*needs(Cloud.GCP), *also_read("gcp")])) == set(table)
    for control in load_controls():
        if control.cloud is Cloud.GCP:
            chosen(table, control.needs)
    for method in load_catalogue().methods:
        if method.cloud is Cloud.GCP:
            chosen(table, [c for s in method.inventory for c in (s.call, *(b.call for b in s.blocked))])


def test_every_resource_type_that_an_exposure_reads_is_asked_for():
    asked = set(load(Cloud.GCP)["cloudasset.ListResources"].args["assetTypes"])
    for method in load_catalogue().methods:
        for standing in method.inventory:
            wanted = standing.where.get("item.assetType")
            if standing.call == "cloudasset.ListResources" and isinstance(wanted, str):
                assert wanted in asked, method.id


# -- the client


def access(table=None):
    limits = (Limiter(0, 1, threading.Event()),) * 2
    made = Wire(Endpoints.of_environment(), Tokens(), limits, stop=threading.Event())
    return Access(made, table or load(Cloud.GCP))


def unit(call, account=PROJECT, **args):
    return Unit(call=call, scope=Scope(cloud=Cloud.GCP, account=account), args=args, region=GLOBAL)


def test_a_call_outside_the_table_or_one_that_changes_can_not_be_made(stub):
    known = load(Cloud.GCP)["storage.ListBuckets"]
    changed = Call(
        name="storage.ListBuckets", cloud=Cloud.GCP, http="DELETE https://storage.googleapis.com/storage/v1/b"
    )
    for call in (Call(name="x", cloud=Cloud.GCP, http="GET https://storage.googleapis.com/x"), changed):
        with pytest.raises(ForbiddenCallError):
            access().ask(unit(call))
    writing = Call(
        name="x", cloud=Cloud.GCP, http="POST https://iam.googleapis.com/v1/projects/p:setIamPolicy"
    )
    with pytest.raises(ForbiddenCallError):
        access({"x": writing}).ask(unit(writing))
    assert access().ask(unit(known, project=PROJECT)).error is None
    assert {verb for verb, _, _ in stub.requests} == {"GET"}


@pytest.mark.parametrize(
    "name", ["../../projects/evil", "a?x=1#y", "a/../b", "a%2F..%2Fb", "a%3Fx", "a b\r\nX: y"]
)
def test_a_name_from_the_cloud_never_leads_elsewhere(stub, name):
    call = load(Cloud.GCP)["iam.ListServiceAccountKeys"]
    access().ask(unit(call, name=name, keyTypes="USER_MANAGED"))
    ((_, target, _),) = stub.requests
    path = target.partition("?")[0]
    assert path.startswith("/v1/")
    assert path.endswith("/keys")
    assert "/../" not in path


@pytest.mark.parametrize(
    "said", ["http://evil.example", "ftp://127.0.0.1", "evil.example", "http://169.254.169.254"]
)
def test_a_token_goes_to_google_or_to_this_machine(said):
    with pytest.raises(BadEndpointError):
        Endpoints.of_environment({"EXCLAVE_GCP_ENDPOINT": said})
    with pytest.raises(BadEndpointError):
        Endpoints().real("https://evil.example/v1/x")


def test_pages_are_joined(stub):
    stub.page = 2
    for number in range(5):
        stub.put(f"buckets/b{number}", {"name": f"b{number}", "project": PROJECT})
    reply = access().ask(unit(load(Cloud.GCP)["storage.ListBuckets"], project=PROJECT))
    assert [b["name"] for b in reply.answer["items"]] == [f"buckets/b{n}"[8:] for n in range(5)]
    assert "nextPageToken" not in reply.answer


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"<html>a proxy</html>", "no JSON"),
        (b"[]", "no object"),
        ({"items": "no list"}, "items is no list"),
        ({"items": [], "nextPageToken": "same"}, "leads to itself"),
        ({"items": [], "nextPageToken": 7}, "leads to itself"),
        ({"items": [], "unreachable": ["b/far"]}, "b/far"),
    ],
)
def test_what_is_no_answer_is_could_not_look(stub, body, why):
    stub.fail("/storage/v1/b", 200, body)
    reply = access().ask(unit(load(Cloud.GCP)["storage.ListBuckets"], project=PROJECT))
    assert why in reply.error.message


def test_throttling_is_waited_for(stub):
    stub.fail("getIamPolicy", 429, times=2, headers={"Retry-After": "0"})
    stub.fail("getIamPolicy", 503, times=1)
    old = {"error": {"code": 403, "message": "slow down", "errors": [{"reason": "rateLimitExceeded"}]}}
    stub.fail("getIamPolicy", 403, old, times=1)
    call = load(Cloud.GCP)["cloudresourcemanager.GetIamPolicy"]
    assert access().ask(unit(call)).error is None
    assert len(stub.requests) == 5


def test_throttling_without_end_is_could_not_look(stub):
    stub.fail("getIamPolicy", 429, headers={"Retry-After": "0"})
    reply = access().ask(unit(load(Cloud.GCP)["cloudresourcemanager.GetIamPolicy"]))
    assert (reply.error.code, reply.error.permission) == ("RESOURCE_EXHAUSTED", "")
    assert len(stub.requests) == wires.TRIES


# -- errors


def test_a_refusal_names_the_permission_googles_own_word_first():
    call = load(Cloud.GCP)["storage.ListBuckets"]
    assert reply_for(403, error(403), call).error.permission == "storage.buckets.list"
    told = error(403, reason="IAM_PERMISSION_DENIED", metadata={"permission": "storage.buckets.listAll"})
    assert reply_for(403, told, call).error.permission == "storage.buckets.listAll"
    guarded = error(403, reason="SECURITY_POLICY_VIOLATED", metadata={})
    assert "VPC Service Controls" in reply_for(403, guarded, call).error.message
    assert reply_for(502, None, call).error.code == "HTTP502"


def test_a_service_that_is_off_has_nothing_when_it_is_off_there_and_says_nothing_when_it_is_off_here():
    call = load(Cloud.GCP)["storagetransfer.ListTransferJobs"]
    body = switched_off("storagetransfer.googleapis.com")
    assert reply_for(403, body, call, frozenset({PROJECT, NUMBER})).absent == "SERVICE_DISABLED"
    failure = reply_for(403, body, call, frozenset({"another", "42"})).error
    assert "gcloud services enable storagetransfer.googleapis.com" in failure.message
    asset = load(Cloud.GCP)["cloudasset.ListIamPolicies"]
    assert (
        reply_for(403, switched_off("cloudasset.googleapis.com"), asset, frozenset({NUMBER})).error.code
        == "SERVICE_DISABLED"
    )


# -- collecting


def test_an_organisation_is_recorded_with_its_projects(stub, tmp_path):
    tally = record(tmp_path / "i", organization="4242")
    inventory = Inventory.load(tmp_path / "i")
    assert inventory.problems == ()
    assert inventory.accounts(Cloud.GCP) == (ORG, OTHER, PROJECT)
    assert tally.failed == 0
    for name in NAMES:
        assert all(a.error is None for a in inventory.answers(name)), name
    assert {a.scope.account for a in inventory.answers("storage.ListBuckets")} == {OTHER, PROJECT}


def test_the_only_organisation_is_found_by_itself(stub, tmp_path):
    record(tmp_path / "i", names=["storage.ListBuckets"])
    assert ORG in Inventory.load(tmp_path / "i").accounts(Cloud.GCP)


def test_of_several_organisations_one_must_be_named(stub, tmp_path):
    stub.fail(
        "organizations:search",
        200,
        {"organizations": [{"name": "organizations/1"}, {"name": "organizations/2"}]},
    )
    with pytest.raises(StoppedError, match="name one: 1, 2"):
        record(tmp_path / "i")


def test_some_projects_alone_know_their_organisation(stub, tmp_path):
    record(tmp_path / "i", projects=(PROJECT,))
    assert Inventory.load(tmp_path / "i").accounts(Cloud.GCP) == (ORG, PROJECT)


def test_a_project_in_no_organisation_stands_for_itself(stub, tmp_path):
    stub.fail("getAncestry", 200, {"ancestor": [{"resourceId": {"type": "project", "id": PROJECT}}]})
    record(
        tmp_path / "i",
        names=["accesscontextmanager.ListServicePerimeters", "logging.ListHomeSinks"],
        projects=(PROJECT,),
    )
    inventory = Inventory.load(tmp_path / "i")
    assert inventory.accounts(Cloud.GCP) == (PROJECT,)
    assert inventory.one("accesscontextmanager.ListAccessPolicies", PROJECT).absent == "NO_ORGANIZATION"
    assert inventory.one("logging.ListHomeSinks", PROJECT).error is None


def test_the_projects_of_a_folder(stub, tmp_path):
    record(tmp_path / "i", folder="77")
    assert any("folders/77:searchAllResources" in target for _, target, _ in stub.requests)
    assert ORG in Inventory.load(tmp_path / "i").accounts(Cloud.GCP)


def test_projects_that_can_not_be_listed_end_it_with_a_way_on(stub, tmp_path):
    stub.fail("searchAllResources", 403, switched_off("cloudasset.googleapis.com"))
    with pytest.raises(StoppedError, match="name them with --project"):
        record(tmp_path / "i", organization="4242")


@pytest.mark.parametrize("expected", ["4242", ORG])
def test_the_expected_organisation_is_gone_on_with(stub, tmp_path, expected):
    record(tmp_path / "i", names=["storage.ListBuckets"], organization="4242", expect_account=expected)


@pytest.mark.parametrize("expected", ["9999", "another-project", "somebody@ours.example"])
def test_another_than_expected_is_asked_nothing(stub, tmp_path, expected):
    with pytest.raises(StoppedError, match="nothing was asked"):
        record(tmp_path / "i", organization="4242", expect_account=expected)
    assert not any("getIamPolicy" in target or "/storage/" in target for _, target, _ in stub.requests)


def test_a_refusal_is_recorded_and_the_rest_goes_on(stub, tmp_path):
    stub.fail(f"projects/{OTHER}:getIamPolicy", 403, error(403))
    tally = record(tmp_path / "i", organization="4242")
    inventory = Inventory.load(tmp_path / "i")
    assert (tally.failed, tally.errors) == (1, {"PERMISSION_DENIED": 1})
    failure = inventory.one("cloudresourcemanager.GetIamPolicy", OTHER).error
    assert failure.permission == "resourcemanager.projects.getIamPolicy"
    assert inventory.one("cloudresourcemanager.GetIamPolicy", PROJECT).error is None


def test_credentials_that_end_leave_what_was_recorded_and_resume_asks_only_the_rest(stub, tmp_path):
    stub.fail("storage/v1/b", 401, error(401))
    with pytest.raises(StoppedError, match="renew"):
        record(tmp_path / "i", organization="4242", workers=1)
    before = Inventory.load(tmp_path / "i")
    assert before.one("cloudresourcemanager.GetIamPolicy", PROJECT).error is None
    assert any("not finished" in p.what for p in before.problems)
    stub.failures.clear()
    stub.requests.clear()
    record(tmp_path / "i", organization="4242", resume=True)
    after = Inventory.load(tmp_path / "i")
    assert after.problems == ()
    assert after.one("storage.ListBuckets", PROJECT).error is None
    assert not any("getIamPolicy" in target for _, target, _ in stub.requests)


def test_no_token_is_ever_recorded(stub, tmp_path, monkeypatch):
    monkeypatch.setenv("EXCLAVE_GCP_TOKEN", "very-secret-token")
    record(tmp_path / "i", organization="4242")
    assert not any("very-secret-token" in p.read_text() for p in (tmp_path / "i").rglob("*.json*"))
    document = json.loads(next((tmp_path / "i").rglob("storage.ListBuckets.json")).read_text())
    assert document["identity"]


def test_credentials_of_google_auth_refresh_once_and_then_end_it(stub, tmp_path, monkeypatch):
    google_auth = pytest.importorskip("google.auth")
    from google.auth.credentials import AnonymousCredentials
    from google.auth.exceptions import RefreshError

    class Ended(AnonymousCredentials):
        def refresh(self, _request):
            raise RefreshError("invalid_grant")

    monkeypatch.delenv("EXCLAVE_GCP_TOKEN")
    monkeypatch.setattr(google_auth, "default", lambda **_: (Ended(), PROJECT))
    stub.fail("storage/v1/b", 401, error(401))
    with pytest.raises(StoppedError, match="renew them"):
        record(tmp_path / "i", organization="4242")


def test_no_credentials_are_said(tmp_path, monkeypatch):
    google_auth = pytest.importorskip("google.auth")
    from google.auth.exceptions import DefaultCredentialsError

    def none(scopes):
        raise DefaultCredentialsError("Your default credentials were not found.")

    monkeypatch.delenv("EXCLAVE_GCP_TOKEN", raising=False)
    monkeypatch.setattr(google_auth, "default", none)
    with pytest.raises(StoppedError, match="no credentials for Google Cloud"):
        record(tmp_path / "i", organization="4242")


def test_the_rules_of_deny_policies_are_read_one_by_one_their_names_escaped(stub, tmp_path):
    name = f"policies/cloudresourcemanager.googleapis.com%2Fprojects%2F{NUMBER}/denypolicies/d"
    stub.put(name, {"kind": "DenyPolicy", "rules": [{"denyRule": {"deniedPrincipals": ["x"]}}]})
    record(tmp_path, ["iam.GetDenyPolicy"])
    assert any(target.startswith(f"/v2/{name}") for _, target, _ in stub.requests)
    inventory = Inventory.load(tmp_path, table=load(Cloud.GCP))
    assert [a.answer["rules"] for a in inventory.each("iam.GetDenyPolicy", account=PROJECT)] == [
        [{"denyRule": {"deniedPrincipals": ["x"]}}]
    ]
