"""Formats: bytes → events. One module per log; `read` is the full parser, `parser_of` reads one record."""

from __future__ import annotations

from exclave.formats.chunking import chunks
from exclave.formats.logs import PARSERS, Parser, parser_of
from exclave.formats.reading import read
from exclave.formats.sniffing import SKIPPED, sniff

__all__ = ["PARSERS", "SKIPPED", "Parser", "chunks", "parser_of", "read", "sniff"]
