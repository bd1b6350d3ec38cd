"""`exclave hunt` where Hyperscan can't be imported."""

from __future__ import annotations

import sys

sys.modules["pyperscan"] = None  # type: ignore[assignment]

from exclave.cli.main import run  # noqa: E402

run()
