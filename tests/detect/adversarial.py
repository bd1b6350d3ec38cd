"""Files made to part the cheap path from the full parser, each with a name that says how."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from tests.detect import build
from tests.detect.build import foreigner, lines, packed, share

Cases = dict[str, Callable[[], bytes]]


def _compact(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _swapped(data: bytes, old: bytes, new: bytes, count: int = -1) -> bytes:
    assert old in data
    return data.replace(old, new, count)


def _usual() -> bytes:
    return packed(*build.ordinary())


def _escaped(data: bytes, word: bytes, at: int = 0) -> bytes:
    letter = word[at : at + 1]
    return _swapped(data, word, word[:at] + b"\\u%04x" % letter[0] + word[at + 1 :])


def _last_key(record: build.Record, key: str) -> build.Record:
    return {k: v for k, v in record.items() if k != key} | {key: record[key]}


def _reversed(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _reversed(v) for k, v in reversed(value.items())}
    return [_reversed(v) for v in value] if isinstance(value, list) else value


def _without(record: build.Record, *keys: str) -> build.Record:
    return {k: v for k, v in record.items() if k not in keys}


def _inserted(record: build.Record, text: bytes, before: bytes = b'"eventName"') -> bytes:
    return _swapped(_compact(record), before, text + before, 1)


def _of_raw(*raws: bytes) -> bytes:
    return b'{"Records":[' + b",".join(raws) + b"]}"


def _in_item(inner: Any, **more: Any) -> build.Record:
    return build.record("dynamodb", "PutItem", {"tableName": "t", "item": inner}, None, 60, **more)


def _cut(part: float) -> bytes:
    data = _usual()
    return data[: int(len(data) * part)]


def _padded(size: int) -> bytes:
    many = [build.described(n) for n in range(100, 100 + size // 800)]
    return packed(*many[: len(many) // 2], *build.ordinary(), *many[len(many) // 2 :])


def cases() -> Cases:
    """Name → file. Every one holds at least one record that matters, unless its name says otherwise."""
    return {**_spelling(), **_shape(), **_nesting(), **_callers(), **_writes(), **_damage()}


def _spelling() -> Cases:
    return {
        "as CloudTrail writes it": _usual,
        "escaped first letter of the key": lambda: _escaped(_usual(), b"eventName"),
        "escaped last letter of the key": lambda: _escaped(_usual(), b"eventName", 8),
        "escaped letter of a value": lambda: _escaped(_usual(), b"ModifySnapshotAttribute", 6),
        "escaped digit of an API date": lambda: _escaped(_usual(), b"AddPermission20150331v2", 14),
        "escaped type of a foreign caller": lambda: _escaped(_usual(), b"AWSAccount", 1),
        "escaped first key of a record": lambda: _escaped(_usual(), b"eventVersion", 0),
        "escaped Records": lambda: _escaped(_usual(), b"Records", 2),
        "escape in upper case digits": lambda: _swapped(
            _usual(), b'"eventName":"StopL', b'"event\\u004Eame":"StopL'
        ),
        "escaped account of a recipient": lambda: _escaped(_usual(), b"123456789012"),
        "an escaped backslash before what looks like an escape": lambda: packed(
            build.decoy(userAgent="\\u0045ventName"), share()
        ),
        "harmless escapes": lambda: _swapped(_usual(), b"aws-cli/2.17", b"aws-cli\\u002f2.17 \\u003d\\u0026"),
        "escaped slashes": lambda: _swapped(_usual(), b"aws-cli/2.17", b"aws-cli\\/2.17"),
        "a space after each colon": lambda: json.dumps({"Records": build.ordinary()}).encode(),
        "indented": lambda: json.dumps({"Records": build.ordinary()}, indent=2).encode(),
        "indented with tabs and CRLF": lambda: (
            json.dumps({"Records": build.ordinary()}, indent="\t").encode().replace(b"\n", b"\r\n")
        ),
        "white space before the colon": lambda: _swapped(_usual(), b'"eventName":', b'"eventName" \t\r\n : '),
        "much white space in front": lambda: b" \n\t" * 200 + _usual(),
        "much white space behind": lambda: _usual() + b"\r\n" * 200,
        "white space before the closing brackets": lambda: _usual()[:-2] + b"\n ]\n }\n",
        "sorted keys": lambda: json.dumps({"Records": build.ordinary()}, sort_keys=True).encode(),
        "sorted keys, compact": lambda: json.dumps(
            {"Records": build.ordinary()}, sort_keys=True, separators=(",", ":")
        ).encode(),
        "keys in reverse": lambda: packed(*map(_reversed, build.ordinary())),
        "the name last": lambda: packed(*(_last_key(r, "eventName") for r in build.ordinary())),
        "the version last": lambda: packed(*(_last_key(r, "eventVersion") for r in build.ordinary())),
        "the version last in one record": lambda: packed(
            build.described(), _last_key(share(), "eventVersion"), build.described()
        ),
        "the identity last": lambda: packed(*(_last_key(r, "userIdentity") for r in build.ordinary())),
        "the name twice, the last one counts": lambda: _of_raw(
            _compact(build.described()), _inserted(share(), b'"eventName":"DescribeVolumes",')
        ),
        "the name twice, the last one harmless": lambda: _of_raw(
            _inserted(build.described(), b'"eventName":"ModifySnapshotAttribute",'), _compact(build.stopped())
        ),
        "the identity twice": lambda: _of_raw(
            _inserted(
                build.read(userIdentity=foreigner()), b'"userIdentity":{"type":"Root"},', b'"userIdentity"'
            )
        ),
        "the parameters twice": lambda: _of_raw(
            _inserted(share(), b'"requestParameters":null,', b'"requestParameters"'),
            _compact(build.stopped()),
        ),
        "a byte order mark": lambda: b"\xef\xbb\xbf" + _usual(),
        "UTF-16 with a mark": lambda: _usual().decode().encode("utf-16"),
        "UTF-16 without a mark": lambda: _usual().decode().encode("utf-16-le"),
        "UTF-16, the other way round": lambda: b"\xfe\xff" + _usual().decode().encode("utf-16-be"),
        "UTF-32": lambda: _usual().decode().encode("utf-32"),
        "letters beyond ASCII": lambda: json.dumps(
            {"Records": [share(userAgent="größer \U0001d4b3"), *build.ordinary()]}, ensure_ascii=False
        ).encode(),
        "names in lower case": lambda: _swapped(
            _usual(), b'"ModifySnapshotAttribute"', b'"modifysnapshotattribute"'
        ),
        "names in upper case": lambda: _swapped(_usual(), b'"StopLogging"', b'"STOPLOGGING"'),
        "API dates of every form": lambda: packed(
            build.permission(eventName="AddPermission20150331"),
            build.permission(6, eventName="AddPermission2015_03_31"),
            build.permission(7, eventName="AddPermission20150331v12"),
            build.permission(8, eventName="AddPermission19990331v2"),
            share(),
        ),
        "API dates in digits of other scripts": lambda: json.dumps(
            {
                "Records": [
                    build.described(),
                    build.permission(eventName="AddPermission20\u0967\u096b\u0966\u0969\u0969\u0967"),
                ]
            },
            ensure_ascii=False,
        ).encode(),
        "a name that lower-cases to ASCII": lambda: json.dumps(
            {"Records": [build.described(), build.policy(eventName="PutBuc\u212aetPolicy")]},
            ensure_ascii=False,
        ).encode(),
    }


def _shape() -> Cases:
    return {
        "a list": lambda: _compact(build.ordinary()),
        "JSON lines": lambda: lines(*build.ordinary()),
        "JSON lines with CRLF": lambda: lines(*build.ordinary()).replace(b"\n", b"\r\n"),
        "JSON lines, sorted": lambda: b"\n".join(
            json.dumps(r, sort_keys=True).encode() for r in build.ordinary()
        ),
        "JSON lines with empty ones": lambda: lines(*build.ordinary()).replace(b"\n", b"\n\n \n"),
        "indented records one after another": lambda: b"\n".join(
            json.dumps(r, indent=1).encode() for r in build.ordinary()
        ),
        "records one after another without a break": lambda: b"".join(map(_compact, build.ordinary())),
        "one indented record": lambda: json.dumps(share(), indent=2).encode(),
        "one record": lambda: _compact(share()),
        "a file of one record": lambda: packed(share()),
        "two files one after another": lambda: _usual() + packed(share(70), build.described(71)),
        "two files, a line each": lambda: _usual() + b"\n" + packed(build.described(71), share(70)) + b"\n",
        "Records twice": lambda: packed(share(70))[:-1] + b"," + _usual()[1:],
        "Records twice, the last without finds": lambda: (
            packed(share(70))[:-1] + b"," + packed(build.described())[1:]
        ),
        "a key before Records": lambda: b'{"version":"1",' + _usual()[1:],
        "a key after Records": lambda: _usual()[:-1] + b',"next":[{"a":[1]}]}',
        "a list after Records": lambda: _usual()[:-1] + b',"more":[' + _compact(share(70)) + b"]}",
        "empty lists": lambda: b'{"Records":[]}',
        "nothing": lambda: b"",
        "white space": lambda: b" \n" * 30,
        "a list in the list": lambda: (
            b'{"Records":[' + _compact([share(70), build.stopped()]) + b"," + _usual()[12:]
        ),
        "a list in the list before a find": lambda: _of_raw(
            _compact(build.described()), _compact([build.described(), build.described(71)]), _compact(share())
        ),
        "a file in the list": lambda: _of_raw(_compact(build.described()), _usual(), _compact(share(70))),
        "records that are no objects": lambda: _of_raw(
            _compact(build.described()), b"1", b"null", b'"x"', b"[]", b"{}", _compact(share()), b"true"
        ),
        "an object of another log between": lambda: _of_raw(
            _compact(build.described()), b'{"kind":"other","eventID":"x"}', _compact(share())
        ),
        "a digest between": lambda: _of_raw(
            _compact(build.described()), b'{"digestS3Object":"x","awsAccountId":"1"}', _compact(share())
        ),
        "a notification of S3": lambda: _of_raw(
            _compact(build.described(eventSource="aws:s3", eventName="ObjectCreated:Put")), _compact(share())
        ),
        "parameters kept in a string": lambda: packed(
            build.described(), share() | {"requestParameters": json.dumps(share()["requestParameters"])}
        ),
        "identity kept in a string": lambda: packed(
            share() | {"userIdentity": json.dumps(share()["userIdentity"])}, build.described()
        ),
        "an identity that is null": lambda: packed(
            build.described(userIdentity=None), share(userIdentity=None)
        ),
        "no identity": lambda: packed(
            build.described(), _without(share(), "userIdentity"), build.described()
        ),
        "no version": lambda: packed(build.described(), _without(share(), "eventVersion"), build.described()),
        "an Insight": lambda: packed(
            build.described(insightDetails={"eventName": "StopLogging", "state": "Start"}), share()
        ),
        "an EventBridge event between": lambda: _of_raw(
            _compact(build.described()),
            _compact({"detail-type": "AWS API Call via CloudTrail", "detail": share(70)}),
            _compact(build.stopped()),
        ),
        "lines of which one is wrapped": lambda: lines(
            build.described(), {"message": json.dumps(share())}, build.stopped()
        ),
        "lookup-events": lambda: _compact({"Events": [{"CloudTrailEvent": json.dumps(share())}]}),
        "a record with Records in it": lambda: lines(build.described(Records=[share(70)]), build.stopped()),
        "an empty record": lambda: _of_raw(b"{}", _compact(share())),
        "large": lambda: _padded(300 << 10),
        "large, a list": lambda: _compact(json.loads(_padded(300 << 10))["Records"]),
    }


def _nesting() -> Cases:
    benign = [share(80), build.described(81)]
    return {
        "fake records as a list, the last one harmless": lambda: packed(build.described(), build.forged()),
        "fake records as a list, the last one not": lambda: packed(
            build.described(), build.forged(last="share"), build.described()
        ),
        "fake records beside true ones": lambda: packed(
            share(), build.forged(), build.policy(), build.forged(13)
        ),
        "a fake record as an object": lambda: packed(_in_item(share(80)), build.stopped()),
        "a fake record before the name": lambda: packed(
            build.described(), _last_key(build.stopped(x=[share(80)]), "eventName")
        ),
        "a fake record before the name of a foreign read": lambda: packed(
            build.described(), _last_key(build.read(userIdentity=foreigner(), x=benign), "userIdentity")
        ),
        "a fake record as a key": lambda: packed(_in_item({json.dumps(share(80)): 1}), build.stopped()),
        "fake records ten deep": lambda: packed(_in_item([[[[[[[[[benign]]]]]]]]]), build.stopped()),
        "a fake file": lambda: packed(_in_item({"Records": benign}), build.stopped()),
        "a fake list after a true find": lambda: packed(
            share(additionalEventData={"x": benign}), build.described(), build.stopped()
        ),
        "a fake recipient among tags": lambda: packed(
            *(
                build.described(n, requestParameters={"tags": {"recipientAccountId": build.THEIRS}})
                for n in range(3)
            ),
            share(),
        ),
        "a fake record with a recipient": lambda: packed(
            _in_item([share(80, recipientAccountId=build.THEIRS), build.described(81)]), share()
        ),
        "a fake name in strings": lambda: packed(build.decoy(), share()),
        "JSON in a string in a string": lambda: packed(
            _in_item(json.dumps({"a": json.dumps(share(80))})), build.stopped()
        ),
        "a closing bracket in strings": lambda: packed(
            _in_item("]}"), share(), _in_item(']},{"eventVersion"')
        ),
        "the version as a value": lambda: packed(_in_item(["eventVersion", {"a": "eventVersion"}]), share()),
        "the name as a value": lambda: packed(_in_item(["eventName", "ModifySnapshotAttribute"]), share()),
        "deep nesting beside a find": lambda: _of_raw(
            _compact(_in_item("@")).replace(b'"@"', b"[" * 900 + b"]" * 900), _compact(share())
        ),
        "nesting too deep beside a find": lambda: _of_raw(
            _compact(_in_item("@")).replace(b'"@"', b"[" * 5000 + b"]" * 5000), _compact(share())
        ),
        "nesting too deep in a find": lambda: _of_raw(
            _compact(build.described()),
            _compact(share(x="@")).replace(b'"@"', b'{"a":' * 5000 + b"1" + b"}" * 5000),
            _compact(build.stopped()),
        ),
    }


def _callers() -> Cases:
    return {
        "a foreign caller of a common call": lambda: packed(
            build.described(), build.read(userIdentity=foreigner()), build.described()
        ),
        "a foreign caller after his name": lambda: packed(
            _last_key(build.read(userIdentity=foreigner()), "userIdentity"), build.described()
        ),
        "a foreign caller with spaces": lambda: json.dumps(
            {"Records": [build.described(), build.decrypted(userIdentity=foreigner())]}
        ).encode(),
        "a foreign caller's second name": lambda: _of_raw(
            _compact(build.described()),
            _compact(build.described(userIdentity=foreigner()))[:-1]
            + b',"eventName":"GetObject","eventSource":"s3.amazonaws.com"}',
        ),
        "a foreign caller of an uncommon call": lambda: packed(
            build.described(userIdentity=foreigner()), build.stopped(userIdentity=foreigner())
        ),
        "an anonymous caller": lambda: packed(build.described(), build.read(userIdentity=build.ANONYMOUS)),
        "a foreign caller among many of ours": lambda: packed(
            *(build.read(n) for n in range(100, 150)), build.read(userIdentity=foreigner()), build.stopped()
        ),
        "a caller who is a service": lambda: packed(build.decrypted(userIdentity=build.SERVICE), share()),
        "records of two accounts": lambda: packed(
            share(), share(70, recipientAccountId="210987654321", userIdentity=build.role("210987654321"))
        ),
        "records without recipient": lambda: packed(
            *(_without(r, "recipientAccountId") for r in build.ordinary())
        ),
        "one record without recipient": lambda: packed(
            build.described(),
            _without(build.described(userIdentity=build.role("210987654321")), "recipientAccountId"),
            share(),
        ),
        "a recipient that is a number": lambda: packed(
            *(r | {"recipientAccountId": 12345678901} for r in build.ordinary())
        ),
        "a recipient that is no account": lambda: packed(
            share(recipientAccountId=""),
            share(70, recipientAccountId=None),
            share(71, recipientAccountId=["x"]),
        ),
    }


# What a delivered file never holds, so that the scan of delivered files may miss it: see detect/prefilter.py.
UNDELIVERED: Cases = {
    "a role of another account, not marked as foreign": lambda: packed(
        build.described(), build.read(userIdentity=build.role(build.THEIRS))
    ),
    "an anonymous principal": lambda: packed(
        build.described(), build.read(userIdentity={"type": "Unknown", "principalId": "ANONYMOUS_PRINCIPAL"})
    ),
    "an account in the ARN alone": lambda: packed(
        build.described(),
        build.read(userIdentity={"type": "IAMUser", "arn": f"arn:aws:iam::{build.THEIRS}:user/eve"}),
    ),
    "renamed keys between plain records": lambda: _of_raw(
        _compact(build.described()),
        _compact({k.lower(): v for k, v in share().items()}),
        _compact(build.stopped()),
    ),
}


def _writes() -> Cases:
    # Alone: in a file that holds another find too, all records are parsed in these tests.
    written = build.written
    key = f"arn:aws-cn:kms:cn-north-1:{build.THEIRS}:key/1"
    shown = written(1, "eve-inbox", build.THEIRS)
    turned = {**shown, "resources": [dict(reversed(r.items())) for r in shown["resources"]]}
    return {
        "a write among other accounts' resources of other kinds": lambda: packed(
            written(), build.decrypted(2, resources=[{"accountId": build.THEIRS, "type": "AWS::KMS::Key"}])
        ),
        "a list in other letters": lambda: packed(written(header=("X-Amz-ACL", "Public-Read"))),
        "a list of lists": lambda: packed(written(header=("x-amz-acl", ["private", "public-read"]))),
        "a list inside a string": lambda: packed(written(header=("x-amz-acl", '["public-read"]'))),
        "a list that opens nothing": lambda: packed(
            written(header=("x-amz-acl", "bucket-owner-full-control"))
        ),
        "grants, gathered": lambda: packed(
            written(header=("accessControlList", {"x-amz-grant-read": "id=abc"}))
        ),
        "a key of another partition": lambda: packed(
            written(header=("x-amz-server-side-encryption-aws-kms-key-id", key))
        ),
        "an owner who lost a zero": lambda: packed(written(owner="99988887777")),
        "an owner of a digit more": lambda: packed(written(owner=f"{build.OURS}0")),
        "an owner that is no text": lambda: packed(written(owner={"a": 1}), build.opened()),
        "the owner behind the type": lambda: packed(turned),
        "the write's name last": lambda: packed(_last_key(shown, "eventName")),
        "a write by a foreign caller": lambda: packed(written(userIdentity=foreigner())),
        "a write by nobody": lambda: packed(written(userIdentity=build.ANONYMOUS)),
        "a read of a foreign bucket beside a write": lambda: packed(
            written(), {**shown, "eventName": "GetObject"}
        ),
        "a foreign read beside a write": lambda: packed(written(), build.read(userIdentity=foreigner())),
    }


def _damage() -> Cases:
    usual = _usual
    return {
        "cut in the middle": lambda: _cut(0.5),
        "cut after the first record": lambda: usual()[: usual().index(b'},{"eventVersion"') + 1],
        "cut within the first record": lambda: usual()[:300],
        "cut before the last bracket": lambda: usual()[:-1],
        "cut within a name": lambda: usual()[: usual().index(b"StopLogging") + 5],
        "text behind": lambda: usual() + b"\nconnection reset by peer\n",
        "zeros behind": lambda: usual() + b"\0" * 100,
        "text in front": lambda: b"2026-03-04 INFO got: " + usual(),
        "a bracket too many": lambda: usual() + b"}",
        "a comma too many": lambda: usual()[:-2] + b",]}",
        "a comma too few": lambda: _swapped(usual(), b'},{"eventVersion"', b'}{"eventVersion"', 3),
        "NaN": lambda: _swapped(usual(), b'"readOnly":false', b'"readOnly":NaN', 2),
        "infinity": lambda: _swapped(usual(), b'"readOnly":false', b'"readOnly":-Infinity', 2),
        "huge numbers": lambda: _swapped(usual(), b'"readOnly":false', b'"readOnly":1' + b"0" * 5000, 2),
        "a huge exponent": lambda: _swapped(usual(), b'"readOnly":false', b'"readOnly":1e99999', 2),
        "half a surrogate": lambda: _swapped(usual(), b"aws-cli/2.17", b"aws-cli\\ud800", 3),
        "bytes that are not UTF-8": lambda: _swapped(usual(), b"aws-cli/2.17", b"aws-cli\xff\xfe", 3),
        "a bare control character": lambda: _swapped(usual(), b"aws-cli/2.17", b"aws-cli\x01", 3),
        "a bare line break in a string": lambda: _swapped(usual(), b"aws-cli/2.17", b"aws\ncli", 3),
        "an unknown escape": lambda: _swapped(usual(), b"aws-cli/2.17", b"aws\\qcli", 3),
        "single quotes": lambda: _swapped(usual(), b'"', b"'"),
        "a quote missing": lambda: _swapped(
            usual(), b'"eventName":"DescribeInstances"', b'"eventName":"DescribeInstances', 1
        ),
        "a quote missing in a find": lambda: _swapped(
            usual(), b'"eventName":"StopLogging"', b'"eventName:"StopLogging"', 1
        ),
        "a brace missing": lambda: re.sub(rb'\}\},"eventTime"', b'},"eventTime"', usual(), count=1),
        "lines of which one is cut": lambda: _swapped(
            lines(*build.ordinary()), b'"eventCategory":"Management"}\n', b'"event\n', 1
        ),
        "lines of which one is text": lambda: _swapped(
            lines(*build.ordinary()), b"\n", b"\nsyslog: lost 3\n", 1
        ),
        "lines with a separator before each": lambda: b"".join(
            b"\x1e" + x for x in lines(*build.ordinary()).splitlines(keepends=True)
        ),
        "commas between lines": lambda: lines(*build.ordinary()).replace(b"\n", b",\n"),
    }
