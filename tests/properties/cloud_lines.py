"""Strategies: lines of Azure's and Google's logs as they are, with odd records among them, and mangled."""

from __future__ import annotations

import copy
import functools
import json
from typing import Any

from hypothesis import strategies as st

from exclave.catalogue.examples import log_of, record
from exclave.catalogue.loader import load
from tests.properties.logs import _PIECES

Record = dict[str, Any]
SUB, SUB2 = "11111111-1111-4111-8111-111111111111", "33333333-3333-4333-8333-333333333333"
TENANT, GUEST = "22222222-2222-4222-8222-222222222222", "88888888-8888-4888-8888-888888888888"
URI = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn"
TID = "http://schemas.microsoft.com/identity/claims/tenantid"


@functools.lru_cache
def examples(cloud: str) -> list[Record]:
    """Every example of the catalogue that has a shape of lines, as its log's line."""
    out = []
    for method in load(compiled=False).methods:
        for example in method.example:
            log = log_of(method, example)
            one = record(method, example)
            if log in {"gcp": ("gcp-audit",), "azure": ("azure-storage", "azure-resource")}[cloud]:
                out.append(one)
            elif cloud == "azure" and log == "azure-activity":
                out.append(_diagnostic(one))
    return out


def _diagnostic(one: Record) -> Record:
    """A record of the activity log as a diagnostic setting writes it."""
    return {
        "time": one["eventTimestamp"],
        "resourceId": one["resourceId"].upper(),
        "operationName": one["operationName"]["value"].upper(),
        "category": "Administrative",
        "resultType": "Success" if one["status"]["value"] == "Succeeded" else "Failure",
        "correlationId": one["correlationId"],
        "identity": {"claims": one["claims"]},
        "properties": {"hierarchy": f"{TENANT}/group/{SUB}", **one["properties"]},
        "tenantId": TENANT,
    }


@st.composite
def _time(draw: st.DrawFn) -> str:
    text = f"2026-03-0{draw(st.integers(1, 9))}T0{draw(st.integers(0, 2))}:00:0{draw(st.integers(0, 2))}"
    return text + draw(
        st.sampled_from(["Z", "Z", ".1Z", ".1234567Z", ".123456789Z", ".9999999Z", ".123456Z", "+02:00", ""])
    )


@st.composite
def _activity(draw: st.DrawFn) -> Record:
    sub = draw(st.sampled_from([SUB, SUB, SUB.upper(), SUB2]))
    resource = draw(
        st.sampled_from(
            [
                "MICROSOFT.WEB/SITES/A",
                "Microsoft.Storage/storageAccounts/stranger",
                "microsoft.storage/storageaccounts/ours2/x/y",
            ]
        )
    )
    claims: Record = draw(
        st.sampled_from(
            [
                {},
                {URI: "dana@ours.example", TID: TENANT},
                {URI: "eve_x#EXT#@ours.example", TID: TENANT},
                {URI: "p@msp.example", TID: GUEST},
                {"upn": "lee@ours2.example", "tid": TENANT},
                {"appid": "a"},
            ]
        )
    )
    return {
        "time": draw(_time()),
        "resourceId": f"/{draw(st.sampled_from(['SUBSCRIPTIONS', 'subscriptions']))}/{sub}/RESOURCEGROUPS/R/PROVIDERS/{resource}",
        "operationName": draw(st.sampled_from(["MICROSOFT.WEB/SITES/RESTART/ACTION", "Microsoft.Resources/deployments/write", "MICROSOFT.COMPUTE/SNAPSHOTS/BEGINGETACCESS/ACTION", "Microsoft.Web/sites/providers/Microsoft.Insights/diagnosticSettings/delete", "Microsoft.Resources\\/x", "not an operation"])),
        "category": draw(st.sampled_from(["Administrative", "Action", "Policy", "Odd", "AuditLogs"])),
        "resultType": draw(st.sampled_from(["Start", "Success", "Failure", ""])),
        "resultSignature": draw(st.sampled_from(["Succeeded.OK", "", "Failed.Forbidden"])),
        "correlationId": f"c{draw(st.integers(0, 3))}",
        "identity": {"authorization": {"scope": f"/subscriptions/{SUB2}"}, "claims": claims},
        "properties": draw(st.sampled_from([{}, {"hierarchy": f"{TENANT}/x"}, {"statusCode": "Forbidden 403"}, {"statusCode": {"value": "409"}}])),
        "tenantId": draw(st.sampled_from([TENANT, TENANT, GUEST, ""])),
    }  # fmt: skip


@st.composite
def _storage(draw: st.DrawFn) -> Record:
    kind = draw(st.sampled_from(["AccountKey", "OAuth", "SAS", "Anonymous", "", "TrustedAccess"]))
    identity: Record = {"type": kind, "tokenHash": "h"}
    if kind == "OAuth" or draw(st.booleans()):
        identity["requester"] = {"tenantId": draw(st.sampled_from([TENANT, GUEST])), "objectId": "o"}
    store = draw(st.sampled_from(["oursdata", "ours2"]))
    query = draw(st.sampled_from(["", "?sv=1&sp=r&se=2030-01-01&sig=abc"]))
    return {
        "time": draw(_time()),
        "resourceId": f"/subscriptions/{draw(st.sampled_from([SUB, SUB2]))}/resourceGroups/r/providers/Microsoft.Storage/storageAccounts/{store}/blobServices/default",
        "category": draw(st.sampled_from(["StorageRead", "StorageRead", "StorageWrite", "StorageDelete"])),
        "operationName": draw(st.sampled_from(["GetBlob", "getblob", "GetBlobProperties", "PutBlob", "CopyBlob", "ListBlobs", "SetContainerACL"])),
        "statusCode": draw(st.sampled_from([200, "200", 404, 403])),
        "statusText": draw(st.sampled_from(["Success", "BlobNotFound", "AuthorizationFailure"])),
        "callerIpAddress": "10.1.2.3:4",
        "identity": identity,
        "properties": {"accountName": store, "objectKey": f"/{store}/c/b"},
        "uri": f"https://{store}.blob.core.windows.net/c/b{query}",
    }  # fmt: skip


@st.composite
def _entry(draw: st.DrawFn, *, shortened: bool = True) -> Record:
    who = draw(
        st.sampled_from(
            [
                "dana@ours.example",
                "dana@ours.example",
                "lee@ours2.example",
                "x@gmail.com",
                "s@our-project.iam.gserviceaccount.com",
                "s@elsewhere-1.iam.gserviceaccount.com",
                "123456@cloudservices.gserviceaccount.com",
                "service-99@compute-system.iam.gserviceaccount.com",
                "",
            ]
        )
    )
    log = draw(st.sampled_from(["activity", "activity", "data_access", "system_event", "policy"]))
    owner = draw(
        st.sampled_from(
            [
                "projects/our-project",
                "projects/our-project",
                "projects/our-two",
                "organizations/77",
                "folders/5",
            ]
        )
    )
    labels = draw(
        st.sampled_from(
            [
                {"project_id": "our-project"},
                {"project_id": "our-project"},
                {"project_id": "424242"},
                {"zone": "a"},
            ]
        )
    )
    payload: Record = {
        "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
        "authenticationInfo": {"principalEmail": who},
        "methodName": draw(st.sampled_from(["storage.objects.get", "storage.objects.list", "storage.objects.create", "v1.compute.instances.start", "v1.compute.disks.createSnapshot", "google.iam.v1.IAMPolicy.SetIamPolicy", "storage.setIamPermissions", "AccessSecretVersion", "google.cloud.kms.v1.KeyManagementService.Decrypt"])),
        "requestMetadata": {"callerIp": draw(st.sampled_from(["198.51.100.7", "gce-internal-ip", "private", "GCE-INTERNAL-IP"]))},
        "resourceName": draw(st.sampled_from(["projects/_/buckets/b", "projects/our-project/zones/z", "projects/123456/x", "projects/654321/y", "//x/projects/p/z"])),
        "serviceName": draw(st.sampled_from(["storage.googleapis.com", "compute.googleapis.com", "secretmanager.googleapis.com", "cloudkms.googleapis.com"])),
        "status": draw(st.sampled_from([{}, {}, {"code": 7}, {"code": "0"}])),
    }  # fmt: skip
    extra = draw(st.integers(0, 11))
    if extra == 0:
        payload["metadata"] = {"destination": "projects/_/buckets/strangers/objects/x"}
    elif extra == 1:
        payload["serviceData"] = {
            "policyDelta": {"bindingDeltas": [{"action": "ADD", "role": "r", "member": "allUsers"}]}
        }
    elif extra == 2:
        payload["metadata"] = {
            "vpcServiceControlsUniqueId": "u",
            "egressViolations": [{"targetResource": "projects/9"}],
        }
    elif extra == 3 and shortened:
        del payload["methodName"]
        payload["request"] = {"@type": "type.googleapis.com/google.iam.v1.SetIamPolicyRequest"}
    elif extra == 4:
        payload["authenticationInfo"] = {
            "principalSubject": draw(
                st.sampled_from(["user:kim@ours3.example", "principal://iam.googleapis.com/projects/1/x"])
            )
        }
    elif extra == 5:
        payload["authenticationInfo"]["serviceAccountKeyName"] = "//iam/keys/1"
    return {
        "insertId": f"i{draw(st.integers(0, 30))}",
        "logName": f"{owner}/logs/cloudaudit.googleapis.com%2F{log}",
        "protoPayload": payload,
        "receiveTimestamp": "2026-03-09T09:09:09Z",
        "resource": {"labels": labels, "type": "x"},
        "severity": "INFO",
        "timestamp": draw(_time()),
    }


_MADE = {"azure": st.one_of(_activity(), _storage()), "gcp": _entry()}
_STRANGERS: list[Any] = [
    {}, [], 5, "text", {"eventName": "StopLogging", "eventSource": "cloudtrail.amazonaws.com", "eventVersion": "1"},
    {"records": [{"operationName": "Microsoft.Compute/snapshots/beginGetAccess/action", "category": "Action"}]},
    {"textPayload": "hello", "logName": "projects/p/logs/x"}, {"category": "AuditLogs", "operationName": "Add member to role"},
]  # fmt: skip


@st.composite
def contents(draw: st.DrawFn) -> tuple[str, bytes]:
    """Which cloud's, and lines: mostly alike, in one writer's spelling, now and then with a line of something else."""
    cloud = draw(st.sampled_from(["azure", "gcp"]))
    base = draw(st.lists(_MADE[cloud], min_size=1, max_size=4))
    found: list[Any] = [copy.deepcopy(draw(st.sampled_from(base))) for _ in range(draw(st.integers(2, 12)))]
    for _ in range(draw(st.integers(0, 3))):
        one = draw(st.sampled_from(examples(cloud))) if draw(st.booleans()) else draw(_MADE[cloud])
        found.insert(draw(st.integers(0, len(found))), one)
    if draw(st.integers(0, 5)) == 0:
        found.insert(draw(st.integers(0, len(found))), draw(st.sampled_from(_STRANGERS)))
    if draw(st.integers(0, 3)) == 0:
        found = [dict(draw(st.permutations(list(f.items())))) if isinstance(f, dict) else f for f in found]
    if draw(st.integers(0, 5)) == 0:
        at = draw(st.integers(0, len(found) - 1))
        if isinstance(found[at], dict) and found[at]:
            found[at] = _odd(draw, found[at])
    ascii_only = draw(st.booleans())
    separators = draw(st.sampled_from([(",", ":"), (",", ":"), (", ", ": "), (" ,", " : ")]))
    end = draw(st.sampled_from(["\n", "\n", "\n", "\r\n", "\n\n", "\n \n"]))
    lines = [json.dumps(f, ensure_ascii=ascii_only, separators=separators) for f in found]
    return cloud, (end.join(lines) + draw(st.sampled_from(["", end]))).encode()


@st.composite
def written(draw: st.DrawFn) -> bytes:
    """Lines as one writer lays them out, most of them ordinary: what the scan for marks is for."""
    kind = draw(st.sampled_from(["activity", "storage", "google"]))
    many = st.integers(0, 2)
    found: list[Record] = []
    for _ in range(draw(st.integers(4, 25))):
        choice = draw(st.integers(0, 9))
        one = {"activity": _activity_line, "storage": _storage_line, "google": _google_line}[kind](
            draw(many), draw(many), draw(many)
        )
        if choice == 0:
            made = {"activity": _activity(), "storage": _storage(), "google": _entry(shortened=False)}[kind]
            one |= draw(made)
        elif choice == 1:
            stranger = draw(st.sampled_from(examples("gcp" if kind == "google" else "azure")))
            one = stranger if draw(st.booleans()) else {key: stranger.get(key, one[key]) for key in one}
        found.append(one)
    separators = draw(st.sampled_from([(",", ":"), (", ", ": ")]))
    ascii_only = draw(st.booleans())
    lines = [json.dumps(f, ensure_ascii=ascii_only, separators=separators) for f in found]
    return ("\n".join(lines) + draw(st.sampled_from(["", "\n"]))).encode()


DELIVERED = {
    "activity": f"insights-activity-logs/resourceId=/SUBSCRIPTIONS/{SUB.upper()}/y=2026/m=03/d=02/h=00/m=00/PT1H.json.gz",
    "storage": "insights-logs-storageread/resourceId="
    f"/subscriptions/{SUB}/resourceGroups/r/providers/Microsoft.Storage/storageAccounts/oursdata/blobServices/default"
    "/y=2026/m=03/d=02/h=00/m=00/PT1H.json.gz",
}


@functools.lru_cache
def _of_kind(kind: str) -> list[Record]:
    """Examples of what a file of that kind holds: logs of single resources, of Kusto say, are delivered apart."""
    category = {"storage": "storage", "activity": "administrative"}[kind]
    return [one for one in examples("azure") if str(one.get("category")).lower().startswith(category)]


@st.composite
def delivered(draw: st.DrawFn) -> tuple[str, bytes]:
    """The name of a file that Azure delivers, and its lines: all of one subscription, or of one storage account."""
    kind = draw(st.sampled_from(sorted(DELIVERED)))
    many = st.integers(0, 2)
    line, made = {"activity": (_activity_line, _activity()), "storage": (_storage_line, _storage())}[kind]
    found: list[Record] = []
    for _ in range(draw(st.integers(1, 25))):
        one = line(draw(many), draw(many), draw(many))
        choice = draw(st.integers(0, 5))
        if choice == 0:
            one |= draw(made)
        elif choice == 1:
            stranger = draw(st.sampled_from(_of_kind(kind)))
            one = {key: stranger.get(key, one[key]) for key in one}
        if kind == "activity":
            one["resourceId"] = one["resourceId"].replace(SUB2, SUB).replace(SUB2.upper(), SUB)
            one["category"] = {"AuditLogs": "Policy", "Odd": "Write"}.get(one["category"], one["category"])
            one["operationName"] = one["operationName"].replace(
                "not an operation", "MICROSOFT.WEB/SITES/STOP/ACTION"
            )
            one |= {"tenantId": TENANT, "properties": one["properties"] | {"hierarchy": f"{TENANT}/g/{SUB}"}}
        else:
            one["resourceId"] = DELIVERED["storage"].split("=", 1)[1].split("/y=")[0]
        found.append(one)
    separators = draw(st.sampled_from([(",", ":"), (", ", ": ")]))
    lines = [json.dumps(f, separators=separators) for f in found]
    return DELIVERED[kind], ("\n".join(lines) + draw(st.sampled_from(["", "\n", "\r\n"]))).encode()


def _activity_line(who: int, what: int, when: int) -> Record:
    claims = [
        {"appid": "a"},
        {URI: "dana@ours.example", TID: TENANT},
        {URI: "lee@ours2.example", TID: TENANT},
    ]
    names = [
        "MICROSOFT.WEB/SITES/RESTART/ACTION",
        "MICROSOFT.RESOURCES/DEPLOYMENTS/WRITE",
        "MICROSOFT.WEB/SITES/STOP/ACTION",
    ]
    return {
        "time": f"2026-03-02T0{when}:00:00.{when + who}234567Z",
        "resourceId": f"/SUBSCRIPTIONS/{SUB}/RESOURCEGROUPS/R/PROVIDERS/MICROSOFT.WEB/SITES/S{who}",
        "operationName": names[what],
        "category": "Administrative",
        "resultType": "Success",
        "resultSignature": "Succeeded.OK",
        "correlationId": "c",
        "identity": {"claims": claims[who]},
        "properties": {"hierarchy": f"{TENANT}/g/{SUB}"},
        "tenantId": TENANT,
    }  # fmt: skip


def _storage_line(who: int, what: int, when: int) -> Record:
    identity: Record = {"type": ["AccountKey", "OAuth", "SAS"][who], "tokenHash": "h"}
    if who == 1:
        identity["requester"] = {"tenantId": TENANT, "objectId": "o"}
    return {
        "time": f"2026-03-02T0{when}:00:00.{when + who}234567Z",
        "resourceId": f"/subscriptions/{SUB}/resourceGroups/r/providers/Microsoft.Storage/storageAccounts/oursdata/blobServices/default",
        "category": ["StorageRead", "StorageRead", "StorageWrite"][what],
        "operationName": ["GetBlob", "GetBlobProperties", "PutBlob"][what],
        "statusCode": 404 if who == when == 2 else 200,
        "statusText": "Success",
        "callerIpAddress": f"10.1.2.{who}:4{when}",
        "identity": identity,
        "properties": {"accountName": "oursdata", "objectKey": f"/oursdata/c{who}/b{when}"},
        "uri": "https://oursdata.blob.core.windows.net/c/b",
    }


def _google_line(who: int, what: int, when: int) -> Record:
    mail = ["dana@ours.example", "s@our-project.iam.gserviceaccount.com", "lee@ours2.example"][who]
    names = ["storage.objects.get", "storage.buckets.get", "v1.compute.instances.start"]
    return {
        "insertId": "i" * (3 + when) + str(what),
        "logName": f"projects/our-project/logs/cloudaudit.googleapis.com%2F{'data_access' if what < 2 else 'activity'}",
        "protoPayload": {
            "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
            "authenticationInfo": {"principalEmail": mail, "principalSubject": f"user:{mail}"},
            "methodName": names[what],
            "requestMetadata": {"callerIp": "198.51.100.7"},
            "resourceName": "projects/_/buckets/b",
            "serviceName": ["storage.googleapis.com", "storage.googleapis.com", "compute.googleapis.com"][what],
            "status": {"code": 7} if who == when == 2 else {},
        },
        "receiveTimestamp": "2026-03-09T09:09:09Z",
        "resource": {"labels": {"project_id": "our-project"}, "type": "x"},
        "severity": "INFO",
        "timestamp": f"2026-03-02T0{when}:00:00.{when + who}2345678{what}Z",
    }  # fmt: skip


def _odd(draw: st.DrawFn, one: Record) -> Record:
    """A record with a key spelt otherwise, given twice, left out, or of another type."""
    keys = sorted(one)
    key = draw(st.sampled_from(keys))
    how = draw(st.sampled_from(["upper", "snake", "drop", "null", "number", "text", "empty"]))
    out = dict(one)
    value = out.pop(key)
    if how == "upper":
        out[key.upper()] = value
    elif how == "snake":
        out["_".join([key[:2], key[2:]])] = value
    elif how == "text":
        out[key] = json.dumps(value)
    elif how != "drop":
        out[key] = {"null": None, "number": 7, "empty": ""}[how]
    return out


_WORDS = [b"operationName", b"methodName", b"SNAPSHOTS", b"GetBlob", b"setIamPolicy", b"storage.objects", b"protoPayload", b"category", b"principalEmail", b"tenantId", b"OAuth", b"resourceId"]  # fmt: skip


@st.composite
def escaped(draw: st.DrawFn) -> bytes:
    """Lines in which some letter of a word of interest is written as an escape, or a slash with a backslash."""
    data = draw(contents())[1]
    word = draw(st.sampled_from(_WORDS))
    at = draw(st.integers(0, len(word) - 1))
    new = draw(st.sampled_from([b"\\u%04x", b"\\u%04X"])) % word[at]
    data = data.replace(word, word[:at] + new + word[at + 1 :], draw(st.integers(1, 3)))
    return data.replace(b"/", b"\\/") if draw(st.integers(0, 3)) == 0 else data


@st.composite
def repeated_keys(draw: st.DrawFn) -> bytes:
    """Lines of which one gives a key twice."""
    lines = draw(contents())[1].split(b"\n")
    at = draw(st.integers(0, len(lines) - 1))
    more = draw(st.sampled_from([b'"operationName":"Microsoft.Compute/snapshots/beginGetAccess/action"', b'"category":"StorageRead"', b'"tenantId":"%s"' % GUEST.encode(), b'"logName":"projects/p2/logs/cloudaudit.googleapis.com%2Factivity"', b'"protoPayload":{"methodName":"x"}', b'"time":"2026-04-01T00:00:00Z"']))  # fmt: skip
    if lines[at].startswith(b"{") and lines[at].rstrip().endswith(b"}"):
        whole = lines[at].rstrip()
        lines[at] = whole[:-1] + b"," + more + b"}" if draw(st.booleans()) else b"{" + more + b"," + whole[1:]
    return b"\n".join(lines)


@st.composite
def mangled(draw: st.DrawFn) -> bytes:
    """Lines with damage: cut, bytes changed, parts put in or taken out, another encoding."""
    data = draw(contents())[1]
    how = draw(st.sampled_from(["cut", "flip", "drop", "double", "insert", "encode", "head", "nan"]))
    at = draw(st.integers(0, len(data)))
    if how == "cut":
        return data[:at]
    if how == "head":
        return data[at // 10 :]
    if how == "flip":
        return data[:at] + bytes([draw(st.integers(0, 255))]) + data[at + 1 :]
    if how == "drop":
        return data[:at] + data[at + draw(st.integers(1, 40)) :]
    if how == "double":
        return data[:at] + data[max(0, at - draw(st.integers(1, 2000))) :]
    if how == "insert":
        return data[:at] + draw(st.sampled_from(_PIECES)) + data[at:]
    if how == "nan":
        return data.replace(b"200", draw(st.sampled_from([b"NaN", b"1e999", b"9" * 400, b"01"])), 1)
    return data.decode().encode(draw(st.sampled_from(["utf-16", "utf-16-be", "utf-32", "utf-8-sig"])))
