"""Text that an attacker may have written, made harmless for the medium it goes to, and secrets masked.

Part of every log is written by whoever made the calls: user agents, names, tags, policies. And logs hold
secrets: a SAS URL, a presigned URL, a key passed as a parameter. Access key ids (AKIA…, ASIA…) identify a
credential and open nothing, so they stay: a responder needs them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from html import escape
from math import log2
from typing import Any

MASK = "***"
_FORMULAS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_LATIN, _BASIC = 0x100, 0x10000  # code points below need two, four hex digits
LONGEST = 4096  # characters of one string shown to people; a provider's longest id (an S3 key) has 1,024
LONGEST_SECRET = 4096  # a session token may have 2,048 characters
CACHED = 512  # characters
DEEPEST = 40  # levels of nested values that are walked

# Control characters (C0, DEL, C1), invisible and direction-changing ones, line and paragraph separators,
# interlinear marks, lone surrogates, tag characters and variation selectors.
_UNSAFE = (
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u115f\u1160\u180b-\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff\ud800-\udfff\U000e0000-\U000e0fff]"
)
_NAMES = (
    r"sig|signature|x-amz-signature|x-goog-signature|x-amz-security-token|accountkey|sharedaccesskey"
    r"|sharedaccesssignature|aws_?secret_?access_?key|secret_?access_?key|aws_?session_?token|session_?token"
    r"|client_?secret|access_?token|refresh_?token|id_?token|security_?token"
    r"|(?:master_?user_?|admin_?|user_?|db_?)?password|passwd|pwd"
)
_BEFORE = r"(?:(?<![a-z0-9])|(?<=%3f)|(?<=%26)|(?<=%253f)|(?<=%2526))"  # the last four: in an encoded URL
_EQUALS = r"\s{0,3}(?:=|%3d|%253d)\s{0,3}"
_VALUE = r"[^\s&;,\"'<>\\)\]}]"


@cache
def _unsafe() -> re.Pattern[str]:
    return re.compile(_UNSAFE)


@cache
def _hint() -> re.Pattern[str]:
    """What any secret has near it; most strings have none of it and need no more looking at."""
    return re.compile(
        r"sig|key|token|secret|pass|pwd|bearer|basic|eyJ|ya29|://|IQoJ|FwoG|FQoG|\S{40}", re.IGNORECASE
    )


@cache
def _secrets() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Patterns with what to put in place of a match. Each is linear: no nested or overlapping repeats."""
    loose = re.IGNORECASE
    return (
        (re.compile(r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[^-]*(?:-----END [A-Z ]{0,30}-----)?"), MASK),
        # "secretAccessKey": "…", also inside a JSON string
        (
            re.compile(rf"({_BEFORE}(?:{_NAMES})\\*[\"']\s{{0,3}}:\s{{0,3}}\\*[\"'])[^\"'\\]+", loose),
            rf"\1{MASK}",
        ),
        # SharedAccessSignature=sv=…&sig=… keeps what says how wide it was; its sig goes by the next
        (re.compile(rf"({_BEFORE}sharedaccesssignature{_EQUALS})(?!sv=|sr=){_VALUE}+", loose), rf"\1{MASK}"),
        (
            re.compile(rf"({_BEFORE}(?!sharedaccesssignature)(?:{_NAMES}){_EQUALS}[\"']?){_VALUE}+", loose),
            rf"\1{MASK}",
        ),
        (re.compile(rf"({_BEFORE}(?:{_NAMES}):\s{{0,3}}){_VALUE}+", loose), rf"\1{MASK}"),
        (re.compile(r"(\b(?:bearer|basic)(?:\s|%20|\+){1,3})[a-z0-9._~+/=-]{8,}", loose), rf"\1{MASK}"),
        (re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?"), MASK),
        (re.compile(r"\bya29\.[A-Za-z0-9_.-]{8,}"), MASK),
        (re.compile(r"\b(?:IQoJ|FwoG|FQoG)[A-Za-z0-9+/=%_-]{60,}"), MASK),
        (re.compile(r"(://[^\s/:@?#]{0,200}:)[^\s/@?#]{1,400}@"), rf"\1{MASK}@"),
        # a storage account's key as it stands: 64 bytes in base64
        (re.compile(r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{86}=="), MASK),
    )


@cache
def _key_name() -> re.Pattern[str]:
    return re.compile(rf"(?:{_NAMES})", re.IGNORECASE)


@cache
def _bare_key() -> re.Pattern[str]:
    return re.compile(r"(?<![A-Za-z0-9/+=_-])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=_-])")


def mask(text: str) -> str:
    """The text with secrets replaced by `***`, whatever stands around them kept."""
    return _mask_short(text) if len(text) <= CACHED else _mask(text)


@lru_cache(maxsize=8192)
def _mask_short(text: str) -> str:
    """ARNs, reasons and file names come back thousands of times; only short texts are kept, for memory."""
    return _mask(text)


def _mask(text: str) -> str:
    if not _hint().search(text):
        return text
    for pattern, instead in _secrets():
        text = pattern.sub(instead, text)
    return _bare_key().sub(_mask_bare_key, text)


def _mask_bare_key(match: re.Match[str]) -> str:
    """An AWS secret access key has no mark: 40 characters that look random, as a path does not."""
    text = match.group()
    kinds = (any(c.isupper() for c in text), any(c.islower() for c in text), any(c.isdigit() for c in text))
    counts = [text.count(c) for c in set(text)]
    entropy = -sum(n / len(text) * log2(n / len(text)) for n in counts)
    random = 4.3  # bits per character: random keys lie above 4.4, paths and names of words below 4.2
    return MASK if all(kinds) and entropy > random else text


def visible(text: str) -> str:
    r"""The text with control and invisible characters written out, as `\x1b`: one line, no effects."""
    return _unsafe().sub(_written_out, text)


def _written_out(match: re.Match[str]) -> str:
    code = ord(match.group())
    short = {9: "\\t", 10: "\\n", 13: "\\r"}.get(code)
    return short or (
        f"\\x{code:02x}" if code < _LATIN else f"\\u{code:04x}" if code < _BASIC else f"\\U{code:08x}"
    )


def line(text: object, limit: int = LONGEST) -> str:
    """For a person's eyes, in a terminal or a log: secrets masked, one line, at most `limit` long."""
    plain = str(text)
    left = len(plain) - limit
    # masked before it is cut, with room for a secret that the cut would halve
    safe = visible(mask(plain[: limit + LONGEST_SECRET])[:limit])
    return safe + (f"… (+{left} characters)" if left > 0 else "")


def cell(text: object) -> str:
    """For a CSV cell: as `line`, and never a formula.

    OWASP, "CSV Injection": cells that begin with = + - @ tab or line break are formulas to spreadsheets;
    their full-width forms too in some. A leading apostrophe makes them text.
    """
    safe = line(text)
    return "'" + safe if safe.lstrip()[:1] in _FORMULAS else safe


def html(text: object) -> str:
    """For HTML text and quoted attributes."""
    return escape(line(text), quote=True)


def markdown(text: object) -> str:
    """For Markdown: nothing in it formats, links or makes HTML."""
    return re.sub(r"([\\`*_{}\[\]()#+\-.!|<>~&:@/])", r"\\\1", line(text))


def sarif(text: object) -> str:
    """For a SARIF message: no links (SARIF 2.1.0 §3.11.6) and no placeholders (§3.11.5)."""
    return re.sub(r"([\\\[\]])", r"\\\1", line(text)).replace("{", "{{").replace("}", "}}")


def stix_string(text: object) -> str:
    r"""For a string constant of a STIX pattern, without its quotes (STIX 2.1 §9.3: \\ and ' are escaped)."""
    return line(text).replace("\\", "\\\\").replace("'", "\\'")


def clean(value: Any, depth: int = 0) -> Any:
    """A JSON value with the secrets in its strings masked; a string under a secret's name is masked whole.

    Strings keep every other character; `json_line` writes those that could act as escapes. What is no JSON
    value becomes its text; what lies too deep is named as such.
    """
    if isinstance(value, str):
        return _no_surrogates(mask(value))
    if value is None or isinstance(value, (bool, int, float)):
        return _number(value)
    if depth > DEEPEST:
        return "… (nested too deep)"
    if isinstance(value, Mapping):
        return {
            _no_surrogates(mask(str(key))): MASK
            if isinstance(item, str) and item and _key_name().fullmatch(str(key))
            else clean(item, depth + 1)
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple, set, frozenset)):
        return [clean(item, depth + 1) for item in value]
    return _no_surrogates(mask(str(value)))


def _number(value: float | None) -> float | str | None:
    """JSON has no infinities, and readers lose integers over 53 bits."""
    whole = 2**53
    if value is None or isinstance(value, bool) or (isinstance(value, int) and -whole <= value <= whole):
        return value
    if isinstance(value, float) and value == value and abs(value) != float("inf"):  # noqa: PLR0124 - not NaN
        return value
    return str(value)


def _no_surrogates(text: str) -> str:
    return text if text.isascii() else re.sub("[\ud800-\udfff]", _written_out, text)


def json_line(value: Any) -> str:
    r"""One line of JSON, secrets masked, with control and invisible characters as \u escapes."""
    return _escape(_dumps(clean(value), indent=False))


def json_document(value: Any) -> str:
    """As `json_line`, indented, with a line break at the end."""
    return _lines_escaped(_dumps(clean(value), indent=True)) + "\n"


def _dumps(value: Any, *, indent: bool) -> str:
    import orjson

    return orjson.dumps(value, option=orjson.OPT_INDENT_2 if indent else 0).decode()


def _lines_escaped(text: str) -> str:
    return "\n".join(map(_escape, text.split("\n")))


def _escape(text: str) -> str:
    r"""JSON text is ASCII outside its strings, so what is replaced stands inside one."""
    return text if text.isascii() and "\x7f" not in text else _unsafe().sub(_json_escape, text)


def _json_escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code < _BASIC:
        return f"\\u{code:04x}"
    code -= _BASIC
    return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"
