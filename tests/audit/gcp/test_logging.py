from __future__ import annotations

import pytest

from tests.audit.gcp.build import AUDIT, BUCKET, LOGS, SUBNET, look, right, statuses, why
from tests.stubs.gcp import ORG, OTHER, PROJECT, error

CONTROL = "gcp.logging"


def sink(stub):
    return stub.things[f"{ORG}/sinks/all"]


def config(*types, service="allServices", exempted=()):
    return {
        "service": service,
        "auditLogConfigs": [
            {"logType": t, **({"exemptedMembers": list(exempted)} if exempted else {})} for t in types
        ],
    }


def test_each_type_of_data_access_log_is_looked_at():
    stub = right()
    stub.policies[ORG]["auditConfigs"] = [config("ADMIN_READ", "DATA_WRITE")]
    assert why(CONTROL, stub, ORG) == "fail: DATA_READ logs are not on for all services"
    assert statuses(CONTROL, stub)[PROJECT] == "fail"


def test_one_service_is_not_all():
    stub = right()
    stub.policies[ORG]["auditConfigs"] = [
        config("ADMIN_READ", "DATA_READ", "DATA_WRITE", service="storage.googleapis.com")
    ]
    assert "only those of storage.googleapis.com" in why(CONTROL, stub, ORG)


@pytest.mark.parametrize(
    ("parent", "failing"), [(ORG, {ORG, PROJECT, OTHER}), (f"projects/{PROJECT}", {PROJECT})]
)
def test_exempted_members_count_wherever_they_are_exempted(parent, failing):
    stub = right()
    extra = config("DATA_READ", service="bigquery.googleapis.com", exempted=["user:mallory@ours.example"])
    stub.policies[parent]["auditConfigs"] = [*(AUDIT if parent == ORG else []), extra]
    assert {a for a, s in statuses(CONTROL, stub).items() if s == "fail"} == failing
    assert "leave out user:mallory@ours.example of bigquery.googleapis.com" in why(CONTROL, stub)


def test_folders_over_a_project_count():
    stub = right()
    stub.folders = {PROJECT: ["77", "78"]}
    extra = config("DATA_READ", service="storage.googleapis.com", exempted=["user:mallory@ours.example"])
    stub.policies["folders/78"] = {"version": 1, "etag": "e0", "bindings": [], "auditConfigs": [extra]}
    assert statuses(CONTROL, stub) == {ORG: "pass", PROJECT: "fail", OTHER: "pass"}
    assert "leave out user:mallory@ours.example of storage.googleapis.com" in why(CONTROL, stub)
    stub.policies["folders/78"]["auditConfigs"] = stub.policies[ORG].pop("auditConfigs")
    assert statuses(CONTROL, stub) == {ORG: "fail", PROJECT: "pass", OTHER: "fail"}
    stub.fail("folders/77:getIamPolicy", 403, error(403))
    check = look(CONTROL, stub)[PROJECT]
    assert (check.status.value, check.missing) == (
        "could-not-look",
        ("resourcemanager.folders.getIamPolicy",),
    )


def test_a_project_may_switch_them_on_for_itself():
    stub = right()
    del stub.policies[ORG]["auditConfigs"]
    stub.policies[f"projects/{PROJECT}"]["auditConfigs"] = AUDIT
    assert statuses(CONTROL, stub) == {ORG: "fail", PROJECT: "pass", OTHER: "fail"}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"disabled": True}, "it is disabled"),
        ({"includeChildren": False}, "it leaves out the projects"),
        ({"filter": 'log_id("cloudaudit.googleapis.com/activity")'}, "leaves out data_access audit logs"),
        ({"filter": "severity>=ERROR"}, "leaves out activity audit logs"),
        ({"filter": 'logName:"cloudaudit" AND NOT protoPayload.authenticationInfo.principalEmail="mallory@ours.example"'}, "leaves out activity"),
        ({"filter": 'logName:"cloudaudit" AND protoPayload.authenticationInfo.principalEmail!~"gserviceaccount"'}, "leaves out activity"),
        ({"filter": 'logName:"cloudaudit" AND NOT resource.labels.project_id="our-project"'}, "leaves out"),
        ({"filter": 'logName:"cloudaudit" AND NOT protoPayload.resourceName:"projects/_/buckets/secret"'}, "leaves out activity"),
        ({"filter": 'logName:"cloudaudit" AND NOT protoPayload.serviceName="secretmanager.googleapis.com"'}, "leaves out activity"),
        ({"filter": 'logName:"cloudaudit" AND NOT protoPayload.status.code=7'}, "leaves out activity"),
        ({"exclusions": [{"name": "place", "filter": 'resource.labels.bucket_name="secret"'}]}, "its exclusion place takes away"),
        ({"exclusions": [{"name": "third", "filter": f'resource.labels.project_id="{OTHER}"'}]}, "its exclusion third takes away"),
        ({"filter": "((("}, "its filter could not be read"),
        ({"exclusions": [{"name": "reads", "filter": 'log_id("cloudaudit.googleapis.com/data_access")'}]}, "its exclusion reads takes away data_access"),
        ({"exclusions": [{"name": "sampled", "filter": 'protoPayload.methodName="storage.objects.get" AND sample(insertId, 0.9)'}]}, "its exclusion sampled"),
        ({"exclusions": [{"name": "his", "filter": 'protoPayload.authenticationInfo.principalEmail="mallory@ours.example"'}]}, "its exclusion his"),
        ({"destination": "logging.googleapis.com/projects/evil-project/locations/global/buckets/b"}, "not known to be ours"),
        ({"destination": "bigquery.googleapis.com/projects/our-project/datasets/logs"}, "nothing can be locked"),
        ({"destination": "storage.googleapis.com/evil-bucket"}, "not known to be ours"),
    ],
)  # fmt: skip
def test_a_sink_that_is_subtly_wrong_fails(change, reason):
    stub = right()
    sink(stub).update(change)
    said = why(CONTROL, stub, ORG)
    assert said.startswith("fail: sink all")
    assert reason in said


def test_an_exclusion_that_is_off_or_spares_audit_logs_does_no_harm():
    stub = right()
    sink(stub)["exclusions"] = [
        {"name": "off", "filter": "", "disabled": True},
        {"name": "proxy", "filter": 'log_id("requests") AND resource.type="http_load_balancer"'},
    ]
    assert statuses(CONTROL, stub)[ORG] == "pass"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"locked": False}, "is not locked"),
        ({"retentionDays": 30}, "keeps entries for 30 days"),
        ({"lifecycleState": "DELETE_REQUESTED"}, "is being deleted"),
    ],
)
def test_the_log_bucket_must_keep_what_it_gets(change, reason):
    stub = right()
    stub.things[BUCKET].update(change)
    assert reason in why(CONTROL, stub, ORG)


def test_a_log_bucket_that_is_gone():
    stub = right()
    del stub.things[BUCKET]
    assert "which doesn't exist" in why(CONTROL, stub, ORG)
    assert statuses(CONTROL, stub)[ORG] == "fail"


def test_a_log_bucket_that_nobody_recorded_could_not_be_looked_at():
    stub = right()
    stub.fail(f"projects/{LOGS}/locations/-/buckets", 403, error(403))
    assert statuses(CONTROL, stub)[ORG] == "could-not-look"


def test_a_bucket_of_cloud_storage_needs_a_locked_policy():
    stub = right()
    sink(stub)["destination"] = "storage.googleapis.com/ours-logs"
    stub.put(
        "buckets/ours-logs",
        {
            "name": "ours-logs",
            "project": LOGS,
            "retentionPolicy": {"retentionPeriod": "31536000", "isLocked": True},
        },
    )
    assert statuses(CONTROL, stub)[ORG] == "pass"
    stub.things["buckets/ours-logs"]["retentionPolicy"]["isLocked"] = False
    assert "is not locked" in why(CONTROL, stub, ORG)
    stub.things["buckets/ours-logs"]["retentionPolicy"] = {"retentionPeriod": "86400", "isLocked": True}
    assert "retains objects for 1 days" in why(CONTROL, stub, ORG)


def test_one_good_sink_beside_a_bad_one_is_enough():
    stub = right()
    stub.things[f"{ORG}/sinks/some"] = {**sink(stub), "name": "some", "filter": "severity>=ERROR"}
    assert statuses(CONTROL, stub)[ORG] == "pass"


@pytest.mark.parametrize("parent", [ORG, f"projects/{PROJECT}"])
def test_an_exclusion_of_audit_logs_fails_where_it_stands(parent):
    stub = right()
    stub.things[f"{parent}/exclusions/quiet"] = {
        "name": "quiet",
        "filter": 'protoPayload.methodName="SetIamPolicy"',
    }
    account = parent.removeprefix("projects/")
    assert {a for a, s in statuses(CONTROL, stub).items() if s == "fail"} == {account}
    assert "exclusion quiet" in why(CONTROL, stub, account)
    stub.things[f"{parent}/exclusions/quiet"]["disabled"] = True
    assert set(statuses(CONTROL, stub).values()) == {"pass"}


@pytest.mark.parametrize(
    ("config_", "status"),
    [
        ({"enable": False}, "fail"),
        (None, "fail"),
        ({"enable": True, "flowSampling": 0}, "fail"),
        ({"enable": True, "filterExpr": "inIpRange(connection.src_ip, '10.0.0.0/8')"}, "fail"),
        ({"enable": True, "flowSampling": 0.01}, "partial"),
        ({"enable": True}, "pass"),
    ],
)
def test_subnets_need_flow_logs(config_, status):
    stub = right()
    data = stub.assets[PROJECT][0]["resource"]["data"]
    data["logConfig"] = config_
    assert statuses(CONTROL, stub)[PROJECT] == status


FLOWS = f"projects/{PROJECT}/locations/global/vpcFlowLogsConfigs"


@pytest.mark.parametrize(
    ("config_", "status"),
    [
        ({"subnet": SUBNET}, "pass"),
        ({"subnet": SUBNET, "state": "ENABLED", "flowSampling": 1.0}, "pass"),
        ({"network": f"projects/{PROJECT}/global/networks/n"}, "pass"),
        ({"network": f"projects/{PROJECT}/global/networks/other"}, "fail"),
        ({"subnet": SUBNET + "2"}, "fail"),
        ({"subnet": SUBNET, "state": "DISABLED"}, "fail"),
        ({"subnet": SUBNET, "targetResourceState": "TARGET_RESOURCE_DOES_NOT_EXIST"}, "fail"),
        ({"subnet": SUBNET, "filterExpr": "inIpRange(connection.src_ip, '10.0.0.0/8')"}, "fail"),
        ({"subnet": SUBNET, "flowSampling": 0.1}, "partial"),
        ({"vpnTunnel": f"projects/{PROJECT}/regions/europe-west1/vpnTunnels/t"}, "fail"),
    ],
)
def test_flow_logs_may_be_switched_on_beside_the_subnet(config_, status):
    stub = right()
    data = stub.assets[PROJECT][0]["resource"]["data"]
    data["logConfig"] = {"enable": False}
    data["network"] = f"https://www.googleapis.com/compute/v1/projects/{PROJECT}/global/networks/n"
    stub.put(f"{FLOWS}/all", dict(config_))
    assert statuses(CONTROL, stub)[PROJECT] == status
    for code in (403, 429):
        stub.fail("/vpcFlowLogsConfigs", code, error(code))
        assert statuses(CONTROL, stub)[PROJECT] == "could-not-look"
        stub.failures.clear()


def test_subnets_of_proxies_have_none():
    stub = right()
    stub.assets[PROJECT][0]["resource"]["data"] = {"purpose": "REGIONAL_MANAGED_PROXY"}
    check = look(CONTROL, stub)[PROJECT]
    assert check.status.value == "pass"
    assert not any(SUBNET in i.resource for i in check.items)
