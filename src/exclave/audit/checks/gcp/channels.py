"""From an alert policy to a person: notification channels that exist, are on, and were verified where that is needed.

Source: https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.notificationChannels and /projects.snoozes
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exclave.audit.checks.gcp.scopes import mappings, moment, part, texts

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from exclave.inventory import Answer

MEANT = {
    "email": "email_address", "pubsub": "topic", "sms": "number", "webhook_tokenauth": "url", "webhook_basicauth": "url",
    "slack": "channel_name", "google_chat": "space",
}  # fmt: skip


def unreached(policy: Mapping[str, Any], channels: Answer) -> tuple[str, str]:
    """Why nobody is told of a policy's incidents, and what could not be seen; one channel that works is enough."""
    named = texts(policy.get("notificationChannels"))
    if not named:
        return "it tells nobody (no notification channel)", ""
    if channels.error is not None:
        return "", f"notification channels: {channels.error.words}"
    known = {_short(c.get("name")): c for c in mappings(channels.items)}
    place = channels.scope.account
    wrongs = []
    for name in named:
        channel = known.get(_short(name)) if _of(name) in (place, "") else None
        wrong = "is gone" if channel is None else _wrong(channel)
        if not wrong:
            return "", ""
        wrongs.append(f"channel {_spoken(channel) or _short(name)} {wrong}")
    return "; ".join(wrongs), ""


def snoozed(policy: Mapping[str, Any], snoozes: Answer, now: datetime) -> str:
    """Until when a policy keeps silent; "" when it doesn't."""
    for snooze in mappings(snoozes.items):
        meant = {_short(p) for p in texts(part(snooze, "criteria", "policies"))}
        starts, ends = (moment(part(snooze, "interval", key)) for key in ("startTime", "endTime"))
        if _short(policy.get("name")) in meant and starts and ends and starts <= now < ends:
            return f"it is snoozed until {ends:%Y-%m-%d %H:%M}"
    return ""


def _wrong(channel: Mapping[str, Any]) -> str:
    if channel.get("enabled") is False:
        return "is switched off"
    if channel.get("verificationStatus") == "UNVERIFIED":
        return "was never verified"
    label = MEANT.get(str(channel.get("type")))
    if label and not part(channel, "labels", label):
        return f"leads nowhere (no {label})"
    return ""


def _short(name: Any) -> str:
    """The last part of a name: the project may stand in it by id or by number."""
    return str(name).rpartition("/")[2]


def _of(name: str) -> str:
    """The project in a name; "" where it stands there by its number, or not at all."""
    project = name.split("/")[1] if name.startswith("projects/") else ""
    return "" if project.isdigit() else project


def _spoken(channel: Mapping[str, Any] | None) -> str:
    return str(channel.get("displayName") or "") if channel is not None else ""
