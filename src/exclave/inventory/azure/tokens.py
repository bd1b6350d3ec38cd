"""Who we are to Azure: tokens by azure-identity, or as the environment gives them."""

from __future__ import annotations

import base64
import json
import logging
import os
import threading
import time
from typing import TYPE_CHECKING, Any

from exclave.inventory.engine import StoppedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from exclave.inventory.azure.endpoints import Endpoints

ARM_TOKEN, GRAPH_TOKEN = "EXCLAVE_AZURE_TOKEN", "EXCLAVE_AZURE_GRAPH_TOKEN"
EARLY = 120  # seconds before its end at which a token is asked for anew

_SIGN_IN = "Sign in by `az login`, or set AZURE_CLIENT_ID, AZURE_TENANT_ID and AZURE_CLIENT_SECRET"


class NoTokenError(Exception):
    """No token for an endpoint; the message says why."""


class Tokens:
    """Tokens by endpoint, kept until shortly before they end. Safe to use from several threads."""

    def __init__(self, endpoints: Endpoints, environment: Mapping[str, str] | None = None) -> None:
        said = os.environ if environment is None else environment
        self._given = {
            endpoints.arm: said.get(ARM_TOKEN, ""),
            endpoints.graph: said.get(GRAPH_TOKEN, "") or said.get(ARM_TOKEN, ""),
        }
        self._credential: Any = None
        self._held: dict[str, tuple[str, float]] = {}
        self._lock = threading.Lock()

    def of(self, endpoint: str, *, fresh: bool = False) -> str:
        """A bearer token. `fresh`: not the one that was just refused.

        Raises:
            NoTokenError: there is none to be had.
            StoppedError: azure-identity isn't installed.
        """
        with self._lock:
            if self._given.get(endpoint):
                if fresh:
                    raise NoTokenError("the token that was given has ended")
                return self._given[endpoint]
            token, ends = self._held.get(endpoint, ("", 0.0))
            if not token or fresh or time.time() > ends - EARLY:
                token, ends = self._asked(endpoint)
                self._held[endpoint] = (token, ends)
            return token

    def _asked(self, endpoint: str) -> tuple[str, float]:
        try:
            from azure.core.exceptions import AzureError
            from azure.identity import DefaultAzureCredential
        except ImportError as error:
            raise StoppedError(
                'Azure needs azure-identity and httpx: pip install "exclave[azure]"'
            ) from error
        # It logs each way that it tried, over many lines; what matters is in the error, and ours says what to do.
        logging.getLogger("azure.identity").setLevel(logging.CRITICAL)
        try:
            if self._credential is None:
                self._credential = DefaultAzureCredential()
            found = self._credential.get_token(f"{endpoint}/.default")
        except (AzureError, ValueError) as error:
            first = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
            if first.startswith("DefaultAzureCredential failed"):  # which names a class, and nobody's mistake
                first = "none of the ways that azure-identity tries gave a token."
            raise NoTokenError(f"{first[:300]} {_SIGN_IN}") from error
        return str(found.token), float(found.expires_on)


def claims(token: str) -> Mapping[str, Any]:
    """What a token says of its bearer, unchecked: only to name him. Empty when it is not of that kind."""
    parts = token.split(".")
    if len(parts) != 3:  # noqa: PLR2004 - header, claims, signature
        return {}
    try:
        found = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, UnicodeDecodeError):
        return {}
    return found if isinstance(found, dict) else {}


def who(token: str) -> str:
    """The bearer of a token in words, for the documents: a user's name, an application's id."""
    said = claims(token)
    name = next((str(said[k]) for k in ("upn", "unique_name", "appid", "azp", "oid") if said.get(k)), "")
    return f"{name} of tenant {said['tid']}" if name and said.get("tid") else name or "unnamed credential"
