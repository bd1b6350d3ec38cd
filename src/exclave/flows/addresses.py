"""Addresses: which are private, and which network stands for them where nothing names one."""

from __future__ import annotations

import ipaddress
from functools import lru_cache

from exclave.perimeter import private

# The same as `is_private`, for an engine that has no more than patterns: RFC 1918, RFC 6598, RFC 4193.
PRIVATE = (
    r"^(?:10\.|192\.168\.|172\.(?:1[6-9]|2[0-9]|3[01])\."
    r"|100\.(?:6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7])\.|[fF][cCdD][0-9a-fA-F]{2}:)"
)
# Addresses that begin so, or are of version 6, may lie in a network of ours or of a neighbour.
NEAR = ("10.", "172.", "192.168.", "100.")
NEAR_PATTERN = r"^(?:10\.|172\.|192\.168\.|100\.|[^:]*:)"  # the same, for an engine

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def near(address: str) -> bool:
    """Whether sums keep an address apart; what is far is the internet, where no network of ours can be."""
    return address.startswith(NEAR) or ":" in address


@lru_cache(maxsize=1 << 16)
def is_private(address: str) -> bool:
    """Whether an address is of a range that nobody routes on the internet."""
    try:
        one = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(one.version == block.version and one in block for block in private.RANGES)


@lru_cache(maxsize=1 << 16)
def prefix(address: str, four: int = 24, six: int = 64) -> str:
    """The network of so many bits around an address; "" for what is none."""
    try:
        one = ipaddress.ip_address(address)
    except ValueError:
        return ""
    return str(ipaddress.ip_network((one, four if one.version == 4 else six), strict=False))  # noqa: PLR2004


def network(text: str) -> Network | None:
    """A range as a network; None for what is none."""
    try:
        return ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        return None


def inside(address: str, range_: Network) -> bool:
    """Whether an address lies in a range."""
    try:
        one = ipaddress.ip_address(address)
    except ValueError:
        return False
    return one.version == range_.version and one in range_
