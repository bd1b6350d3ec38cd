from __future__ import annotations

import csv
import io
import json
import re
import time

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from exclave.outputs import WRITERS, neutralise, write

from . import sample

RAW = re.compile(
    "[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f]"
)
hostile = st.lists(
    st.one_of(
        st.sampled_from(
            ["\x1b[31m", "\x1b]8;;http://x\x07", "\x9b31m", "\u202e", "\u2066", "\r\n", "\n::error::", "\t", "\x00", "\u2028",
             "\u200b", "\ud800", "=cmd|'/c calc'!A1", "+1", "-1", "@SUM(1)", "</script><img src=x onerror=alert(1)>", "<!--",
             "[x](javascript:alert(1))", "{0}", "`$(id)`", "'", '"', "\\", ";", ",", "\U000e0041", "[red]", ":smile:", "]]>", "é漢"]
        ),
        st.text(max_size=6),
    ),
    max_size=6,
).map("".join)  # fmt: skip


def output(report, name):
    stream = io.BytesIO()
    write(report, name, stream)
    return stream.getvalue().decode("utf-8")


@given(st.text() | hostile)
@example("\ud800")
def test_a_line_is_one_line_of_printable_text(text):
    safe = neutralise.line(text)
    assert not RAW.search(safe)
    assert "\n" not in safe
    assert "\r" not in safe
    safe.encode("utf-8")


@given(hostile)
def test_ordinary_text_passes_unchanged(text):
    plain = re.sub("[^a-z ]", "", text)
    assert neutralise.line(plain) == plain


@given(st.text() | hostile)
def test_a_cell_never_begins_a_formula_and_reads_back_as_one_cell(text):
    safe = neutralise.cell(text)
    assert not safe.lstrip().startswith(("=", "+", "-", "@", "\t", "\r"))
    out = io.StringIO()
    csv.writer(out).writerow([safe, "next"])
    assert list(csv.reader(io.StringIO(out.getvalue()))) == [[safe, "next"]]


@given(st.text() | hostile)
def test_html_holds_no_markup(text):
    assert not re.search("[<>\"']", neutralise.html(text))


@given(hostile)
def test_markdown_escapes_each_mark(text):
    assert not re.search(r"(?<!\\)(?:\\\\)*[\[\]<>*`_|]", neutralise.markdown(text).replace("\\\\", ""))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | hostile,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(json_values)
def test_json_is_ascii_where_it_matters_and_reads_back(value):
    line = neutralise.json_line(value)
    assert not RAW.search(line)
    assert "\n" not in line
    json.loads(line)
    assert json.loads(neutralise.json_document(value)) == json.loads(line)


@given(hostile)
def test_json_keeps_text_as_it_was(text):
    whole = text.replace("\ud800", "")
    assert json.loads(neutralise.json_line({"a": whole}))["a"] == neutralise.mask(whole)


@pytest.mark.parametrize("name", sorted(WRITERS))
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=hostile)
@example(text="\x1b[31m\x9b\u202e\r\n=</script>'\"{0}[x](y)")
def test_no_output_lets_a_control_character_through(name, text):
    written = output(sample.poisoned(text), name)
    assert not RAW.search(written)


SECRETS = {
    "https://acct.blob.core.windows.net/c?sv=2022-11-02&sp=rl&se=2026-04-01&sig=aGVsbG8gd29ybGQ%3D": "aGVsbG8",
    "https://b.s3.amazonaws.com/k?X-Amz-Credential=AKIAIOSFODNN7EXAMPLE&X-Amz-Signature=aa5be1d5f0": "aa5be1d5f0",
    "https://b.s3.amazonaws.com/k?AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Signature=vjbyPxybdZaNmGa%2ByT272YEAiv4": "vjby",
    "https://storage.googleapis.com/b/o?X-Goog-Signature=247a2aa45f16": "247a2aa45f16",
    "redirect=https%3A%2F%2Facct.blob.core.windows.net%2Fc%3Fsig%3DaGVsbG8%26sp%3Dr": "aGVsbG8",
    "DefaultEndpointsProtocol=https;AccountName=acct;AccountKey=Zm9vYmFyYmF6cXV4cXV1eA==;EndpointSuffix=x": "Zm9vYmFy",
    "BlobEndpoint=https://a;SharedAccessSignature=sv=2020&sig=c2VjcmV0": "c2VjcmV0",
    "Authorization: Bearer ya29.a0AfH6SMBx1234567890": "a0AfH6SMBx",
    "Bearer eyJhbGciOiJIUzI1NiIsInR5.eyJzdWIiOiIxMjM0NTY3.c2lnbmF0dXJl": "c2lnbmF0dXJl",
    "eyJhbGciOiJIUzI1NiIsInR5.eyJzdWIiOiIxMjM0NTY3.c2lnbmF0dXJl": "eyJzdWIi",
    "postgres://admin:hunter2@db.example.com/x": "hunter2",
    '{"secretAccessKey": "abcDEF123", "accessKeyId": "AKIAIOSFODNN7EXAMPLE"}': "abcDEF123",
    '{\\"secretAccessKey\\":\\"abcDEF123\\"}': "abcDEF123",
    "aws_secret_access_key = abcDEF123": "abcDEF123",
    "masterUserPassword=hunter2": "hunter2",
    sample.SECRET: "K7MDENG",
    f"tag {sample.SECRET} end": "K7MDENG",
    "x-amz-security-token=IQoJb3JpZ2luX2VjEAAaCWV1": "IQoJb3",
    "IQoJb3JpZ2luX2VjEAAa" + "CWV1LXdlc3QtMSJHMEUC" * 8: "CWV1LXdlc3Qt",
    "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA\n-----END RSA PRIVATE KEY-----": "MIIEow",
}


@pytest.mark.parametrize(("text", "secret"), SECRETS.items())
def test_secrets_are_masked_and_masking_twice_changes_nothing(text, secret):
    masked = neutralise.mask(text)
    assert secret not in masked
    assert neutralise.MASK in masked
    assert neutralise.mask(masked) == masked
    if "AKIA" in text:
        assert "AKIAIOSFODNN7EXAMPLE" in masked


@pytest.mark.parametrize("name", sorted(WRITERS))
def test_no_output_lets_a_secret_through(name):
    for text, secret in list(SECRETS.items())[:12]:
        assert secret not in output(sample.poisoned(" " + text + " "), name)


@pytest.mark.parametrize(
    "text",
    [
        "AKIAIOSFODNN7EXAMPLE", "ASIAIOSFODNN7EXAMPLE", "snap-0a1b2c3d4e5f60718", "123456789012",
        "arn:aws:iam::123456789012:role/service-role/AWSBackupDefaultServiceRole", sample.FILE,
        "da39a3ee5e6b4b0d3255bfef95601890afd80709", "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be",
        "aws-cli/2.15.0 Python/3.11.6", "arn:aws:ec2:eu-west-1::snapshot/snap-0a1b2c3d4e5f60718",
        "GetSignature", "sig", "the key was created", "exports/database/Backup2024/customers/all1",
        "arn:aws:s3:::bucket/AWSLogs/123456789012/Config/eu-west-1/2026/3/2/ConfigHistory",
        "https://login.microsoftonline.com/common/oauth2?prompt=x", "s3://bucket/key:5@x",
    ],
)  # fmt: skip
def test_identifiers_stay_whole(text):
    assert neutralise.mask(text) == text


def test_a_value_under_a_secrets_name_is_masked_whole():
    cleaned = neutralise.clean(
        {"SecretAccessKey": "x", "MasterUserPassword": "p q", "AccessKeyId": "AKIA", "n": [{"sig": "s"}]}
    )
    assert cleaned == {
        "SecretAccessKey": "***",
        "MasterUserPassword": "***",
        "AccessKeyId": "AKIA",
        "n": [{"sig": "***"}],
    }


def test_deep_and_odd_values_become_text():
    deep: dict = {}
    for _ in range(200):
        deep = {"x": deep}
    json.loads(neutralise.json_line([deep, 2**70, float("inf"), {1, 2}, b"x", object]))


def test_masking_takes_time_in_proportion_to_length():
    def seconds(size):
        texts = ["sig=" * size, "://" * size, "a:" * size, "-----BEGIN " * size, "eyJ" * size, "pwd = " * size, "x" * 3 * size,
                 "://u:" * size, "bearer " * size, '"sig":' * size]  # fmt: skip
        start = time.process_time()
        for text in texts:
            neutralise.mask(text)
        return time.process_time() - start

    small = max(seconds(2_000), 0.002)
    assert seconds(20_000) < 40 * small


def test_long_text_is_cut_and_says_so():
    assert neutralise.line("a" * 5000).endswith("… (+904 characters)")
