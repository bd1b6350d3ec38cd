"""Records of a storage account's blob log: reads, writes and deletions by its ordinary clients.

Shape after "Azure Blob Storage monitoring data reference"
(https://learn.microsoft.com/azure/storage/blobs/monitor-blob-storage-reference, resource logs).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from exclave.simulate.azure import ids
from exclave.simulate.azure.cell import time_text
from exclave.simulate.azure.delivery import of_store
from exclave.simulate.template import Template, compile_record, drawer

if TYPE_CHECKING:
    from random import Random

    from exclave.simulate.azure.delivery import Lines
    from exclave.simulate.azure.organisation import Store, Tenant

_GIVEN = frozenset({"time"})
_SDK = "azsdk-net-Storage.Blobs/12.21.2 (.NET 8.0.8; Linux 6.1.0-1.azl3)"
_PYTHON = "azsdk-python-storage-blob/12.22.0 Python/3.11.9 (Linux-6.6-x86_64)"
_AZCOPY = "AzCopy/10.26.0 Azure-Storage/0.15 (go1.22.6; linux)"
_OK, _CREATED, _ACCEPTED, _MISSING = (
    (200, "Success"),
    (201, "Success"),
    (202, "Success"),
    (404, "BlobNotFound"),
)


@dataclass(frozen=True, slots=True)
class _Act:
    """`how` is OAuth, AccountKey or SAS."""

    name: str
    category: str
    weight: float
    how: str
    end: tuple[int, str] = _OK
    agent: str = _SDK
    query: str = ""


_ACTS = (
    _Act("GetBlob", "StorageRead", 50, "OAuth"),
    _Act("GetBlob", "StorageRead", 12, "AccountKey", agent=_PYTHON),
    _Act("GetBlob", "StorageRead", 5, "SAS", agent=_PYTHON),
    _Act("GetBlobProperties", "StorageRead", 12, "OAuth"),
    _Act("ListBlobs", "StorageRead", 6, "OAuth", query="?restype=container&comp=list"),
    _Act("GetBlob", "StorageRead", 1, "OAuth", _MISSING),
    _Act(
        "GetUserDelegationKey", "StorageRead", 0.2, "OAuth", query="?restype=service&comp=userdelegationkey"
    ),
    _Act("PutBlob", "StorageWrite", 14, "OAuth", _CREATED),
    _Act("PutBlock", "StorageWrite", 8, "AccountKey", _CREATED, _AZCOPY),
    _Act("AppendBlock", "StorageWrite", 8, "AccountKey", _CREATED),
    _Act("CopyBlob", "StorageWrite", 0.5, "AccountKey", _ACCEPTED),
    _Act("DeleteBlob", "StorageDelete", 3, "OAuth", _ACCEPTED),
)


class Blobs:
    """Stamps the records of one storage account."""

    def __init__(self, rng: Random, tenant: Tenant, store: Store) -> None:
        self._rng = rng
        self._tenant = tenant
        self._store = store
        self._address = f"10.{rng.randrange(1, 200)}.{rng.randrange(250)}.{rng.randrange(4, 250)}"
        self._sas = f"{rng.getrandbits(256):064X}"
        self._weights = list(accumulate(act.weight for act in _ACTS))
        self._templates: dict[int, Template] = {}

    def hour(self, start: int, count: int) -> dict[str, Lines]:
        """So many records of an hour, by source."""
        out: dict[str, Lines] = {}
        for number in self._rng.choices(range(len(_ACTS)), cum_weights=self._weights, k=count):
            template = self._templates.get(number)
            if template is None:
                template = self._templates[number] = self._compile(_ACTS[number])
            at = start + self._rng.random() * 3599
            record = template.fill({**template.draw(), "time": time_text(at).encode()})
            out.setdefault(of_store(self._store.id, _ACTS[number].category), []).append((at, record))
        return out

    def _compile(self, act: _Act) -> Template:
        store = self._store
        status, text = act.end
        container = "" if act.name == "GetUserDelegationKey" else f"/{store.containers[0]}"
        blob = (
            f"{container}/2026/part-@@int:10000:99999@@.parquet" if container and not act.query else container
        )
        query = act.query
        if act.how == "SAS":
            query = "?sv=2024-11-04&sr=c&sp=rl&se=2026-12-31T00%3A00%3A00Z&spr=https&sig=XXXXX"
        made: dict[str, Any] = {
            "time": "@@time@@",
            "resourceId": f"{store.id}/blobServices/default",
            "category": act.category,
            "operationName": act.name,
            "operationVersion": "2024-11-04",
            "schemaVersion": "1.0",
            "statusCode": status,
            "statusText": text,
            "durationMs": "@@int:2:90@@",
            "callerIpAddress": f"{self._address}:@@int:20000:60000@@",
            "correlationId": "@@uuid:corr@@",
            "identity": self._identity(act.how),
            "location": store.region,
            "properties": {
                "accountName": store.name,
                "userAgentHeader": act.agent,
                "clientRequestId": "@@uuid:client@@",
                "serviceType": "blob",
                "objectKey": f"/{store.name}{blob}",
                "metricResponseType": "Success" if status < 400 else "ClientOtherError",  # noqa: PLR2004 - HTTP
                "serverLatencyMs": "@@int:1:60@@",
                "requestHeaderSize": "@@int:400:800@@",
                "responseHeaderSize": "@@int:180:400@@",
                "responseBodySize": "@@int:0:4000000@@",
                "tlsVersion": "TLS 1.3",
            },
            "uri": f"https://{store.name}.blob.core.windows.net:443{blob or '/'}{query}",
            "protocol": "HTTPS",
            "resourceType": "Microsoft.Storage/storageAccounts/blobServices",
        }
        return compile_record(made, {}, drawer(self._rng, {}), _GIVEN)

    def _identity(self, how: str) -> dict[str, Any]:
        if how == "AccountKey":
            return {"type": how, "tokenHash": f"key1({self._store.key})"}
        if how == "SAS":
            return {"type": how, "tokenHash": f"key1({self._store.key}),SasSignature({self._sas})"}
        reader = self._tenant.workload
        return {
            "type": how,
            "tokenHash": ids.uuid(self._rng).replace("-", "").upper() * 2,
            "authorization": [
                {
                    "action": "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read",
                    "result": "Granted",
                    "reason": "Policy",
                    "type": "RBAC",
                    "principals": [{"id": reader.oid, "type": "ServicePrincipal"}],
                }
            ],
            "requester": {
                "appId": reader.appid,
                "audience": "https://storage.azure.com/",
                "objectId": reader.oid,
                "tenantId": self._tenant.id,
                "tokenIssuer": f"https://sts.windows.net/{self._tenant.id}/",
            },
        }
