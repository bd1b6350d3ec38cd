"""Blob → transfers and signals: the cheap path, the match, and what only several records of one log show."""
