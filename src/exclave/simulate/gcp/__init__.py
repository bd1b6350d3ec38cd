"""Google Cloud: an organisation, the audit logs that its sink writes, and breaches in them."""
