"""What the stages of all clouds have in common while a breach is told: a clock, and the truth about it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from exclave.simulate.breach import PHASES, TrueDestination, TrueResource, TrueStep

if TYPE_CHECKING:
    from datetime import datetime
    from random import Random

    from exclave.model import Kind
    from exclave.simulate.breach import Story


class Telling:
    """A clock that goes on while things happen, and the story's truth, which is noted as they do.

    `account` (then `owner`) and `region` are the victim's: where things lie unless something else is said.
    """

    def __init__(self, *, rng: Random, story: Story, start: datetime, account: str, region: str) -> None:
        self.rng = rng
        self.story = story
        self.now = start
        self.owner = account
        self.region = region

    def wait(self, minutes: float) -> None:
        """Lets time pass."""
        self.now += timedelta(minutes=minutes)

    def step(self, event_id: str, name: str, *, phase: str, account: str = "", region: str = "") -> None:
        """Notes an event of now. `phase` puts it among the incident's steps; without one it is context.

        Raises:
            ValueError: an unknown phase.
        """
        if phase and phase not in PHASES:
            raise ValueError(f"unknown phase {phase!r}")
        noted = TrueStep(
            event_id=event_id,
            event_name=name,
            time=self.now.replace(microsecond=0),
            account=account or self.owner,
            region=region or self.region,
            phase=phase or "context",
        )
        (self.story.steps if phase else self.story.context).append(noted)

    def offered_to(self, kind: Kind, identifier: str) -> None:
        """Notes a destination."""
        self.story.destinations.append(TrueDestination(kind=kind, id=identifier))

    def thing(
        self, kind: str, identifier: str, *, parent: str = "", size: int | None = None, name: str = ""
    ) -> str:
        """Notes a resource of the victim's and gives its id back."""
        self.story.resources.append(
            TrueResource(
                kind=kind,
                id=identifier,
                account=self.owner,
                region=self.region,
                parent=parent,
                size_gib=size,
                name=name,
            )
        )
        return identifier

    def actor(self, identifier: str, credential: str = "") -> None:
        """Notes somebody in the adversary's hands, and the credential that he acts with."""
        for found, book in ((identifier, self.story.actors), (credential, self.story.credentials)):
            if found and found not in book:
                book.append(found)
