"""The stage on which a breach is told: a clock, a victim, somebody's accounts outside, and a record book."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from exclave.simulate.aws import ids, records
from exclave.simulate.aws.organisation import GLOBAL_REGION
from exclave.simulate.breach import BulkFlow, Story
from exclave.simulate.scene import Telling

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from random import Random

    from exclave.simulate.aws.organisation import Account, Organisation

SERVICE_ITSELF = "AWS Internal"


@dataclass(frozen=True, slots=True)
class Who:
    """Somebody who calls: the identity in the records, the address, the user agent."""

    identity: Mapping[str, Any]
    ip: str
    agent: str


class Scene(Telling):
    """Told events become records in the trail that would hold them, and steps of the story's truth."""

    def __init__(
        self,
        *,
        rng: Random,
        organisation: Organisation,
        victim: Account,
        story: Story,
        start: datetime,
        taken: set[str],
    ) -> None:
        super().__init__(rng=rng, story=story, start=start, account=victim.id, region=victim.home)
        self.organisation = organisation
        self.victim = victim
        self.outsider = ids.account_id(rng, taken)
        self.outsider_ip = ids.public_ip(rng)
        self.records: list[tuple[str, str, int, bytes]] = []  # account, region, second, record
        self._taken = taken

    # -- the cast

    def another_outsider(self) -> str:
        """One more account of the adversary's."""
        return ids.account_id(self.rng, self._taken)

    def id(self, prefix: str) -> str:
        """A fresh EC2 id."""
        return ids.hex_id(self.rng, prefix)

    def user(self, name: str, agent: str, *, key: str = "", account: str = "") -> Who:
        """An IAM user's key in the adversary's hands; noted as an actor."""
        key = key or ids.unique_id(self.rng, "AKIA")
        identity = records.user(
            account=account or self.victim.id, name=name, principal=ids.unique_id(self.rng, "AIDA"), key=key
        )
        return self._noted(Who(identity, self.outsider_ip, agent))

    def session(
        self,
        role: str,
        name: str,
        agent: str,
        *,
        key: str = "",
        account: str = "",
        path: str = "/",
        mfa: bool = False,
    ) -> Who:
        """A role session in the adversary's hands; noted as an actor."""
        identity = records.session(
            account=account or self.victim.id,
            role=role,
            path=path,
            principal=ids.role_id(account or self.victim.id, role),
            name=name,
            key=key or ids.unique_id(self.rng, "ASIA"),
            born=self._stamp(),
            mfa=mfa,
        )
        return self._noted(Who(identity, self.outsider_ip, agent))

    def person(self, agent: str, *, account: str = "") -> Who:
        """The Identity Center session of one of the people, taken over; noted as an actor."""
        person = self.rng.choice(self.organisation.people)
        return self.session(
            f"AWSReservedSSO_Administrator_{self.rng.getrandbits(64):016x}",
            f"{person.name}@{self.organisation.company}.example",
            agent,
            mfa=True,
            account=account,
            path=f"/aws-reserved/sso.amazonaws.com/{self.organisation.management.home}/",
        )

    def taker(self, account: str = "", *, invoked_by: str = "", ip: str = "", agent: str = "") -> Who:
        """The adversary in an account of his own, as the owner's trail shows him."""
        identity = records.foreign(
            account=account or self.outsider,
            principal=f"{ids.unique_id(self.rng, 'AROA')}:ops",
            invoked_by=invoked_by,
        )
        return Who(
            identity,
            ip or self.outsider_ip,
            agent or "aws-cli/2.15.30 Python/3.11.8 Linux/6.5.0 source/x86_64",
        )

    def _noted(self, who: Who) -> Who:
        self.actor(str(who.identity["arn"]), str(who.identity["accessKeyId"]))
        return who

    # -- events

    def call(
        self,
        who: Who,
        service: str,
        name: str,
        request: object = None,
        response: object = None,
        *,
        phase: str = "",
        account: str = "",
        region: str = "",
        after: float = 0.0,
        **more: Any,
    ) -> str:
        """Records a call `after` so many minutes, and gives its event id.

        `phase` puts it among the incident's steps; without one it is context. `more` as in records.record.
        """
        self.wait(after + self.rng.uniform(0.05, 0.6))
        event_id = ids.uuid(self.rng)
        account, region = account or self.victim.id, region or self.region
        made = records.record(
            identity=who.identity,
            time=self._stamp(),
            service=service,
            name=name,
            account=account,
            region=region,
            ip=who.ip,
            agent=who.agent,
            event_id=event_id,
            request=request,
            response=response,
            request_id="" if more.get("kind") == "AwsServiceEvent" else ids.uuid(self.rng),
            **more,
        )
        self.records.append((account, region, int(self.now.timestamp()), orjson.dumps(made)))
        self.step(event_id, name, phase=phase, account=account, region=region)
        return event_id

    def iam(self, who: Who, name: str, request: object, response: object = None, **more: Any) -> str:
        """An IAM call, which is recorded in us-east-1 wherever it was made; `more` as in `call`."""
        return self.call(who, "iam", name, request, response, region=GLOBAL_REGION, **more)

    def look(self, who: Who, *calls: tuple[str, str, Any], account: str = "") -> None:
        """Reads, one after the other: (service, name, request)."""
        for service, name, request in calls:
            region = GLOBAL_REGION if service in {"iam", "organizations"} else self.region
            self.call(who, service, name, request, account=account, region=region, read=True)

    def refused(self, who: Who, service: str, name: str, request: object, *, account: str = "") -> None:
        """A read that fails for want of rights; context."""
        message = f"User: {who.identity['arn']} is not authorized to perform: {service}:{name}"
        region = GLOBAL_REGION if service in {"iam", "organizations"} else ""
        self.call(
            who,
            service,
            name,
            request,
            read=True,
            error="AccessDenied",
            message=message,
            region=region,
            account=account,
        )

    # -- truth

    def bulk_flow(self, destination: str, gib: float, hours: float, *, after: float = 0.0) -> None:
        """Has the victim's file server send much to an address, for flow logs to show. `after`: minutes."""
        self.wait(after)
        self.story.bulk.append(BulkFlow(destination=destination, gib=gib, start=self.now, hours=hours))

    def key_resource(self, key: str) -> Sequence[Mapping[str, str]]:
        """The `resources` element of a call on a KMS key of the victim's."""
        return ({"accountId": self.victim.id, "type": "AWS::KMS::Key", "ARN": self.key_arn(key)},)

    def object_resources(self, bucket: str, key: str, owner: str = "") -> Sequence[Mapping[str, str]]:
        """The `resources` element of a call on an object, or without a key on all of a bucket; the victim's unless said."""
        arn = f"arn:aws:s3:::{bucket}"
        one = {"ARN": f"{arn}/{key}"} if key else {"ARNPrefix": f"{arn}/"}
        whole = {"accountId": owner or self.victim.id, "type": "AWS::S3::Bucket", "ARN": arn}
        return {"type": "AWS::S3::Object", **one}, whole

    def key_arn(self, key: str) -> str:
        """The ARN of a KMS key of the victim's."""
        return f"arn:aws:kms:{self.region}:{self.victim.id}:key/{key}"

    def _stamp(self) -> str:
        return self.now.strftime("%Y-%m-%dT%H:%M:%SZ")
