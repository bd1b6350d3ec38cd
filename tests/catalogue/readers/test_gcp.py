"""Readers of Google Cloud."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exclave.catalogue.entry import Read
from exclave.catalogue.readers import READERS, gcp
from exclave.model import Kind
from tests.gcp import event

EVENT = event(request={})


def keys(reader, *found, on=EVENT, **more):
    return [d.key for d in READERS[reader](list(found), Read(reader=reader, **more), on)]


@pytest.mark.parametrize(
    ("member", "key"),
    [
        ("user:eve@elsewhere.example", "principal:eve@elsewhere.example"),
        ("group:team@elsewhere.example", "principal:team@elsewhere.example"),
        ("serviceAccount:x@p-1.iam.gserviceaccount.com", "principal:x@p-1.iam.gserviceaccount.com"),
        ("domain:Elsewhere.example", "domain:elsewhere.example"),
        ("allUsers", "public:allUsers"),
        ("ALLAUTHENTICATEDUSERS", "public:allAuthenticatedUsers"),
        ("projectViewer:our-project", "project:our-project"),
        ("eve@elsewhere.example", "principal:eve@elsewhere.example"),
        ("iamMember:user:eve@elsewhere.example", "principal:eve@elsewhere.example"),
        ("principalSet://cloudresourcemanager.googleapis.com/organizations/123", "organization:123"),
        ("principal://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/subject/s",
         "principal:principal://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/subject/s"),
        ("nonsense", "unknown:nonsense"),
    ],
)  # fmt: skip
def test_a_member_is_who_its_type_says(member, key):
    assert keys("gcp-member", member) == [key]


def test_a_deleted_member_is_nobody():
    assert keys("gcp-member", "deleted:user:eve@elsewhere.example?uid=1") == []


def test_a_binding_keeps_role_and_condition():
    binding = {
        "role": "roles/viewer",
        "members": ["allUsers"],
        "condition": {"expression": "request.time < x"},
    }
    (found,) = gcp.bindings([binding], Read(reader="gcp-bindings"), EVENT)
    assert (found.key, found.limits) == ("public:allUsers", ("the condition request.time < x",))
    assert "roles/viewer" in found.note


def test_roles_limit_what_counts():
    binding = {"role": "roles/storage.objectViewer", "members": ["allUsers"]}
    assert keys("gcp-bindings", binding, actions=("roles/storage.*",)) == ["public:allUsers"]
    assert keys("gcp-bindings", binding, actions=("roles/owner",)) == []


def test_deltas_add_and_take_away():
    deltas = [
        {"action": "ADD", "member": "allUsers", "role": "r"},
        {"action": "REMOVE", "member": "user:a@b.example", "role": "r"},
    ]
    assert keys("gcp-added", *deltas) == ["public:allUsers"]
    assert keys("gcp-removed", *deltas) == ["principal:a@b.example"]


def test_the_maker_of_a_thing_is_not_let_in_by_his_own_policy():
    made = event("google.cloud.bigquery.v2.DatasetService.InsertDataset", "bigquery.googleapis.com")
    binding = {
        "role": "roles/bigquery.dataOwner",
        "members": ["user:dana@ours.example", "user:eve@elsewhere.example"],
    }
    assert keys("gcp-bindings", binding, on=made) == ["principal:eve@elsewhere.example"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("projects/p-other/zones/z/disks/d", ["project:p-other"]),
        ("https://www.googleapis.com/compute/v1/projects/p-other/global/networks/n", ["project:p-other"]),
        ("//cloudresourcemanager.googleapis.com/projects/123456", ["project:123456"]),
        ("p-other", ["project:p-other"]),
        ("p-other:dataset", ["project:p-other"]),
        ("p-other.dataset.table", ["project:p-other"]),
        ("bq://p-other.dataset", ["project:p-other"]),
        ("projects/_/buckets/loot/objects/o", ["bucket:loot"]),
        ("projects/-/serviceAccounts/x", ["unknown:projects/-/serviceAccounts/x"]),
        ("*", ["public:*"]),
        ("global/networks/default", []),
    ],
)
def test_a_name_tells_its_project(text, expected):
    assert keys("gcp-project", text) == expected


def test_the_logs_own_project_and_public_images_are_not_foreign():
    own, other, image = (
        "projects/our-project/x/y",
        "projects/p-other/x/y",
        "projects/debian-cloud/global/images/d",
    )
    assert keys("gcp-foreign-project", own, other) == ["project:p-other"]
    assert keys("gcp-source-project", own, other, image) == ["project:p-other"]


@pytest.mark.parametrize(
    "text",
    [
        "gs://Loot/x/y",
        "loot",
        "//storage.googleapis.com/loot",
        "storage.googleapis.com/loot",
        "projects/_/buckets/loot",
    ],
)
def test_a_bucket_is_one_however_it_is_written(text):
    assert keys("gcp-bucket", text) == ["bucket:loot"]


def test_buckets_are_found_in_a_text():
    sql = "EXPORT DATA OPTIONS(uri='gs://loot/*.csv') AS SELECT 'gs://Other'"
    assert keys("gcp-bucket-in-text", sql) == ["bucket:loot", "bucket:other"]


def test_a_copy_inside_its_bucket_goes_nowhere():
    here = event(
        "storage.objects.get",
        "storage.googleapis.com",
        resource={"labels": {"bucket_name": "b", "project_id": "our-project"}},
    )
    assert keys(
        "gcp-copy-target", "projects/_/buckets/b/objects/o", "projects/_/buckets/c/objects/o", on=here
    ) == ["bucket:c"]


def test_a_sinks_destination_is_a_bucket_or_a_project():
    assert keys("gcp-sink", "storage.googleapis.com/loot") == ["bucket:loot"]
    assert keys("gcp-sink", "bigquery.googleapis.com/projects/p-other/datasets/d") == ["project:p-other"]
    assert keys("gcp-sink", "logging.googleapis.com/organizations/12/locations/l/buckets/b") == [
        "organization:12"
    ]


def test_dataset_access_names_people_the_public_and_authorised_things():
    access = [
        {"role": "READER", "specialGroup": "projectReaders"},
        {"role": "READER", "specialGroup": "allAuthenticatedUsers"},
        {"role": "READER", "domain": "elsewhere.example"},
        {"role": "READER", "viewName": {}, "userEmail": "eve@elsewhere.example"},
        {"view": {"projectId": "p-other", "datasetId": "d", "tableId": "v"}},
        {"view": {"projectId": "our-project", "datasetId": "d", "tableId": "v"}},
        {"dataset": {"dataset": {"projectId": "p-third"}}},
    ]
    assert keys("gcp-dataset-access", access) == [
        "public:allAuthenticatedUsers", "domain:elsewhere.example", "principal:eve@elsewhere.example", "project:p-other", "project:p-third",
    ]  # fmt: skip


def test_only_steps_that_export_an_image_count():
    steps = [
        {
            "name": "gcr.io/compute-image-tools/gce_vm_image_export:release",
            "args": ["-destination_uri=gs://loot/d.tar.gz", "-scratch=gs://tmp-1"],
        },
        {"name": "gcr.io/cloud-builders/gsutil", "args": ["cp", "gs://a/b", "gs://destination/c"]},
    ]
    assert keys("gcp-build-export", steps) == ["bucket:loot"]


def test_a_foreign_caller_is_a_service_account_of_another_project():
    def by(mail):
        return event(authenticationInfo={"principalEmail": mail})

    assert keys("gcp-foreign-caller", on=by("x@p-other.iam.gserviceaccount.com")) == [
        "principal:x@p-other.iam.gserviceaccount.com"
    ]
    for mail in (
        "x@our-project.iam.gserviceaccount.com",
        "eve@elsewhere.example",
        "service-1234@gcp-sa-pubsub.iam.gserviceaccount.com",
    ):
        assert keys("gcp-foreign-caller", on=by(mail)) == []


ALL = sorted(name for name in READERS if name.startswith("gcp-"))
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["role", "members", "action", "member", "view", "dataset", "name", "args"]), inner
        )
    ),
    max_leaves=6,
)


@given(st.sampled_from(ALL), st.lists(JUNK, max_size=3))
def test_readers_are_total(name, found):
    for destination in READERS[name](found, Read(reader=name), EVENT):
        assert isinstance(destination.kind, Kind)
