"""The policy that is printed for hardening holds what the makers' steps call, and nothing beside."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from pathlib import Path

import pytest
from click.testing import CliRunner

import exclave.harden.makers.aws
from exclave.cli.permissions import command
from exclave.harden import run
from exclave.harden.makers.azure import MAKERS as AZURE
from exclave.harden.makers.gcp import MAKERS as GOOGLE
from exclave.harden.needs import of, permissions, table
from exclave.model import Cloud
from exclave.revoke.needs import PREFIXES

from . import made_aws, made_azure, made_gcp
from .test_aws_privilege import CASES as PRIVILEGED

AWS = exclave.harden.makers.aws.MAKERS
# SDK calls whose permission has another name: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
NAMED = {
    "s3:PutPublicAccessBlock": "s3:PutBucketPublicAccessBlock", "s3:PutBucketEncryption": "s3:PutEncryptionConfiguration",
    "s3control:GetPublicAccessBlock": "s3:GetAccountPublicAccessBlock", "s3control:PutPublicAccessBlock": "s3:PutAccountPublicAccessBlock",
    "s3control:DeletePublicAccessBlock": "s3:PutAccountPublicAccessBlock",
}  # fmt: skip
VERBS = {"GET": "get", "POST": "create", "PUT": "update", "PATCH": "update", "DELETE": "delete"}
GOOGLES = {  # host and kind of thing → permission without its verb
    ("logging", "metrics"): "logging.logMetrics", ("logging", "sinks"): "logging.sinks", ("logging", "buckets"): "logging.buckets",
    ("logging", "exclusions"): "logging.exclusions", ("iam", "keys"): "iam.serviceAccountKeys", ("storage", "b"): "storage.buckets",
    ("monitoring", "alertPolicies"): "monitoring.alertPolicies", ("monitoring", "notificationChannels"): "monitoring.notificationChannels",
    ("compute", "subnetworks"): "compute.subnetworks", ("orgpolicy", "policies"): "orgpolicy.policies",
    ("accesscontextmanager", "servicePerimeters"): "accesscontextmanager.servicePerimeters",
    ("accesscontextmanager", "accessPolicies"): "accesscontextmanager.policies",
}  # fmt: skip


def needed(call):
    """The permission of a call, by the providers' own rules."""
    verb, space, url = call.partition(" ")
    if not space:
        service, _, operation = call.partition(":")
        return NAMED.get(call, f"{PREFIXES.get(service, service)}:{operation}")
    path = url.partition("?")[0]
    if "graph.microsoft.com" in path:
        scope = "Directory" if "groupSettings" in path else "Application"
        return f"{scope}.Read.All" if verb == "GET" else f"{scope}.ReadWrite.All"
    return _azure(verb, path) if "management.azure.com" in path else _google(verb, path)


def _azure(verb, path):
    parts = path.split("/")
    if "providers" not in parts:
        kind = "Microsoft.Resources/subscriptions/resourceGroups"
    else:
        namespace, *rest = parts[len(parts) - parts[::-1].index("providers") :]
        kind = "/".join([namespace, *rest[::2]])
        if verb == "POST":
            return f"{kind}/action"
    return f"{kind}/{ {'GET': 'read', 'DELETE': 'delete'}.get(verb, 'write') }".replace(" ", "")


def _google(verb, path):
    host = path.removeprefix("https://").partition(".")[0]
    path, colon, own = path.removeprefix("https://").partition("/")[2].partition(":")
    made_of = re.sub(r"\{\$\w+$", "", path).split("/")
    if own in ("getIamPolicy", "setIamPolicy"):
        return f"resourcemanager.{made_of[1]}.{own}"
    if colon and own.startswith(("accessPolicies[]", "alertPolicies[]")):  # {$now:alertPolicies[].name}
        named = own.partition("}")[0].split(".")[-1]
        tail = own.partition("}")[2].strip("/").split("/")
        kind = tail[0] or (named if "[" in named else own).partition("[")[0]
        return f"{GOOGLES[host, kind]}.{VERBS[verb]}"
    kinds = [p for p in made_of if (host, p) in GOOGLES]
    what = GOOGLES[host, kinds[-1]]
    if own in ("disable", "enable"):
        return f"{what}.{own}"
    if what == "orgpolicy.policies" and verb == "GET":
        return "orgpolicy.policy.get"
    return f"{what}.{'list' if verb == 'GET' and made_of[-1] == kinds[-1] else VERBS[verb]}"


@pytest.fixture(scope="module")
def called():
    """Control → permissions of all that its steps call, on accounts that have of everything."""
    found = defaultdict(set)
    make = run._made

    def noting(control, *rest):
        made = make(control, *rest)
        for step in made.steps:
            for request in filter(None, (step.read, getattr(step, "first", None), *step.change, *step.undo)):
                found[control.id].add(needed(request.call))
        return made

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "_made", noting)
        made_aws.everything()
        made_azure.made("ours")  # the others' names have slashes, which are no path of a resource
        made_gcp.everything()
        for cloud in PRIVILEGED.values():
            cloud.harden("aws.least-privilege")
    return found


@pytest.mark.parametrize("control", [*AWS, *AZURE, *GOOGLE])
def test_every_call_of_a_step_has_its_permission(called, control):
    assert called[control] <= {p for need in of(control) for p in need.permissions}


# of steps for what these accounts have not: users beside roles, old secrets and keys
ELSEWHERE = {
    "Application.Read.All", "Application.ReadWrite.All", "Microsoft.Storage/storageAccounts/regenerateKey/action",
    "accesscontextmanager.servicePerimeters.update", "iam:AttachUserPolicy", "iam:DetachUserPolicy", "iam:GetUserPolicy",
    "iam:ListAttachedUserPolicies", "iam:PutUserPolicy",
}  # fmt: skip


def test_no_permission_is_asked_for_that_nothing_calls(called):
    written = "".join(p.read_text() for p in Path(exclave.harden.makers.aws.__file__).parent.glob("*.py"))
    literal = {needed(m) for m in re.findall(r'"([a-z0-9-]+:[A-Z][A-Za-z]+)"', written)}
    asked = {p for need in table() for p in need.permissions}
    assert asked - literal - set().union(*called.values()) == ELSEWHERE


def test_it_is_printed_with_what_the_audit_reads():
    done = CliRunner().invoke(command, ["harden", "--control", "aws.credentials.password-policy"])
    (statement,) = json.loads(done.output)["Statement"]
    assert statement["Sid"] == "Harden"
    assert {"iam:UpdateAccountPasswordPolicy", "sts:GetCallerIdentity"} <= set(statement["Action"])
    assert "iam:CreateRole" not in statement["Action"]
    assert "iam:UpdateAccountPasswordPolicy" not in permissions(Cloud.AWS, changing=False)
    for cloud in ("azure", "gcp"):
        assert CliRunner().invoke(command, ["harden", "--cloud", cloud]).exit_code == 0
    assert CliRunner().invoke(command, ["harden", "--method", "aws.*"]).exit_code == 2
    assert CliRunner().invoke(command, ["harden", "--no-exposures"]).exit_code == 2
