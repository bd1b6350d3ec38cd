"""AWS's own malware scan shares snapshots with an account of AWS: known by the role that does it."""

from exclave.correlate.report import report
from exclave.model import Severity, Verdict
from tests.correlate.build import CATALOGUE, OURS, PERIMETER, THIEF, record, scanned, share

SCANNER = "222233334444"
ROLE = "aws-service-role/malware-protection.guardduty.amazonaws.com/AWSServiceRoleForAmazonGuardDutyMalwareProtection"


def by(path):
    """The identity of a session of a role of ours."""
    issuer = {"type": "Role", "arn": f"arn:aws:iam::{OURS}:role/{path}", "accountId": OURS}
    return {
        "type": "AssumedRole",
        "arn": f"arn:aws:sts::{OURS}:assumed-role/{path.rpartition('/')[2]}/scan",
        "accountId": OURS,
        "accessKeyId": "ASIASCAN000000000000",
        "sessionContext": {"sessionIssuer": issuer},
    }


def taken(minute, account):
    identity = {"type": "AWSAccount", "accountId": account, "invokedBy": "ec2.amazonaws.com"}
    details = {"snapshotId": "snap-0a1"}
    return record(minute, "SharedSnapshotVolumeCreated", userIdentity=identity, serviceEventDetails=details)


def told(*records):
    found = report(scanned(*records), CATALOGUE, PERIMETER).transfers
    return [(t.destination.id, t.judgement.verdict, t.severity) for t in found]


def test_what_the_scanner_is_given_and_takes_is_quiet_and_named():
    vendor = (SCANNER, Verdict.VENDOR, Severity.LOW)
    assert told(share(1, "snap-0a1", SCANNER, userIdentity=by(ROLE)), taken(2, SCANNER)) == [vendor, vendor]


def test_the_same_by_somebody_who_takes_the_name_is_loud():
    role = f"ops/{ROLE.rpartition('/')[2]}"
    shared = share(1, "snap-0a1", SCANNER, userIdentity=by(role))
    assert told(shared) == [(SCANNER, Verdict.EXTERNAL, Severity.HIGH)]


def test_others_stay_loud_beside_the_scanner():
    records = share(1, "snap-0a1", SCANNER, userIdentity=by(ROLE)), share(2, "snap-0b2", THIEF)
    assert (THIEF, Verdict.EXTERNAL, Severity.HIGH) in told(*records)
