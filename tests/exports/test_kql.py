import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from exclave.exports import NotExpressibleError, export
from exclave.exports.kql_tables import TABLES
from tests.exports.cases import methods, rule
from tests.exports.sentinel import tables


def queries():
    for method in methods():
        try:
            made = export(rule(method.id), "kql")
        except NotExpressibleError:
            continue
        for text in made.rules:
            yield method.id, text


def test_what_is_named_of_a_table_is_in_its_published_columns():
    published = tables()
    for table in TABLES.values():
        columns = set(published[table.name])
        assert set(table.shown) <= columns
        assert {c for c, _ in table.columns.values()} <= columns | set(table.made)


def test_a_query_names_one_table_its_events_and_what_to_look_at():
    ((_, text),) = [q for q in queries() if q[0] == "aws.ebs.snapshot-share"]
    lines = text.splitlines()
    assert lines[0] == "AWSCloudTrail"
    assert (
        lines[1]
        == '| where (EventSource == "ec2.amazonaws.com" and EventName in ("ModifySnapshotAttribute"))'
    )
    assert lines[-1].startswith("| project TimeGenerated, ")


def test_a_receiver_is_compared_with_a_list_of_accounts():
    ((_, text),) = [q for q in queries() if q[0] == "aws.dataexchange.grant"]
    assert text.startswith("let trusted_accounts = dynamic([]);")
    assert '| where tostring(RequestBody["receiverPrincipal"]) !in (trusted_accounts)' in text


def test_every_cloud_has_queries_and_a_log_without_a_table_has_none():
    ids = {i.partition(".")[0] for i, _ in queries()}
    assert ids == {"aws", "azure", "gcp"}
    with pytest.raises(NotExpressibleError, match="gcp-scc"):
        export(rule("gcp.guards.exfiltration-found"), "kql")


def language_service():
    found = os.environ.get("KUSTO_LANGUAGE_SERVICE", "")
    if not found or not Path(found).is_dir() or not shutil.which("node"):
        pytest.skip(
            "KUSTO_LANGUAGE_SERVICE (the npm package @kusto/language-service-next) or node is not there"
        )
    return found


def said_of(texts):
    schemas = [
        [name, "(" + ", ".join(f"{c}: {t}" for c, t in columns.items()) + ")"]
        for name, columns in tables().items()
    ]
    script = Path(__file__).parent / "kusto_check.js"
    done = subprocess.run(
        ["node", str(script), language_service()],
        input=json.dumps({"tables": schemas, "queries": texts}), capture_output=True, text=True, timeout=300, check=True,
    )  # fmt: skip
    return json.loads(done.stdout)


@pytest.mark.real
def test_kustos_language_service_finds_nothing_wrong_with_the_queries():
    assert said_of(list(queries())) == []


@pytest.mark.real
def test_kustos_language_service_would_find_a_wrong_column_and_a_wrong_word():
    said = said_of(
        [
            ["column", "AWSCloudTrail | where EventNam == 'x'"],
            ["word", "AWSCloudTrail | were EventName == 'x'"],
        ]
    )
    assert any(s.startswith("column: ") and "EventNam" in s for s in said)
    assert any(s.startswith("word: ") for s in said)
