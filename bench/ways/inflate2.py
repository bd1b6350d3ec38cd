"""The floor on two processes: how far this machine scales at the moment."""

from __future__ import annotations

import os
import sys
from multiprocessing import Pool

from deflate import gzip_decompress


def inflate(path: str) -> int:
    with open(path, "rb") as file:  # noqa: PTH123
        return len(gzip_decompress(file.read()))


if __name__ == "__main__":
    paths = [f"{folder}/{name}" for folder, _, names in os.walk(sys.argv[1]) for name in names]
    with Pool(2) as pool:
        print(sum(pool.imap_unordered(inflate, paths, chunksize=max(1, min(64, len(paths) // 16)))))
