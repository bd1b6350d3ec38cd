"""Logs of Azure and Google Cloud for the benchmark: ordinary records, few of which the catalogue names.

The shapes are those of the providers' references: the activity log and storage logs as diagnostic settings write them
(https://learn.microsoft.com/azure/azure-monitor/platform/activity-log-schema,
https://learn.microsoft.com/azure/storage/blobs/monitor-blob-storage-reference), LogEntry as sinks do
(https://cloud.google.com/logging/docs/audit/understanding-audit-logs).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Record = dict[str, Any]
_FILE = 6_000_000  # bytes of a file
_PERSON = 0.3  # of the callers: people
_SIGNED_IN = 0.1  # of the reads
_START = datetime(2026, 3, 2, tzinfo=UTC)
_TENANT = "0f0e0d0c-1111-4111-8111-0a0b0c0d0e0f"
_PEOPLE = ("dana", "lee", "sam", "kim", "noor", "max", "ines", "olu")
_CLAIMS = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
_MS_CLAIMS = "http://schemas.microsoft.com/identity/claims/"


@dataclass(slots=True)
class Making:
    """Where a file's records come from: chance, whose it is, and how far its time went."""

    rng: Random
    owner: str
    time: datetime
    step: float  # seconds between two records, on average
    ids: list[str] = field(default_factory=list)

    def now(self) -> datetime:
        self.time += timedelta(seconds=self.rng.expovariate(1 / self.step))
        return self.time

    def guid(self) -> str:
        bits = f"{self.rng.getrandbits(128):032x}"
        return f"{bits[:8]}-{bits[8:12]}-4{bits[13:16]}-a{bits[17:20]}-{bits[20:]}"

    def hex(self, digits: int) -> str:
        return f"{self.rng.getrandbits(4 * digits):0{digits}x}"

    def agent(self, kinds: tuple[str, ...]) -> str:
        a, b, c = (self.rng.randint(0, 30) for _ in range(3))
        return self.rng.choice(kinds).format(a=a, b=b, c=c, d=self.rng.randint(1_000, 9_999))

    def some(self, name: str, count: int) -> str:
        return f"{name}{self.rng.randint(1, count):02}"


def lines(kind: str, megabytes: int) -> Iterator[tuple[str, bytes]]:
    """The path, but for its end, and the content of each file of a corpus."""
    rng = Random(f"cloud {kind} 1")
    make, path, pretty = _KINDS[kind]
    made = number = 0
    while made < megabytes * 1_000_000:
        owner = _OWNERS[kind][number % 4]
        hour = _START + timedelta(hours=number // 4)
        making = Making(rng, owner, hour, step=0.5)
        size, out = 0, []
        while size < _FILE:
            line = json.dumps(make(making), separators=pretty).encode()
            out.append(line)
            size += len(line) + 1
        name = path.format(owner=owner, OWNER=owner.upper(), t=hour)
        yield name, b"\n".join([*out, b""])
        made += size
        number += 1


# Azure


def _azure_time(time: datetime) -> str:
    return f"{time:%Y-%m-%dT%H:%M:%S}.{time.microsecond:06}{time.microsecond % 10}Z"


_AGENTS = (
    "azsdk-python-storage-blob/12.{a}.{b} Python/3.11.{c} (Linux-5.15.0-{d}-azure-x86_64-with-glibc2.35)",
    "azsdk-net-Storage.Blobs/12.{a}.{b} (.NET 8.0.{c}; Microsoft Windows 10.0.{d})",
    "Azure-Storage/2.{a}.{b} (Java 17.0.{c}; Linux {d})",
    "Apache-Spark/3.{a} ABFS/{b}.{c} hadoop-azure/{d}",
    "google-cloud-sdk gcloud/4{a}.{b} command/gcloud.storage.ls invocation-id/{d}{c} environment/None platform/(Linux; x86_64),gzip(gfe)",
    "gcloud-python/2.{a}.{b} gl-python/3.11.{c} grpc/1.{a}.{b} gax/2.{c} gccl/{d},gzip(gfe)",
    "kube-controller-manager/v1.{a}.{b} (linux/amd64) kubernetes/{d}/leader-election,gzip(gfe)",
    "Terraform/1.{a}.{b} (+https://www.terraform.io) terraform-provider-google/5.{c}.{d},gzip(gfe)",
)  # fmt: skip
_ACTIVITIES = (
    ("MICROSOFT.COMPUTE/VIRTUALMACHINES/START/ACTION", "MICROSOFT.COMPUTE/VIRTUALMACHINES/{}", "Action", 8),
    ("MICROSOFT.COMPUTE/VIRTUALMACHINES/DEALLOCATE/ACTION", "MICROSOFT.COMPUTE/VIRTUALMACHINES/{}", "Action", 8),
    ("MICROSOFT.RESOURCES/DEPLOYMENTS/WRITE", "MICROSOFT.RESOURCES/DEPLOYMENTS/{}", "Write", 20),
    ("MICROSOFT.RESOURCES/DEPLOYMENTS/VALIDATE/ACTION", "MICROSOFT.RESOURCES/DEPLOYMENTS/{}", "Action", 10),
    ("MICROSOFT.AUTHORIZATION/POLICIES/AUDITIFNOTEXISTS/ACTION", "MICROSOFT.WEB/SITES/{}", "Action", 18),
    ("MICROSOFT.COMPUTE/VIRTUALMACHINESCALESETS/WRITE", "MICROSOFT.COMPUTE/VIRTUALMACHINESCALESETS/{}", "Write", 10),
    ("MICROSOFT.CONTAINERSERVICE/MANAGEDCLUSTERS/LISTCLUSTERUSERCREDENTIAL/ACTION", "MICROSOFT.CONTAINERSERVICE/MANAGEDCLUSTERS/{}", "Action", 8),
    ("MICROSOFT.INSIGHTS/AUTOSCALESETTINGS/SCALEUP/ACTION", "MICROSOFT.INSIGHTS/AUTOSCALESETTINGS/{}", "Action", 8),
    ("MICROSOFT.WEB/SITES/RESTART/ACTION", "MICROSOFT.WEB/SITES/{}", "Action", 9),
    ("MICROSOFT.COMPUTE/DISKS/WRITE", "MICROSOFT.COMPUTE/DISKS/{}", "Write", 0.3),
    ("MICROSOFT.STORAGE/STORAGEACCOUNTS/LISTKEYS/ACTION", "MICROSOFT.STORAGE/STORAGEACCOUNTS/{}", "Action", 0.2),
)  # fmt: skip
_WEIGHTS = [a[3] for a in _ACTIVITIES]


def _activity(on: Making) -> Record:
    operation, kind, category, _ = on.rng.choices(_ACTIVITIES, _WEIGHTS)[0]
    person = on.rng.random() < _PERSON
    who = on.rng.choice(_PEOPLE)
    resource = f"/SUBSCRIPTIONS/{on.owner.upper()}/RESOURCEGROUPS/{on.some('RG-APP', 30)}/PROVIDERS/{kind.format(on.some('THING', 60) + on.hex(6).upper())}"
    caller = on.guid()
    claims = {
        "aud": "https://management.core.windows.net/",
        "iss": f"https://sts.windows.net/{_TENANT}/",
        "iat": str(int(on.time.timestamp())),
        "nbf": str(int(on.time.timestamp())),
        "exp": str(int(on.time.timestamp()) + 86_400),
        "aio": on.hex(60),
        "appid": "c44b4083-3bb0-49c1-b47d-974e53cbdf3c" if person else caller,
        "appidacr": "2",
        f"{_MS_CLAIMS}identityprovider": f"https://sts.windows.net/{_TENANT}/",
        f"{_MS_CLAIMS}objectidentifier": caller,
        f"{_CLAIMS}nameidentifier": on.hex(43),
        f"{_MS_CLAIMS}tenantid": _TENANT,
        "uti": on.hex(22),
        "ver": "1.0",
        "xms_tcdt": "1430000000",
    }
    if person:
        claims |= {
            "http://schemas.microsoft.com/claims/authnclassreference": "1",
            "http://schemas.microsoft.com/claims/authnmethodsreferences": "pwd,mfa",
            f"{_CLAIMS}givenname": who.title(),
            f"{_CLAIMS}name": f"{who}@ours.example",
            f"{_CLAIMS}upn": f"{who}@ours.example",
            "ipaddr": "198.51.100.24",
            "name": who.title(),
            "puid": on.hex(16).upper(),
            f"{_MS_CLAIMS}scope": "user_impersonation",
        }
    action = operation.replace("MICROSOFT", "Microsoft").lower()
    state = on.rng.choice(("Start", "Accept", "Success"))
    code = "OK" if state == "Success" else "Accepted"
    return {
        "time": _azure_time(on.now()),
        "resourceId": resource,
        "operationName": operation,
        "category": category,
        "resultType": state,
        "resultSignature": f"{state}ed." if state == "Start" else f"Succeeded.{code}",
        "durationMs": str(on.rng.randint(0, 4_000)),
        "callerIpAddress": f"198.51.100.{on.rng.randint(1, 254)}",
        "correlationId": on.guid(),
        "identity": {
            "authorization": {
                "scope": resource.lower(),
                "action": action,
                "evidence": {
                    "role": "Contributor",
                    "roleAssignmentScope": f"/subscriptions/{on.owner}",
                    "roleAssignmentId": on.hex(32),
                    "roleDefinitionId": "b24988ac618042a0ab8820f7382dd24c",
                    "principalId": caller.replace("-", ""),
                    "principalType": "User" if person else "ServicePrincipal",
                },
            },
            "claims": claims,
        },
        "level": "Information",
        "properties": {
            "statusCode": code,
            "serviceRequestId": on.guid(),
            "eventCategory": "Administrative",
            "entity": resource.lower(),
            "message": action,
            "hierarchy": f"{_TENANT}/platform/landing-zones/{on.owner}",
        },
        "tenantId": _TENANT,
    }


_STORAGE = (
    ("GetBlob", "StorageRead", 200, "Success", 34),
    ("GetBlobProperties", "StorageRead", 200, "Success", 22),
    ("GetBlobProperties", "StorageRead", 404, "BlobNotFound", 5),
    ("ListBlobs", "StorageRead", 200, "Success", 12),
    ("GetContainerProperties", "StorageRead", 200, "Success", 5),
    ("PutBlob", "StorageWrite", 201, "Success", 12),
    ("PutBlock", "StorageWrite", 201, "Success", 6),
    ("DeleteBlob", "StorageDelete", 202, "Success", 4),
)
_STORAGE_WEIGHTS = [s[4] for s in _STORAGE]


def _storage(on: Making) -> Record:
    operation, category, status, text, _ = on.rng.choices(_STORAGE, _STORAGE_WEIGHTS)[0]
    store = f"oursdata{on.owner[:4]}"
    reader = on.rng.randint(10, 30)
    # Of the reads, one in ten shows who reads; services of the account's own tenant mostly have its keys.
    signed_in = on.rng.random() < _SIGNED_IN
    container = f"container{reader % 12:02}" if signed_in else on.some("container", 12)
    if signed_in:
        identity: Record = {
            "type": "OAuth",
            "tokenHash": f"3C7F0D5A9B{reader}" + f"{on.time:%d%H}" * 13,
            "requester": {
                "appId": "e8c3f1a2-5b6d-4c7e-8f90-123456789abc",
                "audience": "https://storage.azure.com/",
                "objectId": f"5b1a2c3d-0000-4000-8000-0000000000{reader}",
                "tenantId": _TENANT,
                "tokenIssuer": f"https://sts.windows.net/{_TENANT}/",
            },
        }
    else:
        identity = {"type": on.rng.choice(("AccountKey", "AccountKey", "TrustedAccess"))}
        identity["tokenHash"] = "key1(" + "9F" * 32 + ")"
    blob = f"2026/03/{on.some('day', 28)}/part-{on.guid()}-c000.snappy.parquet"
    stamp = f"{on.now():%a, %d %b %Y %H:%M:%S} GMT"
    return {
        "time": _azure_time(on.time),
        "resourceId": f"/subscriptions/{on.owner}/resourceGroups/rg-data/providers/Microsoft.Storage/storageAccounts/{store}/blobServices/default",
        "category": category,
        "operationName": operation,
        "operationVersion": "2023-11-03",
        "schemaVersion": "1.0",
        "statusCode": status,
        "statusText": text,
        "durationMs": on.rng.randint(1, 90),
        "callerIpAddress": f"10.1.{on.rng.randint(0, 9)}.{on.rng.randint(1, 254)}:{on.rng.randint(1_024, 65_000)}",
        "correlationId": on.guid(),
        "identity": identity,
        "location": "westeurope",
        "properties": {
            "accountName": store,
            "userAgentHeader": on.agent(_AGENTS[:4]),
            "clientRequestId": on.guid(),
            "etag": f'"0x8DC{on.hex(12).upper()}"',
            "serviceType": "blob",
            "objectKey": f"/{store}/{container}/{blob}",
            "lastModifiedTime": "2026/03/01 23:11:54.1234567",
            "serverLatencyMs": on.rng.randint(1, 60),
            "requestHeaderSize": 412,
            "responseHeaderSize": 311,
            "responseBodySize": on.rng.randint(100, 9_000_000),
            "tlsVersion": "TLS 1.3",
            "conditionsUsed": f"If-Unmodified-Since={stamp}",
            "accessTier": "Hot",
        },
        "uri": f"https://{store}.blob.core.windows.net:443/{container}/{blob}",
        "protocol": "HTTPS",
        "resourceType": "Microsoft.Storage/storageAccounts/blobServices",
    }


# Google Cloud


def _google_time(time: datetime, rng: Random) -> str:
    return f"{time:%Y-%m-%dT%H:%M:%S}.{time.microsecond:06}{rng.randint(0, 999):03}Z"


def _entry(on: Making, log: str, payload: Record, resource: Record) -> Record:
    received = _google_time(on.time + timedelta(seconds=1), on.rng)
    entry: Record = {
        "insertId": on.hex(12),
        "logName": f"projects/{on.owner}/logs/cloudaudit.googleapis.com%2F{log}",
        "protoPayload": {"@type": "type.googleapis.com/google.cloud.audit.AuditLog", **payload},
        "receiveTimestamp": received,
        "resource": resource,
        "severity": "NOTICE" if log == "activity" else "INFO",
        "timestamp": _google_time(on.time, on.rng),
    }
    return entry


_ADMIN = (
    ("v1.compute.instances.start", "compute.googleapis.com", "instances", "compute.instances.start", 14),
    ("v1.compute.instances.stop", "compute.googleapis.com", "instances", "compute.instances.stop", 14),
    ("v1.compute.instances.setLabels", "compute.googleapis.com", "instances", "compute.instances.setLabels", 12),
    ("beta.compute.instanceGroupManagers.resize", "compute.googleapis.com", "instanceGroupManagers", "compute.instanceGroupManagers.update", 10),
    ("google.cloud.functions.v2.FunctionService.UpdateFunction", "cloudfunctions.googleapis.com", "functions", "cloudfunctions.functions.update", 10),
    ("io.k8s.core.v1.pods.create", "k8s.io", "pods", "io.k8s.core.v1.pods.create", 24),
    ("io.k8s.coordination.v1.leases.update", "k8s.io", "leases", "io.k8s.coordination.v1.leases.update", 15),
    ("v1.compute.disks.createSnapshot", "compute.googleapis.com", "disks", "compute.disks.createSnapshot", 0.3),
    ("google.iam.admin.v1.CreateServiceAccountKey", "iam.googleapis.com", "serviceAccounts", "iam.serviceAccountKeys.create", 0.1),
)  # fmt: skip
_ADMIN_WEIGHTS = [a[4] for a in _ADMIN]


def _asked(on: Making, permission: str, name: str) -> Record:
    """What every audit record has: who asked, from where, and whether it was granted."""
    person = on.rng.random() < _PERSON
    mail = (
        f"{on.rng.choice(_PEOPLE)}@ours.example"
        if person
        else f"{on.some('svc-', 12)}@{on.owner}.iam.gserviceaccount.com"
    )
    return {
        "authenticationInfo": {"principalEmail": mail, "principalSubject": f"{'user' if person else 'serviceAccount'}:{mail}"},
        "authorizationInfo": [
            {"granted": True, "permission": permission, "permissionType": "ADMIN_WRITE", "resource": name, "resourceAttributes": {"name": name, "service": "compute", "type": "compute.instances"}}
        ],
    }  # fmt: skip


def _caller(on: Making) -> Record:
    return {
        "callerIp": f"198.51.100.{on.rng.randint(1, 254)}",
        "callerSuppliedUserAgent": on.agent(_AGENTS[4:]),
        "destinationAttributes": {},
        "requestAttributes": {"auth": {}, "reason": on.hex(24), "time": _google_time(on.now(), on.rng)},
    }


def _admin(on: Making) -> Record:
    method, service, kind, permission, _ = on.rng.choices(_ADMIN, _ADMIN_WEIGHTS)[0]
    zone = on.rng.choice(("europe-west1-b", "europe-west1-c", "us-central1-a"))
    name = f"projects/{on.owner}/zones/{zone}/{kind}/{on.some('thing-', 60)}-{on.hex(10)}"
    link = f"https://www.googleapis.com/compute/v1/{name}"
    payload = {
        **_asked(on, permission, name),
        "methodName": method,
        "request": {"@type": f"type.googleapis.com/{method.removeprefix('v1.')}"},
        "requestMetadata": _caller(on),
        "resourceLocation": {"currentLocations": [zone]},
        "resourceName": name,
        "response": {
            "@type": "type.googleapis.com/operation",
            "id": str(on.rng.getrandbits(60)),
            "insertTime": f"{on.time:%Y-%m-%dT%H:%M:%S}.000-08:00",
            "name": f"operation-{on.hex(13)}-{on.hex(13)}-{on.hex(8)}-{on.hex(8)}",
            "operationType": method.rpartition(".")[2],
            "fingerprint": on.hex(11) + "=",
            "etag": on.hex(24),
            "clientOperationId": on.guid(),
            "progress": "0",
            "selfLink": f"https://www.googleapis.com/compute/v1/projects/{on.owner}/zones/{zone}/operations/operation-{on.hex(13)}",
            "startTime": f"{on.time:%Y-%m-%dT%H:%M:%S}.000-08:00",
            "status": "RUNNING",
            "targetId": str(on.rng.getrandbits(60)),
            "targetLink": link,
            "user": "someone",
            "zone": f"https://www.googleapis.com/compute/v1/projects/{on.owner}/zones/{zone}",
        },
        "serviceName": service,
        "status": {},
    }
    labels = {"instance_id": str(on.rng.getrandbits(60)), "project_id": on.owner, "zone": zone}
    return _entry(on, "activity", payload, {"labels": labels, "type": "gce_instance"})


_READS = (
    ("storage.objects.get", "storage.objects.get", 60),
    ("storage.objects.list", "storage.objects.list", 22),
    ("storage.buckets.get", "storage.buckets.get", 8),
    ("storage.objects.create", "storage.objects.create", 10),
)
_READ_WEIGHTS = [r[2] for r in _READS]


def _data(on: Making) -> Record:
    method, permission, _ = on.rng.choices(_READS, _READ_WEIGHTS)[0]
    bucket = f"projects/_/buckets/{on.owner}-{on.some('lake-', 12)}"
    name = f"{bucket}/objects/2026/03/{on.some('day', 28)}/part-{on.guid()}-c000.snappy.parquet"
    payload = {
        **_asked(on, permission, name),
        "methodName": method,
        "requestMetadata": _caller(on),
        "resourceLocation": {"currentLocations": ["eu"]},
        "resourceName": name,
        "serviceName": "storage.googleapis.com",
        "status": {},
    }
    labels = {"bucket_name": bucket.rpartition("/")[2], "location": "eu", "project_id": on.owner}
    return _entry(on, "data_access", payload, {"labels": labels, "type": "gcs_bucket"})


_SUBSCRIPTIONS = tuple(f"{n * 2}a1b2c3-{n}{n}{n}{n}-4{n}{n}{n}-8{n}{n}{n}-{n * 12}" for n in "1234")
_PROJECTS = ("ours-prod-data", "ours-shop", "ours-analytics", "ours-sandbox-7")
_OWNERS = {
    "azure-activity": _SUBSCRIPTIONS,
    "azure-storage": _SUBSCRIPTIONS,
    "gcp-admin": _PROJECTS,
    "gcp-data": _PROJECTS,
}
_TIGHT, _LOOSE = (",", ":"), (", ", ": ")
_PT1H = "/y={t:%Y}/m={t:%m}/d={t:%d}/h={t:%H}/m=00/PT1H"
_KINDS: dict[str, tuple[Callable[[Making], Record], str, tuple[str, str]]] = {
    "azure-activity": (_activity, "insights-activity-logs/resourceId=/SUBSCRIPTIONS/{OWNER}" + _PT1H, _LOOSE),
    "azure-storage": (
        _storage,
        "insights-logs-storageread/resourceId=/subscriptions/{OWNER}" + _PT1H,
        _TIGHT,
    ),
    "gcp-admin": (_admin, "{owner}/cloudaudit.googleapis.com/activity/{t:%Y/%m/%d/%H}", _TIGHT),
    "gcp-data": (_data, "{owner}/cloudaudit.googleapis.com/data_access/{t:%Y/%m/%d/%H}", _TIGHT),
}
KINDS = tuple(_KINDS)
