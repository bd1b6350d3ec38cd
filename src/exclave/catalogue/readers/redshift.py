"""Readers of Amazon Redshift."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from exclave.catalogue.readers.common import MAX_ID
from exclave.model import Destination, Event, Kind

if TYPE_CHECKING:
    from exclave.catalogue.entry import Read

_CONSUMER = re.compile(r"(?:(DataCatalog|DATA_CATALOG)/)?(\d{12})", re.IGNORECASE)


def consumer(found: list[Any], read: Read, event: Event) -> list[Destination]:
    """Consumers of a datashare: account ids, `DataCatalog/<account id>` (Lake Formation), or keywords.

    `ADX` is AWS Data Exchange: who subscribes there is not in the log. Source:
    https://docs.aws.amazon.com/redshift/latest/APIReference/API_AuthorizeDataShare.html
    """
    out = []
    for value in found:
        # A log tool may have turned the account id into a number.
        text = str(value).zfill(12) if isinstance(value, int) and not isinstance(value, bool) else value
        if not isinstance(text, str) or not text.strip():
            continue
        if match := _CONSUMER.fullmatch(text.strip()):
            note = "through the account's data catalogue (Lake Formation)" if match[1] else read.note
            out.append(Destination(kind=Kind.ACCOUNT, id=match[2], cloud=event.cloud, note=note))
        elif text.strip().upper() == "ADX":
            note = "AWS Data Exchange: the log does not say who subscribes"
            out.append(Destination(kind=Kind.UNKNOWN, id="ADX", cloud=event.cloud, note=note))
        else:
            note = "a datashare consumer that is no account id"
            out.append(Destination(kind=Kind.UNKNOWN, id=text.strip()[:MAX_ID], cloud=event.cloud, note=note))
    return out
