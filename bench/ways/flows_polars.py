"""Bare Polars, streaming: the bytes of each (source, destination) in a folder of AWS flow logs.

Its number of threads is that of POLARS_MAX_THREADS, or of the cores.
"""

from __future__ import annotations

import sys

import polars as pl

found = (
    pl.scan_csv(
        f"{sys.argv[1]}/**/*.log.gz",
        separator=" ",
        infer_schema=False,
        quote_char=None,
        schema_overrides={"bytes": pl.Int64},
        null_values="-",
    )
    .select("srcaddr", "dstaddr", "bytes")
    .group_by("srcaddr", "dstaddr")
    .agg(pl.col("bytes").sum())
    .collect(engine="streaming")
)
print(found.height, found["bytes"].sum())
