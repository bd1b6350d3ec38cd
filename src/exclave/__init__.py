"""exclave: finds cloud data moved to somebody else's account on the same cloud (ATT&CK T1537)."""

__version__ = "0.1.0"
