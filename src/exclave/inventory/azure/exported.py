"""Password settings exported from a managed domain: no interface of Azure gives them.

`Get-ADFineGrainedPasswordPolicy -Filter * -Properties * | ConvertTo-Json`, on a machine joined to the domain.
"""

from __future__ import annotations

import codecs
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

MAX_BYTES = 16 << 20
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


class BadSettingsError(Exception):
    """A file that holds no exported settings; the message says why."""


def read(path: Path) -> list[Any]:
    """The policies in a file, as PowerShell wrote them (one object or a list; UTF-8 or UTF-16).

    Raises:
        BadSettingsError: it can't be read, is no JSON, or is of something else.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BadSettingsError(f"{path}: can't be read: {error.strerror}") from error
    if len(content) > MAX_BYTES:
        raise BadSettingsError(f"{path}: larger than {MAX_BYTES >> 20} MiB")
    encoding = next((name for mark, name in _MARKS if content.startswith(mark)), "utf-8")
    try:
        found = json.loads(content.decode(encoding))
    except (ValueError, RecursionError) as error:
        raise BadSettingsError(f"{path}: no JSON: {error}") from error
    listed = found if isinstance(found, list) else [found]
    if not all(isinstance(p, dict) and any(k.lower() == "minpasswordlength" for k in p) for p in listed):
        raise BadSettingsError(
            f"{path}: no password settings: export them by "
            "`Get-ADFineGrainedPasswordPolicy -Filter * -Properties * | ConvertTo-Json`"
        )
    return listed
