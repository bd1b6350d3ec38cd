"""AWS by boto3: a client that can make no other call than the table's, and what to record with it."""
