"""A stand-in for the REST interfaces of Azure and Google, on a thread of the test: a JSON value by path, and actions.

It keeps what is put, merges what is patched, gives policies an etag and refuses an old one; `failures` come first.
"""

from __future__ import annotations

import copy
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit


class Stub:
    def __init__(self):
        self.things = {}  # path → value
        self.actions = {}  # (verb, path) → function of (stub, body) → answer
        self.failures = []  # [text in "VERB path", status, body, headers, times]
        self.asked = []
        self.lock = threading.Lock()

    def fail(self, text, status, body=None, headers=None, times=1_000):
        self.failures.append([text, status, body, headers or {}, times])

    def answer(self, verb, url, body):
        path = unquote(urlsplit(url).path)
        with self.lock:
            self.asked.append((verb, url, body))
            for failure in self.failures:
                if failure[4] and failure[0] in f"{verb} {url}":
                    failure[4] -= 1
                    return failure[1], failure[2], failure[3]
            if (verb, path) in self.actions:
                return 200, self.actions[verb, path](self, body), {}
            for end in (":getIamPolicy", "/getIamPolicy", ":setIamPolicy", "/setIamPolicy"):
                if path.endswith(end):
                    return self._policy(path.removesuffix(end), body if "set" in end else None)
            if path.endswith("/iam") and verb == "PUT":
                return self._policy(path, {"policy": body})
            return self._thing(verb, path, body)

    def _thing(self, verb, path, body):
        if verb == "PUT":
            self.things[path] = {**copy.deepcopy(body), "id": path}
        elif path not in self.things:
            return 404, {"error": {"code": "NotFound", "message": "no such thing"}}, {}
        elif verb == "PATCH":
            _merge(self.things[path], body)
        elif verb == "DELETE":
            del self.things[path]
            return 204, None, {}
        return 200, self.things[path], {}

    def _policy(self, path, body):
        held = self.things.get(path)
        if held is None:
            return 404, {"error": {"code": 404, "status": "NOT_FOUND", "message": "no such thing"}}, {}
        if body is not None:
            if body["policy"].get("etag") != held["etag"]:
                return 409, {"error": {"code": 409, "status": "ABORTED", "message": "the etag is old"}}, {}
            self.things[path] = {**copy.deepcopy(body["policy"]), "etag": held["etag"] + "+"}
        return 200, self.things[path], {}


def _merge(into, body):
    for key, value in body.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = value


@contextmanager
def serving(monkeypatch):
    """The stub, with the environment that makes clients of Azure and Google ask it."""
    stub = Stub()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def _serve(self):
            raw = self.rfile.read(int(self.headers.get("content-length") or 0))
            status, body, headers = stub.answer(self.command, self.path, json.loads(raw) if raw else None)
            content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
            self.send_response(status)
            for key, value in {"content-length": str(len(content)), **headers}.items():
                self.send_header(key, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _serve  # noqa: N815 - names of the base class

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    stub.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    for name in ("EXCLAVE_AZURE_ARM", "EXCLAVE_AZURE_GRAPH", "EXCLAVE_GCP_ENDPOINT"):
        monkeypatch.setenv(name, stub.url)
    for name in ("EXCLAVE_AZURE_TOKEN", "EXCLAVE_GCP_TOKEN"):
        monkeypatch.setenv(name, "token")
    try:
        yield stub
    finally:
        server.shutdown()
        server.server_close()
