"""Address ranges that nobody routes on the internet."""

from __future__ import annotations

import ipaddress

# RFC 1918, RFC 6598, RFC 4193
RANGES = tuple(
    ipaddress.ip_network(block)
    for block in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
)
