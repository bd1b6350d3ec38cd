"""One HTML file that needs nothing else: no network, no other file, and a policy that forbids both.

The content security policy allows one style and one script, by their SHA-256 (CSP Level 3, hash-source), and
nothing besides: text from a log that became markup in spite of all could still not run or load.
"""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from importlib.resources import files
from typing import IO, TYPE_CHECKING

from exclave.outputs import neutralise, page_data, page_flow, page_incident, page_parts
from exclave.outputs.markup import Safe, join

if TYPE_CHECKING:
    from exclave.model import Report


def write(report: Report, out: IO[str]) -> None:
    """Write the page."""
    style, script = _file("page.css"), _file("page.js")
    values = {
        "policy": policy(style, script),
        "title": neutralise.html(page_parts.headline(report)),
        "style": style,
        "script": script,
        "summary": page_parts.summary(report),
        "incidents": page_incident.incidents(report),
        "flow": page_flow.flow(report),
        "findings": page_parts.findings(report),
        "coverage": page_parts.coverage(report),
        "version": neutralise.html(report.version or "unknown"),
        "data": _block(report),
    }
    # one pass, so that a value which looks like a placeholder stays as it is
    out.write(re.sub(r"\{\{(\w+)\}\}", lambda m: str(values[m.group(1)]), _file("page.html")))


def policy(style: str, script: str) -> str:
    """The content security policy. The data block is no script to a browser, so it needs no hash."""
    return (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return "sha256-" + b64encode(sha256(text.encode()).digest()).decode()


def _file(name: str) -> str:
    return (files("exclave.outputs") / "page" / name).read_text("utf-8")


def _block(report: Report) -> Safe:
    r"""JSON inside a script element: `<` as \u003c, so that nothing in it ends the element."""
    text = neutralise.json_line(page_data.data(report))
    return join(Safe(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")))
