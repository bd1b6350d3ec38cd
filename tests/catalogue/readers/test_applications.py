"""The reader of application policies."""

from exclave.catalogue.entry import Read
from exclave.catalogue.readers.applications import application_policy
from tests.catalogue.readers.event import event

READ = Read(reader="application-policy")


def found(*statements):
    return [d.key for d in application_policy([list(statements)], READ, event())]


def test_accounts_and_everybody_are_read():
    assert found({"principals": ["111122223333"]}, {"principals": ["*"]}) == [
        "account:111122223333",
        "public:*",
    ]


def test_everybody_of_an_organisation_is_the_organisation_in_that_statement_only():
    bound = {"principals": ["*"], "principalOrgIDs": ["o-foreign00000"]}
    assert found(bound) == ["organization:o-foreign00000"]
    assert found(bound, {"principals": ["*"]}) == ["organization:o-foreign00000", "public:*"]


def test_odd_input_gives_nothing():
    assert application_policy([None, "x", 3, [[]]], READ, event()) == []
