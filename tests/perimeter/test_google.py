"""Whose a name of Google Cloud is, and what the judge makes of it."""

from __future__ import annotations

import pytest

from exclave.model import Cloud, Destination, Kind, Verdict
from exclave.perimeter import Entry, EntryKind, Perimeter
from exclave.perimeter.google import bucket_name, domain_of, is_agent, project_of_member, relative_name


@pytest.mark.parametrize(
    ("mail", "project", "agent"),
    [
        ("x@p-1.iam.gserviceaccount.com", "p-1", False),
        ("serviceAccount:x@p-1.iam.gserviceaccount.com", "p-1", False),
        ("x@p-1.elsewhere.example.iam.gserviceaccount.com", "elsewhere.example:p-1", False),
        ("p-1@appspot.gserviceaccount.com", "p-1", False),
        ("123456-compute@developer.gserviceaccount.com", "123456", False),
        ("123456@cloudservices.gserviceaccount.com", "123456", True),
        ("service-123456@gcp-sa-pubsub.iam.gserviceaccount.com", "123456", True),
        ("project-123456@storage-transfer-service.iam.gserviceaccount.com", "123456", True),
        ("p123456-fquvzs@gcp-sa-cloud-sql.iam.gserviceaccount.com", "123456", True),  # of one instance
        ("service-123456@p-1.iam.gserviceaccount.com", "p-1", False),  # anybody may call his account so
        (
            "principal://iam.googleapis.com/projects/123456/locations/global/workloadIdentityPools/p/subject/s",
            "123456",
            False,
        ),
        ("serviceAccount:p-1.svc.id.goog[web/reader]", "p-1", False),  # of a cluster in the project
        ("dana@ours.example", "", False),
    ],
)
def test_a_service_account_tells_its_project(mail, project, agent):
    assert (project_of_member(mail), is_agent(mail)) == (project, agent)


def test_only_people_and_groups_have_a_domain():
    assert domain_of("user:Dana@Ours.example") == "ours.example"
    assert domain_of("x@p-1.iam.gserviceaccount.com") == ""
    assert domain_of("principal://iam.googleapis.com/projects/1/subject/dana@ours.example") == ""


def test_names_lose_host_and_version():
    assert (
        relative_name("https://www.googleapis.com/compute/v1/projects/p/zones/z/disks/d")
        == "projects/p/zones/z/disks/d"
    )
    assert relative_name("//bigquery.googleapis.com/projects/p/datasets/d") == "projects/p/datasets/d"
    assert relative_name("gs://bucket/object") == "gs://bucket/object"
    assert bucket_name("//storage.googleapis.com/projects/_/buckets/b/objects/o") == "b"
    assert bucket_name("b") == "b"


SEEN = Perimeter(
    seen={
        Kind.PROJECT: {"our-project": "its audit log is among these logs", "123456": "its number"},
        Kind.DOMAIN: {"ours.example": "users of it changed things in our projects, since then"},
        Kind.BUCKET: {"gs://ours": "the audit log of its own project names it"},
        Kind.PRINCIPAL: {"mal@elsewhere.example": "acted"},
    }
)


@pytest.mark.parametrize(
    ("kind", "identifier", "verdict"),
    [
        (Kind.PROJECT, "our-project", Verdict.SELF),
        (Kind.PROJECT, "p-other", Verdict.EXTERNAL),
        (Kind.PROJECT, "999999", Verdict.EXTERNAL),  # the number of our only project is known
        (Kind.PRINCIPAL, "x@our-project.iam.gserviceaccount.com", Verdict.SELF),
        (Kind.PRINCIPAL, "service-123456@gcp-sa-pubsub.iam.gserviceaccount.com", Verdict.SELF),
        (Kind.PRINCIPAL, "service-123456@p-other.iam.gserviceaccount.com", Verdict.EXTERNAL),
        (Kind.PRINCIPAL, "999999-compute@developer.gserviceaccount.com", Verdict.EXTERNAL),
        (Kind.PRINCIPAL, "lee@ours.example", Verdict.ORGANIZATION),
        (Kind.PRINCIPAL, "eve@elsewhere.example", Verdict.EXTERNAL),
        (Kind.PRINCIPAL, "mal@elsewhere.example", Verdict.EXTERNAL),
        (Kind.PRINCIPAL, "cloud-storage-analytics@google.com", Verdict.TRUSTED),
        (Kind.PRINCIPAL, "cloud-logs@google.com", Verdict.TRUSTED),
        (
            Kind.PRINCIPAL,
            "firebase-service-account@firebase-sa-management.iam.gserviceaccount.com",
            Verdict.TRUSTED,
        ),
        (Kind.PRINCIPAL, "exporter@crashlytics-bigquery-prod.iam.gserviceaccount.com", Verdict.TRUSTED),
        (Kind.PRINCIPAL, "eve@firebase-sa-management-x.iam.gserviceaccount.com", Verdict.EXTERNAL),
        (Kind.PRINCIPAL, "cloud-logs@system.gserviceaccount.com", Verdict.TRUSTED),
        (Kind.PRINCIPAL, "cloud-logs@system.gserviceaccount.com.elsewhere.example", Verdict.EXTERNAL),
        (Kind.DOMAIN, "elsewhere.example", Verdict.EXTERNAL),
        (Kind.BUCKET, "ours", Verdict.SELF),
        (Kind.BUCKET, "loot", Verdict.UNKNOWN),
    ],
)
def test_what_the_logs_show_decides(kind, identifier, verdict):
    destination = Destination(kind=kind, id=identifier, cloud=Cloud.GCP)
    assert SEEN.judge(destination, "our-project").verdict is verdict


def test_a_listed_project_holds_for_its_service_accounts():
    perimeter = Perimeter(entries=(Entry(kind=EntryKind.PROJECT, id="p-other", verdict=Verdict.TRUSTED),))
    mail = Destination(kind=Kind.PRINCIPAL, id="x@p-other.iam.gserviceaccount.com", cloud=Cloud.GCP)
    assert perimeter.judge(mail, "our-project").verdict is Verdict.TRUSTED


def test_a_bucket_of_the_same_name_at_another_cloud_is_not_ours_for_that():
    destination = Destination(kind=Kind.BUCKET, id="ours", cloud=Cloud.AWS)
    assert SEEN.judge(destination, "123456789012").verdict is Verdict.UNKNOWN


def test_a_number_says_nothing_while_one_of_ours_is_not_known():
    perimeter = Perimeter(seen={Kind.PROJECT: {"our-project": "", "our-other": "", "123456": ""}})
    agent = Destination(
        kind=Kind.PRINCIPAL,
        id="project-999999@storage-transfer-service.iam.gserviceaccount.com",
        cloud=Cloud.GCP,
    )
    assert perimeter.judge(agent, "our-project").verdict is Verdict.UNKNOWN
