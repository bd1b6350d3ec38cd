"""Shares of many kinds, planted in a moto server over HTTP, and what each looks like afterwards."""

from __future__ import annotations

import json
from contextlib import suppress

OWN, THEIRS, OTHER, REGION = "123456789012", "111122223333", "444455556666", "eu-west-1"

# white space and order that no program would write: it must stay
POLICY = """{ "Version" : "2012-10-17",
  "Statement":[
    {"Sid":"ours",   "Effect":"Allow","Principal":{"AWS":[ "arn:aws:iam::%(other)s:root" ,"arn:aws:iam::%(theirs)s:root" ]},
     "Action":%(actions)s,"Resource":%(resource)s},
    {"Sid":"never","Effect":"Deny","Principal":{"AWS":"arn:aws:iam::%(theirs)s:root"},"Action":%(denied)s,"Resource":%(resource)s} ,
    {"Sid":"planted","Effect":"Allow","Principal":{"AWS":"%(theirs)s"},"Action":%(actions)s,"Resource":%(resource)s}
  ]}"""
LEFT = """{ "Version" : "2012-10-17",
  "Statement":[
    {"Sid":"ours",   "Effect":"Allow","Principal":{"AWS":[ "arn:aws:iam::%(other)s:root" ]},
     "Action":%(actions)s,"Resource":%(resource)s},
    {"Sid":"never","Effect":"Deny","Principal":{"AWS":"arn:aws:iam::%(theirs)s:root"},"Action":%(denied)s,"Resource":%(resource)s}
  ]}"""


def policy(template: str, actions: list[str], resource: str, denied: str) -> str:
    return template % {
        "other": OTHER,
        "theirs": THEIRS,
        "actions": json.dumps(actions),
        "resource": json.dumps(resource),
        "denied": json.dumps(denied),
    }


class Planted:
    """Everything that is shared; `policies`: name → (read the text, what must be left of it)."""

    def __init__(self, client):
        self.client = client
        self.policies = {}
        ec2, s3, kms, rds = (client(s) for s in ("ec2", "s3", "kms", "rds"))
        volume = ec2.create_volume(AvailabilityZone=f"{REGION}a", Size=1)["VolumeId"]
        self.snapshot, self.public = (ec2.create_snapshot(VolumeId=volume)["SnapshotId"] for _ in range(2))
        ec2.modify_snapshot_attribute(
            SnapshotId=self.snapshot,
            Attribute="createVolumePermission",
            OperationType="add",
            UserIds=[THEIRS, OTHER],
        )
        ec2.modify_snapshot_attribute(
            SnapshotId=self.public,
            Attribute="createVolumePermission",
            OperationType="add",
            GroupNames=["all"],
        )
        image = ec2.register_image(Name="image", RootDeviceName="/dev/sda1")["ImageId"]
        self.image = image
        ec2.modify_image_attribute(
            ImageId=image, Attribute="launchPermission", OperationType="add", UserIds=[THEIRS, OTHER]
        )
        rds.create_db_instance(
            DBInstanceIdentifier="db", DBInstanceClass="db.t3.micro", Engine="postgres", AllocatedStorage=5,
            MasterUsername="u", MasterUserPassword="password1",
        )  # fmt: skip
        rds.create_db_snapshot(DBInstanceIdentifier="db", DBSnapshotIdentifier="snap")
        rds.modify_db_snapshot_attribute(
            DBSnapshotIdentifier="snap", AttributeName="restore", ValuesToAdd=[THEIRS, OTHER]
        )
        self._bucket(s3)
        key = kms.create_key()["KeyMetadata"]
        self.key = key["KeyId"]
        own = f'{{"Sid":"own","Effect":"Allow","Principal":{{"AWS":"arn:aws:iam::{OWN}:root"}},"Action":"kms:*","Resource":"*"}}, '
        self._policy(
            "aws.kms.key-policy", ["kms:Decrypt"], "*", "kms:ScheduleKeyDeletion",
            lambda text: kms.put_key_policy(KeyId=self.key, PolicyName="default", Policy=text),
            lambda: kms.get_key_policy(KeyId=self.key, PolicyName="default")["Policy"], first=own,
        )  # fmt: skip
        self.grant = kms.create_grant(
            KeyId=self.key, GranteePrincipal=f"arn:aws:iam::{THEIRS}:role/x", Operations=["Decrypt"], Name="g"
        )["GrantId"]
        kms.create_grant(
            KeyId=self.key, GranteePrincipal=f"arn:aws:iam::{OTHER}:role/y", Operations=["Decrypt"]
        )
        self._others()

    def _bucket(self, s3):
        for name in ("data", "site"):
            s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
            s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        self._policy(
            "aws.s3.bucket-policy", ["s3:GetObject", "s3:ListBucket"], "arn:aws:s3:::data/*", "s3:DeleteObject",
            lambda text: s3.put_bucket_policy(Bucket="data", Policy=text),
            lambda: s3.get_bucket_policy(Bucket="data")["Policy"],
        )  # fmt: skip
        owner = s3.get_bucket_acl(Bucket="data")["Owner"]
        mine = {"Grantee": {"Type": "CanonicalUser", "ID": owner["ID"]}, "Permission": "FULL_CONTROL"}
        all_ = {
            "Grantee": {"Type": "Group", "URI": "http://acs.amazonaws.com/groups/global/AllUsers"},
            "Permission": "READ",
        }
        s3.put_bucket_acl(Bucket="site", AccessControlPolicy={"Owner": owner, "Grants": [mine, all_]})
        rules = [
            {
                "ID": f"r{n}", "Status": "Enabled", "Priority": n, "Filter": {"Prefix": f"p{n}/"},
                "DeleteMarkerReplication": {"Status": "Disabled"},
                "Destination": {"Bucket": f"arn:aws:s3:::dest{n}", "Account": account},
            }
            for n, account in enumerate((THEIRS, OTHER), 1)
        ]  # fmt: skip
        for n in (1, 2):
            s3.create_bucket(Bucket=f"dest{n}", CreateBucketConfiguration={"LocationConstraint": REGION})
            s3.put_bucket_versioning(Bucket=f"dest{n}", VersioningConfiguration={"Status": "Enabled"})
        s3.put_bucket_replication(
            Bucket="data",
            ReplicationConfiguration={"Role": f"arn:aws:iam::{OWN}:role/replicate", "Rules": rules},
        )

    def _others(self):
        ecr, secrets, sqs, sns, logs = (
            self.client(s) for s in ("ecr", "secretsmanager", "sqs", "sns", "logs")
        )
        ecr.create_repository(repositoryName="team/app")
        self._policy(
            "aws.ecr.repository-policy", ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"], None, "ecr:DeleteRepository",
            lambda text: ecr.set_repository_policy(repositoryName="team/app", policyText=text),
            lambda: ecr.get_repository_policy(repositoryName="team/app")["policyText"],
        )  # fmt: skip
        destinations = [{"region": "eu-west-1", "registryId": a} for a in (THEIRS, OTHER)]
        ecr.put_replication_configuration(
            replicationConfiguration={"rules": [{"destinations": destinations}]}
        )
        secret = secrets.create_secret(Name="s", SecretString="x")["ARN"]
        self._policy(
            "aws.secretsmanager.policy", ["secretsmanager:GetSecretValue"], "*", "secretsmanager:DeleteSecret",
            lambda text: secrets.put_resource_policy(SecretId=secret, ResourcePolicy=text),
            lambda: secrets.get_resource_policy(SecretId=secret)["ResourcePolicy"],
        )  # fmt: skip
        queue = sqs.create_queue(QueueName="q")["QueueUrl"]
        self._policy(
            "aws.sqs.policy", ["sqs:ReceiveMessage"], f"arn:aws:sqs:{REGION}:{OWN}:q", "sqs:DeleteQueue",
            lambda text: sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": text}),
            lambda: sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["Policy"])["Attributes"]["Policy"],
        )  # fmt: skip
        topic = sns.create_topic(Name="t")["TopicArn"]
        self._policy(
            "aws.sns.policy", ["sns:Subscribe"], topic, "sns:DeleteTopic",
            lambda text: sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=text),
            lambda: sns.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"],
        )  # fmt: skip
        logs.put_resource_policy(
            policyName="p", policyDocument=policy(POLICY, ["logs:GetLogEvents"], "*", "logs:DeleteLogGroup")
        )
        self.policies["aws.logs.policy"] = (
            lambda: logs.describe_resource_policies()["resourcePolicies"][0]["policyDocument"],
            policy(LEFT, ["logs:GetLogEvents"], "*", "logs:DeleteLogGroup"),
            policy(POLICY, ["logs:GetLogEvents"], "*", "logs:DeleteLogGroup"),
        )
        efs = self.client("efs")
        system = efs.create_file_system(CreationToken="c")["FileSystemId"]
        self._policy(
            "aws.efs.file-system-policy", ["elasticfilesystem:ClientMount"], "*", "elasticfilesystem:ClientWrite",
            lambda text: efs.put_file_system_policy(FileSystemId=system, Policy=text),
            lambda: efs.describe_file_system_policy(FileSystemId=system)["Policy"],
        )  # fmt: skip
        self._function()

    def _function(self):
        import io
        import zipfile

        iam, functions = self.client("iam"), self.client("lambda")
        trust = {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "lambda.amazonaws.com"},
                    "Action": "sts:AssumeRole",
                }
            ],
        }
        role = iam.create_role(RoleName="f", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
        code = io.BytesIO()
        with zipfile.ZipFile(code, "w") as archive:
            archive.writestr("f.py", "def f(e, c): pass")
        functions.create_function(
            FunctionName="f",
            Runtime="python3.11",
            Role=role,
            Handler="f.f",
            Code={"ZipFile": code.getvalue()},
        )
        for sid, account in (("planted", THEIRS), ("ours", OTHER)):
            functions.add_permission(
                FunctionName="f", StatementId=sid, Action="lambda:InvokeFunction", Principal=account
            )
        self.function = lambda: {
            s["Sid"] for s in json.loads(functions.get_policy(FunctionName="f")["Policy"])["Statement"]
        }

    def _policy(self, method, actions, resource, denied, put, get, *, first=""):
        texts = []
        for template in (POLICY, LEFT):
            text = policy(template, actions, resource or "*", denied)
            if resource is None:  # ECR's policies name no resource
                text = text.replace(',"Resource":"*"', "")
            texts.append(text.replace('"Statement":[', f'"Statement":[{first}', 1))
        put(texts[0])
        self.policies[method] = (get, texts[1], texts[0])

    def shares(self):
        """Who is on the lists now."""
        ec2, s3, kms, rds, ecr = (self.client(s) for s in ("ec2", "s3", "kms", "rds", "ecr"))

        def snapshot(identifier):
            found = ec2.describe_snapshot_attribute(SnapshotId=identifier, Attribute="createVolumePermission")
            return {p.get("UserId") or p.get("Group") for p in found["CreateVolumePermissions"]}

        image = ec2.describe_image_attribute(ImageId=self.image, Attribute="launchPermission")[
            "LaunchPermissions"
        ]
        attributes = rds.describe_db_snapshot_attributes(DBSnapshotIdentifier="snap")
        restore = attributes["DBSnapshotAttributesResult"]["DBSnapshotAttributes"][0]["AttributeValues"]
        rules: list = []
        with suppress(Exception):
            rules = s3.get_bucket_replication(Bucket="data")["ReplicationConfiguration"]["Rules"]
        registry = ecr.describe_registry()["replicationConfiguration"]["rules"]
        return {
            "snapshot": snapshot(self.snapshot),
            "public": snapshot(self.public),
            "image": {p.get("UserId") for p in image},
            "restore": set(restore),
            "acl": {
                g["Grantee"].get("URI", "owner")[-8:] for g in s3.get_bucket_acl(Bucket="site")["Grants"]
            },
            "replication": {r["ID"] for r in rules},
            "registry": {d["registryId"] for r in registry for d in r["destinations"]},
            "grants": {
                g["GranteePrincipal"].split(":")[4] for g in kms.list_grants(KeyId=self.key)["Grants"]
            },
            "function": self.function(),
        }
