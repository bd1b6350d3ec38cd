"""What runs on the rest of the platform: secrets, keys, Kubernetes, deployments, databases, messages, logs.

Method names after the audit logging page of each service, https://cloud.google.com/logging/docs/audit/services.
"""

from __future__ import annotations

from typing import Any

from exclave.simulate.gcp.call import Call, Log, Target
from exclave.simulate.gcp.traffic import targets

_TYPE = "type.googleapis.com/"


def calls() -> tuple[Call, ...]:
    """Reads and changes."""
    return (*_secrets(), *_kubernetes(), *_deployments(), *_databases(), *_messages(), *_reads())


def _grpc(by: str, service: str, method: str, name: str, weight: float, **more: Any) -> Call:
    """A call of a service whose records have no monitored resource of their own."""
    request = more.pop("request", {})
    kind = method.rpartition(".")[2]
    package = method.rpartition(".")[0].rpartition(".")[0]
    return Call(
        by=by,
        service=service,
        method=method,
        target=more.pop("target", None) or targets.audited(service, method, name),
        weight=weight,
        request={"@type": f"{_TYPE}{package}.{kind}Request", **request},
        **more,
    )


def _secrets() -> tuple[Call, ...]:
    secret = "projects/@@number@@/secrets/@@pick:secret@@"  # noqa: S105 - a name
    version = f"{secret}/versions/latest"
    key = "projects/@@project@@/locations/@@region@@/keyRings/main/cryptoKeys/data"
    manager = "google.cloud.secretmanager.v1.SecretManagerService."
    return (
        _grpc(
            "workload",
            "secretmanager",
            f"{manager}AccessSecretVersion",
            version,
            5,
            log=Log.DATA,
            permissions=("secretmanager.versions.access",),
            request={"name": version},
        ),
        _grpc(
            "pipeline",
            "secretmanager",
            f"{manager}AddSecretVersion",
            secret,
            0.2,
            permissions=("secretmanager.versions.add",),
            request={"parent": secret},
        ),
        _grpc(
            "workload",
            "cloudkms",
            "Decrypt",
            key,
            3,
            log=Log.DATA,
            permissions=("cloudkms.cryptoKeyVersions.useToDecrypt",),
            target=Target(
                name=key,
                kind="cloudkms_cryptokey",
                labels={"crypto_key_id": "data", "key_ring_id": "main", "location": "@@region@@"},
            ),
            request={"name": key},
        ),
        _grpc(
            "person",
            "iamcredentials",
            "GenerateAccessToken",
            "projects/-/serviceAccounts/@@pick:account@@",
            1,
            log=Log.DATA,
            permissions=("iam.serviceAccounts.getAccessToken",),
            target=targets.account(),
            request={
                "name": "projects/-/serviceAccounts/@@pick:account@@",
                "scope": ["https://www.googleapis.com/auth/cloud-platform"],
            },
        ),
    )


def _kubernetes() -> tuple[Call, ...]:
    cluster = {"cluster_name": "main", "location": "@@region@@"}

    def resource(path: str) -> Target:
        return Target(name=path, kind="k8s_cluster", labels=cluster)

    def call(by: str, method: str, path: str, weight: float, log: Log, verb: str) -> Call:
        return Call(
            by=by,
            service="k8s.io",
            method=f"io.k8s.{method}",
            target=resource(path),
            weight=weight,
            log=log,
            permissions=(f"io.k8s.{method}@{path}",),
            labels={
                "authorization.k8s.io/decision": "allow",
                "authorization.k8s.io/reason": f'RBAC: allowed by ClusterRoleBinding "{verb}"',
            },
        )

    pods = "core/v1/namespaces/@@pick:dataset@@/pods"
    return (
        call("kubernetes", "core.v1.pods.list", pods, 6, Log.DATA, "reader"),
        call("kubernetes", "core.v1.pods.create", f"{pods}/web-@@hex1@@", 5, Log.ACTIVITY, "controllers"),
        call("kubernetes", "core.v1.pods.delete", f"{pods}/web-@@hex1@@", 4, Log.ACTIVITY, "controllers"),
        call(
            "kubernetes",
            "core.v1.endpoints.update",
            "core/v1/namespaces/@@pick:dataset@@/endpoints/web",
            8,
            Log.ACTIVITY,
            "controllers",
        ),
        call(
            "pipeline",
            "apps.v1.deployments.patch",
            "apps/v1/namespaces/@@pick:dataset@@/deployments/web",
            1.5,
            Log.ACTIVITY,
            "deployers",
        ),
    )


def _deployments() -> tuple[Call, ...]:
    run = "namespaces/@@project@@/services/@@pick:dataset@@-web"
    build = "projects/@@project@@/builds/@@uuid:build@@"
    artefacts = "projects/@@tooling@@/locations/@@region@@/repositories/images"
    return (
        _grpc(
            "pipeline",
            "run",
            "google.cloud.run.v1.Services.ReplaceService",
            run,
            0.8,
            permissions=("run.services.update",),
            target=Target(
                name=run,
                kind="cloud_run_revision",
                labels={"service_name": "web", "location": "@@region@@", "revision_name": ""},
            ),
        ),
        _grpc(
            "pipeline",
            "cloudbuild",
            "google.devtools.cloudbuild.v1.CloudBuild.CreateBuild",
            build,
            0.6,
            permissions=("cloudbuild.builds.create",),
            request={
                "projectId": "@@project@@",
                "build": {
                    "steps": [{"name": "gcr.io/cloud-builders/docker", "args": ["build", "-t", "web", "."]}],
                    "logsBucket": "gs://@@number@@.cloudbuild-logs.googleusercontent.com",
                },
            },
        ),
        _grpc(
            "agent:gke",
            "artifactregistry",
            "Docker-GetManifest",
            artefacts,
            3,
            log=Log.DATA,
            permissions=("artifactregistry.repositories.downloadArtifacts",),
        ),
        _grpc(
            "pipeline",
            "serviceusage",
            "google.api.serviceusage.v1.ServiceUsage.EnableService",
            "projects/@@number@@/services/storagetransfer.googleapis.com",
            0.05,
            permissions=("serviceusage.services.enable",),
            request={"name": "projects/@@number@@/services/storagetransfer.googleapis.com"},
        ),
    )


def _databases() -> tuple[Call, ...]:
    database = Target(
        name="projects/@@project@@/instances/@@pick:database@@",
        kind="cloudsql_database",
        labels={"database_id": "@@project@@:@@pick:database@@", "region": "@@region@@"},
    )

    def call(by: str, method: str, weight: float, request: dict[str, Any], log: Log = Log.ACTIVITY) -> Call:
        return Call(
            by=by,
            service="cloudsql",
            method=method,
            target=database,
            weight=weight,
            log=log,
            permissions=(method,),
            request={"project": "@@project@@", "instance": "@@pick:database@@", **request},
        )

    return (
        call("workload", "cloudsql.instances.connect", 3, {}, Log.DATA),
        call(
            "pipeline",
            "cloudsql.instances.update",
            0.15,
            {"body": {"settings": {"tier": "db-custom-4-16384"}}},
        ),
        call("pipeline", "cloudsql.backupRuns.create", 0.1, {}),
        call(
            "pipeline",
            "cloudsql.instances.export",
            0.06,
            {
                "body": {
                    "exportContext": {"fileType": "SQL", "uri": "gs://@@pick:bucket@@/dumps/@@day@@.sql.gz"}
                }
            },
        ),
    )


def _messages() -> tuple[Call, ...]:
    topic = "projects/@@project@@/topics/@@pick:table@@"
    subscription = "projects/@@project@@/subscriptions/@@pick:table@@-@@int:1:90@@"
    return (
        _grpc(
            "pipeline",
            "pubsub",
            "google.pubsub.v1.Publisher.CreateTopic",
            topic,
            0.1,
            permissions=("pubsub.topics.create",),
            request={"name": topic},
        ),
        _grpc(
            "pipeline",
            "pubsub",
            "google.pubsub.v1.Subscriber.CreateSubscription",
            subscription,
            0.1,
            permissions=("pubsub.subscriptions.create",),
            request={"name": subscription, "topic": topic, "ackDeadlineSeconds": 60},
        ),
    )


def _reads() -> tuple[Call, ...]:
    asset = "google.cloud.asset.v1.AssetService."
    logging = "google.logging.v2.LoggingServiceV2."
    return (
        _grpc(
            "person",
            "logging",
            f"{logging}ListLogEntries",
            "projects/@@project@@",
            1.5,
            log=Log.DATA,
            permissions=("logging.logEntries.list",),
            request={
                "resourceNames": ["projects/@@project@@"],
                "filter": 'protoPayload.methodName="v1.compute.images.setIamPolicy" AND severity>=NOTICE',
            },
        ),
        _grpc(
            "vendor",
            "cloudasset",
            f"{asset}SearchAllResources",
            "projects/@@project@@",
            1,
            log=Log.DATA,
            permissions=("cloudasset.assets.searchAllResources",),
            request={"scope": "projects/@@project@@"},
        ),
        _grpc(
            "pipeline",
            "cloudresourcemanager",
            "GetIamPolicy",
            "projects/@@project@@",
            2,
            log=Log.DATA,
            permissions=("resourcemanager.projects.getIamPolicy",),
            target=targets.project(),
        ),
    )
