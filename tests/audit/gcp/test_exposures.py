"""Shares planted by somebody else's hand are seen, each by its method and with its receiver."""

from __future__ import annotations

import pytest

from tests.audit.gcp.build import constraint, exposed, right
from tests.stubs.gcp import NUMBER, ORG, OTHER, PROJECT, error

STRANGER = "serviceAccount:exfil@evil-project.iam.gserviceaccount.com"
P = f"projects/{PROJECT}"


def keys(stub):
    found, _ = exposed(stub)
    return {(e.method, e.source.id, f"{e.destination.kind}:{e.destination.id}") for e in found}


def test_nothing_is_exposed_where_everything_is_right():
    found, looked = exposed(right())
    assert found == ()
    assert not any(k.failed for k in looked)


@pytest.mark.parametrize(
    ("method", "type_", "name", "role"),
    [
        ("gcp.storage.bucket-share", "storage.googleapis.com/Bucket", "//storage.googleapis.com/payroll", "roles/storage.objectViewer"),
        ("gcp.compute.image-share", "compute.googleapis.com/Image", f"//compute.googleapis.com/{P}/global/images/db", "roles/compute.imageUser"),
        ("gcp.compute.snapshot-share", "compute.googleapis.com/Snapshot", f"//compute.googleapis.com/{P}/global/snapshots/db", "roles/compute.storageAdmin"),
        ("gcp.compute.disk-share", "compute.googleapis.com/Disk", f"//compute.googleapis.com/{P}/zones/z/disks/db", "roles/compute.storageAdmin"),
        ("gcp.compute.machine-image-share", "compute.googleapis.com/MachineImage", f"//compute.googleapis.com/{P}/global/machineImages/db", "roles/compute.admin"),
        ("gcp.bigquery.dataset-share", "bigquery.googleapis.com/Dataset", f"//bigquery.googleapis.com/{P}/datasets/hr", "roles/bigquery.dataViewer"),
        ("gcp.bigquery.policy", "bigquery.googleapis.com/Table", f"//bigquery.googleapis.com/{P}/datasets/hr/tables/pay", "roles/bigquery.dataViewer"),
        ("gcp.pubsub.share", "pubsub.googleapis.com/Topic", f"//pubsub.googleapis.com/{P}/topics/orders", "roles/pubsub.subscriber"),
        ("gcp.secrets.share", "secretmanager.googleapis.com/Secret", "//secretmanager.googleapis.com/projects/1/secrets/db", "roles/secretmanager.secretAccessor"),
        ("gcp.kms.key-share", "cloudkms.googleapis.com/CryptoKey", f"//cloudkms.googleapis.com/{P}/locations/l/keyRings/r/cryptoKeys/k", "roles/cloudkms.cryptoKeyDecrypter"),
        ("gcp.artifacts.share", "artifactregistry.googleapis.com/Repository", f"//artifactregistry.googleapis.com/{P}/locations/l/repositories/r", "roles/artifactregistry.reader"),
        ("gcp.iam.account-grant", "iam.googleapis.com/ServiceAccount", f"//iam.googleapis.com/{P}/serviceAccounts/etl@our-project.iam.gserviceaccount.com", "roles/iam.serviceAccountTokenCreator"),
        ("gcp.iam.project-grant", "cloudresourcemanager.googleapis.com/Project", f"//cloudresourcemanager.googleapis.com/{P}", "roles/viewer"),
        ("gcp.analyticshub.listing-share", "analyticshub.googleapis.com/Listing", f"//analyticshub.googleapis.com/{P}/locations/l/dataExchanges/e/listings/x", "roles/analyticshub.subscriber"),
        ("gcp.databases.share", "spanner.googleapis.com/Database", f"//spanner.googleapis.com/{P}/instances/i/databases/d", "roles/spanner.databaseReader"),
    ],
)  # fmt: skip
def test_a_policy_that_lets_a_stranger_in(method, type_, name, role):
    stub = right()
    stub.share(
        PROJECT,
        type_,
        name,
        role,
        STRANGER,
        "user:alice@ours.example",
        "serviceAccount:x@our-other-project.iam.gserviceaccount.com",
    )
    relative = name.split("/", 3)[3]
    assert keys(stub) == {(method, relative, "principal:exfil@evil-project.iam.gserviceaccount.com")}


@pytest.mark.parametrize("member", ["allUsers", "allAuthenticatedUsers"])
def test_a_public_bucket_is_critical_unless_public_access_is_prevented(member):
    stub = right()
    constraint(stub, "storage.publicAccessPrevention", {"enforce": False})
    name = "//storage.googleapis.com/payroll"
    stub.share(PROJECT, "storage.googleapis.com/Bucket", name, "roles/storage.objectViewer", member)
    ((one,), _) = exposed(stub)
    assert (one.severity.value, one.blocked) == ("critical", "")
    stub.resource(
        PROJECT,
        "storage.googleapis.com/Bucket",
        name,
        {"iamConfiguration": {"publicAccessPrevention": "enforced"}},
    )
    ((one,), _) = exposed(stub)
    assert (one.severity.value, one.blocked) == ("low", "public access prevention is enforced on the bucket")


def test_a_policy_with_a_condition_does_not_block():
    stub = right()
    constraint(
        stub,
        "storage.publicAccessPrevention",
        {"enforce": True},
        {"enforce": False, "condition": {"expression": "true"}},
    )
    stub.share(
        PROJECT,
        "storage.googleapis.com/Bucket",
        "//storage.googleapis.com/payroll",
        "roles/storage.objectViewer",
        "allUsers",
    )
    ((one,), _) = exposed(stub)
    assert one.blocked == ""


def test_another_buckets_setting_does_not_block():
    stub = right()
    constraint(stub, "storage.publicAccessPrevention", {"enforce": False})
    for name in ("aaa", "payroll", "zzz"):
        setting = "inherited" if name == "payroll" else "enforced"
        stub.resource(
            PROJECT,
            "storage.googleapis.com/Bucket",
            f"//storage.googleapis.com/{name}",
            {"iamConfiguration": {"publicAccessPrevention": setting}},
        )
    stub.share(
        PROJECT,
        "storage.googleapis.com/Bucket",
        "//storage.googleapis.com/payroll",
        "roles/storage.objectViewer",
        "allUsers",
    )
    ((one,), _) = exposed(stub)
    assert one.blocked == ""


@pytest.mark.parametrize(
    ("method", "type_", "name", "data", "destination"),
    [
        ("gcp.bigquery.dataset-share", "bigquery.googleapis.com/Dataset", f"//bigquery.googleapis.com/{P}/datasets/hr", {"access": [{"view": {"projectId": "evil-project", "datasetId": "d", "tableId": "v"}}, {"role": "OWNER", "specialGroup": "projectOwners"}]}, "project:evil-project"),
        ("gcp.pubsub.subscription", "pubsub.googleapis.com/Subscription", f"//pubsub.googleapis.com/{P}/subscriptions/s", {"bigqueryConfig": {"table": "evil-project.d.t"}}, "project:evil-project"),
        ("gcp.pubsub.subscription", "pubsub.googleapis.com/Subscription", f"//pubsub.googleapis.com/{P}/subscriptions/s", {"pushConfig": {"pushEndpoint": "https://evil.example/x"}}, "bearer-url:https://evil.example/x"),
        ("gcp.network.service-published", "compute.googleapis.com/ServiceAttachment", f"//compute.googleapis.com/{P}/regions/r/serviceAttachments/a", {"consumerAcceptLists": [{"projectIdOrNum": "evil-project"}]}, "project:evil-project"),
        ("gcp.network.service-published", "compute.googleapis.com/ServiceAttachment", f"//compute.googleapis.com/{P}/regions/r/serviceAttachments/a", {"connectionPreference": "ACCEPT_AUTOMATIC"}, "public:*"),
        ("gcp.network.service-connected", "compute.googleapis.com/ForwardingRule", f"//compute.googleapis.com/{P}/regions/r/forwardingRules/f", {"target": "https://www.googleapis.com/compute/v1/projects/evil-project/regions/r/serviceAttachments/x"}, "project:evil-project"),
        ("gcp.cloudsql.network", "sqladmin.googleapis.com/Instance", f"//cloudsql.googleapis.com/{P}/instances/db", {"settings": {"ipConfiguration": {"authorizedNetworks": [{"value": "0.0.0.0/0"}]}}}, "public:0.0.0.0/0"),
    ],
)  # fmt: skip
def test_a_resource_that_leads_elsewhere(method, type_, name, data, destination):
    stub = right()
    stub.resource(PROJECT, type_, name, data)
    assert {(m, d) for m, _, d in keys(stub)} == {(method, destination)}


def test_a_peering_names_its_network():
    stub = right()
    network = f"https://www.googleapis.com/compute/v1/{P}/global/networks/main"
    peerings = [
        {
            "name": "out",
            "network": "https://www.googleapis.com/compute/v1/projects/evil-project/global/networks/n",
            "state": "ACTIVE",
        },
        {
            "name": "in",
            "network": f"https://www.googleapis.com/compute/v1/projects/{OTHER}/global/networks/n",
        },
    ]
    stub.resource(
        PROJECT,
        "compute.googleapis.com/Network",
        f"//compute.googleapis.com/{P}/global/networks/main",
        {"selfLink": network, "peerings": peerings},
    )
    assert keys(stub) == {("gcp.network.peering", f"{P}/global/networks/main", "project:evil-project")}


def test_sinks_transfer_jobs_feeds_and_shared_networks():
    stub = right()
    for parent in (ORG, P):
        stub.things[f"{parent}/sinks/out"] = {
            "name": "out",
            "resourceName": f"{parent}/sinks/out",
            "destination": "storage.googleapis.com/evil-bucket",
        }
    stub.put(
        "transferJobs/1",
        {
            "projectId": PROJECT,
            "status": "ENABLED",
            "transferSpec": {
                "gcsDataSource": {"bucketName": "payroll"},
                "gcsDataSink": {"bucketName": "evil-bucket"},
            },
        },
    )
    stub.put(
        "transferJobs/2",
        {
            "projectId": PROJECT,
            "status": "DISABLED",
            "transferSpec": {
                "gcsDataSource": {"bucketName": "payroll"},
                "gcsDataSink": {"bucketName": "evil-2"},
            },
        },
    )
    stub.put(
        f"{P}/feeds/f",
        {"feedOutputConfig": {"pubsubDestination": {"topic": "projects/evil-project/topics/t"}}},
    )
    stub.things[f"xpn/{PROJECT}"] = {
        "resources": [{"id": "evil-project", "type": "PROJECT"}, {"id": OTHER, "type": "PROJECT"}]
    }
    assert keys(stub) == {
        ("gcp.logging.sink", f"{ORG}/sinks/out", "bucket:evil-bucket"),
        ("gcp.logging.sink", f"{P}/sinks/out", "bucket:evil-bucket"),
        ("gcp.storagetransfer.job", "payroll", "bucket:evil-bucket"),
        ("gcp.asset.feed", PROJECT, "project:evil-project"),
        ("gcp.network.shared-vpc", PROJECT, "project:evil-project"),
    }


def test_a_grant_on_the_organisation_is_seen():
    stub = right()
    stub.policies[ORG]["bindings"] = [
        {"role": "roles/browser", "members": ["user:mallory@gmail.com", "group:all@ours.example"]}
    ]
    assert {(m, d) for m, _, d in keys(stub)} == {("gcp.iam.project-grant", "principal:mallory@gmail.com")}


def test_project_numbers_and_service_agents_of_ours_are_ours():
    stub = right()
    agent = f"serviceAccount:service-{NUMBER}@gcp-sa-pubsub.iam.gserviceaccount.com"
    stub.share(
        PROJECT,
        "pubsub.googleapis.com/Topic",
        f"//pubsub.googleapis.com/{P}/topics/t",
        "roles/pubsub.publisher",
        agent,
    )
    assert keys(stub) == set()


def test_what_was_refused_is_counted():
    stub = right()
    stub.fail("contentType=IAM_POLICY", 403, error(403))
    found, looked = exposed(stub)
    assert found == ()
    bucket = next(k for k in looked if k.method == "gcp.storage.bucket-share")
    assert (bucket.of, bucket.failed) == (0, 2)
    assert "cloudasset.assets.listIamPolicy" in bucket.why[0]
