"""Bare DuckDB: the bytes of each (source, destination) in a folder of AWS flow logs. The second argument: threads."""

from __future__ import annotations

import sys

import duckdb

connection = duckdb.connect(config={"threads": sys.argv[2]} if len(sys.argv) > 2 else {})  # noqa: PLR2004
found = connection.execute(
    """
    SELECT count(*), sum(total) FROM (
      SELECT srcaddr, dstaddr, sum(TRY_CAST(bytes AS BIGINT)) AS total
      FROM read_csv(?, delim = ' ', header = true, all_varchar = true, quote = '', escape = '')
      GROUP BY srcaddr, dstaddr)
    """,
    [f"{sys.argv[1]}/**/*.log.gz"],
)
print(*(found.fetchone() or ()))
