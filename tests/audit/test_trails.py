from __future__ import annotations

import copy

import pytest

from exclave.perimeter import EntryKind

from .build import OURS, REGION, denied, doc, look, perimeter, status, why

CONTROL = "aws.logging.trail-all-regions"
ARN = f"arn:aws:cloudtrail:{REGION}:{OURS}:trail/main"
TRAIL = {
    "TrailARN": ARN, "Name": "main", "S3BucketName": "our-logs", "IsMultiRegionTrail": True, "HomeRegion": REGION,
    "IncludeGlobalServiceEvents": True, "LogFileValidationEnabled": True,
}  # fmt: skip
STATUS = {
    "IsLogging": True,
    "LatestDeliveryTime": "2026-03-02T11:50:00Z",
    "StartLoggingTime": "2026-01-01T00:00:00Z",
}
SELECTORS = {
    "EventSelectors": [
        {
            "ReadWriteType": "All",
            "IncludeManagementEvents": True,
            "DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}],
            "ExcludeManagementEventSources": [],
        }
    ]
}
WHO = perimeter((EntryKind.BUCKET, "our-logs"))


def recorded(trail=None, status_=None, selectors=None):
    return [
        doc("cloudtrail.DescribeTrails", {"trailList": [TRAIL | (trail or {})]}),
        doc("cloudtrail.GetTrailStatus", STATUS | (status_ or {}), key=ARN),
        doc("cloudtrail.GetEventSelectors", selectors or SELECTORS, key=ARN),
    ]


def advanced(*selectors):
    return {
        "AdvancedEventSelectors": [
            {"FieldSelectors": [{"Field": f, **c} for f, c in s.items()]} for s in selectors
        ]
    }


MANAGEMENT = {"eventCategory": {"Equals": ["Management"]}}
DATA = {"eventCategory": {"Equals": ["Data"]}, "resources.type": {"Equals": ["AWS::S3::Object"]}}


def test_a_trail_that_is_right_in_every_way_passes():
    assert status(CONTROL, recorded(), who=WHO) == "pass"
    assert status(CONTROL, recorded(selectors=advanced(MANAGEMENT, DATA)), who=WHO) == "pass"
    halves = [{"readOnly": {"Equals": [v]}} for v in ("true", "false")]
    both = advanced(*(MANAGEMENT | h for h in halves), *(DATA | h for h in halves))
    assert status(CONTROL, recorded(selectors=both), who=WHO) == "pass"


def changed(**changes):
    selectors = copy.deepcopy(SELECTORS)
    selectors["EventSelectors"][0].update(changes)
    return selectors


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"trail": {"IsMultiRegionTrail": False}}, "one region only"), ({"trail": {"IncludeGlobalServiceEvents": False}}, "global services"),
        ({"trail": {"LogFileValidationEnabled": False}}, "validation"), ({"trail": {"S3BucketName": "their-logs"}}, "not known to be ours"),
        ({"status_": {"IsLogging": False}}, "does not log"), ({"status_": {"LatestDeliveryError": "AccessDenied"}}, "AccessDenied"),
        ({"status_": {"LatestDeliveryTime": "2026-02-20T00:00:00Z"}}, "delivered nothing since"),
        ({"status_": {"LatestDeliveryTime": None}}, "delivered nothing since it was started"),
        ({"status_": {"LatestDigestDeliveryError": "NoSuchBucket"}}, "digest"),
        ({"selectors": advanced(MANAGEMENT | {"readOnly": {"Equals": ["true"]}}, DATA)}, "management events"),
        ({"selectors": advanced(MANAGEMENT, DATA | {"readOnly": {"Equals": ["false"]}})}, "S3 objects"),
        ({"selectors": advanced(MANAGEMENT, DATA | {"eventCategory": {"Equals": ["NetworkActivity"]}})}, "S3 objects"),
        ({"selectors": {"EventSelectors": [], "InsightSelectors": [{"InsightType": "ApiCallRateInsight"}]}}, "management events"),
        ({"selectors": advanced(MANAGEMENT | {"eventSource": {"NotEquals": ["kms.amazonaws.com"]}}, DATA)}, "management events"),
        ({"selectors": advanced(MANAGEMENT, DATA | {"userIdentity.arn": {"NotEquals": ["arn:x"]}})}, "S3 objects"),
        ({"selectors": changed(DataResources=[{"Type": "AWS::Lambda::Function", "Values": ["arn:aws:lambda"]}])}, "S3 objects"),
        ({"selectors": advanced({"eventCategory": {"NotEquals": ["Data"]}}, DATA)}, "management events"),
        ({"selectors": changed(ReadWriteType="WriteOnly")}, "management events"), ({"selectors": changed(IncludeManagementEvents=False)}, "management events"),
        ({"selectors": changed(ExcludeManagementEventSources=["kms.amazonaws.com"])}, "management events"), ({"selectors": changed(DataResources=[])}, "S3 objects"),
        ({"selectors": changed(DataResources=[{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::one/"]}])}, "S3 objects"),
        ({"selectors": advanced(MANAGEMENT | {"readOnly": {"Equals": ["false"]}}, DATA)}, "management events"),
        ({"selectors": advanced(MANAGEMENT, DATA | {"resources.ARN": {"StartsWith": ["arn:aws:s3:::one/"]}})}, "S3 objects"),
    ],
)  # fmt: skip
def test_each_way_to_be_wrong_fails_and_says_so(parts, words):
    assert status(CONTROL, recorded(**parts), who=WHO) == "fail"
    assert words in why(CONTROL, recorded(**parts), who=WHO)


def test_one_right_trail_beside_a_wrong_one_is_enough():
    documents = recorded()
    documents[0]["answer"]["trailList"].append(TRAIL | {"TrailARN": ARN + "2", "IsMultiRegionTrail": False})
    (check,) = look(CONTROL, documents, who=WHO)
    assert (check.status, check.count, check.of) == ("pass", 1, 2)


def test_two_trails_that_record_all_between_them_pass_and_one_that_is_wrong_does_not_help():
    second = ARN + "2"

    def both(**wrong):
        documents = recorded(selectors=advanced(MANAGEMENT))
        documents[0]["answer"]["trailList"].append(TRAIL | {"TrailARN": second, "Name": "data"} | wrong)
        return [
            *documents,
            doc("cloudtrail.GetTrailStatus", STATUS, key=second),
            doc("cloudtrail.GetEventSelectors", advanced(DATA), key=second),
        ]

    assert status(CONTROL, both(), who=WHO) == "pass"
    assert status(CONTROL, both(LogFileValidationEnabled=False), who=WHO) == "fail"
    assert status(CONTROL, both(IsMultiRegionTrail=False), who=WHO) == "fail"


def test_the_bucket_of_an_organisations_trail_is_judged_in_the_account_that_has_it():
    organizations = {"IsOrganizationTrail": True, "S3BucketName": "their-logs"}
    assert "not known to be ours" in why(CONTROL, recorded(trail=organizations), who=WHO)
    shadow = ARN.replace(OURS, "999900001111")
    documents = recorded(trail=organizations | {"TrailARN": shadow})
    assert status(CONTROL, [d | ({"key": shadow} if d["key"] else {}) for d in documents], who=WHO) == "pass"


@pytest.mark.parametrize("lost", [1, 2])
def test_a_trail_of_which_nothing_more_was_recorded_is_not_known_to_be_right_or_gone(lost):
    documents = recorded()
    del documents[lost]
    assert status(CONTROL, documents, who=WHO) == "could-not-look"


def test_no_trail_fails_and_a_denied_list_could_not_look():
    assert status(CONTROL, [doc("cloudtrail.DescribeTrails", {"trailList": []})]) == "fail"
    assert (
        status(CONTROL, [denied("cloudtrail.DescribeTrails", "cloudtrail:DescribeTrails")])
        == "could-not-look"
    )
    blind = [*recorded()[:1], denied("cloudtrail.GetTrailStatus", key=ARN), recorded()[2]]
    assert status(CONTROL, blind, who=WHO) == "could-not-look"


@pytest.mark.parametrize(
    ("state", "expected"), [("Enabled", "pass"), ("Disabled", "fail"), ("PendingDeletion", "fail")]
)
def test_a_trail_whose_key_can_not_be_used_delivers_nothing(state, expected):
    key = f"arn:aws:kms:{REGION}:{OURS}:key/k1"
    keys = [
        doc("kms.ListKeys", {"Keys": [{"KeyId": "k1"}]}, region=REGION),
        doc("kms.DescribeKey", {"KeyMetadata": {"KeyState": state}}, key="k1", region=REGION),
    ]
    documents = [*recorded({"KmsKeyId": key}), *keys]
    assert status(CONTROL, documents, who=WHO) == expected
    if expected == "fail":
        assert "nothing is delivered" in why(CONTROL, documents, who=WHO)
    # a key of another account, of which nothing was recorded
    assert status(CONTROL, recorded({"KmsKeyId": key.replace(OURS, "111122223333")}), who=WHO) == "pass"
    refused = denied("kms.DescribeKey", "kms:DescribeKey", key="k1", region=REGION)
    blind = [*recorded({"KmsKeyId": key}), keys[0], refused]
    assert status(CONTROL, blind, who=WHO) == "pass"  # its status says that it delivers
