"""What the names of Google Cloud say about whose a thing is: members of IAM policies, service accounts, mail domains.

Sources: IAM principal identifiers, https://cloud.google.com/iam/docs/principal-identifiers, service agents,
https://cloud.google.com/iam/docs/service-agents, types of service accounts, https://cloud.google.com/iam/docs/service-account-types.
"""

from __future__ import annotations

import re

_ACCOUNT_SUFFIX = ".gserviceaccount.com"
_OWN = re.compile(r"[a-z0-9][a-z0-9-]*@((?:[a-z0-9.-]+\.)?[a-z0-9-]+)\.iam\.gserviceaccount\.com")
_DEFAULT = re.compile(
    r"(\d{3,20})(?:-compute@developer|@cloudservices|@cloudbuild|@project)\.gserviceaccount\.com"
)
_APP_ENGINE = re.compile(r"([a-z0-9.:-]+)@appspot\.gserviceaccount\.com")
# Only projects that Google runs count: anybody can name an account of his own `service-1234`.
_RUN_BY_GOOGLE = (
    r"(?:gcp-sa-[a-z0-9-]+|compute-system|container-engine-robot|gs-project-accounts|storage-transfer-service|serverless-robot-prod"
    r"|gcf-admin-robot|cloudcomposer-accounts|dataflow-service-producer-prod|dataproc-accounts|bigquery-data-connectors"
    r"|bigquery-encryption|cloud-redis|cloud-filer|cloud-tpu|cloud-ml\.google\.com|gae-api-prod\.google\.com|containerregistry"
    r"|dlp-api|endpoints-portal|firebase-rules|genomics-api\.google\.com|service-networking|sourcerepo-service-accounts"
    r"|container-analysis|remotebuildexecution|cloud-cdn-fill|cloudbuild|monitoring-notification)"
)
_NUMBERED = re.compile(
    rf"(?:service-|project-|p|o)?(\d{{3,20}})(?:-[a-z0-9]+)?@{_RUN_BY_GOOGLE}\.iam\.gserviceaccount\.com"
)
_ORG_NUMBERED = re.compile(
    rf"service-(?:org|folder|b)-(\d{{3,20}})@{_RUN_BY_GOOGLE}\.iam\.gserviceaccount\.com"
)
_COPIER = re.compile(r"project-\d{3,20}@storage-transfer-service\.iam\.gserviceaccount\.com")
_POOL = re.compile(r"//iam\.googleapis\.com/projects/([^/]+)/")  # workload identity: the project of the pool
_WORKLOAD = re.compile(
    r"([a-z0-9][a-z0-9-]*)\.svc\.id\.goog\[[^\]]+\]"
)  # Kubernetes: the project of the cluster
_HOST = re.compile(
    r"^(?:https?:)?//[^/]+/(?:(?:compute|bigquery|sql|storage|dns)/)?(?:(?:v\d+[a-z0-9]*|alpha|beta)/)?(?=[a-z])"
)
_BUCKET = re.compile(r"projects/[^/]+/buckets/([^/]+)")
_PREFIX = re.compile(r"(?:deleted:)?(?:user|group|serviceAccount|domain):", re.IGNORECASE)
_FIREBASE = re.compile(
    r"[a-z0-9-]+@(?:firebase-sa-management|(?:crashlytics-bigquery|fcm-bq-export|performance-bq-export|predictions-bq-export)-prod)"
    r"\.iam\.gserviceaccount\.com"
)
_NETWORKER = re.compile(r"service-\d{3,20}@service-networking\.iam\.gserviceaccount\.com")
_GOOGLES_GROUPS = frozenset({"cloud-storage-analytics@google.com", "cloud-logs@google.com"})
# mail domains that anybody can have an address in: never ours
PUBLIC_MAIL = frozenset({
    "gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "msn.com", "yahoo.com", "ymail.com",
    "icloud.com", "me.com", "mac.com", "aol.com", "proton.me", "protonmail.com", "pm.me", "gmx.com", "gmx.de", "gmx.net",
    "web.de", "mail.ru", "yandex.ru", "yandex.com", "qq.com", "163.com", "126.com", "zoho.com", "tutanota.com", "tuta.io",
    "fastmail.com", "hey.com", "mail.com", "googlegroups.com", "duck.com", "naver.com",
})  # fmt: skip


def bare(member: str) -> str:
    """A member without its type and without the mark of a deleted one: `deleted:user:a@x?uid=1` → `a@x`."""
    text = _PREFIX.sub("", member.strip(), count=1)
    return text.partition("?uid=")[0]


def is_service_account(mail: str) -> bool:
    """Whether an address is of a service account, a project's own or one that Google runs."""
    return mail.lower().endswith(_ACCOUNT_SUFFIX)


def is_agent(mail: str) -> bool:
    """Whether an address is of a service agent: Google's own account that acts for a project or an organisation."""
    lower = mail.lower()
    if not lower.endswith(_ACCOUNT_SUFFIX) or _DEFAULT.fullmatch(lower) or _APP_ENGINE.fullmatch(lower):
        return lower.endswith("@cloudservices.gserviceaccount.com")
    return bool(_NUMBERED.fullmatch(lower) or _ORG_NUMBERED.fullmatch(lower))


def is_copier(mail: str) -> bool:
    """Whether an address is of the agent by which Storage Transfer copies for a project."""
    return bool(_COPIER.fullmatch(mail.lower()))


def is_networker(mail: str) -> bool:
    """Whether an address is of the agent by which Google joins a network with that of its own managed services."""
    return bool(_NETWORKER.fullmatch(mail.lower()))


def is_google(mail: str) -> bool:
    """Whether a member is Google itself: what delivers logs, bills and reports into a bucket or dataset that lets it in.

    Sources: https://cloud.google.com/storage/docs/access-logs (cloud-storage-analytics@google.com),
    https://cloud.google.com/logging/docs/export/configure_export_v2 (cloud-logs@system.gserviceaccount.com; the group
    cloud-logs@google.com before),
    https://cloud.google.com/billing/docs/how-to/export-data-bigquery-setup (billing-export-bigquery@system...),
    https://firebase.google.com/support/guides/service-accounts (Firebase's own, which every project with it lets in).
    """
    lower = bare(mail).lower()
    return (
        lower.endswith("@system.gserviceaccount.com")
        or lower in _GOOGLES_GROUPS
        or bool(_FIREBASE.fullmatch(lower))
    )


def project_of_member(mail: str) -> str:
    """The project that a service account belongs to or acts for: an id, or a number where only that is named; "" for others."""
    lower = bare(mail).lower()
    if lower.startswith(("principal://", "principalset://")):
        found = _POOL.search(lower)
        return found[1] if found else ""
    for pattern in (_DEFAULT, _NUMBERED, _WORKLOAD):
        if found := pattern.fullmatch(lower):
            return found[1]
    if found := _APP_ENGINE.fullmatch(lower):
        return found[1]
    if found := _OWN.fullmatch(lower):
        # `name@project.domain.tld` is a project `domain.tld:project` of the old kind.
        project, _, domain = found[1].partition(".")
        return f"{domain}:{project}" if domain else project
    return ""


def domain_of(mail: str) -> str:
    """The mail domain of a person, group or domain in lower case; "" for service accounts and what has none."""
    text = bare(mail).lower()
    if "@" not in text or text.endswith(_ACCOUNT_SUFFIX) or "/" in text:
        return ""
    return text.rpartition("@")[2]


def relative_name(name: str) -> str:
    """A resource name without host and version: `https://www.googleapis.com/compute/v1/projects/p/...` → `projects/p/...`."""
    return _HOST.sub("", name, count=1) if "//" in name[:8] else name


def bucket_name(name: str) -> str:
    """A bucket as its name alone, also where it stands in a resource name: `projects/_/buckets/b/objects/o` → `b`."""
    found = _BUCKET.match(relative_name(name))
    return found[1] if found else name.removeprefix("//storage.googleapis.com/")
