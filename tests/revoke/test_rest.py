"""Shares of Azure and Google Cloud taken back over HTTP, from a hunt's lines to the undo, as a user would."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from exclave.cli.revoke import command
from tests.change.stub import serving

SUB, TENANT = "11111111-1111-4111-8111-111111111111", "99999999-9999-4999-8999-999999999999"
GROUP = f"/subscriptions/{SUB}/resourceGroups/rg/providers"
DISK = "projects/our-project/zones/z/disks/db"
EVIL, OURS = "attacker@evil.example", "ana@ours.example"


@pytest.fixture
def stub(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("exclave.change.apply.PATIENCE", 0)
    with serving(monkeypatch) as found:
        yield found


def revoke(*arguments, code=0):
    done = CliRunner().invoke(command, [str(a) for a in arguments], catch_exceptions=False)
    assert done.exit_code == code, done.output
    return done


def finding(method, source, kind, identifier, *, account=None, source_kind="x", **facts):
    cloud = method.partition(".")[0]
    return {
        "schema": "exclave/1", "type": "exposure", "id": f"x-{method}", "method": method, "cloud": cloud,
        "account": account or (SUB if cloud == "azure" else "our-project"), "region": "",
        "source": {"kind": source_kind, "id": source}, "destination": {"kind": kind, "id": identifier, "verdict": "external"},
        "facts": [{"name": k, "value": v} for k, v in facts.items()], "revoke": None,
    }  # fmt: skip


def write(tmp_path, *findings):
    (tmp_path / "f.jsonl").write_text("".join(json.dumps(f) + "\n" for f in findings))


def policy(*members, role="roles/storage.objectViewer", **more):
    return {"version": 1, "etag": "a", "bindings": [{"role": role, "members": list(members)}], **more}


def sas(state="ActiveSAS"):
    return {"name": "s", "location": "x", "properties": {"diskState": state}}


def replicated(state):
    copies = {"projects/theirs/zones/y/disks/copy": {"state": state}}
    return {"name": "db", "resourceStatus": {"asyncSecondaryDisks": copies}}


CASES = {
    "azure.compute.snapshot-sas": (
        finding("azure.compute.snapshot-sas", f"{GROUP}/Microsoft.Compute/snapshots/s", "bearer-url", "snapshots/s"),
        {f"{GROUP}/Microsoft.Compute/snapshots/s": sas()},
        {f"{GROUP}/Microsoft.Compute/snapshots/s": sas("Unattached")},
        False,
    ),
    "azure.compute.gallery-share": (
        finding("azure.compute.gallery-share", f"{GROUP}/Microsoft.Compute/galleries/g", "tenant", TENANT),
        {f"{GROUP}/Microsoft.Compute/galleries/g": {"name": "g", "properties": {"sharingProfile": {
            "permissions": "Groups", "groups": [{"type": "AADTenants", "ids": ["ours", TENANT]}]}}}},
        {f"{GROUP}/Microsoft.Compute/galleries/g": {"name": "g", "properties": {"sharingProfile": {
            "permissions": "Groups", "groups": [{"type": "AADTenants", "ids": ["ours"]}]}}}},
        True,
    ),
    "azure.storage.container-public": (
        finding("azure.storage.container-public", f"{GROUP}/Microsoft.Storage/storageAccounts/a/blobServices/default/containers/c", "public", "*"),
        {f"{GROUP}/Microsoft.Storage/storageAccounts/a/blobServices/default/containers/c": {"name": "c", "properties": {"publicAccess": "Blob", "other": 1}}},
        {f"{GROUP}/Microsoft.Storage/storageAccounts/a/blobServices/default/containers/c": {"name": "c", "properties": {"publicAccess": "None", "other": 1}}},
        True,
    ),
    "azure.storage.account-sas": (
        finding("azure.storage.account-sas", f"{GROUP}/Microsoft.Storage/storageAccounts/a", "bearer-url", "storageaccounts/a"),
        {f"{GROUP}/Microsoft.Storage/storageAccounts/a": {"name": "a", "properties": {"keyCreationTime": {"key1": "2020", "key2": "2020"}}}},
        {f"{GROUP}/Microsoft.Storage/storageAccounts/a": {"name": "a", "properties": {"keyCreationTime": {"key1": "2026", "key2": "2020"}}}},
        False,
    ),
    "azure.storage.object-replication": (
        finding("azure.storage.object-replication", f"{GROUP}/Microsoft.Storage/storageAccounts/a", "bucket", "theirs",
                policy=f"{GROUP}/Microsoft.Storage/storageAccounts/a/objectReplicationPolicies/p"),
        {f"{GROUP}/Microsoft.Storage/storageAccounts/a/objectReplicationPolicies/p": {"id": "p", "properties": {"rules": [1]}}},
        {},
        True,
    ),
    "azure.authorization.foreign-group": (
        finding("azure.authorization.foreign-group", f"/subscriptions/{SUB}", "principal", "object-1",
                assignment=f"/subscriptions/{SUB}/providers/Microsoft.Authorization/roleAssignments/r"),
        {f"/subscriptions/{SUB}/providers/Microsoft.Authorization/roleAssignments/r": {"id": "r", "properties": {
            "roleDefinitionId": "reader", "principalId": "object-1", "principalType": "Group", "createdOn": "2026"}}},
        {},
        True,
    ),
    "azure.authorization.federated-identity": (
        finding("azure.authorization.federated-identity", f"{GROUP}/Microsoft.ManagedIdentity/userAssignedIdentities/i", "principal", "x",
                credential=f"{GROUP}/Microsoft.ManagedIdentity/userAssignedIdentities/i/federatedIdentityCredentials/c"),
        {f"{GROUP}/Microsoft.ManagedIdentity/userAssignedIdentities/i/federatedIdentityCredentials/c": {"id": "c", "properties": {
            "issuer": "https://evil.example", "subject": "s", "audiences": ["api://x"]}}},
        {},
        True,
    ),
    "azure.storage.network-rule": (
        finding("azure.storage.network-rule", f"{GROUP}/Microsoft.Storage/storageAccounts/n", "ip-range", "203.0.113.0/24"),
        {f"{GROUP}/Microsoft.Storage/storageAccounts/n": {"name": "n", "properties": {"networkAcls": {"defaultAction": "Deny",
            "ipRules": [{"value": "198.51.100.1"}, {"value": "203.0.113.0/24", "action": "Allow"}]}}}},
        {f"{GROUP}/Microsoft.Storage/storageAccounts/n": {"name": "n", "properties": {"networkAcls": {"defaultAction": "Deny",
            "ipRules": [{"value": "198.51.100.1"}]}}}},
        True,
    ),
    "azure.entra.guest-invited": (
        finding("azure.entra.guest-invited", "guest-1", "principal", EVIL),
        {"/v1.0/users/guest-1": {"id": "guest-1", "accountEnabled": True}},
        {"/v1.0/users/guest-1": {"id": "guest-1", "accountEnabled": False}},
        True,
    ),
    "gcp.storage.bucket-share": (
        finding("gcp.storage.bucket-share", "projects/_/buckets/payroll", "principal", EVIL),
        {"/storage/v1/b/payroll/iam": policy(f"user:{EVIL}", f"user:{OURS}")},
        {"/storage/v1/b/payroll/iam": policy(f"user:{OURS}")},
        True,
    ),
    "gcp.compute.image-share": (
        finding("gcp.compute.image-share", "projects/our-project/global/images/i", "public", "allAuthenticatedUsers"),
        {"/compute/v1/projects/our-project/global/images/i": {"version": 3, "etag": "a", "bindings": [
            {"role": "roles/compute.imageUser", "members": ["allAuthenticatedUsers"]},
            {"role": "roles/compute.imageUser", "members": [f"user:{OURS}"], "condition": {"expression": "true", "title": "t"}}]}},
        {"/compute/v1/projects/our-project/global/images/i": {"version": 3, "etag": "a", "bindings": [
            {"role": "roles/compute.imageUser", "members": [f"user:{OURS}"], "condition": {"expression": "true", "title": "t"}}]}},
        True,
    ),
    "gcp.pubsub.share": (
        finding("gcp.pubsub.share", "//pubsub.googleapis.com/projects/our-project/topics/t", "domain", "evil.example"),
        {"/v1/projects/our-project/topics/t": policy("domain:evil.example", "domain:ours.example")},
        {"/v1/projects/our-project/topics/t": policy("domain:ours.example")},
        True,
    ),
    "gcp.iam.account-grant": (
        finding("gcp.iam.account-grant", "etl@our-project.iam.gserviceaccount.com", "principal", EVIL, source_kind="gcp-service-account"),
        {"/v1/projects/-/serviceAccounts/etl@our-project.iam.gserviceaccount.com": policy(f"user:{EVIL}", role="roles/iam.serviceAccountTokenCreator")},
        {"/v1/projects/-/serviceAccounts/etl@our-project.iam.gserviceaccount.com": {"version": 1, "etag": "a", "bindings": []}},
        True,
    ),
    "gcp.bigquery.dataset-share": (
        finding("gcp.bigquery.dataset-share", "projects/our-project/datasets/d", "principal", EVIL),
        {"/bigquery/v2/projects/our-project/datasets/d": {"access": [{"role": "OWNER", "specialGroup": "projectOwners"}, {"role": "READER", "userByEmail": EVIL}]}},
        {"/bigquery/v2/projects/our-project/datasets/d": {"access": [{"role": "OWNER", "specialGroup": "projectOwners"}]}},
        True,
    ),
    "gcp.logging.sink": (
        finding("gcp.logging.sink", "projects/our-project/sinks/s", "project", "theirs"),
        {"/v2/projects/our-project/sinks/s": {"name": "s", "destination": "pubsub.googleapis.com/projects/theirs/topics/t"}},
        {"/v2/projects/our-project/sinks/s": {"name": "s", "destination": "pubsub.googleapis.com/projects/theirs/topics/t", "disabled": True}},
        True,
    ),
    "gcp.storagetransfer.job": (
        finding("gcp.storagetransfer.job", "payroll", "bucket", "theirs", job="transferJobs/7"),
        {"/v1/transferJobs/7": {"name": "transferJobs/7", "status": "ENABLED"}},
        {"/v1/transferJobs/7": {"name": "transferJobs/7", "status": "DISABLED"}},
        True,
    ),
    "gcp.storage.object-acl": (
        finding("gcp.storage.object-acl", "projects/_/buckets/payroll/objects/2026/all.csv", "public", "allUsers"),
        {"/storage/v1/b/payroll/o/2026/all.csv/acl/allUsers": {"entity": "allUsers", "role": "READER"}},
        {},
        True,
    ),
    "gcp.compute.disk-replication": (
        finding("gcp.compute.disk-replication", DISK, "project", "theirs"),
        {f"/compute/v1/{DISK}": replicated("ACTIVE")},
        {f"/compute/v1/{DISK}": replicated("STOPPED")},
        False,
    ),
}  # fmt: skip


def act(stub):
    """The actions of the interfaces that aren't simply a value put at a path."""

    def sharing(stub_, body):
        held = stub_.things[f"{GROUP}/Microsoft.Compute/galleries/g"]["properties"]["sharingProfile"][
            "groups"
        ][0]["ids"]
        for one in body["groups"][0]["ids"]:
            held.append(one) if body["operationType"] == "Add" else held.remove(one)
        return {}

    def ended(stub_, _body):
        stub_.things[f"{GROUP}/Microsoft.Compute/snapshots/s"]["properties"]["diskState"] = "Unattached"
        return {}

    def rotated(stub_, body):
        stub_.things[f"{GROUP}/Microsoft.Storage/storageAccounts/a"]["properties"]["keyCreationTime"][
            body["keyName"]
        ] = "2026"
        return {}

    def job(stub_, body):
        stub_.things["/v1/transferJobs/7"]["status"] = body["transferJob"]["status"]
        return stub_.things["/v1/transferJobs/7"]

    def listed(stub_, body):
        stub_.things["/storage/v1/b/payroll/o/2026/all.csv/acl/allUsers"] = body
        return body

    def stopped(stub_, _body):
        stub_.things[f"/compute/v1/{DISK}"] = replicated("STOPPED")
        return {}

    stub.actions |= {
        ("POST", f"/compute/v1/{DISK}/stopAsyncReplication"): stopped,
        ("POST", f"{GROUP}/Microsoft.Compute/galleries/g/share"): sharing,
        ("POST", f"{GROUP}/Microsoft.Compute/snapshots/s/endGetAccess"): ended,
        ("POST", f"{GROUP}/Microsoft.Storage/storageAccounts/a/regenerateKey"): rotated,
        ("POST", "/v1.0/users/guest-1/revokeSignInSessions"): lambda _s, _b: {"value": True},
        ("PATCH", "/v1/transferJobs/7"): job,
        ("POST", "/storage/v1/b/payroll/o/2026/all.csv/acl"): listed,
    }  # fmt: skip


def without_etags(things):
    text = json.dumps(things, sort_keys=True)
    found = json.loads(text)
    for value in found.values():
        value.pop("etag", None)
        value.pop("id", None)
        if value.get("disabled") is False:
            del value["disabled"]
    return found


@pytest.mark.parametrize("case", CASES)
def test_a_share_is_taken_back_looked_at_and_put_back(stub, tmp_path, case):
    found, before, after, undoable = CASES[case]
    stub.things = json.loads(json.dumps(before))
    act(stub)
    write(tmp_path, found)
    planned = revoke("f.jsonl")
    assert stub.things == before
    assert all(verb == "GET" or "getIamPolicy" in url for verb, url, _ in stub.asked), stub.asked
    assert ("can't be undone" in planned.output) is not undoable
    applied = revoke("f.jsonl", "--apply", "--undo-file", "undo.jsonl")
    assert "1 applied" in applied.output
    assert without_etags(stub.things) == without_etags(after)
    if case != "azure.storage.account-sas":  # nothing tells which URLs a key has signed
        assert "nothing to take back" in revoke("f.jsonl").output
    if not undoable:
        assert "can't be undone" in revoke("--undo", "undo.jsonl", code=1).output
        return
    assert "1 undone" in revoke("--undo", "undo.jsonl").output
    was = without_etags(before)
    for value in was.values():  # what the service itself notes of a role isn't ours to put back
        value.get("properties", {}).pop("createdOn", None) if isinstance(
            value.get("properties"), dict
        ) else None
    assert without_etags(stub.things) == was


def test_a_policy_that_was_changed_in_between_keeps_the_change(stub, tmp_path):
    found, before, *_ = CASES["gcp.storage.bucket-share"]
    stub.things = json.loads(json.dumps(before))
    write(tmp_path, found)
    revoke("f.jsonl", "--plan", "plan.json")
    stub.things["/storage/v1/b/payroll/iam"]["bindings"].append(
        {"role": "roles/x", "members": [f"user:{OURS}"]}
    )
    stub.things["/storage/v1/b/payroll/iam"]["etag"] = "b"
    assert "changed since the plan" in " ".join(revoke("plan.json", "--apply", code=1).output.split())
    # even if nobody could see it, the service refuses an old etag
    stub.fail(
        "PUT /storage", 409, {"error": {"code": 409, "status": "ABORTED", "message": "the etag is old"}}
    )
    assert "ABORTED" in revoke("f.jsonl", "--apply", "--undo-file", "u", code=1).output
    assert len(stub.things["/storage/v1/b/payroll/iam"]["bindings"]) == 2


def test_two_findings_of_one_policy_are_one_change(stub, tmp_path):
    stub.things = {"/storage/v1/b/payroll/iam": policy(f"user:{EVIL}", "allUsers", f"user:{OURS}")}
    one = finding("gcp.storage.bucket-share", "payroll", "principal", EVIL)
    two = {**finding("gcp.storage.bucket-share", "payroll", "public", "allUsers"), "id": "x-2"}
    write(tmp_path, one, two)
    done = revoke("f.jsonl", "--apply", "--limit", "1")
    assert "1 applied" in done.output
    assert stub.things["/storage/v1/b/payroll/iam"]["bindings"][0]["members"] == [f"user:{OURS}"]


def test_a_refusal_is_could_not_look_and_names_what_was_asked(stub, tmp_path):
    found, before, *_ = CASES["gcp.storage.bucket-share"]
    stub.things = before
    write(tmp_path, found)
    stub.fail(
        "GET /storage", 403, {"error": {"code": 403, "status": "PERMISSION_DENIED", "message": "may not"}}
    )
    done = revoke("f.jsonl", code=3)
    assert (
        "PERMISSION_DENIED: may not (needs GET https://storage.googleapis.com/storage/v1/b/payroll/iam)"
        in " ".join(done.output.split())
    )


def test_names_that_attackers_chose_lead_nowhere_else_and_print_nothing_odd(stub, tmp_path):
    write(
        tmp_path,
        finding("azure.compute.disk-sas", ".evil.example/x", "bearer-url", "disks/x"),
        {**finding("azure.compute.disk-sas", "/subscriptions/../../x", "bearer-url", "disks/y"), "id": "x-2"},
        {**finding("gcp.pubsub.share", "projects/p/topics/t?x=\x1b[31m#", "principal", EVIL), "id": "x-3"},
    )  # fmt: skip
    done = revoke("f.jsonl", code=3)
    assert "\x1b[31m" not in done.output
    assert "BadAddress" in done.output
    assert all("evil" not in url and ".." not in url and "?x=" not in url for _, url, _ in stub.asked)
