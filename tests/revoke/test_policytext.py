"""A grant is cut out of a policy's text and the rest stays to the byte."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exclave.policy.evaluate import Answer, Policies, evaluate
from exclave.policy.requests import Request
from exclave.revoke.jsontext import BadJsonError, cut, parse
from exclave.revoke.policytext import CannotEditError, NotLetInError, Party, without

OWN, THEM, OTHER = "111111111111", "222222222222", "333333333333"
ROOT = f"arn:aws:iam::{THEM}:root"
THEIRS = [Party("account", THEM)]


def edited(text, parties=THEIRS):
    return without(text, parties, OWN).text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # one of a list, wherever it stands, with one comma
        (f'{{"AWS":["{ROOT}","{OTHER}"]}}', f'{{"AWS":["{OTHER}"]}}'),
        (f'{{"AWS":[ "{OTHER}" ,  "{THEM}" ]}}', f'{{"AWS":[ "{OTHER}" ]}}'),
        (f'{{"AWS":["{OTHER}",\n\t"{ROOT}",\n\t"{OWN}"]}}', f'{{"AWS":["{OTHER}",\n\t"{OWN}"]}}'),
        (f'["{OTHER}", "{THEM}"]', f'["{OTHER}"]'),
        # the only one of its type
        (f'{{ "AWS": "{ROOT}", "Service": "sns.amazonaws.com" }}', '{ "Service": "sns.amazonaws.com" }'),
        (f'{{"Service":"sns.amazonaws.com" , "AWS":["{THEM}"]}}', '{"Service":"sns.amazonaws.com"}'),
        # a user and a role of the account are the account's
        (f'{{"AWS":["{OTHER}","arn:aws:iam::{THEM}:user/u","arn:aws:iam::{THEM}:role/r","{THEM}"]}}', f'{{"AWS":["{OTHER}"]}}'),
        # written with escapes
        (f'{{"A\\u0057S":["{OTHER}","\\u0032{THEM[1:]}"]}}', f'{{"A\\u0057S":["{OTHER}"]}}'),
    ],
)  # fmt: skip
def test_a_principal_goes_and_nothing_else(before, after):
    rest = '"Action" : "s3:GetObject","Resource":["arn:aws:s3:::b/*"]   }, {"Effect":"Deny","Principal":{"AWS":"%s"},"Action":"s3:DeleteObject","Resource":"*"} ] }'
    text = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":%s,' + rest % ROOT
    assert edited(text % before) == text % after


def statement(principal, **more):
    return json.dumps({"Effect": "Allow", "Principal": principal, "Action": "s3:*", "Resource": "*", **more})


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_statement_whose_only_principal_goes_is_removed_with_one_comma(place):
    others = [statement({"AWS": OTHER}, Sid=f"s{n}") for n in range(2)]
    every = [*others[:place], statement({"AWS": [THEM]}), *others[place:]]
    assert json.loads(edited('{"Statement":[' + " ,\n ".join(every) + "]}"))["Statement"] == [
        json.loads(o) for o in others
    ]
    left = edited('{"Statement":[' + ",".join(every) + "]}")
    assert left == '{"Statement":[' + ",".join(others) + "]}"


def test_nothing_is_left_of_a_policy_that_lets_only_them_in():
    assert edited('{"Statement":[' + statement({"AWS": THEM}) + "]}") == ""
    assert edited('{"Statement":' + statement({"AWS": ROOT}) + "}") == ""


def test_only_the_named_value_of_a_condition_goes():
    text = (
        '{"Statement":'
        + statement("*", Condition={"StringEquals": {"aws:PrincipalAccount": [OTHER, THEM]}})
        + "}"
    )
    assert edited(text) == text.replace(f', "{THEM}"', "")
    only = '{"Statement":' + statement("*", Condition={"StringEquals": {"aws:PrincipalAccount": THEM}}) + "}"
    assert edited(only) == ""


def test_a_service_that_acts_for_them_is_shut_out_of_its_condition():
    text = '{"Statement":' + statement(
        {"Service": "sns.amazonaws.com"}, Condition={"StringEquals": {"aws:SourceAccount": [THEM, OWN]}}
    ) + "}"  # fmt: skip
    assert json.loads(edited(text))["Statement"]["Condition"] == {
        "StringEquals": {"aws:SourceAccount": [OWN]}
    }


def test_the_public_goes_and_who_is_named_stays():
    text = '{"Statement":[' + statement({"AWS": ["*", ROOT]}) + "," + statement("*", Sid="all") + "]}"
    left = edited(text, [Party("public", "*")])
    assert left == '{"Statement":[' + statement({"AWS": [ROOT]}) + "]}"


def test_one_user_goes_and_his_account_stays():
    user = f"arn:aws:iam::{THEM}:user/u"
    text = '{"Statement":[' + statement({"AWS": [user, ROOT]}) + "]}"
    assert edited(text, [Party("principal", user)]) == text.replace(f'"{user}", ', "")


def test_a_whole_organisation_goes():
    text = '{"Statement":[' + statement("*", Condition={"StringEquals": {"aws:PrincipalOrgID": "o-theirs0000"}}) + "," + statement({"AWS": OTHER}) + "]}"  # fmt: skip
    assert (
        edited(text, [Party("organization", "o-theirs0000")])
        == '{"Statement":[' + statement({"AWS": OTHER}) + "]}"
    )


EVERYBODY = [Party("public", "*")]


@pytest.mark.parametrize(
    ("key", "operator", "open_", "others"),
    [
        ("aws:SourceIp", "IpAddress", ["0.0.0.0/0"], ["198.51.100.0/24", "203.0.113.0/24"]),
        ("aws:SourceIp", "IpAddress", ["0.0.0.0/1", "128.0.0.0/1"], ["203.0.113.0/24"]),
        ("aws:PrincipalArn", "ArnLike", ["arn:aws:iam::*:role/x"], [f"arn:aws:iam::{OTHER}:role/y"]),
        ("aws:PrincipalOrgID", "StringLike", ["*"], ["o-ours000000"]),
    ],
)
def test_whom_a_condition_names_beside_everybody_is_let_in_still(key, operator, open_, others):
    """Everybody is all that is read of such a list, and the statement must not go with them."""

    def text(values):
        return '{"Statement":[' + statement("*", Condition={operator: {key: values}}) + "]}"

    assert edited(text([others[0], *open_, *others[1:]]), EVERYBODY) == text(others)
    assert edited(text(open_), EVERYBODY) == ""


CANONICAL = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"
SERVICE = {"Service": "sns.amazonaws.com"}
SPARED = json.dumps({"Effect": "Deny", "NotPrincipal": {"AWS": ROOT}, "Action": "*", "Resource": "*"})


@pytest.mark.parametrize(
    ("before", "after", "party"),
    [
        # every spelling of one account, and the same statement twice under one name
        (
            [statement({"AWS": [f"arn:aws:sts::{THEM}:assumed-role/r/s", f"arn:aws-us-gov:iam::{THEM}:root", int(THEM)]}, Sid="a")] * 2
            + [statement({"AWS": OTHER}, Sid="a")],
            [statement({"AWS": OTHER}, Sid="a")], THEIRS[0],
        ),
        ([statement({"CanonicalUser": CANONICAL, "AWS": OTHER})], [statement({"AWS": OTHER})], Party("canonical-id", CANONICAL)),
        # a Deny that spares them, and one that is theirs, stay as they are
        (
            [statement({"AWS": THEM}), SPARED],
            [SPARED], THEIRS[0],
        ),
        ([statement(None, Principal=None, NotPrincipal={"AWS": OTHER}), statement({"AWS": OTHER})], [statement({"AWS": OTHER})], EVERYBODY[0]),
        # named in two conditions at once: with one of them gone the other lets nobody in
        (
            [statement(SERVICE, Condition={"StringEquals": {"aws:SourceAccount": [THEM, OWN]}, "ArnLike": {"aws:SourceArn": [f"arn:aws:sns:*:{THEM}:t", f"arn:aws:sns:*:{OWN}:t"]}})],
            [statement(SERVICE, Condition={"StringEquals": {"aws:SourceAccount": [OWN]}, "ArnLike": {"aws:SourceArn": [f"arn:aws:sns:*:{THEM}:t", f"arn:aws:sns:*:{OWN}:t"]}})],
            THEIRS[0],
        ),
        ([statement({"AWS": "*"}, Condition={"StringEquals": {"kms:CallerAccount": [OWN, THEM]}})], [statement({"AWS": "*"}, Condition={"StringEquals": {"kms:CallerAccount": [OWN]}})], THEIRS[0]),
        ([statement({"AWS": "*"}, Condition={"IpAddress": {"aws:SourceIp": ["192.0.2.1/32", "203.0.113.0/24"]}})], [statement({"AWS": "*"}, Condition={"IpAddress": {"aws:SourceIp": ["203.0.113.0/24"]}})], Party("ip-range", "192.0.2.1/32")),
        # larger than any service takes
        ([statement({"AWS": [*(f"arn:aws:iam::{THEM}:role/r{n}" for n in range(200)), OTHER]})], [statement({"AWS": [OTHER]})], THEIRS[0]),
    ],
)  # fmt: skip
def test_grants_of_every_kind_go_alone(before, after, party):
    def text(statements):
        return (
            '{ "Id":"é\\u00e9", "Statement" : [' + " , ".join(statements) + '],\r\n"Version":"2012-10-17" }\n'
        )

    left = edited(text(before), [party])
    assert left == text(after)
    with pytest.raises(NotLetInError):  # a second run finds nothing
        edited(left, [party])


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("no json", "no JSON"),
        ('{"Statement":', "no JSON"),
        ("[1]", "no JSON object"),
        ('{"Statement":[' + statement({"AWS": THEM}) + "]} x", "follows"),
        ('{"Statement":[], "Statement":[' + statement({"AWS": THEM}) + "]}", "stands twice"),
        ('{"a":' * 100 + "1" + "}" * 100, "too deep"),
    ],
)
def test_what_is_no_policy_is_a_clear_error(text, why):
    with pytest.raises(CannotEditError, match=why):
        edited(text)


def test_who_is_not_let_in_can_not_be_taken_out():
    with pytest.raises(NotLetInError):
        edited('{"Statement":[' + statement({"AWS": OTHER}) + "]}")
    # let in by what two statements leave together, which no cut can change alone
    allow = statement("*")
    deny = json.dumps({
        "Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*",
        "Condition": {"StringNotEquals": {"aws:PrincipalAccount": [THEM, OTHER]}},
    })  # fmt: skip
    with pytest.raises(CannotEditError, match="by hand"):
        edited('{"Statement":[' + allow + "," + deny + "]}")


# -- properties

PEOPLE = st.sampled_from(
    [OWN, THEM, OTHER, ROOT, f"arn:aws:iam::{OTHER}:role/r", f"arn:aws:iam::{THEM}:user/u", f"arn:aws:iam::{OWN}:root", "*"]
)  # fmt: skip
PRINCIPALS = st.one_of(
    st.just("*"),
    st.builds(lambda ids: {"AWS": ids}, st.lists(PEOPLE, min_size=1, max_size=4)),
    st.builds(lambda one: {"AWS": one}, PEOPLE),
    st.builds(
        lambda ids: {"AWS": ids, "Service": "sns.amazonaws.com"}, st.lists(PEOPLE, min_size=1, max_size=3)
    ),
)
CONDITIONS = st.sampled_from(
    [
        None,
        None,
        {"StringEquals": {"aws:PrincipalAccount": [THEM, OTHER]}},
        {"StringEquals": {"aws:PrincipalAccount": [OTHER]}},
        {"Bool": {"aws:SecureTransport": "true"}},
    ]
)
STATEMENTS = st.builds(
    lambda effect, principal, action, condition: {
        "Effect": effect, "Principal": principal, "Action": action, "Resource": "*",
        **({"Condition": condition} if condition else {}),
    },
    st.sampled_from(["Allow", "Allow", "Allow", "Deny"]), PRINCIPALS,
    st.sampled_from(["s3:GetObject", ["s3:GetObject", "s3:PutObject"], "s3:*"]), CONDITIONS,
)  # fmt: skip
ASKERS = [
    OWN,
    OTHER,
    f"arn:aws:iam::{OTHER}:role/r",
    f"arn:aws:iam::{OWN}:role/x",
    "sns.amazonaws.com",
    "444444444444",
    "",
]
FOREIGN = [ROOT, f"arn:aws:iam::{THEM}:user/u", f"arn:aws:iam::{THEM}:role/other"]


def answers(text, who, action):
    context = {"aws:SecureTransport": "true"}
    request = Request(
        action=action, resource="arn:aws:s3:::b/k", principal=who, resource_account=OWN, context=context
    )
    return evaluate(request, Policies(identity=None, resource=text or None))


def public(text, action):
    """Whether somebody whom nobody named is let in: then they are too, and that is another finding."""
    return answers(text, "arn:aws:iam::555555555555:role/z", action) is not Answer.DENIES


@settings(max_examples=100, deadline=None)
@given(
    st.lists(STATEMENTS, min_size=1, max_size=4), st.sampled_from([None, 1, "\t"]), st.sampled_from([(",", ":"), (" , ", " : ")])
)  # fmt: skip
def test_an_edit_takes_away_their_grant_and_changes_nobody_elses(listed, indent, separators):
    text = json.dumps({"Version": "2012-10-17", "Statement": listed}, indent=indent, separators=separators)
    try:
        left = edited(text)
    except CannotEditError:
        return
    for action in ("s3:GetObject", "s3:PutObject"):
        for who in ASKERS:
            assert answers(left, who, action) == answers(text, who, action), (who, action)
        if not public(left, action):
            for who in FOREIGN:
                assert answers(left, who, action) is not Answer.ALLOWS
                assert answers(left, who, action) is Answer.DENIES
    # what is left is the text with pieces cut out, and every statement that doesn't name them is whole
    assert _is_cut_of(left, text)
    denies = [s for s in listed if s["Effect"] == "Deny"]
    assert (
        [s for s in json.loads(left)["Statement"] if s["Effect"] == "Deny"] == denies if left else not denies
    )


def _is_cut_of(left, text):
    rest = iter(text)
    return all(character in rest for character in left)


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3), max_leaves=10,
), st.sampled_from([None, 2]))  # fmt: skip
def test_any_json_is_read_as_pythons_own_reader_reads_it(value, indent):
    text = json.dumps(value, indent=indent)
    assert parse(text).plain() == json.loads(text)


@given(
    st.dictionaries(
        st.text(max_size=3), st.integers() | st.lists(st.integers(), max_size=3), min_size=1, max_size=4
    ),
    st.data(),
)
def test_a_member_cut_out_is_the_only_one_that_goes(value, data):
    text = json.dumps(value, indent=data.draw(st.sampled_from([None, 1])))
    root = parse(text)
    name = data.draw(st.sampled_from(sorted(value)))
    assert json.loads(cut(text, root, root.members[name])) == {k: v for k, v in value.items() if k != name}


@pytest.mark.parametrize(
    "text",
    ["", "{", '{"a"}', '{"a":1,}', "[1,]", "[1 2]", '"\n"', "01", "nul", "NaN", '{"a":1}}', "\ufeff{}"],
)
def test_what_python_refuses_is_refused(text):
    with pytest.raises(BadJsonError):
        parse(text)
