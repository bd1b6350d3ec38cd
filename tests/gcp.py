"""Audit records of Google Cloud for tests."""

from __future__ import annotations

from typing import Any

from exclave.formats import gcp_audit
from exclave.model import Event, Evidence

PROJECT = "our-project"
TYPE = "type.googleapis.com/google.cloud.audit.AuditLog"


def entry(
    method: str, service: str = "compute.googleapis.com", *, log: str = "activity", **payload: Any
) -> dict[str, Any]:
    """A LogEntry of our project, by Dana."""
    more = {k: payload.pop(k) for k in ("insertId", "operation", "timestamp", "resource") if k in payload}
    return {
        "insertId": "i1",
        "logName": f"projects/{PROJECT}/logs/cloudaudit.googleapis.com%2F{log}",
        "timestamp": "2026-03-04T05:06:07.123456789Z",
        "severity": "NOTICE",
        "resource": {"type": "audited_resource", "labels": {"project_id": PROJECT}},
        "protoPayload": {
            "@type": TYPE,
            "serviceName": service,
            "methodName": method,
            "authenticationInfo": {"principalEmail": "dana@ours.example"},
            "requestMetadata": {"callerIp": "198.51.100.7"},
            **payload,
        },
        **more,
    }


def event(
    method: str = "v1.compute.images.setIamPolicy", service: str = "compute.googleapis.com", **payload: Any
) -> Event:
    """A record, read."""
    return gcp_audit.event(entry(method, service, **payload), Evidence(file="test", record=1))
