"""Builds the compiled catalogue into the package: parsing TOML takes longer than hunting a small file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CatalogueHook(BuildHookInterface):  # type: ignore[misc]
    """Writes src/exclave/catalogue/compiled.json before the files are collected."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Hatchling calls this before each build, an editable one too."""
        source = Path(self.root) / "src"
        sys.path.insert(0, str(source))
        try:
            from exclave.catalogue.loader import write_compiled

            write_compiled(source / "exclave" / "catalogue")
        finally:
            sys.path.remove(str(source))
        build_data["artifacts"].append("src/exclave/catalogue/compiled.json")
