"""A STIX 2.1 bundle: the technique, what was seen, indicators of the receivers, and how they hang together.

OASIS, "STIX Version 2.1". Ids are UUIDv5: those of observables from the namespace and properties that the
standard names (§2.9), others from a namespace of our own, so the same logs give the same bundle.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import IO, TYPE_CHECKING, Any
from uuid import UUID, uuid5

from exclave.model import FOREIGN, Kind, Outcome
from exclave.outputs import neutralise, records, words

if TYPE_CHECKING:
    from exclave.model import Actor, Incident, Report, Transfer

OBSERVABLES = "00abedb4-aa42-466c-9c01-fed23315a9b7"  # STIX 2.1 §2.9
OURS = "b3b8e6a2-8e0f-5d0c-9d0a-2f1f0a7c1537"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Object = dict[str, Any]
# kinds of destination that name one party, which others can look for
NAMED = frozenset(
    {
        Kind.ACCOUNT,
        Kind.ORGANIZATION,
        Kind.TENANT,
        Kind.SUBSCRIPTION,
        Kind.PROJECT,
        Kind.PRINCIPAL,
        Kind.CANONICAL_ID,
        Kind.DOMAIN,
        Kind.CUSTOMER,
    }
)


def write(report: Report, out: IO[str]) -> None:
    """Write the bundle; an object that is mentioned twice stands in it once."""
    objects: dict[str, Object] = {}
    made = report.coverage.last or EPOCH
    producer = _object("identity", "exclave", EPOCH, name="exclave", identity_class="system")
    technique = _technique()
    for thing in (producer, technique):
        objects[thing["id"]] = thing
    seen: dict[str, list[str]] = {}
    for t in records.every_transfer(report):
        seen[t.id] = _transfer(t, made, objects, producer["id"], technique["id"])
    for incident in records.every_incident(report):
        _incident(incident, made, objects, producer["id"], seen)
    identifier = f"bundle--{uuid5(UUID(OURS), '|'.join(sorted(objects)))}"
    out.write(
        neutralise.json_document({"type": "bundle", "id": identifier, "objects": list(objects.values())})
    )


def stamp(time: datetime) -> str:
    """A STIX timestamp: UTC, milliseconds."""
    utc = time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    return utc.strftime("%Y-%m-%dT%H:%M:%S.") + f"{utc.microsecond // 1000:03d}Z"


def _object(kind: str, key: str, time: datetime, **more: Any) -> Object:
    """A domain or relationship object; `key` is what makes its id."""
    return {
        "type": kind,
        "spec_version": "2.1",
        "id": f"{kind}--{uuid5(UUID(OURS), kind + ':' + neutralise.line(key))}",
        "created": stamp(time),
        "modified": stamp(time),
        **more,
    }


def _observable(kind: str, contributing: dict[str, str], **more: Any) -> Object:
    """A cyber-observable; its id comes from the contributing properties, as canonical JSON (RFC 8785)."""
    clean = {key: neutralise.line(value) for key, value in contributing.items()}
    canonical = json.dumps(clean, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return {
        "type": kind,
        "spec_version": "2.1",
        "id": f"{kind}--{uuid5(UUID(OBSERVABLES), canonical)}",
        **clean,
        **more,
    }


def _technique() -> Object:
    reference = {
        "source_name": "mitre-attack",
        "external_id": "T1537",
        "url": "https://attack.mitre.org/techniques/T1537",
    }
    phase = {"kill_chain_name": "mitre-attack", "phase_name": "exfiltration"}
    return _object(
        "attack-pattern",
        "T1537",
        EPOCH,
        name="Transfer Data to Cloud Account",
        external_references=[reference],
        kill_chain_phases=[phase],
    )


def _transfer(
    t: Transfer, made: datetime, objects: dict[str, Object], producer: str, technique: str
) -> list[str]:
    """Add what one transfer gives; the ids of what an incident should point at."""
    time = t.time or made
    key = t.id or f"{t.method}|{words.evidence(t.evidence)}|{t.destination.key}"
    observables = _observables(t)
    observed = _object(
        "observed-data",
        key,
        time,
        created_by_ref=producer,
        first_observed=stamp(time),
        last_observed=max(stamp(time), stamp(t.last or time)),
        number_observed=t.count,
        object_refs=[o["id"] for o in observables],
        labels=[f"severity:{t.severity}", f"outcome:{t.outcome}", neutralise.line(f"method:{t.method}")],
    )
    note = _object(
        "note",
        key,
        time,
        created_by_ref=producer,
        abstract=neutralise.line(words.transfer(t)),
        content=neutralise.line(
            f"{words.transfer(t)}. {words.standing(t)}. {'; '.join(t.why)}. "
            f"Evidence: {words.evidence(t.evidence)}"
        ),
        object_refs=[observed["id"]],
    )
    added = [*observables, observed, note]
    indicator = _indicator(t, time, producer)
    if indicator:
        indicator = objects.get(indicator["id"], indicator)
        added.append(indicator)
        added.append(_link(indicator["id"], "indicates", technique, _time(indicator), producer))
        added.append(_link(indicator["id"], "based-on", observed["id"], time, producer))
    for thing in added:
        objects.setdefault(thing["id"], thing)
    return [observed["id"], note["id"], *([indicator["id"]] if indicator else [])]


def _time(thing: Object) -> datetime:
    return datetime.fromisoformat(thing["created"])


def _link(source: str, kind: str, target: str, time: datetime, producer: str) -> Object:
    return _object(
        "relationship",
        f"{source}|{kind}|{target}",
        time,
        created_by_ref=producer,
        relationship_type=kind,
        source_ref=source,
        target_ref=target,
    )


def _observables(t: Transfer) -> list[Object]:
    """Who did it, from where, and who received."""
    found = [_account(t.actor, str(t.cloud))]
    address = _address(t.actor.ip)
    if address:
        found.append(address)
    if t.destination.kind is Kind.BEARER_URL:
        found.append(_observable("url", {"value": t.destination.id or "unknown"}))
    else:
        found.append(_receiver(t))
    return list({o["id"]: o for o in found}.values())


def _account(a: Actor, cloud: str) -> Object:
    contributing = {
        "account_type": f"{cloud}-{a.kind or 'unknown'}",
        "user_id": a.id or a.account or "unknown",
    }
    more = {"display_name": neutralise.line(a.name)} if a.name else {}
    return _observable("user-account", contributing, **more)


def _receiver(t: Transfer) -> Object:
    contributing = {
        "account_type": f"{t.destination.cloud}-{t.destination.kind}",
        "user_id": t.destination.id or "unknown",
    }
    more = {"display_name": neutralise.line(t.judgement.name)} if t.judgement and t.judgement.name else {}
    return _observable("user-account", contributing, **more)


def _address(text: str) -> Object | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return _observable(f"ipv{address.version}-addr", {"value": str(address)})


def _indicator(t: Transfer, time: datetime, producer: str) -> Object | None:
    """For a receiver outside the perimeter that has a name; its first mention is when it is valid from."""
    judged = t.judgement
    named = t.destination.kind in NAMED and bool(t.destination.id)
    if judged is None or judged.verdict not in FOREIGN or not named or t.outcome is Outcome.REVOKED:
        return None
    value = neutralise.stix_string(t.destination.id)
    return _object(
        "indicator",
        t.destination.key,
        time,
        created_by_ref=producer,
        name=neutralise.line(f"{words.destination(t.destination)} receives data"),
        description=neutralise.line(f"{words.verdict(judged)}: {judged.reason}"),
        indicator_types=["anomalous-activity"],
        pattern=f"[user-account:user_id = '{value}']",
        pattern_type="stix",
        valid_from=stamp(time),
        kill_chain_phases=[{"kill_chain_name": "mitre-attack", "phase_name": "exfiltration"}],
    )


def _incident(
    i: Incident, made: datetime, objects: dict[str, Object], producer: str, seen: dict[str, list[str]]
) -> None:
    """An incident groups what its transfers gave."""
    refs = sorted({ref for t in i.transfers for ref in seen.get(t.id, [])})
    if not refs:
        return
    steps = [f"{words.moment(s.time)} {s.phase}: {s.text}" for s in i.story]
    grouping = _object(
        "grouping",
        i.id or i.title,
        i.started or made,
        created_by_ref=producer,
        name=neutralise.line(i.title),
        description="\n".join(neutralise.line(text) for text in (*i.why, *steps)),
        context="suspicious-activity",
        object_refs=refs,
        labels=[f"severity:{i.severity}"],
    )
    objects[grouping["id"]] = grouping
