"""Google Cloud by REST: a client that can make no other call than the table's, and what to record with it."""
