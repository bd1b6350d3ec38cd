"""AWS Config as an inventory: saved answers, snapshots, and an aggregator asked over HTTP."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote

import pytest

from exclave.audit.exposures import exposures
from exclave.audit.loader import check_of, control
from exclave.audit.model import Settings
from exclave.audit.ours import seen
from exclave.catalogue.loader import load
from exclave.inventory import Inventory
from exclave.inventory.config.collect import BadAggregatorError, calls
from exclave.model import Cloud
from exclave.perimeter import Perimeter

OURS, MEMBER, THEIRS, REGION = "123456789012", "210987654321", "111122223333", "eu-west-1"


def item(type_, configuration, *, further=None, identifier="x", account=OURS, region=REGION, **more):
    return {
        "accountId": account, "awsRegion": region, "resourceType": type_, "resourceId": identifier, "resourceName": identifier,
        "arn": f"arn:aws:x:{region}:{account}:{identifier}", "configuration": configuration, "supplementaryConfiguration": further or {},
    } | more  # fmt: skip


def answered(*items):
    return {"Results": [json.dumps(i) for i in items], "QueryInfo": {"SelectFields": []}}


def loaded(tmp_path, content):
    file = tmp_path / "config.json"
    file.write_text(json.dumps(content))
    return Inventory.load(file)


def told(inventory):
    found, _ = exposures(inventory, Perimeter(seen=seen(inventory)), load())
    return {(e.method, e.account, e.source.id, e.destination.id) for e in found}


def status(inventory, identifier):
    (check,) = check_of(control(identifier))(inventory, Perimeter(seen=seen(inventory)), Settings())
    return check.status.value, "; ".join(check.why)


def allow(action):
    return {"Statement": [{"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{THEIRS}:root"}, "Action": action, "Resource": "*"}]}  # fmt: skip


ACL = {"grantSet": None, "grantList": [{"grantee": "AllUsers", "permission": "Read"}, {"grantee": {"id": "a" * 64}, "permission": "FullControl"}], "owner": {"id": "a" * 64}}  # fmt: skip
REPLICATED = {"roleARN": "r", "rules": {"one": {"status": "Enabled", "destinationConfig": {"bucketARN": "arn:aws:s3:::theirs", "account": THEIRS}}}}  # fmt: skip
SHARES = {
    "aws.s3.bucket-policy": item("AWS::S3::Bucket", {"name": "x"}, further={"BucketPolicy": {"policyText": json.dumps(allow("s3:*"))}}),
    "aws.s3.bucket-acl": item("AWS::S3::Bucket", {"name": "x"}, further={"AccessControlList": json.dumps(ACL)}),
    "aws.s3.replication": item("AWS::S3::Bucket", {"name": "x"}, further={"BucketReplicationConfiguration": REPLICATED}),
    "aws.rds.snapshot-share": item("AWS::RDS::DBSnapshot", {"dBSnapshotIdentifier": "s", "snapshotType": "manual"}, further={"DBSnapshotAttributes": [{"attributeName": "restore", "attributeValues": [THEIRS]}]}),
    "aws.rds.cluster-snapshot-share": item("AWS::RDS::DBClusterSnapshot", {"dBClusterSnapshotIdentifier": "s"}, further={"DBClusterSnapshotAttributes": [{"attributeName": "restore", "attributeValues": ["all"]}]}),
    "aws.redshift.snapshot-share": item("AWS::Redshift::ClusterSnapshot", {"snapshotIdentifier": "s", "clusterIdentifier": "c", "accountsWithRestoreAccess": [{"accountId": THEIRS}]}),
    "aws.kms.key-policy": item("AWS::KMS::Key", {"keyId": "k"}, further={"Policy": quote(json.dumps(allow("kms:Decrypt")))}),
    "aws.lambda.code-share": item("AWS::Lambda::Function", {"functionName": "f"}, further={"Policy": json.dumps(allow("lambda:GetFunction"))}),
    "aws.sns.policy": item("AWS::SNS::Topic", {"TopicArn": "t", "Policy": json.dumps(allow("sns:Subscribe"))}),
    "aws.sqs.policy": item("AWS::SQS::Queue", {"QueueUrl": "q", "Policy": json.dumps(allow("sqs:ReceiveMessage"))}),
    "aws.ecr.repository-policy": item("AWS::ECR::Repository", {"RepositoryName": "r", "RepositoryPolicyText": allow("ecr:BatchGetImage")}),
    "aws.efs.file-system-policy": item("AWS::EFS::FileSystem", {"FileSystemId": "f", "FileSystemPolicy": allow("elasticfilesystem:ClientMount")}),
    "aws.backup.vault-policy": item("AWS::Backup::BackupVault", {"BackupVaultName": "v", "AccessPolicy": allow("backup:CopyFromBackupVault")}),
    "aws.opensearch.domain-policy": item("AWS::OpenSearch::Domain", {"DomainName": "d", "AccessPolicies": allow("es:ESHttpGet")}),
}  # fmt: skip


@pytest.mark.parametrize("method", SHARES)
def test_a_share_in_a_saved_answer_is_an_exposure(tmp_path, method):
    assert (method, OURS) in {(m, a) for m, a, _, _ in told(loaded(tmp_path, answered(SHARES[method])))}


def test_a_snapshot_of_config_and_a_batch_answer_are_read_too(tmp_path):
    share = SHARES["aws.s3.bucket-policy"]
    batch = {**share, "configuration": json.dumps(share["configuration"])}
    batch["supplementaryConfiguration"] = {
        k: json.dumps(v) for k, v in share["supplementaryConfiguration"].items()
    }
    for content in ({"configurationItems": [share]}, {"BaseConfigurationItems": [batch]}):
        assert "aws.s3.bucket-policy" in {m for m, *_ in told(loaded(tmp_path, content))}
    deleted = {"configurationItems": [{**share, "configurationItemStatus": "ResourceDeleted"}]}
    assert told(loaded(tmp_path, deleted)) == set()


def test_what_config_does_not_hold_could_not_be_looked_at(tmp_path):
    inventory = loaded(tmp_path, answered(item("AWS::S3::Bucket", {"name": "x"})))
    assert status(inventory, "aws.credentials.password-policy") == (
        "could-not-look",
        "iam.GetAccountPasswordPolicy: NotRecorded: not in AWS Config",
    )
    _, looked = exposures(inventory, Perimeter(), load())
    (bucket,) = [k for k in looked if k.method == "aws.s3.bucket-policy"]
    assert (bucket.of, bucket.failed) == (0, 1)  # no BucketPolicy in the item: not known, not "none"
    none = item("AWS::S3::Bucket", {"name": "x"}, further={"BucketPolicy": {"policyText": None}})
    _, looked = exposures(loaded(tmp_path, answered(none)), Perimeter(), load())
    (bucket,) = [k for k in looked if k.method == "aws.s3.bucket-policy"]
    assert (bucket.of, bucket.failed) == (1, 0)


def test_controls_are_judged_by_config_too(tmp_path):
    entries = [
        {
            "cidrBlock": "0.0.0.0/0",
            "egress": False,
            "protocol": "-1",
            "ruleAction": "allow",
            "ruleNumber": 100,
        }
    ]
    found = [
        item("AWS::EC2::Subnet", {"subnetId": "subnet-1", "vpcId": "vpc-1"}),
        item("AWS::EC2::VPC", {"vpcId": "vpc-1", "cidrBlock": "10.0.0.0/16"}),
        item("AWS::EC2::NetworkAcl", {"networkAclId": "acl-1", "vpcId": "vpc-1", "entries": entries, "associations": [{"subnetId": "subnet-1"}]}),
    ]  # fmt: skip
    assert status(loaded(tmp_path, answered(*found)), "aws.network.acl")[0] == "fail"
    entries[0]["cidrBlock"] = "10.0.0.0/16"
    assert status(loaded(tmp_path, answered(*found)), "aws.network.acl")[0] == "pass"


def test_odd_items_are_problems_and_the_rest_is_read(tmp_path):
    content = answered(SHARES["aws.s3.bucket-policy"])
    content["Results"] += ["{", 5, None, json.dumps({"accountId": "x"}), json.dumps([1])]
    inventory = loaded(tmp_path, content)
    assert "aws.s3.bucket-policy" in {m for m, *_ in told(inventory)}
    assert any("not a configuration item" in p.what for p in inventory.problems)


class Aggregator(BaseHTTPRequestHandler):
    """sts:GetCallerIdentity and config:SelectAggregateResourceConfig, in pages of one; KMS is refused."""

    items = (SHARES["aws.s3.bucket-policy"], {**SHARES["aws.sqs.policy"], "accountId": MEMBER})
    asked: list[dict]

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if b"GetCallerIdentity" in body:
            xml = f"<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::{OURS}:user/a</Arn><Account>{OURS}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
            return self.say(200, xml.encode(), "text/xml")
        asked = json.loads(body)
        self.server.asked.append(asked)
        type_ = asked["Expression"].rpartition("= '")[2].rstrip("'")
        if type_ == "AWS::KMS::Key":
            return self.say(
                400, json.dumps({"__type": "AccessDeniedException", "message": "not allowed"}).encode()
            )
        found = [json.dumps(i) for i in self.items if i["resourceType"] == type_] * 2
        page = int(asked.get("NextToken", 0))
        answer = {"Results": found[page : page + 1]}
        if page + 1 < len(found):
            answer["NextToken"] = str(page + 1)
        return self.say(200, json.dumps(answer).encode())

    def say(self, code, body, kind="application/x-amz-json-1.1"):
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def aggregator(monkeypatch):
    pytest.importorskip("botocore.session")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Aggregator)
    server.asked = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}", "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": REGION, "AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    yield server
    server.shutdown()
    server.server_close()


def collect(folder, *more):
    from click.testing import CliRunner

    from exclave.cli.main import run as cli

    return CliRunner().invoke(
        cli,
        ["collect", "aws", "--from-config", "main", "-q", "--rate", "0", "-o", str(folder), *more],
        catch_exceptions=False,
    )


def test_an_aggregator_is_asked_page_by_page_and_its_answers_are_an_inventory(aggregator, tmp_path):
    done = collect(tmp_path / "i")
    assert (done.exit_code, "1 AccessDeniedException" in done.stderr) == (3, True)
    assert {a["ConfigurationAggregatorName"] for a in aggregator.asked} == {"main"}
    assert all(a["Limit"] == 100 for a in aggregator.asked)
    inventory = Inventory.load(tmp_path / "i")
    assert {(m, a) for m, a, _, _ in told(inventory)} == {
        ("aws.s3.bucket-policy", OURS),
        ("aws.sqs.policy", MEMBER),
    }
    assert inventory.accounts(Cloud.AWS) == (OURS, MEMBER)
    assert any("AccessDeniedException" in p.what for p in inventory.problems)
    before = len(aggregator.asked)
    assert collect(tmp_path / "i", "--resume").exit_code == 3
    assert len(aggregator.asked) == before + 1  # what was refused, and no more


def test_the_wrong_account_is_refused_before_anything_is_asked(aggregator, tmp_path):
    assert collect(tmp_path / "i", "--expect-account", THEIRS).exit_code == 3
    assert aggregator.asked == []


def test_a_name_cannot_carry_more_than_a_name():
    with pytest.raises(BadAggregatorError):
        calls("a' OR '1'='1")
