"""What ordinary calls are about: resource names and monitored resources, with slots for names."""

from __future__ import annotations

from exclave.simulate.gcp.call import Target


def instance(name: str = "@@pick:instance@@") -> Target:
    """A machine."""
    return Target(
        name=f"projects/@@project@@/zones/@@zone@@/instances/{name}",
        kind="gce_instance",
        labels={"instance_id": "@@digits@@", "zone": "@@zone@@"},
        location="@@zone@@",
    )


def disk(name: str = "@@pick:disk@@") -> Target:
    """A disk."""
    return Target(
        name=f"projects/@@project@@/zones/@@zone@@/disks/{name}",
        kind="gce_disk",
        labels={"disk_id": "@@digits@@", "zone": "@@zone@@"},
        location="@@zone@@",
    )


def snapshot(name: str = "@@pick:snapshot@@") -> Target:
    """A snapshot of a disk."""
    return Target(
        name=f"projects/@@project@@/global/snapshots/{name}",
        kind="gce_snapshot",
        labels={"snapshot_id": "@@digits@@"},
        location="global",
    )


def image(name: str = "@@pick:image@@") -> Target:
    """An image to boot machines from."""
    return Target(
        name=f"projects/@@project@@/global/images/{name}",
        kind="gce_image",
        labels={"image_id": "@@digits@@"},
        location="global",
    )


def network(kind: str, name: str) -> Target:
    """A part of a network that belongs to no region: firewalls, routes, networks."""
    label = {"firewalls": "gce_firewall_rule", "routes": "gce_route", "networks": "gce_network"}[kind]
    ident = {"firewalls": "firewall_rule_id", "routes": "route_id", "networks": "network_id"}[kind]
    return Target(
        name=f"projects/@@project@@/global/{kind}/{name}",
        kind=label,
        labels={ident: "@@digits@@"},
        location="global",
    )


def bucket(item: str = "", name: str = "@@pick:bucket@@") -> Target:
    """A bucket, or an object in it."""
    return Target(
        name=f"projects/_/buckets/{name}" + (f"/objects/{item}" if item else ""),
        kind="gcs_bucket",
        labels={"bucket_name": name, "location": "@@region@@"},
        location="@@region@@",
    )


def dataset(name: str = "@@pick:dataset@@") -> Target:
    """A dataset of BigQuery."""
    return Target(
        name=f"projects/@@project@@/datasets/{name}", kind="bigquery_dataset", labels={"dataset_id": name}
    )


def table() -> Target:
    """A table of BigQuery, which is logged on its dataset."""
    return Target(
        name="projects/@@project@@/datasets/@@pick:dataset@@/tables/@@pick:table@@",
        kind="bigquery_dataset",
        labels={"dataset_id": "@@pick:dataset@@"},
    )


def job(name: str = "bquxjob_@@hex1@@") -> Target:
    """A job of BigQuery, as the newer records name it."""
    return Target(
        name=f"projects/@@project@@/jobs/{name}", kind="bigquery_project", labels={"location": "EU"}
    )


def account(mail: str = "@@pick:account@@") -> Target:
    """A service account, by its address."""
    return Target(
        name=f"projects/@@project@@/serviceAccounts/{mail}",
        kind="service_account",
        labels={"email_id": mail, "unique_id": "11@@digits@@"},
    )


def project() -> Target:
    """The project itself."""
    return Target(name="projects/@@project@@", kind="project", labels={})


def audited(service: str, method: str, name: str) -> Target:
    """Something that has no monitored resource of its own."""
    return Target(
        name=name,
        kind="audited_resource",
        labels={"method": method, "service": f"{service}.googleapis.com"},
    )
