"""Formats: bytes → events. One module per log; `reading.read` is the full parser, `logs.parser_of` reads one record."""
