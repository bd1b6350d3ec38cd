"""The ground truth as JSON lines: one perimeter line for each cloud, then one line for each breach.

`{"type":"perimeter","cloud","organisation","accounts":[{id,name,role}],"vendors":[{id,name}]}`
`{"type":"breach","name","title","cloud","account","started","ended","open","taken","steps":[{event_id,
event_name,time,account,region,phase}],"context":[...],"destinations":[{kind,id}],"resources":[{kind,id,
account,region,parent,size_gib,name}],"originals":[id],"actors":[arn],"credentials":[key id],"flows":[{source,
destination,interface,bytes,started,ended}]}`
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime
    from pathlib import Path

    from exclave.simulate.breach import Story, TrueStep


def breach_line(story: Story) -> dict[str, Any]:
    """The line of one breach; its steps in order of time."""
    steps = sorted(story.steps, key=lambda step: step.time)
    every = sorted(step.time for step in (*story.steps, *story.context))
    return {
        "type": "breach",
        "name": story.breach.name,
        "title": story.breach.title,
        "cloud": story.breach.cloud,
        "account": story.account,
        "started": _stamp(every[0]) if every else None,
        "ended": _stamp(every[-1]) if every else None,
        "open": story.open,
        "taken": story.taken,
        "steps": [_step(step) for step in steps],
        "context": [_step(step) for step in sorted(story.context, key=lambda step: step.time)],
        "destinations": [asdict(destination) for destination in story.destinations],
        "resources": [asdict(resource) for resource in story.resources],
        "originals": [resource.id for resource in story.resources if not resource.parent],
        "actors": story.actors,
        "credentials": story.credentials,
        "flows": [{**asdict(f), "started": _stamp(f.started), "ended": _stamp(f.ended)} for f in story.flows],
    }


def write_truth(path: Path, perimeters: Iterable[Mapping[str, Any]], stories: Iterable[Story]) -> None:
    """Writes the truth to `path`. Raises OSError."""
    lines = [
        *({"type": "perimeter", **perimeter} for perimeter in perimeters),
        *(breach_line(story) for story in stories),
    ]
    path.write_bytes(b"".join(orjson.dumps(line) + b"\n" for line in lines))


def _step(step: TrueStep) -> dict[str, Any]:
    return {**asdict(step), "time": _stamp(step.time)}


def _stamp(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")
