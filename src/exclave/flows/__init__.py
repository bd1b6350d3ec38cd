"""Flow logs of VPCs and virtual networks: summed while they are read, then looked at for large, new flows.

    Gatherer   blobs → parts (sums of a few files; small and picklable, so many processes can make them)
    Collector  parts → totals, in bounded memory
    suspects   totals, what the control plane did, the perimeter → what may be told of
    summaries  the same with its usual volume → records that the catalogue's entries for flows match

With Polars (`exclave[flows]`) a gigabyte of text takes seconds; without it little input is summed in Python.
"""

from exclave.flows.collect import Collector
from exclave.flows.findings import Suspect, summaries, suspects
from exclave.flows.gather import Gatherer
from exclave.flows.model import FlowPart
from exclave.flows.networks import control_plane
from exclave.flows.pieces import Place
from exclave.flows.sums import Gathered

__all__ = [
    "Collector",
    "FlowPart",
    "Gathered",
    "Gatherer",
    "Place",
    "Suspect",
    "control_plane",
    "summaries",
    "suspects",
]
