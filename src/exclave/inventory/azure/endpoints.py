"""Where Azure's interfaces are: the public cloud's, or what the environment says (another cloud, a stub)."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

ARM, GRAPH = "https://management.azure.com", "https://graph.microsoft.com"
ARM_NAME, GRAPH_NAME = "EXCLAVE_AZURE_ARM", "EXCLAVE_AZURE_GRAPH"
_LOCAL = frozenset({"127.0.0.1", "localhost", "::1"})


class BadEndpointError(Exception):
    """An address that a token must not be sent to; the message says which and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """Origins, without a slash at the end. Tables of calls and steps name the public cloud's."""

    arm: str = ARM
    graph: str = GRAPH

    def real(self, url: str) -> str:
        """A URL of the public cloud as one of these endpoints."""
        for public, mine in ((ARM, self.arm), (GRAPH, self.graph)):
            if url == public or url.startswith((f"{public}/", f"{public}?")):
                return mine + url[len(public) :]
        return url

    def owns(self, url: str) -> str:
        """Which of the two an address belongs to; "" for neither."""
        return next((o for o in (self.arm, self.graph) if origin(url) == origin(o)), "")


def from_environment(environment: Mapping[str, str] | None = None) -> Endpoints:
    """The endpoints: EXCLAVE_AZURE_ARM and EXCLAVE_AZURE_GRAPH, else the public cloud's.

    Raises:
        BadEndpointError: an address is neither https nor this machine.
    """
    said = os.environ if environment is None else environment
    return Endpoints(arm=_checked(said, ARM_NAME, ARM), graph=_checked(said, GRAPH_NAME, GRAPH))


def origin(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port."""
    split = urlsplit(url)
    return split.scheme.lower(), (split.hostname or "").lower(), split.port


def _checked(said: Mapping[str, str], name: str, default: str) -> str:
    value = (said.get(name) or default).rstrip("/")
    try:
        scheme, host, _ = origin(value)
    except ValueError as error:
        raise BadEndpointError(f"{name}={value!r} is no URL") from error
    if not host or (scheme != "https" and not (scheme == "http" and host in _LOCAL)):
        raise BadEndpointError(f"{name}={value!r}: only https, or http to this machine")
    return value
