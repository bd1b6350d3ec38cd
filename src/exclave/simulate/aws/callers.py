"""Who makes the ordinary calls, as the records of each account show them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exclave.simulate.aws import ids, records
from exclave.simulate.aws.call import Caller

if TYPE_CHECKING:
    from random import Random

    from exclave.simulate.aws.organisation import Account, Organisation

_TERRAFORM = (
    "APN/1.0 HashiCorp/1.0 Terraform/1.9.5 (+https://www.terraform.io) terraform-provider-aws/5.65.0 "
    "(+https://registry.terraform.io/providers/hashicorp/aws) aws-sdk-go-v2/1.30.4 os/linux lang/go#1.22.6 "
    "md/GOOS#linux md/GOARCH#amd64 api/ec2#1.177.0"
)
_JAVA = (
    "aws-sdk-java/2.27.12 Linux/6.1.102-108.177.amzn2023.x86_64 OpenJDK_64-Bit_Server_VM/21.0.4+7-LTS "
    "Java/21.0.4 vendor/Amazon.com_Inc. io/sync http/Apache cfg/retry-mode/legacy"
)
_SCANNER = "Boto3/1.34.131 md/Botocore#1.34.131 ua/2.0 os/linux#5.15.0 lang/python#3.11.9 posture-scan/4.2"


class Callers:
    """The callers of one account, by the `by` of a call; made when first asked for."""

    def __init__(self, rng: Random, organisation: Organisation, account: Account) -> None:
        self._rng = rng
        self._organisation = organisation
        self._account = account
        self._made: dict[str, tuple[Caller, ...]] = {}

    def of(self, by: str) -> tuple[Caller, ...]:
        """All callers of this kind. Raises KeyError on a kind that there is none of."""
        if by not in self._made:
            kind, _, rest = by.partition(":")
            makers = {
                "person": self._people,
                "pipeline": self._pipeline,
                "workload": self._workloads,
                "vendor": self._vendor,
                "vendor-account": self._vendor_accounts,
                "role": self._service_role,
                "service": self._service,
            }
            self._made[by] = makers[kind](rest)
        return self._made[by]

    def _people(self, _: str) -> tuple[Caller, ...]:
        role = f"AWSReservedSSO_Developer_{self._rng.getrandbits(64):016x}"
        path = f"/aws-reserved/sso.amazonaws.com/{self._organisation.management.home}/"
        people = self._rng.sample(self._organisation.people, 5)
        domain = f"{self._organisation.company}.example"
        return tuple(
            Caller(self._session(role, f"{person.name}@{domain}", path=path), person.ip, person.agent)
            for person in people
        )

    def _pipeline(self, _: str) -> tuple[Caller, ...]:
        role = "pipeline" if self._account is self._organisation.tooling else "deploy"
        return (Caller(self._session(role, "release"), ids.public_ip(self._rng), _TERRAFORM),)

    def _workloads(self, _: str) -> tuple[Caller, ...]:
        address = ids.public_ip(self._rng)
        return tuple(
            Caller(self._session("workload", instance), address, _JAVA)
            for instance in self._account.instances[:4]
        )

    def _vendor(self, _: str) -> tuple[Caller, ...]:
        return (Caller(self._session("vendor-read", "scan"), ids.public_ip(self._rng), _SCANNER),)

    def _vendor_accounts(self, _: str) -> tuple[Caller, ...]:
        return tuple(
            Caller(
                records.foreign(account=vendor.id, principal=f"{vendor.principal}:scan"),
                ids.public_ip(self._rng),
                _SCANNER,
            )
            for vendor in self._organisation.vendors
        )

    def _service_role(self, rest: str) -> tuple[Caller, ...]:
        role, _, service = rest.partition(":")
        path = f"/aws-service-role/{service}/" if role.startswith("AWSServiceRole") else "/service-role/"
        name = role.removeprefix("AWSServiceRoleFor")
        return (Caller(self._session(role, name, path=path, invoked_by=service), service, service),)

    def _service(self, name: str) -> tuple[Caller, ...]:
        return (Caller(records.service(name), name, name),)

    def _session(self, role: str, name: str, *, path: str = "/", invoked_by: str = "") -> dict[str, Any]:
        return records.session(
            account=self._account.id,
            role=role,
            path=path,
            principal=ids.role_id(self._account.id, role),
            name=name,
            key="@@akid@@",
            born="@@born@@",
            invoked_by=invoked_by,
        )
