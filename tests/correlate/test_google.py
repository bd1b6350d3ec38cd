"""What belongs together in Google Cloud's logs, where one identity's name stands on all that it does."""

from __future__ import annotations

from datetime import timedelta

from exclave.correlate.report import report
from exclave.detect.match import match
from exclave.detect.result import ScanResult, merge
from exclave.model import Kind, Signal, Transfer
from exclave.perimeter import Perimeter
from tests import gcp
from tests.correlate.build import CATALOGUE, INDEX, START

PERIMETER = Perimeter(
    seen={Kind.PROJECT: {gcp.PROJECT: "its audit log is among these logs", "123456": "its number"}}
)
RUNNER = f"runner@{gcp.PROJECT}.iam.gserviceaccount.com"
IMAGE = f"projects/{gcp.PROJECT}/global/images/db"
THIEF = "eve@elsewhere-1.iam.gserviceaccount.com"


def act(minute, method, service, *, who=RUNNER, key="", ip="203.0.113.66", **payload):
    identity = {"principalEmail": who}
    if key:
        identity["serviceAccountKeyName"] = (
            f"//iam.googleapis.com/projects/p/serviceAccounts/{who}/keys/{key}"
        )
    return gcp.event(
        method,
        f"{service}.googleapis.com",
        authenticationInfo=identity,
        requestMetadata={"callerIp": ip},
        timestamp=(START + timedelta(minutes=minute)).isoformat(),
        insertId=f"{minute}-{method}",
        **payload,
    )


def share(minute, **more):
    policy = {"bindings": [{"role": "roles/compute.imageUser", "members": [f"serviceAccount:{THIEF}"]}]}
    return act(
        minute,
        "v1.compute.images.setIamPolicy",
        "compute",
        resourceName=IMAGE,
        request={"policy": policy},
        **more,
    )


def key_made(minute, mail, name="", **more):
    response = {"name": f"projects/p/serviceAccounts/{mail}/keys/{name}"} if name else {}
    return act(
        minute,
        "google.iam.admin.v1.CreateServiceAccountKey",
        "iam",
        resource={"type": "service_account", "labels": {"email_id": mail, "project_id": gcp.PROJECT}},
        response=response,
        **more,
    )


def bucket(minute, member, name="payroll", *, action="ADD", **more):
    delta = {"bindingDeltas": [{"action": action, "role": "roles/storage.objectViewer", "member": member}]}
    return act(
        minute,
        "storage.setIamPermissions",
        "storage",
        resourceName=f"projects/_/buckets/{name}",
        serviceData={"policyDelta": delta},
        **more,
    )


def incident(*events):
    found = [f for event in events for f in match(event, INDEX)]
    result = merge(
        [
            ScanResult(
                transfers=tuple(f for f in found if isinstance(f, Transfer)),
                signals=tuple(f for f in found if isinstance(f, Signal)),
            )
        ]
    )
    (one,) = report(result, CATALOGUE, PERIMETER).incidents
    return [(s.method, s.actor.id) for s in (*one.transfers, *one.signals)]


def test_how_a_key_was_made_is_told_however_long_ago_and_what_else_that_hand_did():
    told = incident(
        key_made(0, RUNNER, "k2", who=f"deploy@{gcp.PROJECT}.iam.gserviceaccount.com", key="k1"),
        act(
            60 * 24 * 9,
            "v1.compute.projects.setCommonInstanceMetadata",
            "compute",
            who=f"deploy@{gcp.PROJECT}.iam.gserviceaccount.com",
            key="k1",
        ),
        share(60 * 24 * 9 + 5, key="k2"),
    )
    assert [method for method, _ in told] == [
        "gcp.compute.image-share",
        "gcp.iam.key-created",
        "gcp.iam.machine-access",
    ]


def test_a_key_of_another_account_is_no_part_of_it():
    told = incident(
        key_made(0, f"other@{gcp.PROJECT}.iam.gserviceaccount.com", "k9", who="dana@ours.example"),
        share(9, key="k2"),
    )
    assert [method for method, _ in told] == ["gcp.compute.image-share"]


def test_a_key_whose_id_was_left_out_is_known_by_its_account():
    told = incident(key_made(0, RUNNER, who="dana@ours.example"), share(9, key="k2"))
    assert ("gcp.iam.key-created", "dana@ours.example") in told


def test_who_acts_as_a_service_account_is_the_same_hand():
    delegated = {
        "principalEmail": RUNNER,
        "serviceAccountDelegationInfo": [{"firstPartyPrincipal": {"principalEmail": "dana@ours.example"}}],
    }
    shared = share(9)
    shared = gcp.event(
        "v1.compute.images.setIamPolicy",
        resourceName=IMAGE,
        request=shared.fields["protoPayload"]["request"],
        timestamp=(START + timedelta(minutes=9)).isoformat(),
        authenticationInfo=delegated,
        requestMetadata={"callerIp": "203.0.113.66"},
    )
    token = act(
        5,
        "GenerateAccessToken",
        "iamcredentials",
        who="dana@ours.example",
        request={"name": f"projects/-/serviceAccounts/{RUNNER}"},
    )
    assert [method for method, _ in incident(token, shared)] == [
        "gcp.compute.image-share",
        "gcp.storage.signed-as-account",
    ]


def test_a_workload_that_goes_on_while_its_key_is_misused_is_no_part_of_it():
    ordinary = act(5, "v1.compute.projects.setCommonInstanceMetadata", "compute", ip="10.16.0.9")
    assert [method for method, _ in incident(ordinary, share(9, key="k2"))] == ["gcp.compute.image-share"]


def transfer_job(minute):
    spec = {"gcsDataSource": {"bucketName": "payroll"}, "gcsDataSink": {"bucketName": "loot"}}
    return act(
        minute,
        "google.storagetransfer.v1.StorageTransferService.CreateTransferJob",
        "storagetransfer",
        resourceName="transferJobs/1",
        request={"transferJob": {"transferSpec": spec}},
    )


AGENT = "serviceAccount:project-123456@storage-transfer-service.iam.gserviceaccount.com"


def test_a_bucket_opened_to_googles_agent_before_a_transfer_is_told():
    told = incident(bucket(0, AGENT), transfer_job(5))
    assert [method for method, _ in told] == ["gcp.storage.bucket-share", "gcp.storagetransfer.job"]


def test_another_bucket_other_hands_and_our_own_people_are_not():
    told = incident(
        bucket(0, AGENT, "other"),
        bucket(1, AGENT, who="dana@ours.example"),
        bucket(2, f"serviceAccount:etl@{gcp.PROJECT}.iam.gserviceaccount.com"),
        transfer_job(5),
    )
    assert [method for method, _ in told] == ["gcp.storagetransfer.job"]


def reads(minute, number):
    return act(
        minute,
        "storage.objects.get",
        "storage",
        who=f"project-{number}@storage-transfer-service.iam.gserviceaccount.com",
        ip="private",
        resourceName="projects/_/buckets/payroll/objects/o",
        log="data_access",
    )


def test_a_transfer_job_of_somebody_elses_project_is_known_by_its_agent():
    stranger = "serviceAccount:project-999999@storage-transfer-service.iam.gserviceaccount.com"
    told = incident(bucket(0, stranger), reads(9, "999999"), reads(8, "123456"))
    assert told == [
        ("gcp.storage.bucket-share", RUNNER),
        (
            "gcp.storage.read-from-elsewhere",
            "project-999999@storage-transfer-service.iam.gserviceaccount.com",
        ),
    ]


def test_taking_back_what_was_offered_is_told_and_taking_back_something_else_is_not():
    admin = {"who": "dana@ours.example", "ip": "198.51.100.7", "action": "REMOVE"}
    told = incident(
        bucket(0, "allUsers", **admin),
        bucket(9, f"serviceAccount:{THIEF}"),
        bucket(30, f"serviceAccount:{THIEF}", **admin),
    )
    assert told == [("gcp.storage.bucket-share", RUNNER), ("gcp.storage.bucket-share", "dana@ours.example")]
