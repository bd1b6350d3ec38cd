"""Known accounts of vendors, from a list in the public known-accounts YAML format (fwd:cloudsec).

Format: https://github.com/fwdcloudsec/known_aws_accounts: a list of `name`, `accounts`, `source`. A vendor is named, not trusted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exclave.perimeter.file import BadPerimeterError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_DIGITS = 12
_MAX_BYTES = 20_000_000


def read_vendors(path: Path) -> dict[str, str]:
    """Account id → vendor.

    Raises:
        BadPerimeterError: the file can't be read, or is no such list.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        if path.stat().st_size > _MAX_BYTES:
            raise BadPerimeterError(
                f"{path}: larger than {_MAX_BYTES} bytes, so not a list of known accounts"
            )
        # The base loader keeps every scalar as text: account ids may start with 0.
        content = YAML(typ="base", pure=True).load(path.read_text("utf-8"))
    except OSError as error:
        raise BadPerimeterError(f"{path}: can't be read: {error.strerror}") from error
    except (YAMLError, UnicodeDecodeError) as error:
        raise BadPerimeterError(f"{path}: not valid YAML: {str(error).splitlines()[0]}") from error
    return dict(_accounts(content, path))


def _accounts(content: Any, path: Path) -> Iterator[tuple[str, str]]:
    if not isinstance(content, list):
        raise BadPerimeterError(f"{path}: not a list of vendors with name and accounts")
    for vendor in content:
        if not isinstance(vendor, dict) or not isinstance(vendor.get("name"), str):
            raise BadPerimeterError(f"{path}: an item without a name")
        for account in vendor.get("accounts") or []:
            identifier = str(account).strip().strip("'\"")
            if identifier.isdigit() and len(identifier) <= _DIGITS:
                yield identifier.zfill(_DIGITS), vendor["name"]
