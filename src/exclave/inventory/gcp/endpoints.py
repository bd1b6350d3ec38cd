"""Where Google's interfaces are: each service at its own host, or all of them where the environment says (a stub)."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

NAME = "EXCLAVE_GCP_ENDPOINT"
_HOST = re.compile(r"https://[a-z0-9-]+\.googleapis\.com/")
_LOCAL = frozenset({"127.0.0.1", "localhost", "::1"})


class BadEndpointError(Exception):
    """An address that a token must not be sent to; the message says which and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """`base`: the origin that stands for every host of Google's, without a slash at the end; "" for Google itself."""

    base: str = ""

    @classmethod
    def of_environment(cls, environment: Mapping[str, str] | None = None) -> Endpoints:
        """What EXCLAVE_GCP_ENDPOINT says.

        Raises:
            BadEndpointError: it is no URL, or one that is neither https nor of this machine.
        """
        said = (os.environ if environment is None else environment).get(NAME, "").rstrip("/")
        split = urlsplit(said)
        if said and not (split.scheme == "https" or (split.scheme == "http" and split.hostname in _LOCAL)):
            raise BadEndpointError(f"{NAME}={said}: must be https://..., or http:// on this machine")
        return cls(base=said)

    def real(self, url: str) -> str:
        """A URL of the table as it is sent.

        Raises:
            BadEndpointError: its host is none of Google's.
        """
        if not _HOST.match(url):
            raise BadEndpointError(f"{url[:200]}: not an interface of Google's")
        if not self.base:
            return url
        return self.base + "/" + url.split("/", 3)[3]


def service_of(url: str) -> str:
    """The host that a request counts against: `logging.googleapis.com`."""
    return urlsplit(url).netloc
