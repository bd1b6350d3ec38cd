"""Arithmetic on ranges of addresses."""

from __future__ import annotations

import ipaddress

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def without(piece: Network, taken: Network) -> list[Network]:
    """A range without another; whole where they are of two versions."""
    if isinstance(piece, ipaddress.IPv4Network) and isinstance(taken, ipaddress.IPv4Network):
        if piece.subnet_of(taken):
            return []
        return list(piece.address_exclude(taken)) if taken.subnet_of(piece) else [piece]
    if isinstance(piece, ipaddress.IPv6Network) and isinstance(taken, ipaddress.IPv6Network):
        if piece.subnet_of(taken):
            return []
        return list(piece.address_exclude(taken)) if taken.subnet_of(piece) else [piece]
    return [piece]
