"""Guards at work: calls that VPC Service Controls refuse, policies that get tighter, sinks and metrics that are made.

Shapes after https://cloud.google.com/vpc-service-controls/docs/audit-logging and
https://cloud.google.com/logging/docs/audit-logging.
"""

from __future__ import annotations

from exclave.simulate.gcp.call import Call, Log, Target
from exclave.simulate.gcp.traffic import targets

_TYPE = "type.googleapis.com/"
_CONFIG = "google.logging.v2.ConfigServiceV2."


def calls() -> tuple[Call, ...]:
    """All of them rare."""
    return (*_refused(), *_policies(), *_logs())


def _refused() -> tuple[Call, ...]:
    bucket = "projects/_/buckets/@@pick:bucket@@"
    violation = {
        "@type": f"{_TYPE}google.cloud.audit.VpcServiceControlAuditMetadata",
        "vpcServiceControlsUniqueId": "@@hex1@@",
        "violationReason": "NO_MATCHING_ACCESS_LEVEL",
        "securityPolicyInfo": {
            "organizationId": "@@org@@",
            "servicePerimeterName": "accessPolicies/@@number@@/servicePerimeters/data",
        },
        "ingressViolations": [
            {
                "targetResource": "projects/@@number@@",
                "servicePerimeter": "accessPolicies/@@number@@/servicePerimeters/data",
            }
        ],
    }
    return (
        Call(
            by="person",
            service="storage",
            method="google.storage.objects.get",
            target=Target(
                name=bucket,
                kind="audited_resource",
                labels={"method": "google.storage.objects.get", "service": "storage.googleapis.com"},
            ),
            weight=0.6,
            log=Log.POLICY,
            code=7,
            message="Request is prohibited by organization's policy. vpcServiceControlsUniqueIdentifier: @@hex1@@",
            metadata=violation,
        ),
    )


def _policies() -> tuple[Call, ...]:
    name = "projects/@@project@@/policies/iam.disableServiceAccountKeyCreation"
    method = "google.cloud.orgpolicy.v2.OrgPolicy.UpdatePolicy"
    return (
        Call(
            by="pipeline",
            service="orgpolicy",
            method=method,
            target=targets.audited("orgpolicy", method, name),
            weight=0.02,
            permissions=("orgpolicy.policy.set",),
            request={
                "@type": f"{_TYPE}google.cloud.orgpolicy.v2.UpdatePolicyRequest",
                "policy": {"name": name, "spec": {"rules": [{"enforce": True}]}},
            },
        ),
    )


def _logs() -> tuple[Call, ...]:
    sink = "projects/@@project@@/sinks/errors-to-bucket"
    described = {
        "name": "errors-to-bucket",
        "destination": "storage.googleapis.com/@@pick:bucket@@",
        "filter": "severity>=ERROR",
        "disabled": False,
    }
    metric = "projects/@@project@@/metrics/denied"

    def call(method: str, name: str, weight: float, request: dict[str, object], kind: str) -> Call:
        return Call(
            by="pipeline",
            service="logging",
            method=method,
            target=Target(
                name=name,
                kind=kind,
                labels={"name": name.rpartition("/")[2], "destination": ""} if kind == "logging_sink" else {},
            ),
            weight=weight,
            permissions=(
                f"logging.{'sinks' if kind == 'logging_sink' else 'logMetrics'}.{'create' if 'Create' in method else 'update'}",
            ),
            request={"@type": f"{_TYPE}google.logging.v2.{method.rpartition('.')[2]}Request", **request},
        )

    return (
        call(
            f"{_CONFIG}CreateSink",
            sink,
            0.02,
            {"parent": "projects/@@project@@", "sink": described, "uniqueWriterIdentity": True},
            "logging_sink",
        ),
        call(
            f"{_CONFIG}UpdateSink",
            sink,
            0.02,
            {"sinkName": sink, "sink": described, "updateMask": "filter"},
            "logging_sink",
        ),
        call(
            "google.logging.v2.MetricsServiceV2.CreateLogMetric",
            metric,
            0.03,
            {
                "parent": "projects/@@project@@",
                "metric": {
                    "name": "denied",
                    "filter": 'protoPayload.methodName="SetIamPolicy" AND status.code=7',
                },
            },
            "metric",
        ),
    )
