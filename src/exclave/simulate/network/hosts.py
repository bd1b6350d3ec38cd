"""The machines of one account's network, and who talks with whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from exclave.simulate.aws import ids

if TYPE_CHECKING:
    from random import Random

    from exclave.simulate.aws.organisation import Account

HOSTS = 160
VISITORS = 400_000
FILE_SERVER = 3  # which host that is
_SERVICES = ("S3", "DYNAMODB", "EC2", "AMAZON")
_NEW = 120  # conversations that begin later than the logs
_SCALED = 24  # hosts that autoscaling starts later than the logs


@dataclass(frozen=True, slots=True)
class Host:
    """A machine: its interface and address. `from_hour` is when it starts, in hours after the logs do."""

    interface: str
    subnet: str
    address: str
    from_hour: int = 0


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation as one of its ends sees it. `size` is the median of a record's bytes.

    `weight` is how often it happens, `hours` of the day when; none: all of them. `from_hour` is when it begins, in
    hours after the logs do. `service` is what AWS calls a public address. `anybody`: the other end is somebody else
    in each record, such as the visitors of a web site.
    """

    host: Host
    source: str
    destination: str
    port: int
    out: bool
    size: int
    weight: float
    hours: tuple[int, ...] = ()
    service: str = "-"
    accepted: bool = True
    from_hour: int = 0
    anybody: bool = False


@dataclass(frozen=True, slots=True)
class Network:
    """One account's network."""

    account: Account
    hosts: tuple[Host, ...]
    talks: tuple[Talk, ...]


def network(rng: Random, account: Account, number: int, others: tuple[int, ...], days: int) -> Network:
    """The network 10.(16 + number).0.0/16 of an account, peered with those of the numbers `others`."""
    first = 16 + number
    hosts: list[Host] = []
    for index in range(HOSTS):
        subnet = index % 3
        started = rng.randrange(1, max(2, days * 24)) if index >= HOSTS - _SCALED else 0
        address = f"10.{first}.{subnet * 16 + index // 60}.{10 + index}"
        hosts.append(Host(ids.hex_id(rng, "eni"), account.subnets[subnet], address, started))
    return Network(account=account, hosts=tuple(hosts), talks=tuple(_talks(rng, hosts, others, days)))


def _talks(rng: Random, hosts: list[Host], others: tuple[int, ...], days: int) -> list[Talk]:
    nat, primary, replica, files = hosts[0], hosts[1], hosts[2], hosts[FILE_SERVER]
    balancers, web, app = hosts[4:6], hosts[6:70], hosts[70:HOSTS]
    talks = _site(balancers, web)
    for host in web:
        for other in rng.sample(app, 4):
            talks += _both(host, other, 8080, 40_000, 1.0)
    for host in app:
        talks += _both(host, primary, 5432, 90_000, 1.2)
        talks += _both(host, replica, 5432, 60_000, 0.6)
        talks.append(Talk(host, host.address, f"10.{host.address.split('.')[1]}.0.2", 53, True, 300, 1.0))
        talks += [Talk(host, host.address, f"10.{16 + o}.0.14", 9090, True, 20_000, 0.3) for o in others]
        for service in _SERVICES[:2]:
            talks.append(
                Talk(host, host.address, _service(rng, service), 443, True, 120_000, 0.3, service=service)
            )
    talks += _both(primary, replica, 5432, 90_000_000, 6.0)  # replication: large, always
    for _ in range(40):  # backups by night: large, to S3, to a vault host, and over the line to the office
        talks.append(
            Talk(files, files.address, _service(rng, "S3"), 443, True, 60_000_000, 1.0, (1, 2), "S3")
        )
    talks += _both(primary, hosts[6], 445, 80_000_000, 4.0, hours=(3,))
    # the replica in another region, whose addresses lie in a range of its own
    beyond = f"10.{120 + int(primary.address.split('.')[1])}.32.11"
    talks.append(Talk(primary, primary.address, beyond, 5432, True, 60_000_000, 2.0))
    talks.append(Talk(primary, beyond, primary.address, 5432, False, 900_000, 2.0))
    for _ in range(_NEW):  # who meets for the first time, and says little
        host, began = rng.choice(app), rng.randrange(max(1, days * 24))
        to = rng.choice((f"10.200.{rng.randrange(256)}.9", rng.choice(app).address))
        talks.append(Talk(host, host.address, to, 8443, True, 9_000, 0.1, from_hour=began))
    talks.append(Talk(files, files.address, "192.168.50.20", 445, True, 70_000_000, 4.0, (0, 12)))
    for _ in range(400):  # through the NAT gateway: services of others, many of them on the same cloud
        service = rng.choice(("EC2", "AMAZON", "-", "-"))
        size = rng.choice((3_000, 20_000, 400_000))
        to = _service(rng, service) if service != "-" else _somebody(rng)
        talks.append(Talk(nat, nat.address, to, 443, True, size, 0.5, service=service))
        talks.append(Talk(nat, to, nat.address, 443, False, size * 8, 0.5))
    for host in rng.sample(web, 20):  # the internet's scanners
        talks.append(Talk(host, _somebody(rng), host.address, 22, False, 60, 0.5, accepted=False))
    return talks


def _site(balancers: list[Host], web: list[Host]) -> list[Talk]:
    """The visitors of a web site, at its load balancers, and what these pass on."""
    talks: list[Talk] = []
    for host in balancers:
        talks.append(Talk(host, "", host.address, 443, False, 3_000, 60, anybody=True))
        talks.append(Talk(host, host.address, "", 443, True, 40_000, 60, anybody=True))
        for other in web:
            talks += _both(host, other, 80, 400_000, 2.0)
    return talks


def _both(a: Host, b: Host, port: int, size: int, weight: float, hours: tuple[int, ...] = ()) -> list[Talk]:
    """Both ends log both directions; answers are smaller by a fifth."""
    return [
        Talk(
            host,
            source.address,
            to.address,
            port,
            host is source,
            size if source is a else size // 5,
            weight / 4,
            hours,
        )
        for source, to in ((a, b), (b, a))
        for host in (a, b)
    ]


def visitor(chance: float) -> str:
    """Whose turn it is among the visitors of a web site, few of whom come often."""
    number = int(chance * chance * VISITORS)
    return f"{(45, 81, 91, 185)[number & 3]}.{number >> 14 & 255}.{number >> 8 & 63}.{number >> 2 & 63}"


def _somebody(rng: Random) -> str:
    first, last = rng.choice((45, 81, 91, 185, 203)), rng.randrange(1, 255)
    return f"{first}.{rng.randrange(256)}.{rng.randrange(256)}.{last}"


def _service(rng: Random, service: str) -> str:
    head = {"S3": "52.218", "DYNAMODB": "52.94", "EC2": "3.120", "AMAZON": "18.66"}[service]
    return f"{head}.{rng.randrange(256)}.{rng.randrange(1, 255)}"
