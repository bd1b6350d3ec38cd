"""Who we are to Google: credentials by google-auth (ADC), or a token that the environment gives."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any

from exclave.inventory.engine import StoppedError

if TYPE_CHECKING:
    from collections.abc import Mapping

TOKEN = "EXCLAVE_GCP_TOKEN"  # noqa: S105 - the name of a variable
SCOPE = "https://www.googleapis.com/auth/cloud-platform"
MISSING = 'Google Cloud needs google-auth and httpx: pip install "exclave[gcp]"'


class Tokens:
    """Headers that say who asks. Safe to use from several threads."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        self._given = (os.environ if environment is None else environment).get(TOKEN, "")
        self._credentials: Any = None
        self._request: Any = None
        self.project = ""  # the one that the credentials are set up for
        self._lock = threading.Lock()

    def headers(self, verb: str, url: str, *, fresh: bool = False) -> dict[str, str]:
        """The headers of one request. `fresh`: not the token that was just refused.

        Raises:
            StoppedError: there are no credentials, they have ended, or google-auth isn't installed.
        """
        if self._given:
            if fresh:
                raise StoppedError(f"the token in {TOKEN} has ended: renew it")
            return {"Authorization": f"Bearer {self._given}"}
        with self._lock:
            self._find()
            from google.auth.exceptions import GoogleAuthError

            headers: dict[str, str] = {}
            try:
                if fresh:
                    self._credentials.refresh(self._request)
                self._credentials.before_request(self._request, verb, url, headers)
            except GoogleAuthError as error:
                raise StoppedError(
                    f"the credentials can't be used any more ({_first(error)}): renew them"
                ) from error
        return headers

    def who(self) -> str:
        """The principal, for the documents; "unnamed credentials" where nothing says."""
        if self._given:
            return f"the token in {TOKEN}"
        with self._lock:
            self._find()
            found = (
                getattr(self._credentials, name, "")
                for name in ("service_account_email", "account", "signer_email")
            )
            return next((str(f) for f in found if f and f != "default"), "unnamed credentials")

    def _find(self) -> None:
        if self._credentials is not None:
            return
        try:
            import google.auth
            from google.auth.exceptions import DefaultCredentialsError
            from google.auth.transport.requests import Request
        except ImportError as error:
            raise StoppedError(MISSING) from error
        try:
            self._credentials, project = google.auth.default(scopes=[SCOPE])
        except DefaultCredentialsError as error:
            raise StoppedError(f"no credentials for Google Cloud: {_first(error)}") from error
        self.project = project or ""
        self._request = Request()


def _first(error: Exception) -> str:
    line = next((text for text in str(error).splitlines() if text.strip()), type(error).__name__)
    return line[:300]
