"""The floor: reads every file of a folder and inflates it with libdeflate, and does nothing with it."""

from __future__ import annotations

import os
import sys

from deflate import gzip_decompress

for entry in os.scandir(sys.argv[1]):
    with open(entry.path, "rb") as file:  # noqa: PTH123
        gzip_decompress(file.read())
