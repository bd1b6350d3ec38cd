"""The floor: reads every file of a folder and inflates it with libdeflate, and does nothing with it."""

from __future__ import annotations

import os
import sys

from deflate import gzip_decompress

for folder, _, names in os.walk(sys.argv[1]):
    for name in names:
        with open(f"{folder}/{name}", "rb") as file:  # noqa: PTH123 - pathlib costs more
            gzip_decompress(file.read())
