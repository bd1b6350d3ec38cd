"""Templates for metric alerts: static and dynamic threshold, an availability test, several resources at once.

https://learn.microsoft.com/azure/azure-monitor/alerts/resource-manager-alerts-metric and
https://learn.microsoft.com/rest/api/monitor/metric-alerts/create-or-update
"""

from __future__ import annotations

from typing import Any

from exclave.audit.checks.azure.metric import METRIC
from exclave.audit.checks.azure.metric import TYPE as STORAGE
from exclave.harden.makers.azure.arm import IdOf, Param, Parameter, Resource, Template

TYPE, API = "Microsoft.Insights/metricAlerts", "2018-03-01"
TESTS_API = "2022-06-15"
MODEL = "Microsoft.Azure.Monitor"
EVERY, WINDOW = "PT5M", "PT1H"
LEAST_BYTES = 10 << 30  # of the static threshold, to begin with: 10 GiB an hour
GROUP = Parameter(about="Id of the action group that is told")
SEVERITY = Parameter(type="int", about="0 (critical) to 4", default=2)
# https://learn.microsoft.com/azure/azure-monitor/app/availability#location-population-tags
LOCATIONS = ("emea-nl-ams-azr", "emea-ru-msa-edge", "us-va-ash-azr", "us-ca-sjc-azr", "apac-sg-sin-azr")


def criterion(threshold: Any = None) -> dict[str, Any]:
    """Egress over a threshold; without one, over what the account's own past makes Azure expect."""
    held: dict[str, Any] = {
        "name": "egress", "metricNamespace": STORAGE, "metricName": METRIC, "timeAggregation": "Total", "operator": "GreaterThan",
        "dimensions": [],
    }  # fmt: skip
    if threshold is not None:
        return {"criterionType": "StaticThresholdCriterion", **held, "threshold": threshold}
    return {
        "criterionType": "DynamicThresholdCriterion", **held, "alertSensitivity": "Medium",
        "failingPeriods": {"numberOfEvaluationPeriods": 4, "minFailingPeriodsToAlert": 2},
    }  # fmt: skip


def body(
    scopes: Any, criteria: dict[str, Any], group: Any, *, many: bool = False, severity: Any = 2, **more: Any
) -> dict[str, Any]:
    """A metric alert. `many`: on resources of one type and region."""
    model = "MultipleResourceMultipleMetricCriteria" if many else "SingleResourceMultipleMetricCriteria"
    return {
        "location": "global",
        "properties": {
            "description": "More leaves the storage account than is usual",
            "severity": severity,
            "enabled": True,
            "scopes": scopes,
            "evaluationFrequency": EVERY,
            "windowSize": WINDOW,
            **more,
            "criteria": {"odata.type": f"{MODEL}.{model}", "allOf": [criteria]},
            "autoMitigate": False,
            "actions": [{"actionGroupId": group}],
        },
    }


def single(*, dynamic: bool) -> Template:
    """One storage account. A dynamic threshold needs some days of its past; a single account needs the model for many."""
    parameters = {"alertName": Parameter(about="Name of the alert"), "storageAccountId": Parameter(about="Id of the storage account"), "actionGroupId": GROUP, "severity": SEVERITY}  # fmt: skip
    threshold = None
    if not dynamic:
        parameters["thresholdBytes"] = Parameter(type="int", about="Bytes in an hour", default=LEAST_BYTES)
        threshold = Param("thresholdBytes")
    alert = Resource(
        symbol="alert", type=TYPE, api=API, name=Param("alertName"),
        body=body([Param("storageAccountId")], criterion(threshold), Param("actionGroupId"), many=dynamic, severity=Param("severity")),
    )  # fmt: skip
    return Template(resources=(alert,), parameters=parameters)


def several() -> Template:
    """All storage accounts of a region, in the scopes given."""
    more = {"targetResourceType": STORAGE, "targetResourceRegion": Param("region")}
    alert = Resource(
        symbol="alert", type=TYPE, api=API, name=Param("alertName"),
        body=body(Param("scopes"), criterion(), Param("actionGroupId"), many=True, severity=Param("severity"), **more),
    )  # fmt: skip
    parameters = {
        "alertName": Parameter(about="Name of the alert"),
        "scopes": Parameter(type="array", about="Ids of accounts, resource groups or one subscription"),
        "region": Parameter(about="Region of the accounts"),
        "actionGroupId": GROUP,
        "severity": SEVERITY,
    }
    return Template(resources=(alert,), parameters=parameters)


def availability() -> Template:
    """An availability test of a URL, and the alert when it fails from two places."""
    component = Param("componentId")
    test = Resource(
        symbol="test",
        type="Microsoft.Insights/webtests",
        api=TESTS_API,
        name=Param("testName"),
        body={
            "location": Param("location"),
            "tags": Param("tags"),
            "kind": "standard",
            "properties": {
                "SyntheticMonitorId": Param("testName"),
                "Name": Param("testName"),
                "Enabled": True,
                "Frequency": 300,
                "Timeout": 30,
                "Kind": "standard",
                "RetryEnabled": True,
                "Locations": [{"Id": one} for one in LOCATIONS],
                "Request": {"RequestUrl": Param("url"), "HttpVerb": "GET", "ParseDependentRequests": False},
                "ValidationRules": {
                    "ExpectedHttpStatusCode": 200,
                    "SSLCheck": True,
                    "SSLCertRemainingLifetimeCheck": 7,
                },
            },
        },
    )
    alert = Resource(
        symbol="alert",
        type=TYPE,
        api=API,
        name=Param("alertName"),
        body={
            "location": "global",
            "properties": {
                "description": "The test fails from two places or more",
                "severity": Param("severity"),
                "enabled": True,
                "scopes": [IdOf("test"), component],
                "evaluationFrequency": "PT1M",
                "windowSize": "PT5M",
                "criteria": {
                    "odata.type": f"{MODEL}.WebtestLocationAvailabilityCriteria", "webTestId": IdOf("test"), "componentId": component,
                    "failedLocationCount": 2,
                },
                "actions": [{"actionGroupId": Param("actionGroupId")}],
            },
        },
        after=("test",),
    )  # fmt: skip
    parameters = {
        "testName": Parameter(about="Name of the test"),
        "alertName": Parameter(about="Name of the alert"),
        "url": Parameter(about="What is asked for"),
        "location": Parameter(about="Region of the Application Insights component"),
        "componentId": Parameter(about="Id of the Application Insights component"),
        "tags": Parameter(
            type="object", about="Of the test: hidden-link:ID of the component, by which Azure joins them"
        ),
        "actionGroupId": GROUP,
        "severity": SEVERITY,
    }
    return Template(resources=(test, alert), parameters=parameters)
