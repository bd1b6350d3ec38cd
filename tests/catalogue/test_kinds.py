"""Kinds of resources from ARNs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exclave.catalogue.kinds import BY_ARN, kind_of


@pytest.mark.parametrize(
    ("arn", "kind"),
    [
        ("arn:aws:ec2:eu-west-1::snapshot/snap-1", "ebs-snapshot"),
        ("arn:aws:ec2:eu-west-1::image/ami-1", "ami"),
        ("arn:aws:rds:eu-west-1:123456789012:db:prod", "rds-instance"),
        ("arn:aws:rds:eu-west-1:123456789012:cluster-snapshot:rds:prod-1", "rds-cluster-snapshot"),
        ("arn:aws:dynamodb:eu-west-1:123456789012:table/t", "dynamodb-table"),
        ("arn:aws:dynamodb:eu-west-1:123456789012:table/t/backup/0159", "dynamodb-backup"),
        ("arn:aws:backup:eu-west-1:123456789012:recovery-point:1-2", "backup-recovery-point"),
        ("arn:aws:s3:::b", "s3-bucket"),
        ("arn:aws:s3:::b/k", "s3-object"),
        ("arn:aws:quux:::thing/1", "resource"),
        ("snap-1", "resource"),
        ("", "resource"),
    ],
)
def test_an_arn_says_the_kind(arn, kind):
    assert kind_of(BY_ARN, arn) == kind


@given(st.text())
def test_a_kind_that_is_given_stands(identifier):
    assert kind_of("ami", identifier) == "ami"
    assert kind_of(BY_ARN, identifier)
