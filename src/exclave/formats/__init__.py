"""Formats: bytes → events. One module per log; `read` is the full parser, `parser_of` reads one record."""

from __future__ import annotations

from exclave.formats.logs import PARSERS, Parser, parser_of
from exclave.formats.reading import read

__all__ = ["PARSERS", "Parser", "parser_of", "read"]
