"""Simulated logs with known breaches in them: for the demo, tests and benchmarks, and to test a SIEM with.

`simulate(out, ...)` writes `out/logs/` (files as a cloud delivers them to a bucket) and `out/truth.jsonl`
(who is ours, and for each breach its events, destinations, resources and actors). Nothing here calls a cloud.

A cloud is a package (`simulate/aws/`) with a stage, listed in `clouds.py`: an organisation, tables of ordinary
calls, breaches as one module each with a function that tells the story into a scene. A new breach is a module
in its `breaches/` and a line in the list there; a new ordinary call is a row in its `traffic/`.
"""

from __future__ import annotations

from exclave.simulate.breach import Breach
from exclave.simulate.clouds import BREACHES, STAGES
from exclave.simulate.run import LAYOUTS, Summary, simulate

__all__ = ["BREACHES", "LAYOUTS", "STAGES", "Breach", "Summary", "simulate"]
