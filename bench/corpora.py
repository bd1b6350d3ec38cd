"""The corpora of the benchmark: what there is to measure on, and where it lies.

Each is a folder `data/<name>-<key>/` with `logs/` (all of it, laid out as CloudTrail delivers it), `sample/`
(some 64 MB of it, as links, for the slow ways) and `corpus.json` (what is in them). The key changes with what
they are made of. making.py makes them.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

DATA = Path(__file__).parent / "data"
MB = 1_000_000
MAKING = 3  # raise it when making.py would write other files
# Logs of other clouds, as lines (corpora_cloud.py): few records that the catalogue names.
CLOUD = {
    "azure-activity": "Azure's activity log, 1 in 200 of it looked at",
    "azure-storage": "Azure's storage logs, 1 in 10 by somebody signed in",
    "gcp-admin": "Google's Admin Activity logs, 1 in 250 of it looked at",
    "gcp-data": "Google's Data Access logs of Cloud Storage, by accounts of the project",
}
# Flow logs with one large transfer planted in them (corpora_flows.py).
FLOWS = {
    "flows": "AWS flow logs of 6 accounts over 3 days, files of 5 minutes, and the trail of the breach",
    "flows2": "the same of 2 GB and 6 days",
    "flows-azure": "Azure flow logs of 3 virtual networks over 3 days, blobs of an hour",
    "flows-google": "Google flow logs of 3 projects over 3 days, files of an hour",
}
_BREACHES = ("backups-to-own-accounts",)


@dataclass(frozen=True, slots=True)
class Spec:
    """What to make: about `plain` bytes of different content, in files of some bytes or some records.

    `copies`: how many names each file has; `files`: at which number of names to stop, 0 for never. `one_in`: how
    many of the records that the catalogue looks at are kept, for `exclave simulate` writes more than most logs have.
    """

    name: str
    about: str
    plain: int
    file_bytes: int = 0
    file_records: tuple[int, int] = (0, 0)
    data_events: float = 0.0
    breaches: tuple[str, ...] = ()
    copies: int = 1
    files: int = 0
    one_in: int = 1
    days: int = 7

    @property
    def folder(self) -> Path:
        key = hashlib.blake2b(f"{MAKING} {asdict(self)}".encode(), digest_size=4).hexdigest()
        return DATA / f"{self.name}-{key}"


@dataclass(frozen=True, slots=True)
class Part:
    """A folder of log files and what is in it; sizes in bytes."""

    path: Path
    files: int
    plain: int
    packed: int


@dataclass(frozen=True, slots=True)
class Corpus:
    """A corpus that was made: all of it, and a sample of 64 MB."""

    spec: Spec
    logs: Part
    sample: Part


def specs(*, small: bool) -> dict[str, Spec]:
    """All corpora by name; a fifth to an eighth of their size for a quick run."""
    size, many, copies = (250 * MB, 10_000, 5) if small else (2_000 * MB, 100_000, 25)
    large = Spec("large", "management events, files of 4 MB", size, file_bytes=4 * MB)
    some = 5 if not small else 1  # names for each of the many files
    folder = Spec(
        "folder",
        f"{many:,} files of 3 to 150 records",
        many * 108_000 // some,
        file_records=(3, 150),
        copies=some,
        files=many,
    )
    cloud = 60  # names for each of eight files of 6 MB, so that starting does not weigh
    part = Spec("gb0.2", "0.2 GB in files of 4 MB", 200 * MB, file_bytes=4 * MB)
    made = [
        large,
        replace(
            large,
            name="sparse",
            about="the like under five times as many names, with 1 in 100 of what the catalogue looks at",
            one_in=100,
            copies=5,  # so that starting does not weigh
        ),
        replace(large, name="breached", about="as large, with one breach in it", breaches=_BREACHES),
        replace(large, name="data", about="90 % data events, files of 4 MB", data_events=0.9),
        folder,
        Spec("tiny", "files of 5 to 35 records", 285 * MB, file_records=(5, 35), files=10_000),
        part,
        replace(part, name="gb1" if small else "gb5", about="the same under more names", copies=copies),
        Spec("one", "one file of 20 records", MB, file_records=(20, 20), files=1),
        *(Spec(name, about, 48 * MB, copies=cloud) for name, about in CLOUD.items()),
        Spec("flows", FLOWS["flows"], size // 2, days=3),
        Spec("flows2", FLOWS["flows2"], size, days=6),
        *(Spec(n, FLOWS[n], size // 10, days=3) for n in ("flows-azure", "flows-google")),
    ]
    return {spec.name: spec for spec in made}


def corpus(spec: Spec) -> Corpus:
    """A corpus that was made before. Raises OSError when it wasn't."""
    known = json.loads((spec.folder / "corpus.json").read_bytes())
    logs, sample = (Part(spec.folder / name, *known[name]) for name in ("logs", "sample"))
    return Corpus(spec, logs, sample)
