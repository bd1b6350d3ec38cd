"""A stand-in for Azure Resource Manager, Resource Graph and Microsoft Graph, on a thread of the test.

Written from the published shapes: resources by id, lists with nextLink, Resource Graph with $skipToken, errors as
`{"error": {"code", "message"}}`. It keeps what is written to it, and enforces nothing.
"""

from __future__ import annotations

import base64
import copy
import json
import re
import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, quote, unquote, urlsplit

SUB = "11111111-1111-4111-8111-111111111111"
TENANT = "22222222-2222-4222-8222-222222222222"
QUERY = "/providers/microsoft.resourcegraph/resources"
# parts of a resource that are resources themselves
INSIDE = {
    ("virtualnetworks", "subnets"): "subnets",
    ("networksecuritygroups", "securityrules"): "securityRules",
}


def token(tenant=TENANT, name="auditor@ours.example"):
    """A token as Entra writes it, but for its signature."""
    claims = base64.urlsafe_b64encode(json.dumps({"tid": tenant, "upn": name}).encode()).decode().rstrip("=")
    return f"e30.{claims}.c2ln"


class Azure:
    """The state. `failures`: (verb and path pattern, answer, times) that come before everything else."""

    def __init__(self, *subscriptions, page=2):
        self.subscriptions = {
            s: {"subscriptionId": s, "tenantId": TENANT, "state": "Enabled"} for s in subscriptions or (SUB,)
        }
        self.resources = {}  # id in lower case → resource
        self.graph = {}  # path in lower case → list, or object
        self.failures = []
        self.asked = []
        self.page = page
        self.actions = ["*"]
        self.tokens = {token()}
        self.lock = threading.Lock()

    def put(self, identifier, properties=None, **more):
        parts = identifier.strip("/").split("/")
        kind = _type(identifier)
        there = {
            "id": identifier, "name": parts[-1], "type": kind, "location": "westeurope", "subscriptionId": parts[1],
            "resourceGroup": parts[3] if "resourcegroups" in (p.lower() for p in parts) else "", "properties": properties or {},
        }  # fmt: skip
        self.resources[identifier.lower()] = there | more
        return there | more

    def fail(self, pattern, status, body=None, headers=None, times=1_000_000):
        self.failures.append([re.compile(pattern, re.IGNORECASE), status, body, headers or {}, times])

    def answer(self, verb, url, body, bearer):
        """Status, body and headers of one request."""
        split = urlsplit(url)
        path, query = unquote(split.path), parse_qs(split.query)
        with self.lock:
            self.asked.append((verb, path))
            for failure in self.failures:
                if failure[4] and failure[0].search(f"{verb} {path}"):
                    failure[4] -= 1
                    return failure[1], failure[2], failure[3]
            if bearer not in self.tokens:
                return 401, error("InvalidAuthenticationToken", "the token has ended"), {}
            if path.lower() == QUERY:
                return 200, self._query(body), {}
            if path.lower().startswith(("/v1.0/", "/beta/")):
                return self._graph(verb, path, body)
            if "api-version" not in query:
                return 400, error("MissingApiVersionParameter", "api-version is required"), {}
            return self._manager(verb, path, body, split.query, int(query.get("skip", ["0"])[0]))

    def _query(self, body):
        wanted = re.search(r"type =~ '([^']+)'", body["query"])[1]
        rows = [
            r for r in self.resources.values()
            if r["type"].lower() == wanted and r.get("subscriptionId") in body["subscriptions"]
        ]  # fmt: skip
        start = int(body.get("options", {}).get("$skipToken", 0))
        page = rows[start : start + self.page]
        more = {"$skipToken": str(start + self.page)} if start + self.page < len(rows) else {}
        return {
            "totalRecords": len(rows),
            "count": len(page),
            "data": page,
            "facets": [],
            "resultTruncated": "false",
            **more,
        }

    def _graph(self, verb, path, body):
        place = path.lower()
        parent, _, name = place.rpartition("/")
        if verb == "GET":
            one = next((o for o in self.graph.get(parent, []) if o["id"].lower() == name), None)
            found = self.graph.get(place, one or [])
            return 200, found if isinstance(found, dict) else {"value": found}, {}
        if name == "removepassword":
            held = next(
                o for o in self.graph[parent.rpartition("/")[0]] if parent.endswith(f"/{o['id'].lower()}")
            )
            left = [p for p in held["passwordCredentials"] if p["keyId"] != body["keyId"]]
            if len(left) == len(held["passwordCredentials"]):
                return 400, error("Request_BadRequest", "no password credential with that keyId"), {}
            held["passwordCredentials"] = left
            return 204, None, {}
        if verb == "POST":
            self.graph.setdefault(place, []).append({"id": f"made-{len(self.graph[place])}", **body})
            return 201, self.graph[place][-1], {}
        if place in self.graph and isinstance(self.graph[place], dict):
            self.graph[place] |= body
            return 204, None, {}
        one = next((o for o in self.graph.get(parent, []) if o["id"].lower() == name), None)
        if one is None:
            return 404, error("Request_ResourceNotFound", "no such object"), {}
        if verb == "DELETE":
            self.graph[parent].remove(one)
        else:
            one |= body
        return 204, None, {}

    def _manager(self, verb, path, body, query, skip):
        place = path.lower().rstrip("/")
        if verb == "GET":
            return self._read(path, place, query, skip)
        if verb == "POST" and place.endswith("/regeneratekey"):
            held = self.resources[place.rpartition("/")[0]]["properties"]
            now = datetime.now(UTC).isoformat()
            held["keyCreationTime"] = (held.get("keyCreationTime") or {}) | {body["keyName"]: now}
            return 200, {"keys": [{"keyName": body["keyName"], "value": "new"}]}, {}
        if verb == "POST":
            return 200, {}, {}
        whole, part = self._inside(place)
        if verb == "DELETE":
            if part:
                part[0][:] = [p for p in part[0] if p["name"].lower() != part[1]]
            return (200 if self.resources.pop(place, None) or whole else 204), None, {}
        if part:
            held = [p for p in part[0] if p["name"].lower() != part[1]]
            made = {"id": path, "name": path.rsplit("/", 1)[-1], **body}
            part[0][:] = [*held, made]
            return 200, made, {}
        if verb == "PATCH" and place in self.resources:
            _merge(self.resources[place], body)
        elif verb == "PATCH":
            return 404, error("ResourceNotFound", "no such resource"), {}
        else:
            scope, assigned, _ = path.partition("/providers/Microsoft.Authorization/roleAssignments/")
            if assigned:
                body = {**body, "properties": {**body["properties"], "scope": scope}}
            self.put(
                path,
                copy.deepcopy(body.get("properties") or {}),
                **{k: v for k, v in body.items() if k != "properties"},
            )
        return 200, self.resources[place], {}

    def _inside(self, place):
        parts = place.split("/")
        name = INSIDE.get((parts[-4], parts[-2])) if len(parts) > 4 else None
        whole = self.resources.get("/".join(parts[:-2])) if name else None
        return (whole, (whole["properties"].setdefault(name, []), parts[-1])) if whole else (None, None)

    def _read(self, path, place, query, skip):
        parts = place.strip("/").split("/")
        if place == "/subscriptions":
            return 200, {"value": list(self.subscriptions.values())}, {}
        if place.endswith("/providers/microsoft.authorization/permissions"):
            return 200, {"value": [{"actions": self.actions, "notActions": []}]}, {}
        if len(parts) == 3 and parts[2] == "locations":
            regions = [
                {"name": n, "metadata": {"regionType": "Physical"}} for n in ("westeurope", "northeurope")
            ]
            return 200, {"value": regions}, {}
        if place in self.resources:
            return 200, self.resources[place], {}
        _, part = self._inside(place)
        if part:
            one = next((p for p in part[0] if p["name"].lower() == part[1]), None)
            if one is not None:
                return 200, one, {}
        if len(parts) > 1 and parts[0] == "subscriptions" and parts[1] not in self.subscriptions:
            return 404, error("SubscriptionNotFound", "no such subscription"), {}
        if "providers" in parts and (len(parts) - len(parts[: parts.index("providers")]) - 2) % 2 == 1:
            return 200, self._list(path, place, query, skip), {}
        return 404, error("ResourceNotFound", "no such resource"), {}

    def _list(self, path, place, query, skip):
        """What lies in a collection: of a parent, or of everything in the subscription or group."""
        scope, _, kind = place.rpartition("/providers/")
        rows = [
            r for i, r in self.resources.items()
            if i.startswith(f"{scope}/") and i.rpartition("/providers/")[2].rpartition("/")[0] == kind
        ]  # fmt: skip
        page = rows[skip : skip + self.page]
        if skip + self.page >= len(rows):
            return {"value": page}
        rest = "&".join(p for p in query.split("&") if not p.startswith("skip="))
        return {"value": page, "nextLink": f"{self.url}{quote(path)}?{rest}&skip={skip + self.page}"}


def error(code, message=""):
    return {"error": {"code": code, "message": message}}


def _type(identifier):
    """`microsoft.storage/storageaccounts/blobservices/containers`."""
    provider, *rest = identifier.lower().rpartition("/providers/")[2].split("/")
    return "/".join([provider, *rest[::2]])


def _merge(there, change):
    for key, value in change.items():
        if isinstance(value, dict) and isinstance(there.get(key), dict):
            _merge(there[key], value)
        else:
            there[key] = copy.deepcopy(value)


@contextmanager
def serve(azure):
    """The stand-in at a URL of this machine."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _any(self):
            length = int(self.headers.get("Content-Length") or 0)
            content = self.rfile.read(length)
            body = json.loads(content) if content else None
            bearer = self.headers.get("Authorization", "").removeprefix("Bearer ")
            status, answer, headers = azure.answer(self.command, self.path, body, bearer)
            sent = (
                b""
                if answer is None
                else answer.encode()
                if isinstance(answer, str)
                else json.dumps(answer).encode()
            )
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _any  # noqa: N815 - the base class's names

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    azure.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield azure.url
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def environment(azure, monkeypatch):
    """Lets every client of the test talk to the stand-in."""
    for name in ("EXCLAVE_AZURE_ARM", "EXCLAVE_AZURE_GRAPH"):
        monkeypatch.setenv(name, azure.url)
    monkeypatch.setenv("EXCLAVE_AZURE_TOKEN", token())
