"""Findings become steps; each is in a step or is said to be left out."""

from __future__ import annotations

import json

from exclave.revoke.model import Found
from exclave.revoke.plan import plan
from exclave.revoke.table import load

OWN, THEIRS = "123456789012", "111122223333"


def found(method, source, **more):
    return Found(
        type="exposure", id=f"x-{method}", method=method, cloud="aws", account=OWN, region="eu-west-1", source={"id": source, "kind": "x"},
        destination={"kind": "account", "id": THEIRS, "verdict": "external"}, **more,
    )  # fmt: skip


def test_two_findings_of_one_policy_of_which_nothing_is_left_are_one_step():
    text = json.dumps({"Statement": {"Effect": "Allow", "Principal": {"AWS": THEIRS}, "Action": "sqs:*", "Resource": "*"}})  # fmt: skip
    both = [found(m, "https://sqs/q") for m in ("aws.sqs.policy", "aws.sqs.permission")]
    made = plan(both, load(), lambda _: {"Attributes": {"Policy": text}})
    assert [s.findings for s in made.steps] == [tuple(f.id for f in both)]
    assert not made.skipped


def test_a_function_is_read_at_the_version_that_was_opened():
    asked = []
    plan([found("aws.lambda.code-share", "f", facts={"qualifier": "live"})], load(), asked.append)
    assert [r.args for r in asked] == [{"FunctionName": "f", "Qualifier": "live"}]


def test_whole_statements_of_a_bus_go_by_their_names_and_parts_by_the_document():
    def statement(sid, *accounts):
        return {"Sid": sid, "Effect": "Allow", "Principal": {"AWS": list(accounts)}, "Action": "events:PutEvents", "Resource": "*"}  # fmt: skip

    def planned(*statements):
        text = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
        (step,) = plan([found("aws.events.bus-permission", "b")], load(), lambda _: {"Policy": text}).steps
        assert step.undo[0].args["Policy"] == text
        return [(r.call, r.args.get("StatementId")) for r in step.change]

    others, put = statement("others", "444455556666"), ("events:PutPermission", None)
    assert planned(statement("t", THEIRS), others) == [("events:RemovePermission", "t")]
    assert planned(statement("t", THEIRS, "444455556666"), others) == [put]
    assert planned(statement("", THEIRS), others) == [put]
    assert planned(statement("t", THEIRS), others, {**others, "Sid": "t"}) == [put]
    assert planned(statement("t", THEIRS)) == [("events:RemovePermission", None)]  # of all


def test_a_statement_without_a_name_is_left_to_a_person():
    text = json.dumps(
        {"Statement": [{"Effect": "Allow", "Principal": {"AWS": THEIRS}, "Action": "lambda:*"}]}
    )
    made = plan([found("aws.lambda.code-share", "f")], load(), lambda _: {"Policy": text})
    assert not made.steps
    assert "has no name" in made.skipped[0].why


def test_who_comes_to_light_when_everybody_is_shut_out_is_told():
    condition = {"IpAddress": {"aws:SourceIp": ["0.0.0.0/0", "198.51.100.7/32"]}}
    statement = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "sqs:*",
        "Resource": "*",
        "Condition": condition,
    }
    public = found("aws.sqs.policy", "https://sqs/q")
    public.destination.update(kind="public", id="*", verdict="public")
    text = json.dumps({"Statement": [statement]})
    (step,) = plan([public], load(), lambda _: {"Attributes": {"Policy": text}}).steps
    assert step.change[0].args["Attributes"]["Policy"] == text.replace('"0.0.0.0/0", ', "")
    assert "ip-range 198.51.100.7/32 is named beside and let in still: audit again" in step.breaks
