"""A stub of Google Cloud's interfaces: one organisation in memory, written from the published REST shapes.

It serves what exclave asks and changes: lists with pages, IAM policies with etags, org policies that are inherited,
sinks, buckets, metrics, alerts, service account keys, perimeters, and assets that follow what was changed. Every
request is kept; `fail` makes some of them go wrong.
"""

from __future__ import annotations

import copy
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

ORG, CUSTOMER, DOMAIN = "organizations/4242", "C0ours123", "ours.example"
PROJECT, NUMBER = "our-project", "100000000001"
OTHER, OTHER_NUMBER = "our-other-project", "100000000002"
BOOLEAN = {
    "iam.disableServiceAccountKeyCreation", "iam.managed.disableServiceAccountKeyCreation", "storage.publicAccessPrevention",
    "iam.disableServiceAccountKeyUpload", "iam.managed.disableServiceAccountKeyUpload",
    "storage.uniformBucketLevelAccess", "sql.restrictPublicIp", "sql.restrictAuthorizedNetworks", "iam.managed.allowedPolicyMembers",
}  # fmt: skip
KEYS = {  # collection → key of its list
    "serviceAccounts": "accounts", "denypolicies": "policies", "b": "items", "servicePerimeters": "servicePerimeters",
}  # fmt: skip
OLD_STYLE = ("compute/v1/", "storage/v1/")  # services with errors of the older form


class GoogleStub:
    """State and server. `url` is what EXCLAVE_GCP_ENDPOINT is set to."""

    def __init__(self) -> None:
        self.projects = {PROJECT: NUMBER, OTHER: OTHER_NUMBER}
        self.things: dict[str, dict[str, Any]] = {}  # resource name → resource
        self.folders: dict[str, list[str]] = {}  # project → ids of the folders over it, the nearest first
        self.policies: dict[str, dict[str, Any]] = {}  # resource name → IAM policy
        self.assets: dict[str, list[dict[str, Any]]] = {p: [] for p in self.projects}  # RESOURCE
        self.shared: dict[str, list[str]] = {p: [] for p in self.projects}  # full names with a policy
        self.types: dict[str, str] = {}
        self.disabled: set[tuple[str, str]] = set()  # (service as in the path's first part, project)
        self.requests: list[tuple[str, str, Any]] = []
        self.failures: list[tuple[re.Pattern[str], int, Any, dict[str, str], int]] = []
        self.page = 2
        self._count = 0
        self._lock = threading.RLock()
        for name in (ORG, *(f"projects/{p}" for p in self.projects)):
            self.policies[name] = {"version": 1, "etag": "e0", "bindings": []}

    # -- the server

    def __enter__(self) -> Self:
        stub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                pass

            def _serve(self) -> None:
                length = int(self.headers.get("content-length") or 0)
                raw = self.rfile.read(length)
                status, body, headers = stub.answer(self.command, self.path, json.loads(raw) if raw else None)
                content = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(content)))
                for key, value in headers.items():
                    self.send_header(key, value)
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _serve  # noqa: N815 - names of the base class

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    # -- what a test sets up

    def fail(
        self, pattern: str, status: int, body: Any = None, *, times: int = 1_000_000, headers: dict[str, str] | None = None
    ) -> None:  # fmt: skip
        """Answer requests (`GET /path`) that fit a pattern with an error; body None makes the usual one."""
        self.failures.append((re.compile(pattern), status, body, headers or {}, times))

    def share(self, project: str, type_: str, name: str, role: str, *members: str) -> None:
        """Put a binding on a resource, as somebody would have."""
        if name not in self.shared[project]:
            self.shared[project].append(name)
        self.types[name] = type_
        policy = self.policies.setdefault(_key(name), {"version": 1, "etag": "e0", "bindings": []})
        policy["bindings"].append({"role": role, "members": list(members)})

    def resource(self, project: str, type_: str, name: str, data: dict[str, Any]) -> None:
        """A resource that Cloud Asset Inventory lists."""
        self.assets[project].append(
            {"name": name, "assetType": type_, "resource": {"version": "v1", "data": data}}
        )

    def put(self, name: str, value: dict[str, Any]) -> None:
        """A thing of a collection, by its resource name."""
        self.things[name] = {"name": name, **value}

    # -- requests

    def answer(self, verb: str, target: str, body: Any) -> tuple[int, Any, dict[str, str]]:
        split = urlsplit(target)
        path, query = unquote(split.path).lstrip("/"), parse_qs(split.query)
        with self._lock:
            self.requests.append((verb, target, body))
            for number, (pattern, status, wanted, headers, times) in enumerate(self.failures):
                if pattern.search(f"{verb} {target}") and times > 0:
                    self.failures[number] = (pattern, status, wanted, headers, times - 1)
                    return status, error(status, path) if wanted is None else wanted, headers
            try:
                return 200, self._do(verb, path, query, body), {}
            except NotThereError:
                return 404, error(404, path), {}
            except StaleError:
                return 409, error(409, path), {}
            except InvalidError:
                return 400, error(400, path), {}

    def _do(self, verb: str, path: str, query: dict[str, list[str]], body: Any) -> Any:
        if path.startswith("storage/v1/b"):
            return self._buckets(verb, path, query, body)
        if path.endswith("/hmacKeys"):
            return self._paged("items", self._in(path.removeprefix("storage/v1/")), query)
        if path.startswith("compute/v1/") and "/subnetworks/" in path:
            return self._subnet(verb, path.removeprefix("compute/v1/"), body)
        if path.endswith(("/getIamPolicy", "/setIamPolicy")):
            name, _, action = path.removeprefix("compute/v1/").rpartition("/")
            return (
                copy.deepcopy(self._policy(name))
                if action == "getIamPolicy"
                else self._set_policy(name, body)
            )
        if path.startswith("compute/v1/"):
            return {"resources": self.things.get(f"xpn/{path.split('/')[3]}", {}).get("resources", [])}
        name = path.partition("/")[2]  # without the version
        name, _, action = name.partition(":")
        if action:
            return self._action(name, action, query, body)
        if name.endswith("/assets"):
            return self._assets(name, query)
        if verb == "GET" and name == "accessPolicies":
            return self._paged("accessPolicies", self._in("accessPolicies"), query)
        if name == "transferJobs":
            wanted = json.loads(query["filter"][0])["projectId"]
            jobs = [j for j in self._in("transferJobs") if j.get("projectId") == wanted]
            return self._paged("transferJobs", jobs, query)
        return self._rest(verb, name, query, body)

    def _rest(self, verb: str, name: str, query: dict[str, list[str]], body: Any) -> Any:
        if verb == "GET":
            return self._read(name, query)
        if verb == "POST":
            return self._create(name, query, body)
        if verb == "DELETE":
            self._get(name)
            del self.things[name]
            return {}
        return self._changed(name, query, body)

    def _read(self, name: str, query: dict[str, list[str]]) -> Any:
        if name.startswith("policies/"):
            return self._denies(name, query)
        parts = name.split("/")
        if len(parts) == 2 and parts[0] in ("organizations", "projects", "folders"):
            return self._node(name)
        if name.endswith("/settings"):
            return self.things.get(name, {"name": name})
        if not name.endswith("/recommendations") and len(parts) % 2 == 0:
            return self._get(name)
        if "/locations/-/" in name:
            head, tail = name.split("/locations/-/")
            found = [
                t for n, t in self.things.items() if n.startswith(f"{head}/locations/") and f"/{tail}/" in n
            ]
        else:
            found = self._in(name)
        wanted = re.fullmatch(r'display_name="(.*)"', query.get("filter", [""])[0])
        if wanted:
            found = [f for f in found if f.get("displayName") == wanted[1]]
        return self._paged(KEYS.get(parts[-1], parts[-1]), found, query)

    def _denies(self, name: str, query: dict[str, list[str]]) -> Any:
        """Deny policies are kept by their name, whose attachment point is escaped; the list leaves out the rules."""
        parts = name.split("/")
        place = f"policies/{'%2F'.join(parts[1:4])}/denypolicies"
        for project, number in self.projects.items():
            place = place.replace(f"projects%2F{project}/", f"projects%2F{number}/")
        if len(parts) > 5:
            return self._get(f"{place}/{parts[5]}")
        found = [{k: v for k, v in p.items() if k != "rules"} for p in self._in(place)]
        return self._paged("policies", found, query)

    def _changed(self, name: str, query: dict[str, list[str]], body: Any) -> Any:
        thing = self._get(name)
        if name.startswith("transferJobs/"):
            query, body = {"updateMask": [body["updateTransferJobFieldMask"]]}, body["transferJob"]
        if body.get("etag") and thing.get("etag") and body["etag"] != thing["etag"]:
            raise StaleError
        mask = query.get("updateMask", [""])[0]
        for field in mask.split(",") if mask else list(body):
            if "." in field:
                head, _, last = field.partition(".")
                thing.setdefault(head, {})[last] = body.get(head, {}).get(last)
            elif field in body:
                thing[field] = body[field]
            else:
                thing.pop(field, None)
        thing["etag"] = self._tag()
        if "/servicePerimeters/" in name:
            return {"name": "operations/1", "done": True, "response": copy.deepcopy(thing)}
        return copy.deepcopy(thing)

    def _create(self, parent: str, query: dict[str, list[str]], body: Any) -> Any:
        collection = parent.rsplit("/", maxsplit=1)[-1]
        given = next((query[k][0] for k in ("bucketId",) if k in query), "")
        short = given or str(body.get("name", "")).rpartition("/")[2]
        if collection in ("alertPolicies", "notificationChannels", "accessPolicies"):
            short = self._tag()[1:]
        name = f"{parent}/{short}"
        if name in self.things:
            raise StaleError
        kept = {
            **copy.deepcopy(body),
            "name": short if collection in ("sinks", "metrics", "exclusions") else name,
        }
        if collection == "sinks":
            kept |= {
                "writerIdentity": "serviceAccount:service-org-4242@gcp-sa-logging.iam.gserviceaccount.com"
            }
        if collection == "alertPolicies":
            kept.setdefault("enabled", True)
            for number, condition in enumerate(kept.get("conditions", ())):
                condition["name"] = f"{name}/conditions/{number}"
        if collection == "notificationChannels":
            kept.setdefault("enabled", True)
        kept["etag"] = self._tag()
        self.things[name] = kept
        if collection == "buckets":
            kept |= {"lifecycleState": "ACTIVE"}
        if collection == "alertPolicies" and not all(
            "resource.type" in str(c.get("conditionThreshold", {}).get("filter", "resource.type"))
            for c in kept.get("conditions", ())
        ):
            del self.things[name]
            raise InvalidError
        if collection in ("servicePerimeters", "accessPolicies"):
            return {"name": "operations/1", "done": True, "response": copy.deepcopy(kept)}
        return copy.deepcopy(kept)

    def _action(self, name: str, action: str, query: dict[str, list[str]], body: Any) -> Any:
        if action == "search" and name == "organizations":
            return {"organizations": [self._node(ORG)]}
        if action == "getIamPolicy":
            return copy.deepcopy(self._policy(name))
        if action == "setIamPolicy":
            return self._set_policy(name, body)
        if action == "getAncestry":
            project = name.rsplit("/", maxsplit=1)[-1]
            return {
                "ancestor": [
                    {"resourceId": {"type": "project", "id": project}},
                    *({"resourceId": {"type": "folder", "id": f}} for f in self.folders.get(project, ())),
                    {"resourceId": {"type": "organization", "id": ORG[14:]}},
                ]
            }
        if action == "searchAllResources":
            return self._paged("results", [self._found(p) for p in self.projects], query)
        if action == "searchAllIamPolicies":
            found = [
                {"resource": f"//cloudresourcemanager.googleapis.com/{n}", "assetType": "cloudresourcemanager.googleapis.com/" + ("Organization" if n == ORG else "Project"), "policy": {"bindings": p["bindings"]}}
                for n, p in self.policies.items() if p["bindings"] and n.count("/") == 1 and not n.startswith("buckets/")
            ]  # fmt: skip
            return self._paged("results", found, query)
        if action == "getEffectivePolicy":
            return self._effective(name)
        if action == "query":
            return self._paged("activities", self._in(name), query)
        if action in ("disable", "enable") and "/keys/" in name:
            self._get(name)["disabled"] = action == "disable"
            return {}
        raise NotThereError

    def _effective(self, name: str) -> dict[str, Any]:
        parent, _, constraint = name.partition("/policies/")
        rule = {"enforce": False} if constraint in BOOLEAN else {"allowAll": True}
        found = next(
            (self.things[n] for n in (name, f"{ORG}/policies/{constraint}") if n in self.things), None
        )
        rules = found.get("spec", {}).get("rules", [rule]) if found else [rule]
        return {"name": f"{parent}/policies/{constraint}", "spec": {"rules": rules}}

    def _node(self, name: str) -> dict[str, Any]:
        if name == ORG:
            return {"name": ORG, "displayName": DOMAIN, "directoryCustomerId": CUSTOMER, "state": "ACTIVE"}
        project = name.rsplit("/", maxsplit=1)[-1]
        if project not in self.projects:
            raise NotThereError
        return {
            "name": f"projects/{self.projects[project]}",
            "projectId": project,
            "parent": ORG,
            "state": "ACTIVE",
        }

    def _found(self, project: str) -> dict[str, Any]:
        return {
            "name": f"//cloudresourcemanager.googleapis.com/projects/{project}", "assetType": "cloudresourcemanager.googleapis.com/Project",
            "project": f"projects/{self.projects[project]}", "organization": ORG, "state": "ACTIVE", "additionalAttributes": {"projectId": project},
        }  # fmt: skip

    def _assets(self, name: str, query: dict[str, list[str]]) -> Any:
        project = name.split("/")[1]
        if query["contentType"] == ["IAM_POLICY"]:
            listed = [
                {"name": n, "assetType": self.types[n], "iamPolicy": copy.deepcopy(self.policies[_key(n)])} for n in self.shared[project]
            ]  # fmt: skip
        else:
            listed = [a for a in self.assets[project] if a["assetType"] in query.get("assetTypes", ())]
        return self._paged("assets", listed, query)

    def _buckets(self, verb: str, path: str, query: dict[str, list[str]], body: Any) -> Any:
        parts = path.split("/")[3:]
        if not parts:
            return self._paged(
                "items", [b for b in self._in("buckets") if b.get("project") == query["project"][0]], query
            )
        name = f"buckets/{parts[0]}"
        if parts[1:] == ["iam"]:
            return (
                copy.deepcopy(self._policy(name))
                if verb == "GET"
                else self._set_policy(name, {"policy": body})
            )
        bucket = self._get(name)
        if verb == "PATCH":
            for key, value in body.items():
                bucket[key] = {**bucket.get(key, {}), **value} if isinstance(value, dict) else value
        return copy.deepcopy(bucket)

    def _subnet(self, verb: str, name: str, body: Any) -> Any:
        for listed in self.assets.values():
            for asset in listed:
                if asset["name"].endswith(f"/{name}"):
                    data = asset["resource"]["data"]
                    if verb == "PATCH":
                        if body.get("fingerprint") != data.get("fingerprint"):
                            raise StaleError
                        data |= {"logConfig": body["logConfig"], "fingerprint": self._tag()}
                    return copy.deepcopy(data)
        raise NotThereError

    def _policy(self, name: str) -> dict[str, Any]:
        if name not in self.policies:
            self.policies[name] = {"version": 1, "etag": "e0", "bindings": []}
        return self.policies[name]

    def _set_policy(self, name: str, body: Any) -> Any:
        have, policy = self._policy(name), copy.deepcopy(body["policy"])
        if policy.get("etag") and policy["etag"] != have.get("etag"):
            raise StaleError
        # without an update mask, audit configs stay as they are
        mask = body.get("updateMask", "bindings,etag")
        if "auditConfigs" not in mask and "auditConfigs" in have:
            policy["auditConfigs"] = have["auditConfigs"]
        if "auditConfigs" in mask and "bindings" not in mask:
            policy["bindings"] = have["bindings"]
        policy["etag"] = self._tag()
        self.policies[name] = policy
        return copy.deepcopy(policy)

    def _in(self, parent: str) -> list[dict[str, Any]]:
        head = f"{parent}/"
        return [t for n, t in self.things.items() if n.startswith(head) and "/" not in n[len(head) :]]

    def _get(self, name: str) -> dict[str, Any]:
        if name not in self.things:
            raise NotThereError
        return self.things[name]

    def _paged(self, key: str, found: list[Any], query: dict[str, list[str]]) -> dict[str, Any]:
        start = int(query.get("pageToken", ["0"])[0])
        page = copy.deepcopy(found[start : start + self.page])
        out: dict[str, Any] = {key: page} if page else {}  # Google leaves out empty lists
        if start + self.page < len(found):
            out["nextPageToken"] = str(start + self.page)
        return out

    def _tag(self) -> str:
        self._count += 1
        return f"e{self._count}"


class NotThereError(Exception):
    pass


class StaleError(Exception):
    pass


class InvalidError(Exception):
    pass


def _key(full: str) -> str:
    """The name under which a policy is kept, of a full resource name."""
    host, _, rest = full.removeprefix("//").partition("/")
    return f"buckets/{rest}" if host == "storage.googleapis.com" else rest


def error(status: int, path: str = "", **info: Any) -> dict[str, Any]:
    """An error as Google writes it, with ErrorInfo where `reason` is given."""
    names = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND", 409: "ABORTED", 429: "RESOURCE_EXHAUSTED"}  # fmt: skip
    if path.startswith(OLD_STYLE):
        return {
            "error": {
                "code": status,
                "message": "no",
                "errors": [{"reason": "forbidden", "domain": "global", "message": "no"}],
            }
        }
    out: dict[str, Any] = {"code": status, "message": "no", "status": names.get(status, "UNKNOWN")}
    if info:
        out["details"] = [
            {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "domain": "googleapis.com", **info}
        ]
    return {"error": out}


def switched_off(service: str, number: str = NUMBER) -> dict[str, Any]:
    """The error of a service that is not enabled in a project."""
    return error(
        403, reason="SERVICE_DISABLED", metadata={"service": service, "consumer": f"projects/{number}"}
    )
