"""Flow logs of an organisation's networks: ordinary traffic, and the bulk flows of breaches among it."""
