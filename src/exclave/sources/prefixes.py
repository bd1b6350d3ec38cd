"""What a path or object key says of the logs under it, so that what isn't asked for needn't be read.

Only the layouts that providers write themselves are believed; any other path says nothing and is kept.

- AWS: `AWSLogs/[o-xxx/]ACCOUNT/SERVICE/REGION/YYYY/MM/DD/`, its Hive form for VPC flow logs, file names
  `ACCOUNT_SERVICE_REGION_..._YYYYMMDDTHHmmZ_...` (CloudTrail user guide, "CloudTrail log file name format";
  VPC user guide, "Flow log files"); S3 server access logs, `YYYY-mm-DD-HH-MM-SS-UNIQUE`; Security Lake's
  `region=R/accountId=A/eventDay=YYYYMMDD/`.
- Azure: `resourceId=/SUBSCRIPTIONS/ID/.../y=/m=/d=/h=/m=/PT1H.json` (Azure Monitor, diagnostic settings).
- Google Cloud: `LOG.googleapis.com/NAME/YYYY/MM/DD/` (Cloud Logging, routed to Cloud Storage).
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

# A file's date is that of its delivery, and its records can be from any time before (CloudTrail user guide,
# as above). A day either side covers the ordinary delay, which is minutes.
MARGIN = timedelta(days=1)
_FIRST = date(2013, 1, 1)  # the year in which the oldest of these services, CloudTrail, began

_REGION = r"(?P<region>[a-z]{2,4}(?:-[a-z]+)+-\d{1,2})"
_DAY = r"(?P<y>20\d\d)(?:/(?P<m>\d{1,2})(?:/(?P<d>\d{1,2}))?)?"
_END = r"(?=/|$)"
_NAMES = (
    rf"(?P<account>\d{{12}})_[A-Za-z0-9-]+_{_REGION}_(?:[^/]*_)?(?P<y>20\d\d)(?P<m>\d\d)(?P<d>\d\d)T\d{{4}}Z",
    r"(?P<y>20\d\d)-(?P<m>\d\d)-(?P<d>\d\d)-\d\d-\d\d-\d\d-[0-9A-F]{16}$",
)
_AWS_FOLDERS = (
    rf"(?:^|/)AWSLogs/(?:o-[a-z0-9]{{10,32}}/)?(?P<account>\d{{12}}){_END}"
    rf"(?:/[\w-]+(?:/(?:{_REGION}|vpc-\w+)(?:/(?:[^/]+/)?{_DAY}{_END})?)?{_END})?"
)
_AWS_HIVE = (
    r"(?:^|/)aws-account-id=(?P<account>\d{12})"
    rf"(?:/aws-service=[^/]+(?:/aws-region={_REGION}"
    r"(?:/year=(?P<y>20\d\d)(?:/month=(?P<m>\d\d)(?:/day=(?P<d>\d\d))?)?)?)?)?"
)
_SECURITY_LAKE = (
    rf"(?:^|/)region={_REGION}(?:/accountId=(?P<account>\d{{12}})"
    r"(?:/eventDay=(?P<y>20\d\d)(?P<m>\d\d)(?P<d>\d\d))?)?"
)
_AZURE = (
    r"(?i:(?:^|/)resourceId=(?:/subscriptions/(?P<account>[0-9a-f-]{36}))?)"
    r"(?:(?:/[^/]+)*?/y=(?P<y>20\d\d)(?:/m=(?P<m>\d\d)(?:/d=(?P<d>\d\d))?)?)?"
)
_GCP = rf"(?:^|/)[a-z]+\.googleapis\.com/[a-z_]+/{_DAY}{_END}"
_FOLDERS = (_AWS_FOLDERS, _AWS_HIVE, _SECURITY_LAKE, _AZURE, _GCP)
_MARKS = ("AWSLogs", "aws-account-id=", "region=", "resourceId=", "googleapis.com")
# Folders right above the years, where month and day are always written with two digits.
_ABOVE_YEARS = re.compile(
    rf"(?:^|/)AWSLogs/(?:o-[a-z0-9]{{10,32}}/)?\d{{12}}/(?:CloudTrail(?:-\w+)?|vpcflowlogs)/{_REGION}/$"
    r"|(?:^|/)cloudaudit\.googleapis\.com/[a-z_]+/$"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What was asked for. Days in UTC, the margin included; empty sets and None mean everything."""

    since: date | None
    until: date | None
    accounts: frozenset[str]
    regions: frozenset[str]
    today: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """What a key says: account (or subscription), region, days `first` to `last`; '' and None if nothing."""

    account: str = ""
    region: str = ""
    first: date | None = None
    last: date | None = None


def choice_of(
    since: datetime | None, until: datetime | None, accounts: frozenset[str], regions: frozenset[str]
) -> Choice | None:
    """The choice, or None where everything is wanted. Times without a zone are taken as UTC."""
    if since is None and until is None and not accounts and not regions:
        return None
    return Choice(
        since=_utc(since) - MARGIN if since else None,
        until=_utc(until) + MARGIN if until else None,
        accounts=frozenset(account.lower() for account in accounts),
        regions=regions,
        today=datetime.now(UTC).date(),
    )


def read_key(key: str) -> Named:
    """Account, region and days that a key (with `/`; a folder may end in one) states."""
    name = key[key.rfind("/") + 1 :]
    match = next((m for layout in _NAMES if (m := re.match(layout, name))), None)
    if match is None:
        match = next((m for layout in _FOLDERS if (m := re.search(layout, key))), None)
    if match is None:
        return Named()
    found = match.groupdict()
    first, last = _days(found.get("y"), found.get("m"), found.get("d"))
    account = (found.get("account") or "").lower()
    return Named(account=account, region=found.get("region") or "", first=first, last=last)


def reason_against(key: str, choice: Choice) -> str:
    """Why nothing under this key is wanted, or '' where something may be."""
    named = read_key(key)
    if choice.accounts and named.account and named.account not in choice.accounts:
        return "other accounts"
    if choice.regions and named.region and named.region not in choice.regions:
        return "other regions"
    if choice.since and named.last and named.last < choice.since:
        return "before --since"
    if choice.until and named.first and named.first > choice.until:
        return "after --until"
    return ""


def is_known(prefix: str) -> bool:
    """Whether a folder belongs to a known layout, so that going down it level by level will prune."""
    return any(mark in prefix for mark in _MARKS)


def day_prefixes(prefix: str, choice: Choice) -> list[str] | None:
    """The fewest folders under `prefix` that hold the chosen days; None where its layout is unknown."""
    if not (choice.since or choice.until) or not _ABOVE_YEARS.search(prefix):
        return None
    first = choice.since or _FIRST
    last = choice.until or choice.today + MARGIN
    return [prefix + folder for folder in cover(first, last)]


def cover(first: date, last: date) -> list[str]:
    """Folders `YYYY/`, `YYYY/MM/` and `YYYY/MM/DD/` that hold exactly the days from first to last."""
    found: list[str] = []
    day = first
    while day <= last:
        year_end = date(day.year, 12, 31)
        month_end = date(day.year, day.month, calendar.monthrange(day.year, day.month)[1])
        if (day.month, day.day) == (1, 1) and year_end <= last:
            found.append(f"{day:%Y}/")
            day = year_end
        elif day.day == 1 and month_end <= last:
            found.append(f"{day:%Y/%m}/")
            day = month_end
        else:
            found.append(f"{day:%Y/%m/%d}/")
        if day == date.max:
            break
        day += timedelta(days=1)
    return found


def _days(year: str | None, month: str | None, day: str | None) -> tuple[date | None, date | None]:
    try:
        if year is None:
            return None, None
        if month is None:
            return date(int(year), 1, 1), date(int(year), 12, 31)
        if day is None:
            first = date(int(year), int(month), 1)
            return first, first.replace(day=calendar.monthrange(first.year, first.month)[1])
        exact = date(int(year), int(month), int(day))
    except ValueError:  # not a date after all: it says nothing
        return None, None
    return exact, exact


def _utc(time: datetime) -> date:
    return (time.astimezone(UTC) if time.tzinfo else time).date()
