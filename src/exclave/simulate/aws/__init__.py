"""Simulated AWS: an organisation, its ordinary CloudTrail records, and breaches in it."""
