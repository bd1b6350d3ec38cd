"""Azure's traffic analytics: flow logs summed by hour and written to a workspace, with both ends named.

Tables NTANetAnalytics (of VNet flow logs) and AzureNetworkAnalytics_CL (of NSG flow logs, with `_s`, `_d`, `_t`
behind each column). Source: https://learn.microsoft.com/azure/network-watcher/traffic-analytics-schema. Addresses
of the internet stand in one column, `address|flows begun|ended|packets out|in|bytes out|in`, with blanks between.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from exclave.flows.model import Row
from exclave.formats.azure import keys_of, plain, time_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

_TYPED = re.compile(r"(?<=[^_])_[sdtgb]$")  # what a custom table puts behind the name of a column
_OLDER = {
    "outboundbytes": "bytessrctodest", "inboundbytes": "bytesdesttosrc",
    "subscription1": "srcsubscription", "subscription2": "destsubscription",
    "subnet1": "srcsubnet", "subnet2": "destsubnet", "nic1": "srcnic", "nic2": "destnic",
}  # fmt: skip
_ENDS = frozenset({"srcip", "destip", "srcpublicips", "destpublicips", "publicips"})
_ALWAYS = frozenset({"flowstarttime", "flowdirection"})
_PUBLIC = 7  # parts of a public address's entry
_NO_ID = frozenset({"", "00000000-0000-0000-0000-000000000000", "unknown"})


class _End(NamedTuple):
    subscription: str
    vnet: str
    subnet: str


def is_record(record: Mapping[str, Any]) -> bool:
    """Whether an object is a row of traffic analytics: a flow, or what it knows of the network (no flow)."""
    return is_header(record) or _topology(_columns(record))


def is_header(names: Collection[str]) -> bool:
    """Whether names are columns of its flows."""
    said = {_plain(name) for name in names}
    return said >= _ALWAYS and bool(said & _ENDS)


def rows(record: Mapping[str, Any]) -> Iterator[Row | None]:
    """The flows of one row, both directions; None for what can't be read, nothing for what was denied or is no flow."""
    said = _columns(record)
    if _topology(said) or _text(said, "flowstatus")[:1].upper() == "D":
        return
    time = time_of(said.get("flowstarttime"))
    if time is None:
        yield None
        return
    start = int(time.timestamp())
    out = _text(said, "flowdirection")[:1].upper() == "O"
    ends = _end(said, "src"), _end(said, "dest")
    mine = ends[0] if out else ends[1]
    interface = _text(said, "macaddress") or _text(said, "srcnic" if out else "destnic") or "-"
    read = list(_pairs(said, out=out))
    if not read:
        yield None
    for src, dst, sent, answered in read:
        if not src or not dst:
            yield None
            continue
        for a, b, size, left, far in ((src, dst, sent, out, ends[1]), (dst, src, answered, not out, ends[0])):
            yield Row(
                interface=interface, src=a, dst=b, start=start, bytes=size, peer=far.subscription,
                peer_vpc=far.vnet, account=mine.subscription, vpc=mine.vnet, subnet=mine.subnet, out=left,
            )  # fmt: skip


def _pairs(said: Mapping[str, Any], *, out: bool) -> Iterator[tuple[str, str, int, int]]:
    """Source, destination, bytes sent and answered: of each public address, else of the two ends."""
    src, dst = _text(said, "srcip"), _text(said, "destip")
    theirs = [(column, _text(said, column)) for column in ("srcpublicips", "destpublicips", "publicips")]
    machine = _text(said, "vmip")
    found = False
    for column, text in theirs:
        far_sends = column == "srcpublicips" or (column == "publicips" and not out)
        for entry in text.split():
            parts = entry.split("|")
            if len(parts) < _PUBLIC:
                continue
            found = True
            near = (dst if far_sends else src) or machine
            a, b = (parts[0], near) if far_sends else (near, parts[0])
            yield a, b, _number(parts[5]), _number(parts[6])
    if not found:
        if not src or not dst:
            src, dst = src or machine, dst or machine
        yield src, dst, _number(said.get("bytessrctodest")), _number(said.get("bytesdesttosrc"))


def _end(said: Mapping[str, Any], side: str) -> _End:
    """Whose an end is: `group/network/subnet`, in newer rows with the subscription in front."""
    subscription = _text(said, f"{side}subscription").lower()
    parts = [part for part in _text(said, f"{side}subnet").lower().split("/") if part]
    if len(parts) == 4:  # noqa: PLR2004
        subscription = parts.pop(0) if subscription in _NO_ID else subscription
        parts = parts[-3:]
    subscription = "" if subscription in _NO_ID else subscription
    if len(parts) != 3 or not subscription:  # noqa: PLR2004
        return _End(subscription, "", "")
    group, vnet, subnet = parts
    of = f"/subscriptions/{subscription}/resourcegroups/{group}/providers/microsoft.network/virtualnetworks/{vnet}"
    return _End(subscription, of, f"{of}/subnets/{subnet}")


def _topology(said: Mapping[str, Any]) -> bool:
    return _text(said, "subtype").lower() == "topology"


def _columns(record: Mapping[str, Any]) -> dict[str, Any]:
    return keys_of({_plain(str(name)): value for name, value in record.items()})


def _plain(name: str) -> str:
    short = plain(_TYPED.sub("", name.strip()))
    return _OLDER.get(short, short)


def _text(said: Mapping[str, Any], name: str) -> str:
    value = said.get(name)
    return value.strip()[: 1 << 16] if isinstance(value, str) else ""


def _number(value: object) -> int:
    try:
        return max(0, int(float(value))) if isinstance(value, str | int | float) else 0
    except (ValueError, OverflowError):
        return 0
