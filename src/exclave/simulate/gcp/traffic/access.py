"""Access inside the organisation: roles for our people, our groups, our service accounts and Google's agents.

A policy is set in several spellings: by its change (`serviceData.policyDelta`), or whole in the request. See
https://cloud.google.com/iam/docs/audit-logging and https://cloud.google.com/resource-manager/docs/audit-logging.
"""

from __future__ import annotations

from typing import Any

from exclave.simulate.gcp import records
from exclave.simulate.gcp.call import Call, Target
from exclave.simulate.gcp.traffic import targets

_TYPE = "type.googleapis.com/"
AGENTS = (
    "serviceAccount:service-@@number@@@gcp-sa-pubsub.iam.gserviceaccount.com",
    "serviceAccount:service-@@number@@@container-engine-robot.iam.gserviceaccount.com",
    "serviceAccount:@@number@@@cloudservices.gserviceaccount.com",
)


def calls() -> tuple[Call, ...]:
    """Projects, service accounts, keys, and what stands above projects."""
    return (*_projects(), *_accounts(), *_organisation())


def _projects() -> tuple[Call, ...]:
    def granted(weight: float, *changes: tuple[str, str, str], by: str = "pipeline") -> Call:
        members = [{"role": role, "members": [member]} for action, role, member in changes if action == "ADD"]
        return Call(
            by=by,
            service="cloudresourcemanager",
            method="SetIamPolicy",
            target=targets.project(),
            weight=weight,
            permissions=("resourcemanager.projects.setIamPolicy",),
            request={
                "@type": f"{_TYPE}google.iam.v1.SetIamPolicyRequest",
                "resource": "@@project@@",
                "policy": {"bindings": members, "etag": "@@etag@@"},
            },
            service_data=records.delta(*changes),
        )

    return (
        granted(0.1, ("ADD", "roles/viewer", "user:@@pick:person@@")),
        granted(0.1, ("ADD", "roles/bigquery.dataViewer", "group:@@pick:group@@"), by="person"),
        granted(0.1, ("REMOVE", "roles/editor", "user:@@pick:person@@")),
        granted(0.1, ("ADD", "roles/storage.objectViewer", "serviceAccount:@@pick:account@@")),
        granted(0.05, ("ADD", "roles/storage.objectViewer", "serviceAccount:@@peeraccount@@")),
        *(granted(0.03, ("ADD", "roles/pubsub.publisher", agent)) for agent in AGENTS),
    )


def _accounts() -> tuple[Call, ...]:
    made = "job-@@hex1@@@@@project@@.iam.gserviceaccount.com"
    admin = "google.iam.admin.v1."

    def call(by: str, method: str, target: Target, weight: float, permission: str, **more: Any) -> Call:
        request = {"@type": f"{_TYPE}{admin}{method}Request", **more.pop("request", {})}
        return Call(
            by=by,
            service="iam",
            method=admin + method,
            target=target,
            weight=weight,
            permissions=(permission,),
            request=request,
            **more,
        )

    key = f"projects/@@project@@/serviceAccounts/{made}/keys/@@hex2@@@@hex3@@"
    return (
        call(
            "pipeline",
            "CreateServiceAccount",
            targets.account(made),
            0.06,
            "iam.serviceAccounts.create@projects/@@project@@",
            request={"name": "projects/@@project@@", "account_id": "job-@@hex1@@"},
            response={"@type": f"{_TYPE}{admin}ServiceAccount", "email": made},
        ),
        call(
            "person",
            "CreateServiceAccountKey",
            targets.account(made),
            0.01,
            "iam.serviceAccountKeys.create",
            request={"name": f"projects/-/serviceAccounts/{made}", "private_key_type": 2},
            response={"@type": f"{_TYPE}{admin}ServiceAccountKey", "name": key, "private_key_type": 2},
        ),
        call(
            "person",
            "DeleteServiceAccountKey",
            targets.account(made),
            0.01,
            "iam.serviceAccountKeys.delete",
            request={"name": key},
        ),
        call(
            "pipeline",
            "SetIAMPolicy",
            targets.account(),
            0.05,
            "iam.serviceAccounts.setIamPolicy",
            request={"resource": "projects/@@project@@/serviceAccounts/@@pick:account@@"},
            service_data=records.delta(
                ("ADD", "roles/iam.workloadIdentityUser", "serviceAccount:@@project@@.svc.id.goog[web/web]"),
                ("ADD", "roles/iam.serviceAccountTokenCreator", "group:@@pick:group@@"),
            ),
        ),
    )


def _organisation() -> tuple[Call, ...]:
    """In the log of the organisation itself."""
    organisation = Target(
        name="organizations/@@org@@", kind="organization", labels={"organization_id": "@@org@@"}
    )
    return (
        Call(
            by="person",
            service="cloudresourcemanager",
            method="SetIamPolicy",
            target=organisation,
            weight=0.03,
            scope="organizations/@@org@@",
            role="tooling",
            permissions=("resourcemanager.organizations.setIamPolicy",),
            service_data=records.delta(("ADD", "roles/browser", "domain:@@domain@@")),
        ),
        Call(
            by="person",
            service="admin",
            method="google.admin.AdminService.addGroupMember",
            target=Target(
                name="organizations/@@org@@/groupSettings",
                kind="audited_resource",
                labels={
                    "method": "google.admin.AdminService.addGroupMember",
                    "service": "admin.googleapis.com",
                },
            ),
            weight=0.05,
            scope="organizations/@@org@@",
            role="tooling",
            metadata={
                "@type": f"{_TYPE}ccc_hosted_reporting.ActivityProto",
                "event": [
                    {
                        "eventName": "ADD_GROUP_MEMBER",
                        "eventType": "GROUP_SETTINGS",
                        "parameter": [
                            {"name": "USER_EMAIL", "label": "LABEL_OPTIONAL", "value": "@@pick:person@@"},
                            {"name": "GROUP_EMAIL", "label": "LABEL_OPTIONAL", "value": "@@pick:group@@"},
                        ],
                    }
                ],
            },
        ),
    )
