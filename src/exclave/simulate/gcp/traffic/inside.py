"""Services that reach from one of our projects into another, or to Google's own: peering, exports, deliveries, agents.

A hunter sees a network, a table, a bucket or a member named in each, and has to know that it is ours.
"""

from __future__ import annotations

from typing import Any

from exclave.simulate.gcp import records
from exclave.simulate.gcp.call import Call, Log, Target
from exclave.simulate.gcp.traffic import bigquery, targets

_TYPE = "type.googleapis.com/"
_READER = "roles/bigquery.dataViewer"


def calls() -> tuple[Call, ...]:
    """All of them rare."""
    return (*_networks(), *_deliveries(), *_databases(), *_members(), *_datasets())


def _networks() -> tuple[Call, ...]:
    main = targets.network("networks", "main")

    def change(method: str, target: Target, weight: float, request: dict[str, Any]) -> Call:
        return Call(
            by="pipeline",
            service="compute",
            method=f"v1.{method}",
            target=target,
            weight=weight,
            permissions=(method,),
            request={"@type": _TYPE + method, **request},
            running=True,
            role="network",
        )

    peer = "https://www.googleapis.com/compute/v1/projects/@@peer@@/global/networks/main"
    return (
        change(
            "compute.networks.addPeering",
            main,
            0.03,
            {"networkPeering": {"name": "to-peer", "network": peer, "exchangeSubnetRoutes": True}},
        ),
        change("compute.networks.removePeering", main, 0.01, {"name": "to-peer"}),
        change(
            "compute.projects.enableXpnResource",
            targets.project(),
            0.02,
            {"xpnResource": {"id": "@@peer@@", "type": "PROJECT"}},
        ),
    )


def _deliveries() -> tuple[Call, ...]:
    topic = "projects/@@project@@/topics/@@pick:table@@"

    def subscription(weight: float, kind: str, config: dict[str, Any]) -> Call:
        name = f"projects/@@project@@/subscriptions/@@pick:table@@-{kind}"
        method = "google.pubsub.v1.Subscriber.CreateSubscription"
        return Call(
            by="pipeline",
            service="pubsub",
            method=method,
            target=Target(name=name, kind="pubsub_subscription", labels={"subscription_id": name}),
            weight=weight,
            permissions=("pubsub.subscriptions.create",),
            request={
                "@type": f"{_TYPE}google.pubsub.v1.Subscription",
                "name": name,
                "topic": topic,
                **config,
            },
        )

    config = "google.cloud.bigquery.datatransfer.v1.DataTransferService.CreateTransferConfig"
    return (
        subscription(0.03, "table", {"bigqueryConfig": {"table": "@@peer@@.events.raw"}}),
        subscription(0.03, "bucket", {"cloudStorageConfig": {"bucket": "@@peerbucket@@"}}),
        subscription(
            0.03, "push", {"pushConfig": {"pushEndpoint": "https://web-@@hex1@@-ew.a.run.app/push"}}
        ),
        Call(
            by="pipeline",
            service="bigquerydatatransfer",
            method=config,
            target=targets.audited("bigquerydatatransfer", config, "projects/@@project@@/locations/eu"),
            weight=0.02,
            permissions=("bigquery.transfers.update@projects/@@project@@",),
            request={
                "@type": f"{_TYPE}google.cloud.bigquery.datatransfer.v1.CreateTransferConfigRequest",
                "parent": "projects/@@project@@/locations/eu",
                "transferConfig": {
                    "dataSourceId": "cross_region_copy",
                    "destinationDatasetId": "mirror",
                    "params": {"source_project_id": "@@peer@@", "source_dataset_id": "warehouse"},
                },
            },
        ),
    )


def _databases() -> tuple[Call, ...]:
    database = Target(
        name="projects/@@project@@/instances/@@pick:database@@",
        kind="cloudsql_database",
        labels={"database_id": "@@project@@:@@pick:database@@", "region": "@@region@@"},
    )

    def call(method: str, weight: float, body: dict[str, Any]) -> Call:
        return Call(
            by="pipeline",
            service="cloudsql",
            method=method,
            target=database,
            weight=weight,
            permissions=(method,),
            request={"project": "@@project@@", "instance": "@@pick:database@@", "body": body},
        )

    clone = {"destinationInstanceName": "@@pick:database@@-test", "destinationProject": "@@project@@"}
    restore = {"backupRunId": "@@digits@@", "instanceId": "@@pick:database@@", "project": "@@project@@"}
    return (
        call("cloudsql.instances.clone", 0.03, {"cloneContext": clone}),
        call("cloudsql.instances.restoreBackup", 0.02, {"restoreBackupContext": restore}),
    )


def _members() -> tuple[Call, ...]:
    """Members that are ours or Google's, in the policies of other services."""
    secret = "projects/@@number@@/secrets/@@pick:secret@@"  # noqa: S105 - a name
    key = "projects/@@project@@/locations/@@region@@/keyRings/main/cryptoKeys/data"
    images = "projects/@@project@@/locations/@@region@@/repositories/images"
    web = "namespaces/@@project@@/services/@@pick:dataset@@-web"
    agent = "serviceAccount:service-@@number@@@{}.iam.gserviceaccount.com"

    def policy(service: str, method: str, name: str, weight: float, member: str, role: str) -> Call:
        return Call(
            by="pipeline",
            service=service,
            method=method,
            target=targets.audited(service, method, name),
            weight=weight,
            request={
                "@type": f"{_TYPE}google.iam.v1.SetIamPolicyRequest",
                "resource": name,
                "policy": {"bindings": [{"role": role, "members": [member]}], "etag": "@@etag@@"},
            },
            service_data=records.delta(("ADD", role, member)),
        )

    manager = "google.cloud.secretmanager.v1.SecretManagerService.SetIamPolicy"
    own = "serviceAccount:@@pick:account@@"
    return (
        policy("secretmanager", manager, secret, 0.05, own, "roles/secretmanager.secretAccessor"),
        policy(
            "cloudkms",
            "SetIamPolicy",
            key,
            0.02,
            agent.format("compute-system"),
            "roles/cloudkms.cryptoKeyEncrypterDecrypter",
        ),
        policy(
            "cloudkms",
            "SetIamPolicy",
            key,
            0.02,
            agent.format("gs-project-accounts"),
            "roles/cloudkms.cryptoKeyEncrypterDecrypter",
        ),
        policy(
            "artifactregistry",
            "google.devtools.artifactregistry.v1.ArtifactRegistry.SetIamPolicy",
            images,
            0.02,
            "serviceAccount:service-@@peernumber@@@serverless-robot-prod.iam.gserviceaccount.com",
            "roles/artifactregistry.reader",
        ),
        policy(
            "run", "google.cloud.run.v1.Services.SetIamPolicy", web, 0.03, "allUsers", "roles/run.invoker"
        ),
        policy(
            "pubsub",
            "google.iam.v1.IAMPolicy.SetIamPolicy",
            "projects/@@project@@/topics/@@pick:table@@",
            0.03,
            "serviceAccount:gmail-api-push@system.gserviceaccount.com",
            "roles/pubsub.publisher",
        ),
    )


def _datasets() -> tuple[Call, ...]:
    name = "projects/@@project@@/datasets/@@pick:dataset@@"
    made = {
        "@type": bigquery.METADATA,
        "datasetCreation": {
            "dataset": {
                "datasetName": name,
                "acl": {
                    "policy": {
                        "bindings": [
                            {"role": "roles/bigquery.dataEditor", "members": ["projectEditor:@@project@@"]},
                            {
                                "role": _READER,
                                "members": ["projectViewer:@@project@@", "group:@@pick:group@@"],
                            },
                        ]
                    }
                },
            },
            "reason": "CREATE",
        },
    }
    older = {
        "@type": bigquery.OLDER,
        "datasetUpdateRequest": {
            "resource": {
                "datasetName": {"projectId": "@@project@@", "datasetId": "@@pick:dataset@@"},
                "acl": {
                    "entries": [
                        {"role": "READER", "groupEmail": "@@pick:group@@"},
                        {"role": "WRITER", "specialGroup": "PROJECT_WRITERS"},
                        {"role": "OWNER", "userEmail": "billing-export-bigquery@system.gserviceaccount.com"},
                    ]
                },
            }
        },
    }

    def change(method: str, target: Target, **more: Any) -> Call:
        return Call(
            by="pipeline",
            service="bigquery",
            method=method,
            target=target,
            weight=0.04,
            log=Log.ACTIVITY,
            permissions=("bigquery.datasets.update",),
            **more,
        )

    return (
        change("google.cloud.bigquery.v2.DatasetService.InsertDataset", targets.dataset(), metadata=made),
        change(
            "datasetservice.update",
            Target(name=name, kind="bigquery_resource", labels={}),
            service_data=older,
        ),
    )
