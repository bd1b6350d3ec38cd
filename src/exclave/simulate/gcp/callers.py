"""Who makes the ordinary calls in a project, as its records show them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exclave.simulate.gcp import records
from exclave.simulate.gcp.call import Caller
from exclave.simulate.ids import public_ip

if TYPE_CHECKING:
    from random import Random

    from exclave.simulate.gcp.organisation import Organisation, Project

_TERRAFORM = (
    "google-api-go-client/0.5 Terraform/1.9.8 (+https://www.terraform.io) Terraform-Plugin-SDK/2.34.0 "
    "terraform-provider-google/6.10.0,gzip(gfe)"
)
_JAVA = "gcloud-java/2.43.1 gl-java/21.0.4 gax/2.54.1 gccl/2.43.1 grpc-java-netty/1.66.0,gzip(gfe)"
_SCANNER = "google-cloud-sdk gl-python/3.11.9 gapic/3.24.0 gax/2.19.1 grpc/1.66.1,gzip(gfe)"
_KUBELET = "kube-controller-manager/v1.30.5 (linux/amd64) kubernetes/4c1ba83/leader-election"
# Service agents by what they serve; of the project's number, or of the whole of Google.
_AGENTS = {
    "compute": "service-{number}@compute-system.iam.gserviceaccount.com",
    "gke": "service-{number}@container-engine-robot.iam.gserviceaccount.com",
    "apis": "{number}@cloudservices.gserviceaccount.com",
    "transfer": "project-{number}@storage-transfer-service.iam.gserviceaccount.com",
    "build": "{number}@cloudbuild.gserviceaccount.com",
    "logs": "service-org-{org}@gcp-sa-logging.iam.gserviceaccount.com",
}


class Callers:
    """The callers of one project, by the `by` of a call; made when first asked for."""

    def __init__(self, rng: Random, organisation: Organisation, project: Project) -> None:
        self._rng = rng
        self._organisation = organisation
        self._project = project
        self._made: dict[str, tuple[Caller, ...]] = {}

    def of(self, by: str) -> tuple[Caller, ...]:
        """All callers of this kind. Raises KeyError on a kind that there is none of."""
        if by not in self._made:
            kind, _, rest = by.partition(":")
            self._made[by] = {
                "person": self._people,
                "pipeline": self._pipeline,
                "workload": self._workloads,
                "acting": self._acting,
                "vendor": self._vendors,
                "agent": self._agent,
                "kubernetes": self._kubernetes,
                "system": self._system,
                "sibling": self._siblings,
            }[kind](rest)
        return self._made[by]

    def _people(self, _: str) -> tuple[Caller, ...]:
        people = self._rng.sample(self._organisation.people, 5)
        return tuple(Caller(records.user(person.mail), person.ip, person.agent) for person in people)

    def _pipeline(self, _: str) -> tuple[Caller, ...]:
        mail = self._organisation.pipeline
        return (Caller(records.account(mail), public_ip(self._rng), _TERRAFORM),)

    def _workloads(self, _: str) -> tuple[Caller, ...]:
        network = f"//compute.googleapis.com/projects/{self._project.id}/global/networks/main"
        return tuple(
            Caller(records.account(mail), f"10.{self._rng.randrange(16, 32)}.0.{number}", _JAVA, network)
            for number, mail in enumerate(self._project.accounts, 10)
        )

    def _acting(self, _: str) -> tuple[Caller, ...]:
        """People who act as a service account of the project."""
        people = self._rng.sample(self._organisation.people, 2)
        mail = self._project.accounts[0]
        return tuple(
            Caller(records.account(mail, behind=person.mail), person.ip, person.agent) for person in people
        )

    def _vendors(self, _: str) -> tuple[Caller, ...]:
        return tuple(
            Caller(records.account(vendor.account), public_ip(self._rng), _SCANNER)
            for vendor in self._organisation.vendors
        )

    def _siblings(self, _: str) -> tuple[Caller, ...]:
        """Workloads of another project of ours."""
        others = [p for p in self._organisation.projects if p.id != self._project.id] or [self._project]
        return tuple(
            Caller(records.account(other.accounts[0]), f"10.40.{number}.7", _JAVA)
            for number, other in enumerate(others[:3])
        )

    def _agent(self, name: str) -> tuple[Caller, ...]:
        mail = _AGENTS[name].format(number=self._project.number, org=self._organisation.id)
        return (Caller(records.account(mail), "private", "GoogleCloudAgent/1.0,gzip(gfe)"),)

    def _kubernetes(self, _: str) -> tuple[Caller, ...]:
        names = ("system:serviceaccount:kube-system:deployment-controller", "system:kube-scheduler")
        return tuple(Caller({"principalEmail": name}, "172.16.0.2", _KUBELET) for name in names)

    def _system(self, _: str) -> tuple[Caller, ...]:
        return (Caller({"principalEmail": "system@google.com"}, "", ""),)
