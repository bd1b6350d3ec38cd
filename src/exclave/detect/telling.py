"""What makes one of very many writes to S3 matter: another account's bucket, a list of access, another account's key.

PutObject is near half of what data events hold, and nearly all of it says nothing. An entry that looks at such a
name says `common = true`, and its readers read nothing else than what is looked for here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from exclave.detect.patterns import finder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from exclave.detect.patterns import Finder

# A canned list that opens, or what is no plain word; a list that is spelt out.
_LISTS = r'acl"\s*:\s*(?:[^"\s]|"(?:pu|au|aw|[^a-z]))|grant-'
_KEY = r'server-side-encryption-aws-kms-key-id"\s*:\s*"arn:[^":]*:kms:[^":]*:'
_ORDINARY = ("private", "bucket-owner")  # how canned lists begin that open nothing to others


class _Resource(msgspec.Struct, gc=False):
    accountId: Any = None  # noqa: N815 - the log's own key


class _Write(msgspec.Struct, gc=False):
    requestParameters: dict[str, Any]  # noqa: N815
    resources: list[_Resource]


_decode = msgspec.json.Decoder(_Write).decode


def tells(record: msgspec.Raw, account: object) -> bool:
    """Whether a record, as JSON text, may say one of these things; `account` is whose log it is."""
    try:
        write = _decode(record)
    except msgspec.MsgspecError:
        return True  # whose bucket it is can't be seen
    owners = [resource.accountId for resource in write.resources if resource.accountId is not None]
    return (
        not owners
        or any(owner != account for owner in owners)
        or any(_says(key.lower(), value, account) for key, value in write.requestParameters.items())
    )


def _says(key: str, value: Any, account: object) -> bool:
    if key == "x-amz-acl":
        return not str(value).lower().startswith(_ORDINARY)
    if key == "x-amz-server-side-encryption-aws-kms-key-id":
        return str(value).split(":")[4:5] not in ([], [account])
    return key.startswith("x-amz-grant-") or key in ("accesscontrollist", "accesscontrolpolicy")


def headers() -> Finder:
    """A search for what headers of a write tell: lists that open, and whose the key is, up to its account.

    Raises:
        ImportError: there is no Hyperscan.
    """
    # One literal leads, so that a scan costs little more than one pass over the bytes.
    return finder([rf"(?i)x-amz-(?:{_LISTS}|{_KEY})"])


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
