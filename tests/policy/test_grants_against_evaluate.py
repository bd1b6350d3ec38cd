"""Whoever the evaluation lets in, some grant names: two readings of one document, on random requests."""

from __future__ import annotations

import fnmatch
import ipaddress
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from exclave.model import Kind
from exclave.policy.evaluate import Answer, Policies, evaluate
from exclave.policy.requests import Request
from tests.policy.build import ORG, OTHER, OWN, ROLE, THEM
from tests.policy.test_grants_properties import DOCUMENTS, ask

if TYPE_CHECKING:
    from exclave.policy.grants import Grant

EVERYTHING = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
CONTEXTS = st.fixed_dictionaries(
    {},
    optional={
        "aws:PrincipalOrgID": st.sampled_from([ORG, "o-other12345"]),
        "aws:SourceVpc": st.sampled_from(["vpc-1", "vpc-2"]),
        "aws:SourceIp": st.sampled_from(["203.0.113.9", "198.51.100.1"]),
        "aws:SecureTransport": st.sampled_from(["true", "false"]),
        "aws:PrincipalOrgPaths": st.sampled_from([[f"{ORG}/r-1/ou-1/"], ["o-other12345/r-1/ou-1/"]]),
        "aws:userid": st.sampled_from(["AROAEXAMPLEEXAMPLE123:s", "AIDAOTHEROTHEROTHER12"]),
    },
)
SERVICE_CONTEXTS = st.fixed_dictionaries(
    {},
    optional={
        "aws:SourceAccount": st.sampled_from([THEM, OTHER]),
        "aws:SourceArn": st.sampled_from([f"arn:aws:sns:eu-west-1:{OTHER}:t", "arn:aws:s3:::b"]),
    },
)
REQUESTS = st.one_of(
    st.tuples(st.sampled_from([ROLE, f"arn:aws:iam::{OTHER}:user/u"]), CONTEXTS),
    st.tuples(st.sampled_from(["sns.amazonaws.com", "s3.amazonaws.com"]), SERVICE_CONTEXTS),
    st.tuples(
        st.just(""),
        CONTEXTS.map(lambda c: {k: v for k, v in c.items() if not k.startswith(("aws:P", "aws:u"))}),
    ),
)


def names(grant: Grant, request: Request) -> bool:
    context = request.context
    match grant.kind:
        case Kind.PUBLIC | Kind.UNKNOWN:
            return True
        case Kind.ACCOUNT:
            return grant.id in {request.account, context.get("aws:SourceAccount")} or (
                grant.id in str(context.get("aws:SourceArn", ""))
            )
        case Kind.PRINCIPAL:
            unique = str(context.get("aws:userid", "")).partition(":")[0]
            return fnmatch.fnmatchcase(request.principal, grant.id) or grant.id == unique
        case Kind.ORGANIZATION | Kind.ORG_UNIT:
            told = [context.get("aws:PrincipalOrgID"), *context.get("aws:PrincipalOrgPaths", ())]
            return any(grant.id.startswith("${") or str(one or "").startswith(grant.id) for one in told)
        case Kind.VPC:
            return grant.id == context.get("aws:SourceVpc")
        case Kind.IP_RANGE:
            address = str(context.get("aws:SourceIp", "::"))
            return ipaddress.ip_address(address) in ipaddress.ip_network(grant.id)
        case Kind.SERVICE:
            return grant.id in {request.principal, "*"}
        case Kind.BUCKET:
            return grant.id in str(context.get("aws:SourceArn"))
        case _:
            return False


@settings(max_examples=300, deadline=None)
@given(DOCUMENTS, REQUESTS, st.sampled_from(["s3:GetObject", "sns:Subscribe"]))
def test_whoever_is_let_in_is_named(
    found: list[dict[str, Any]], caller: tuple[str, dict[str, Any]], action: str
) -> None:
    principal, context = caller
    request = Request(
        action=action,
        resource="arn:aws:s3:::b/x/y",
        principal=principal,
        resource_account=OWN,
        context=context,
    )
    policy = {"Version": "2012-10-17", "Statement": found}
    if evaluate(request, Policies(identity=[EVERYTHING], resource=policy)) is Answer.ALLOWS:
        assert any(names(grant, request) for grant in ask(found))
