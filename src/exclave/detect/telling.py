"""What makes one of very many writes to S3 matter: another account's bucket, a list of access, another account's key.

PutObject is near half of what data events hold, and nearly all of it says nothing. An entry that looks at such a
name says `common = true`, and its readers read nothing else than what is looked for here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from exclave.detect.patterns import database

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# A canned list that opens, or what is no plain word; a list that is spelt out.
_LISTS = r'acl"\s*:\s*(?:[^"\s]|"(?:pu|au|aw|[^a-z]))|grant-'
_KEY = r'server-side-encryption-aws-kms-key-id"\s*:\s*"arn:[^":]*:kms:[^":]*:'
_HEADERS = re.compile(rf"x-amz-(?:{_LISTS})|\\u00".encode(), re.IGNORECASE)
_OWNERS = re.compile(rb'"accountId"\s*:\s*"?([^"]*)', re.IGNORECASE)
_KEYS = re.compile(rb'arn:[^":]*:kms:[^":]*:([^":]*)', re.IGNORECASE)


def tells(record: bytes, account: object) -> bool:
    """Whether a record, as JSON text, may say one of these things; `account` is whose log it is."""
    own = account.encode() if isinstance(account, str) else b""
    return (
        _HEADERS.search(record) is not None
        or any(owner != own for owner in _OWNERS.findall(record))
        or any(owner != own for owner in _KEYS.findall(record))
    )


def headers() -> Any:
    """A database for what headers of a write tell: lists that open, and whose the key is, up to its account.

    Raises:
        ImportError: there is no Hyperscan.
    """
    # One literal leads, so that a scan costs little more than one pass over the bytes.
    return database([rf"(?i)x-amz-(?:{_LISTS}|{_KEY})"])


def found(data: bytes, said: Iterable[int], writes: Iterable[int], account: str) -> Iterator[int]:
    """The places in a delivered file where a write tells something.

    Args:
        data: the file.
        said: where the headers are.
        writes: where the names of the writes end.
        account: whose file it is.
    """
    key = b":%b:" % account.encode()
    yield from (end for end in said if not data.startswith(key, end - 1))
    own = b'{"accountId":"%b","type":"AWS::S3::Bucket"' % account.encode()
    for end in writes:
        at = data.find(own, end)
        if at < 0 or data.find(b'"eventVersion"', end, at) >= 0:  # that of another record
            yield end
