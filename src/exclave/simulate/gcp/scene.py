"""The stage on which a breach is told: a victim project, somebody's project outside, and a record book."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import orjson

from exclave.simulate.gcp import ids, records
from exclave.simulate.gcp.call import Caller, Log, Target
from exclave.simulate.ids import public_ip
from exclave.simulate.scene import Telling

if TYPE_CHECKING:
    from datetime import datetime
    from random import Random

    from exclave.simulate.breach import Story
    from exclave.simulate.gcp.organisation import Organisation, Project

_NAMES = ("atlas-sync", "delta-mirror", "quartz-relay", "harbor-stage", "cobalt-works")
GCLOUD = (
    "google-cloud-sdk gcloud/471.0.0 command/gcloud.{} invocation-id/{} environment/None client-os/LINUX "
    "client-os-ver/6.6.15 client-pltf-arch/x86_64 interactive/True from-script/False python/3.11.8 "
    "term/xterm-256color (Linux 6.6.15-amd64),gzip(gfe)"
)


class Scene(Telling):
    """Told events become entries of the logs that would hold them, and steps of the story's truth."""

    def __init__(
        self,
        *,
        rng: Random,
        organisation: Organisation,
        victim: Project,
        story: Story,
        start: datetime,
        taken: set[str],
    ) -> None:
        super().__init__(rng=rng, story=story, start=start, account=victim.id, region=victim.region)
        self.organisation = organisation
        self.victim = victim
        self.outsider = self._project(taken)
        self.outsider_number = ids.number(rng, 12, taken)
        self.outsider_ip = public_ip(rng)
        self.records: list[tuple[Log, int, bytes]] = []  # log, second, entry

    def _project(self, taken: set[str]) -> str:
        while True:
            project = f"{self.rng.choice(_NAMES)}-{ids.suffix(self.rng, 6)}"
            if project not in taken:
                taken.add(project)
                return project

    # -- the cast

    def service_account(
        self, mail: str, command: str, *, key: str = "", behind: str = "", ip: str = ""
    ) -> Caller:
        """A service account of the victim's in the adversary's hands; noted as an actor. `key`: the one he found."""
        identity = records.account(mail, project=self.victim.id, key=key, behind=behind)
        self.actor(mail, key)
        return Caller(identity, ip or self.outsider_ip, GCLOUD.format(command, self.rng.getrandbits(64)))

    def person(self, mail: str, agent: str) -> Caller:
        """One of the people, whose session was taken over; noted as an actor."""
        self.actor(mail)
        return Caller(records.user(mail), self.outsider_ip, agent)

    def taker(self, mail: str, *, seen: bool = True) -> Caller:
        """The adversary in a project of his own, as the owner's log shows him. `seen`: with his address."""
        identity = records.account(mail) if mail.endswith(".gserviceaccount.com") else records.user(mail)
        return Caller(
            identity, self.outsider_ip if seen else "", GCLOUD.format("None", self.rng.getrandbits(64))
        )

    # -- events

    def call(
        self,
        who: Caller,
        service: str,
        method: str,
        target: Target,
        *,
        phase: str = "",
        log: Log = Log.ACTIVITY,
        after: float = 0.0,
        **more: Any,
    ) -> str:
        """Records a call `after` so many minutes, and gives its insert id.

        `phase` puts it among the incident's steps; without one it is context. `more` as in records.entry.
        """
        self.wait(after + self.rng.uniform(0.05, 0.6))
        return self._entry(who, service, method, target, phase=phase, log=log, **more)

    def operation(
        self,
        who: Caller,
        service: str,
        method: str,
        target: Target,
        *,
        phase: str = "",
        after: float = 0.0,
        minutes: float = 0.4,
        **more: Any,
    ) -> str:
        """A long operation: an entry when it begins, with the request, and one when it ends. The first is the step."""
        self.wait(after + self.rng.uniform(0.05, 0.6))
        running = {
            "id": ids.operation(self.rng, int(self.now.timestamp() * 1000)),
            "producer": f"{service}.googleapis.com",
        }
        first = self._entry(
            who, service, method, target, phase=phase, operation={**running, "first": True}, **more
        )
        self.wait(minutes)
        for part in ("permissions", "response"):
            more.pop(part, None)
        if isinstance(more.get("request"), dict):
            more["request"] = {"@type": more["request"]["@type"]}
        self._entry(who, service, method, target, operation={**running, "last": True}, told=False, **more)
        return first

    def _entry(
        self,
        who: Caller,
        service: str,
        method: str,
        target: Target,
        *,
        phase: str = "",
        log: Log = Log.ACTIVITY,
        told: bool = True,
        scope: str = "",
        **more: Any,
    ) -> str:
        insert_id = ids.insert_id(self.rng)
        made = records.entry(
            scope=scope or f"projects/{self.victim.id}",
            project="" if scope else self.victim.id,
            log=log,
            service=service,
            method=method,
            target=target,
            caller=who,
            time=_stamp(self.now),
            received=_stamp(self.now + timedelta(milliseconds=self.rng.randrange(200, 900))),
            insert_id=insert_id,
            **more,
        )
        self.records.append((log, int(self.now.timestamp()), orjson.dumps(made)))
        if told:
            self.step(insert_id, method, phase=phase)
        return insert_id

    # -- what things are called

    def machine_part(self, kind: str, name: str) -> Target:
        """A disk, a snapshot or an image of the victim's."""
        label = {"disks": "gce_disk", "snapshots": "gce_snapshot", "images": "gce_image"}[kind]
        place = f"zones/{self.victim.zone}" if kind == "disks" else "global"
        labels = {f"{label.removeprefix('gce_')}_id": ids.number(self.rng, 19)}
        if kind == "disks":
            labels["zone"] = self.victim.zone
        location = self.victim.zone if kind == "disks" else "global"
        return Target(
            name=f"projects/{self.victim.id}/{place}/{kind}/{name}",
            kind=label,
            labels=labels,
            location=location,
        )

    def bucket(self, name: str, item: str = "") -> Target:
        """A bucket of the victim's, or an object in it."""
        return Target(
            name=f"projects/_/buckets/{name}" + (f"/objects/{item}" if item else ""),
            kind="gcs_bucket",
            labels={"bucket_name": name, "location": self.victim.region},
            location=self.victim.region,
        )

    def project(self) -> Target:
        """The victim's project itself."""
        return Target(name=f"projects/{self.victim.id}", kind="project", labels={})


def _stamp(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
