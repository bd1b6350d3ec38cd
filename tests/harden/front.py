"""What moto has not, before a moto server: block public access of EC2, last-accessed information of IAM, s3control by its host.

A plain HTTP proxy, so that names of hosts (an account's s3control) need no DNS. Shapes are those of botocore's models
of EC2 (2016-11-15) and IAM (2010-05-08); each account and region has settings of its own.
"""

from __future__ import annotations

import http.client
import re
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

URL = "http://aws.test"
_NS = 'xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"'
# operation -> setting, value that it sets ("" reads, "?" takes the parameter)
EC2 = {
    "GetSnapshotBlockPublicAccessState": ("state", ""), "EnableSnapshotBlockPublicAccess": ("state", "?State"),
    "DisableSnapshotBlockPublicAccess": ("state", "unblocked"),
    "GetImageBlockPublicAccessState": ("imageBlockPublicAccessState", ""),
    "EnableImageBlockPublicAccess": ("imageBlockPublicAccessState", "?ImageBlockPublicAccessState"),
    "DisableImageBlockPublicAccess": ("imageBlockPublicAccessState", "unblocked"),
    "DescribeVpcBlockPublicAccessOptions": ("internetGatewayBlockMode", ""),
    "ModifyVpcBlockPublicAccessOptions": ("internetGatewayBlockMode", "?InternetGatewayBlockMode"),
}  # fmt: skip
OFF = {"state": "unblocked", "imageBlockPublicAccessState": "unblocked", "internetGatewayBlockMode": "off"}
# Actions that were used yesterday, by whomever; of the services nothing else was.
USED = {"ec2": ("ModifyImageAttribute",)}


def _last_accessed(now: str) -> str:
    tracked = "".join(
        f"<member><ActionName>{a}</ActionName><LastAccessedTime>{now}</LastAccessedTime></member>"
        for a in USED["ec2"]
    )
    tracked += "<member><ActionName>ModifySnapshotAttribute</ActionName></member>"
    services = (
        f"<member><ServiceName>ec2</ServiceName><ServiceNamespace>ec2</ServiceNamespace><LastAuthenticated>{now}</LastAuthenticated>"
        f"<TrackedActionsLastAccessed>{tracked}</TrackedActionsLastAccessed></member>"
    )
    return f"<JobStatus>COMPLETED</JobStatus><JobCreationDate>{now}</JobCreationDate><JobCompletionDate>{now}</JobCompletionDate><ServicesLastAccessed>{services}</ServicesLastAccessed>"  # fmt: skip


class _Front(BaseHTTPRequestHandler):
    behind: str  # host:port of moto
    settings: dict[tuple[str, str, str], str]
    accounts: dict[str, str]
    now: str
    protocol_version = "HTTP/1.1"

    def log_message(self, *_args):
        """Says nothing."""

    def _any(self):
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        asked = {k: v[0] for k, v in parse_qs(body.decode("utf-8", "replace")).items()}
        credential = re.search(
            r"Credential=([^/]+)/\d+/([^/]+)/([^/]+)/", self.headers.get("Authorization", "")
        )
        action, service = asked.get("Action", ""), credential[3] if credential else ""
        if service == "ec2" and action in EC2:
            name, change = EC2[action]
            key = (self._account(credential[1]), credential[2], name)
            if change:
                self.settings[key] = asked[change[1:]] if change.startswith("?") else change
            said = f"<{name}>{self.settings.get(key, OFF[name])}</{name}>"
            if "Vpc" in action:
                said = f"<vpcBlockPublicAccessOptions>{said}</vpcBlockPublicAccessOptions>"
            return self._say(200, f"<{action}Response {_NS}>{said}</{action}Response>".encode())
        if service == "ec2" and action == "DescribeVpcBlockPublicAccessExclusions":
            none = "<vpcBlockPublicAccessExclusionSet/>"
            return self._say(200, f"<{action}Response {_NS}>{none}</{action}Response>".encode())
        if service == "iam" and action.endswith("ServiceLastAccessedDetails"):
            said = (
                f"<JobId>{'0a1b2c3d-' * 4}</JobId>"
                if action.startswith("Generate")
                else _last_accessed(self.now)
            )
            whole = f"<{action}Response><{action}Result>{said}</{action}Result></{action}Response>"
            return self._say(200, whole.encode())
        headers = {
            k: v for k, v in self.headers.items() if k.lower() not in ("proxy-connection", "connection")
        }
        if parts.path.startswith("/v20180820/"):
            account = (parts.hostname or "").partition(".")[0]
            headers["Host"] = f"{account}.s3-control.{credential[2]}.amazonaws.com"
        status, answered, given = self._ask(
            parts.path + (f"?{parts.query}" if parts.query else ""), body, headers
        )
        return self._say(status, answered, given)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _any  # noqa: N815 - the names that http.server calls

    def _ask(self, path, body, headers):
        connection = http.client.HTTPConnection(self.behind, timeout=60)
        connection.request(self.command, path, body, headers)
        answer = connection.getresponse()
        kept = {k: v for k, v in answer.getheaders() if k.lower() not in ("content-length", "connection", "transfer-encoding")}  # fmt: skip
        return answer.status, answer.read(), kept

    def _account(self, key):
        """Whose key it is, as moto says."""
        if key not in self.accounts:
            connection = http.client.HTTPConnection(self.behind, timeout=60)
            connection.request(
                "POST", "/", "Action=GetCallerIdentity&Version=2011-06-15",
                {
                    "Host": "sts.amazonaws.com", "Content-Type": "application/x-www-form-urlencoded",
                    "Authorization": f"AWS4-HMAC-SHA256 Credential={key}/20260101/us-east-1/sts/aws4_request, SignedHeaders=host, Signature=0",
                },
            )  # fmt: skip
            text = connection.getresponse().read().decode()
            self.accounts[key] = re.search(r"<Account>(\d+)</Account>", text)[1]
        return self.accounts[key]

    def _say(self, status, body, headers=None):
        self.send_response(status)
        for name, value in (headers or {"Content-Type": "text/xml"}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


@contextmanager
def front(behind: str, now: str):
    """The proxy's URL; `behind` is moto's."""
    held = {"behind": urlsplit(behind).netloc, "settings": {}, "accounts": {}, "now": now}
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Front", (_Front,), held))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
