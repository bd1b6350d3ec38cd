from __future__ import annotations

import pytest

from exclave.audit.checks.azure.conditions import fires
from exclave.audit.checks.azure.operations import watched

from .build import GROUP, NO_RULES, OTHER_SUB, RG, SUB, group, refused, resource, status, sub, why

DELETE, ACTIVITY, METRIC = "azure.alert.nsg-rule-delete", "azure.alert.activity", "azure.alert.metric"
OPERATION = "Microsoft.Network/networkSecurityGroups/securityRules/delete"


def leaf(field, value):
    return {"field": field, "containsAny" if isinstance(value, list) else "equals": value}


def alert(
    *more,
    operation=OPERATION,
    scopes=(f"/subscriptions/{SUB}",),
    enabled=True,
    groups=(GROUP,),
    conditions=None,
):
    held = {
        "scopes": list(scopes), "enabled": enabled,
        "condition": {"allOf": conditions or [leaf("category", "Administrative"), leaf("operationName", operation), *more]},
        "actions": {"actionGroups": [{"actionGroupId": g} for g in groups]},
    }  # fmt: skip
    return resource("microsoft.insights/activityLogAlerts", "nsg", held)


def recorded(*alerts, groups=None, rules=NO_RULES):
    groups = [group()] if groups is None else groups
    return [sub("insights.ActivityLogAlerts", alerts), sub("insights.ActionGroups", groups), rules]


def test_no_alert_fails_and_one_for_any_level_and_status_passes():
    assert "no alert is about" in why(DELETE, recorded())
    assert status(DELETE, recorded(alert())) == "pass"


@pytest.mark.parametrize(
    "right",
    [
        alert(operation=OPERATION.lower()),
        alert(scopes=[f"subscriptions/{SUB.upper()}"]),
        alert(leaf("resourceType", "Microsoft.Network/networkSecurityGroups/securityRules")),
        alert(leaf("level", ["Critical", "Error", "Warning", "Informational", "Verbose"])),
        alert(leaf("status", ["Started", "Accepted", "Succeeded", "Failed"])),
        alert(leaf("resourceProvider", "Microsoft.Network")),
        alert(scopes=[RG, f"/subscriptions/{SUB}"]),
        alert(conditions=[leaf("category", "Administrative")]),
        alert(conditions=[leaf("category", "Administrative"), {"anyOf": [leaf("operationName", "a/b/write"), leaf("operationName", OPERATION)]}]),
        alert(conditions=[leaf("category", "Administrative"), leaf("operationName", ["a/b/write", OPERATION])]),
        alert(groups=["/subscriptions/x/none", GROUP.upper()]),
        # each value of a field is any value
        alert({"anyOf": [leaf("level", n) for n in ("Critical", "Error", "Warning", "Informational", "Verbose")]}),
        alert({"anyOf": [leaf("status", ["Started", "Failed"]), leaf("caller", "ann@ours.example"), leaf("status", "Succeeded")]}),
    ],
)  # fmt: skip
def test_ways_to_be_right(right):
    assert status(DELETE, recorded(right)) == "pass"


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (alert(enabled=False), "disabled"),
        (alert(leaf("level", "Error")), "level is 'error'"),
        (alert(leaf("level", ["Error", "Critical"])), "level"),
        (alert(leaf("status", "Succeeded")), "status is 'succeeded'"),
        (alert(leaf("status", ["Started", "Succeeded"])), "status is"),
        (alert({"anyOf": [leaf("level", n) for n in ("Critical", "Error", "Warning")]}), "level is 'critical' or 'error' or 'warning'"),
        (alert(leaf("resourceProvider", "Microsoft.Compute")), "no alert is about"),
        (alert(leaf("resourceId", f"/subscriptions/{SUB}")), "resourceId"),
        (alert({"field": "level"}), "level is nothing"),
        (alert(leaf("caller", "ann@ours.example")), "caller"),
        (alert(leaf("resourceGroup", "rg")), "resourceGroup"),
        (alert({"anyOf": [leaf("status", "Failed"), leaf("subStatus", "Forbidden")]}), "status is 'failed' or"),
        (alert(leaf("properties.x", "y")), "properties.x"),
        (alert(operation="Microsoft.Network/networkSecurityGroups/delete"), "no alert is about"),
        (alert(operation="Microsoft.Network/networkSecurityGroups/securityRules/write"), "no alert is about"),
        (alert(leaf("resourceType", "Microsoft.Network/networkSecurityGroups")), "no alert is about"),
        (alert(conditions=[leaf("category", "ServiceHealth"), leaf("operationName", OPERATION)]), "no alert is about"),
        (alert(scopes=[RG]), "not the whole subscription"),
        (alert(scopes=[f"/subscriptions/{OTHER_SUB}"]), "not the whole subscription"),
        (alert(groups=[]), "no action group"),
        (alert(groups=[f"{RG}/providers/microsoft.insights/actionGroups/gone"]), "doesn't exist"),
    ],
)  # fmt: skip
def test_every_way_to_be_subtly_wrong_fails_and_says_why(wrong, reason):
    assert status(DELETE, recorded(wrong)) == "fail"
    assert reason in why(DELETE, recorded(wrong))


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (group(enabled=False), "is disabled"),
        (group(emailReceivers=[]), "no receiver"),
        (group(emailReceivers=[{"name": "ops", "status": "Disabled"}]), "no receiver"),
    ],
)
def test_an_action_group_that_tells_nobody(made, reason):
    assert status(DELETE, recorded(alert(), groups=[made])) == "fail"
    assert reason in why(DELETE, recorded(alert(), groups=[made]))


def test_any_kind_of_receiver_counts():
    assert (
        status(DELETE, recorded(alert(), groups=[group(emailReceivers=[], webhookReceivers=[{"name": "w"}])]))
        == "pass"
    )


def processing(**more):
    held = {
        "enabled": True,
        "scopes": [f"/subscriptions/{SUB}"],
        "actions": [{"actionType": "RemoveAllActionGroups"}],
    }
    return sub(
        "alertsmanagement.ActionRules",
        [resource("Microsoft.AlertsManagement/actionRules", "hush", held | more)],
    )


def test_an_alert_processing_rule_that_silences_it():
    assert "hush takes its action groups off" in why(DELETE, recorded(alert(), rules=processing()))
    named = [{"field": "AlertRuleName", "operator": "Equals", "values": ["nsg"]}]
    assert status(DELETE, recorded(alert(), rules=processing(conditions=named))) == "fail"
    other = [{"field": "AlertRuleName", "operator": "Equals", "values": ["other"]}]
    ended = {"effectiveUntil": "2026-01-01T00:00:00"}
    adds = [{"actionType": "AddActionGroups", "actionGroupIds": []}]
    for harmless in (
        {"enabled": False},
        {"conditions": other},
        {"schedule": ended},
        {"actions": adds},
    ):
        assert status(DELETE, recorded(alert(), rules=processing(**harmless))) == "pass"


def condition(field, *values, operator="Equals"):
    return [{"field": field, "operator": operator, "values": list(values)}]


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        # what a processing rule is about is the group whose rule was deleted, not where the alert lies
        ({"scopes": [RG]}, "for what is in rg"),
        ({"conditions": condition("TargetResourceType", "Microsoft.Network/networkSecurityGroups")}, "off"),
        ({"conditions": condition("TargetResourceType", "securityrules", operator="Contains")}, "off"),
        ({"conditions": condition("TargetResourceGroup", RG)}, "for some targets"),
        ({"conditions": condition("SignalType", "Log")}, "off"),
        ({"conditions": condition("MonitorService", "Activity Log - Administrative")}, "off"),
        ({"conditions": condition("Severity", "Sev4")}, "off"),
        ({"conditions": condition("Severity", "Sev0", "Sev1", operator="NotEquals")}, "off"),
        # as the interface's enumeration spells the service, and as the schema of alerts does the signal
        ({"conditions": condition("MonitorService", "ActivityLog Administrative")}, "off"),
        ({"conditions": condition("SignalType", "Activity Log")}, "off"),
        # what stands in an alert's context is not known before it fires; nor what a new field is about
        (
            {"conditions": condition("AlertContext", "securityRules/delete", operator="Contains")},
            "for some targets",
        ),
        ({"conditions": condition("AlertContext", "nobody", operator="DoesNotContain")}, "for some targets"),
        ({"conditions": condition("SomethingNew", "x")}, "for some targets"),
        (
            {
                "schedule": {
                    "recurrences": [
                        {"recurrenceType": "Daily", "startTime": "18:00:00", "endTime": "08:00:00"}
                    ]
                }
            },
            "off",
        ),
    ],
)
def test_a_processing_rule_that_silences_by_what_the_alert_fires_on(rule, reason):
    found = recorded(alert(), rules=processing(**rule))
    assert status(DELETE, found) == "fail"
    assert reason in why(DELETE, found)


@pytest.mark.parametrize(
    "conditions",
    [
        condition("TargetResourceType", "Microsoft.Compute/virtualMachines"),
        condition("SignalType", "Metric"),
        condition("MonitorService", "Log Analytics"),
        condition("AlertContext", "x", operator="Contains") + condition("Severity", "Sev1"),
        condition("MonitorCondition", "Resolved"),
        condition("TargetResourceGroup", RG) + condition("Severity", "Sev1"),
    ],
)
def test_a_processing_rule_about_something_else(conditions):
    assert status(DELETE, recorded(alert(), rules=processing(conditions=conditions))) == "pass"


def test_a_processing_rule_for_one_storage_account():
    def rules(name):
        target = STORE["id"].removesuffix("data") + name
        return [*metrics(metric_alert())[:3], processing(conditions=condition("TargetResource", target))]

    assert status(METRIC, rules("data")) == "fail"
    assert status(METRIC, rules("other")) == "pass"


def test_what_could_not_be_read_is_neither_pass_nor_fail():
    denied = sub("insights.ActivityLogAlerts", error=refused("Microsoft.Insights/activityLogAlerts/read"))
    assert status(DELETE, [denied]) == "could-not-look"
    blind = [
        *recorded(alert())[:1],
        sub("insights.ActionGroups", error=refused("Microsoft.Insights/actionGroups/read")),
        NO_RULES,
    ]
    assert status(DELETE, blind) == "could-not-look"
    assert (
        status(
            DELETE, recorded(alert(), rules=sub("alertsmanagement.ActionRules", error=refused("x/y/read")))
        )
        == "could-not-look"
    )
    elsewhere = alert(
        groups=[f"/subscriptions/{OTHER_SUB}/resourceGroups/r/providers/microsoft.insights/actionGroups/g"]
    )
    assert status(DELETE, recorded(elsewhere)) == "could-not-look"


def test_one_right_alert_is_enough_beside_wrong_ones():
    assert status(DELETE, recorded(alert(enabled=False), alert())) == "pass"


def everything(*more):
    names = [{"anyOf": [leaf("operationName", name) for name, _ in watched()]}]
    return alert(conditions=[leaf("category", "Administrative"), *names, *more])


def test_every_operation_of_the_catalogue_needs_an_alert():
    assert status(ACTIVITY, recorded(everything())) == "pass"
    assert status(ACTIVITY, recorded(everything(leaf("status", "Succeeded")))) == "partial"
    assert status(ACTIVITY, recorded(everything(leaf("level", "Error")))) == "fail"
    assert status(ACTIVITY, recorded(alert())) == "fail"
    names = {n.lower() for n, _ in watched()}
    for needed in ("microsoft.compute/snapshots/begingetaccess/action", "microsoft.authorization/roleassignments/write",
                   "microsoft.insights/diagnosticsettings/delete", "microsoft.authorization/policyassignments/delete"):  # fmt: skip
        assert needed in names


def test_an_operation_without_an_alert_is_named():
    names = [n for n, _ in watched()]
    most = alert(
        conditions=[
            leaf("category", "Administrative"),
            {"anyOf": [leaf("operationName", n) for n in names[1:]]},
        ]
    )
    assert names[0] in why(ACTIVITY, recorded(most))


def test_conditions_without_parts_cover_nothing():
    for odd in (None, {}, {"allOf": None}, {"allOf": ["x"]}, {"allOf": [{}]}):
        assert not fires(odd, OPERATION).covers or fires(odd, OPERATION).narrowed


STORE = resource("Microsoft.Storage/storageAccounts", "data")


def criterion(kind="StaticThresholdCriterion", **more):
    made = {
        "criterionType": kind, "metricName": "Egress", "metricNamespace": "Microsoft.Storage/storageAccounts", "name": "c",
        "operator": "GreaterThan", "timeAggregation": "Total", "threshold": 1e10,
    }  # fmt: skip
    return made | more


def metric_alert(*criteria, scopes=(STORE["id"],), groups=(GROUP,), **more):
    held = {
        "enabled": True, "scopes": list(scopes), "severity": 2, "actions": [{"actionGroupId": g} for g in groups],
        "criteria": {"odata.type": "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria", "allOf": list(criteria or [criterion()])},
    }  # fmt: skip
    return resource("Microsoft.Insights/metricAlerts", "egress", held | more)


PART, FILES = f"{STORE['id']}/blobServices/default", f"{STORE['id']}/fileServices/default"
OF_BLOBS, OF_FILES = (f"Microsoft.Storage/storageAccounts/{n}Services" for n in ("blob", "file"))


def metrics(*alerts, stores=(STORE,)):
    return [
        sub("arg.StorageAccounts", stores),
        sub("insights.MetricAlerts", alerts),
        sub("insights.ActionGroups", [group()]),
        NO_RULES,
    ]


@pytest.mark.parametrize(
    "right",
    [
        metric_alert(),
        metric_alert(criterion("DynamicThresholdCriterion", alertSensitivity="Medium", operator="GreaterOrLessThan")),
        metric_alert(scopes=[RG], targetResourceType="Microsoft.Storage/storageAccounts", targetResourceRegion="westeurope"),
        metric_alert(scopes=[f"/subscriptions/{SUB}"], targetResourceType="microsoft.storage/storageaccounts", targetResourceRegion="West Europe"),
        metric_alert(criterion(dimensions=[{"name": "ApiName", "operator": "Include", "values": ["*"]}])),
    ],
)  # fmt: skip
def test_metric_alerts_static_dynamic_and_of_many_accounts(right):
    assert status(METRIC, metrics(right)) == "pass"


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (metric_alert(enabled=False), "disabled"),
        (metric_alert(criterion(metricName="Ingress")), "no metric alert"),
        (metric_alert(scopes=[f"{RG}/providers/Microsoft.Storage/storageAccounts/other"]), "no metric alert"),
        (metric_alert(scopes=[RG], targetResourceType="Microsoft.Storage/storageAccounts", targetResourceRegion="eastus"), "no metric alert"),
        (metric_alert(criterion(metricNamespace="Microsoft.Web/sites")), "no metric alert"),
        (metric_alert(criterion(operator="Equals")), "operator"),
        (metric_alert(criterion(timeAggregation="Count")), "aggregation"),
        (metric_alert(criterion("DynamicThresholdCriterion", operator="LessThan")), "operator"),
        (metric_alert(criterion(operator="LessThan")), "operator"),
        (metric_alert(criterion(threshold=1 << 50)), "threshold"),
        (metric_alert(criterion(), criterion(metricName="Transactions")), "2 conditions at once"),
        (metric_alert(criterion(dimensions=[{"name": "Authentication", "operator": "Include", "values": ["SAS"]}])), "only at Authentication"),
        (metric_alert(criterion(dimensions=[{"name": "ApiName", "operator": "Exclude", "values": ["GetBlob"]}])), "only at ApiName"),
        (metric_alert(criterion("DynamicThresholdCriterion", ignoreDataBefore="2030-01-01T00:00:00Z")), "ignores"),
        (metric_alert(evaluationFrequency="PT1H", windowSize="PT5M"), "0:05:00 every 1:00:00 only"),
        (metric_alert(groups=[]), "no action group"),
        # of one answer, not of all: who reads in pieces is never seen
        (metric_alert(criterion(timeAggregation="Average")), "aggregation is Average, of one answer"),
        (metric_alert(criterion(timeAggregation="Maximum")), "aggregation is Maximum, of one answer"),
        (metric_alert(criterion(timeAggregation="Minimum")), "aggregation is Minimum"),
        # of a part of what leaves
        (metric_alert(criterion(metricNamespace=OF_FILES), scopes=[FILES]), "watches all of its egress"),
        (metric_alert(criterion(metricNamespace=OF_BLOBS), scopes=[PART]), "watches all of its egress"),
        (metric_alert(criterion(metricNamespace=OF_BLOBS)), "watches all of its egress"),
        (metric_alert(criterion("DynamicThresholdCriterion", failingPeriods={"numberOfEvaluationPeriods": 6, "minFailingPeriodsToAlert": 6}), windowSize="P1D", evaluationFrequency="P1D"), "passed 6 times, looking every 1 day"),
    ],
)  # fmt: skip
def test_metric_alerts_that_are_quiet(wrong, reason):
    assert status(METRIC, metrics(wrong)) == "fail"
    assert reason in why(METRIC, metrics(wrong))


@pytest.mark.parametrize(("kind", "part", "namespace"), [("BlobStorage", PART, OF_BLOBS), ("FileStorage", FILES, OF_FILES)])  # fmt: skip
def test_an_account_of_one_kind_of_data_may_be_watched_by_its_part(kind, part, namespace):
    store = STORE | {"kind": kind}
    watched_part = metric_alert(criterion(metricNamespace=namespace), scopes=[part])
    assert status(METRIC, metrics(watched_part, stores=[store])) == "pass"


def test_without_storage_there_is_nothing_to_watch_and_without_rights_nothing_is_known():
    assert status(METRIC, metrics(stores=())) == "pass"
    assert (
        status(METRIC, [sub("arg.StorageAccounts", error=refused("Microsoft.Storage/storageAccounts/read"))])
        == "could-not-look"
    )
