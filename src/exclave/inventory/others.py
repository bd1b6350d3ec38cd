"""Files that aren't inventories but hold what an inventory holds: Terraform's, AWS Config's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from exclave.inventory import config, terraform
from exclave.inventory.reading import MAX_BYTES
from exclave.model import Problem

if TYPE_CHECKING:
    from pathlib import Path

    from exclave.inventory.reading import Building

HINT = "an inventory's folder, the output of terraform show -json, or an answer of AWS Config"


def take_file(building: Building, path: Path) -> None:
    """A file: of an inventory, else of another tool. What it isn't is a problem."""
    try:
        if path.stat().st_size > MAX_BYTES:
            building.problems.append(Problem(where=str(path), what=f"larger than {MAX_BYTES >> 20} MiB"))
            return
        content: Any = None if path.suffix == ".jsonl" else msgspec.json.decode(path.read_bytes())
    except OSError as error:
        building.problems.append(Problem(where=str(path), what=f"can't be read: {error.strerror}"))
        return
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        building.problems.append(Problem(where=str(path), what=f"no JSON: {error}", hint=HINT))
        return
    if path.suffix == ".jsonl" or (isinstance(content, dict) and "schema" in content):
        building.take_file(path)
        return
    building.files += 1
    if terraform.is_terraform(content):
        documents, problems = terraform.translated(content, str(path))
        building.take_translated(documents, "Terraform")
    elif config.is_config(content):
        documents, problems = config.translated(content, str(path))
        building.take_translated(documents, "AWS Config")
    else:
        problems = [Problem(where=str(path), what="neither an inventory nor a file that is known", hint=HINT)]
    building.problems += problems


def take_queries(building: Building) -> None:
    """The answers of AWS Config that were recorded in an inventory, as what they say of other calls."""
    if building.queries:
        documents, problems = config.together(building.asked())
        building.take_translated(documents, "AWS Config")
        building.problems += problems
        if not documents:
            what = "AWS Config's answers tell of no resource that is of use"
            building.problems.append(
                Problem(where="AWS Config", what=what, hint="does the aggregator have sources?")
            )
