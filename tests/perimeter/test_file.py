"""perimeter.toml: what it may say, and how it complains."""

from datetime import date

import pytest

from exclave.model import Destination, Kind, Verdict
from exclave.perimeter.build import maker
from exclave.perimeter.file import BadPerimeterError, read
from exclave.perimeter.propose import Proposed, toml
from exclave.perimeter.vendors import read_vendors

GOOD = """
include = ["partners.toml"]

[[account]]
id = "012345670123"
name = "production"
why = "ours since 2019"
owner = "platform@acme.example"
until = 2027-01-31

[[bucket]]
ids = ["acme-logs", "acme-data-*"]
as = "self"
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "perimeter.toml").write_text(GOOD)
    (tmp_path / "partners.toml").write_text(
        'include = ["perimeter.toml"]\n[[organization]]\nid = "o-partner0000"\nas = "trusted"\n'
    )
    return tmp_path


def test_entries_of_a_file_and_of_those_it_includes(folder):
    entries = read(folder / "perimeter.toml").entries
    assert [(e.kind.value, e.id, e.verdict.value) for e in entries] == [
        ("account", "012345670123", "self"),
        ("bucket", "acme-logs", "self"),
        ("bucket", "acme-data-*", "self"),
        ("organization", "o-partner0000", "trusted"),
    ]
    assert entries[0].until == date(2027, 1, 31)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[[acount]]\nid = '1'", "did you mean 'account'"),
        ("[[account]]\nid = '111122223333'\nuntill = 2027-01-01", "did you mean 'until'"),
        ("[[account]]\nid = 111122223333", "text in quotes"),
        ("[[account]]\nid = 012345670123", "quotes"),
        ("[[account]]\nid = '111122223333'\nas = 'friend'", "one of self"),
        ("[[account]]\nid = '111122223333'\nuntil = 'soon'", "is a date, e.g. 2027-01-31, not 'soon'"),
        ("[[account]]\nid = '11112222333'", "[[account]] 1: id '11112222333': an account id has 12 digits"),
        ("[[account]]\nids = ['111122223333', 'acme']", "id 'acme': an account id has 12 digits"),
        ("[[subscription]]\nid = 'production'", "a subscription id looks like"),
        ("[[tenant]]\nid = 'acme.onmicrosoft.com'", "[[tenant]] 1: id 'acme.onmicrosoft.com': a tenant id"),
        ("[[organization]]\nid = 'acme'", "id 'acme': an organisation id of AWS looks like o-"),
        ("[[organization]]\nid = 'organizations/4242'", "one of Google is a number"),
        ("[[folder]]\nid = 'folders/12'", "a folder id of Google is a number"),
        ("[[project]]\nid = 'Acme Production'", "a project is named by its id, such as acme-prod-1"),
        ("[[cidr]]\nid = '10.0.0.0/33'", "id '10.0.0.0/33': not a range"),
        ("[account]\nid = '111122223333'", "two brackets"),
        ("[[account]]\nwhy = 'no id'", "id must be text"),
        ("include = 'other.toml'", "a list"),
        ("include = ['missing.toml']", "(include of "),
        ("= nonsense", "not valid TOML"),
    ],
)
def test_a_file_that_cannot_be_used_says_where_and_what(tmp_path, text, complaint):
    path = tmp_path / "perimeter.toml"
    path.write_text(text)
    with pytest.raises(BadPerimeterError, match=r"perimeter\.toml|missing\.toml") as error:
        read(path)
    assert complaint in str(error.value)


@pytest.mark.parametrize(
    ("table", "identifier"),
    [
        ("organization", "o-abc1234567"),
        ("organization", "o-abc1234567/*"),
        ("organization", "123456789012"),
        ("tenant", "22222222-2222-4222-8222-22222222ABCD"),
        ("project", "acme-prod-1"),
        ("project", "example.com:acme-prod"),
        ("project", "100000000001"),
        ("folder", "4242"),
    ],
)
def test_ids_of_every_form_are_taken(tmp_path, table, identifier):
    path = tmp_path / "perimeter.toml"
    path.write_text(f"[[{table}]]\nid = '{identifier}'")
    assert [e.id for e in read(path).entries] == [identifier]


def test_a_hunt_says_what_it_assumed_and_what_has_expired(tmp_path):
    path = tmp_path / "perimeter.toml"
    path.write_text("[[account]]\nid = '111122223333'\nas = 'vendor'\nuntil = 2020-01-01\nowner = 'dana'")
    perimeter, said = maker(path)({Kind.ACCOUNT: {"123456789012": "its CloudTrail is among these logs"}})
    assert perimeter.judge(Destination(kind=Kind.ACCOUNT, id="123456789012")).verdict is Verdict.SELF
    assert any("123456789012" in s and "assumed" in s for s in said)
    assert any("111122223333" in s and "expired on 2020-01-01" in s and "dana" in s for s in said)


def test_what_the_logs_show_does_not_count_where_the_file_says_so(tmp_path):
    path = tmp_path / "perimeter.toml"
    path.write_text("assume-seen = false")
    perimeter, _ = maker(path)({Kind.ACCOUNT: {"123456789012": "seen"}})
    assert perimeter.judge(Destination(kind=Kind.ACCOUNT, id="123456789012")).verdict is Verdict.EXTERNAL


def test_a_proposal_can_be_read_back_whatever_names_it_holds(tmp_path):
    hostile = 'x"\n[[account]]\nid = "666666666666"\u2028\x1b[31m'
    path = tmp_path / "perimeter.toml"
    path.write_text(
        toml(
            [
                Proposed(table="account", id="123456789012", verdict="self", why="its logs", name=hostile),
                Proposed(
                    table="account", id="210987654321", verdict="organization", why="closed", sure=False
                ),
            ],
            "logs",
        )
    )
    entries = read(path).entries
    assert [(e.id, e.name) for e in entries] == [("123456789012", hostile)]


def test_known_accounts_are_named_and_not_trusted(tmp_path):
    (tmp_path / "known.yaml").write_text(
        "- name: Datadog\n  source: ['https://docs.example']\n  accounts: ['464622532012', 012345670123]\n- name: None yet\n  accounts: []\n"
    )
    assert read_vendors(tmp_path / "known.yaml") == {"464622532012": "Datadog", "012345670123": "Datadog"}
    (tmp_path / "perimeter.toml").write_text('vendors = ["known.yaml"]')
    perimeter, _ = maker(tmp_path / "perimeter.toml")({})
    judgement = perimeter.judge(Destination(kind=Kind.ACCOUNT, id="012345670123"))
    assert (judgement.verdict, judgement.name) == (Verdict.VENDOR, "Datadog")


@pytest.mark.parametrize("text", ["{", "just text", "- 1", "- accounts: ['1']"])
def test_a_vendor_list_that_is_none_says_so(tmp_path, text):
    (tmp_path / "known.yaml").write_text(text)
    with pytest.raises(BadPerimeterError, match=r"known\.yaml"):
        read_vendors(tmp_path / "known.yaml")
