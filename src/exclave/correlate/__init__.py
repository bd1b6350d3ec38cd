"""What only the whole shows: verdicts, whether an offer still stands, whose data it was, and which events belong together."""
