"""What of AWS Config's items a table can't translate: access control lists and replication of buckets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from exclave.inventory.translate import Thing, Translation, at, text

Special = Callable[[Translation, Thing], None]
_GROUPS = "http://acs.amazonaws.com/groups/global/"
_PERMISSIONS = {"FullControl": "FULL_CONTROL", "Read": "READ", "Write": "WRITE", "ReadAcp": "READ_ACP", "WriteAcp": "WRITE_ACP"}  # fmt: skip


def _bucket(translation: Translation, thing: Thing) -> None:
    further = thing.values["supplementaryConfiguration"]
    name = text(thing.values, "resourceName") or text(thing.values, "resourceId")
    _acl(translation, thing, name, further.get("AccessControlList"))
    _replication(translation, thing, name, further.get("BucketReplicationConfiguration"))


def _acl(translation: Translation, thing: Thing, name: str, listed: object) -> None:
    """Config writes a group as its bare name: `"grantee": "AllUsers"`.

    Source: https://docs.aws.amazon.com/securityhub/latest/userguide/asff-resourcedetails-awss3.html
    """
    if not isinstance(listed, Mapping):
        return
    grants = []
    for grant in listed.get("grantList") or ():
        grantee = grant.get("grantee") if isinstance(grant, Mapping) else None
        to = {"URI": _GROUPS + grantee} if isinstance(grantee, str) else {"ID": text(grantee, "id")}
        permission = text(grant, "permission")
        grants.append({"Grantee": to, "Permission": _PERMISSIONS.get(permission, permission)})
    answer = {"Owner": {"ID": text(listed, "owner.id")}, "Grants": grants}
    translation.add("s3.GetBucketAcl", thing, answer, key=name, args={"Bucket": name})


def _replication(translation: Translation, thing: Thing, name: str, replicated: object) -> None:
    if not isinstance(replicated, Mapping):
        return
    listed = replicated.get("rules")
    rules = (
        list(listed.values()) if isinstance(listed, Mapping) else listed if isinstance(listed, list) else []
    )
    answer = {
        "ReplicationConfiguration": {
            "Role": text(replicated, "roleARN"),
            "Rules": [
                {
                    "Status": text(rule, "status"),
                    "Destination": {
                        "Bucket": text(rule, "destinationConfig.bucketARN"),
                        **({"Account": a} if (a := text(rule, "destinationConfig.account")) else {}),
                        **(
                            {"EncryptionConfiguration": {"ReplicaKmsKeyID": k}}
                            if (k := text(rule, "destinationConfig.encryptionConfiguration.replicaKmsKeyID"))
                            else {}
                        ),
                    },
                }
                for rule in rules
                if at(rule, "status") is not None
            ],
        }
    }
    translation.add("s3.GetBucketReplication", thing, answer, key=name, args={"Bucket": name})


SPECIAL: Mapping[str, Special] = MappingProxyType({"AWS::S3::Bucket": _bucket})
