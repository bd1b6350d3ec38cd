from __future__ import annotations

import pytest

from exclave.audit.checks.azure.password import TEMPLATE
from tests.audit.build import look

from .build import RG, refused, resource, status, sub, ten, why

PASSWORD, ROTATION = "azure.credentials.password-policy", "azure.credentials.key-rotation"
ENTRA = {
    "LockoutThreshold": "10", "LockoutDurationInSeconds": "60", "EnableBannedPasswordCheck": "True", "BannedPasswordList": "exclave\tcontoso",
    "EnableBannedPasswordCheckOnPremises": "True", "BannedPasswordCheckOnPremisesMode": "Enforce",
}  # fmt: skip
POLICY = {
    "Name": "Strict", "Precedence": 10, "LockoutThreshold": 5, "LockoutDuration": "00:30:00",
    "LockoutObservationWindow": {"Ticks": 18000000000, "TotalMinutes": 30}, "MinPasswordLength": 14, "ComplexityEnabled": True,
    "ReversibleEncryptionEnabled": False, "MaxPasswordAge": {"Ticks": 77760000000000, "Days": 90}, "PasswordHistoryCount": 24,
    "AppliesTo": ["CN=AADDC Users,OU=AADDC Users,DC=ours,DC=example"],
}  # fmt: skip
DOMAIN = resource("Microsoft.AAD/domainServices", "ours.example")


def passwords(entra=ENTRA, *policies, domain=True):
    setting = {
        "id": "s",
        "templateId": TEMPLATE,
        "values": [{"name": k, "value": v} for k, v in entra.items()],
    }
    made = [
        ten("graph.GroupSettings", [setting] if entra else []),
        sub("arg.DomainServices", [DOMAIN] if domain else []),
    ]
    return made + ([ten("aad.PasswordSettings", policies)] if policies else [])


def test_entras_lockout_and_banned_passwords_and_the_domains_settings():
    assert status(PASSWORD, passwords(ENTRA, POLICY)) == "pass"
    assert status(PASSWORD, passwords(domain=False)) == "pass"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"LockoutThreshold": "50"}, "after 50 attempts"),
        ({"LockoutThreshold": "0"}, "after 0 attempts"),
        ({"LockoutDurationInSeconds": "5"}, "5 seconds"),
        ({"EnableBannedPasswordCheck": "False"}, "not enforced"),
        ({"BannedPasswordList": " "}, "empty"),
    ],
)
def test_entras_settings_that_are_too_weak(change, reason):
    assert status(PASSWORD, passwords(ENTRA | change, domain=False)) == "fail"
    assert reason in why(PASSWORD, passwords(ENTRA | change, domain=False))


def test_a_tenant_that_set_nothing_has_no_own_list():
    assert "not enforced" in why(PASSWORD, passwords({}, domain=False))
    audit = passwords(ENTRA | {"BannedPasswordCheckOnPremisesMode": "Audit"}, domain=False)
    assert status(PASSWORD, audit) == "partial"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"LockoutThreshold": 0}, "after 0 attempts"),
        ({"LockoutThreshold": 100}, "after 100 attempts"),
        ({"LockoutDuration": "00:05:00"}, "locked for 0:05:00"),
        ({"LockoutObservationWindow": "00:29:59"}, "forgotten after"),
        ({"MinPasswordLength": 7}, "7 characters"),
        ({"ComplexityEnabled": False}, "complexity"),
        ({"ReversibleEncryptionEnabled": True}, "can be read"),
        ({"MaxPasswordAge": "00:00:00"}, "last for ever"),
        ({"MaxPasswordAge": "365.00:00:00"}, "365 days"),
        ({"PasswordHistoryCount": 1}, "only 1 old"),
        ({"AppliesTo": []}, "no exported password settings apply"),
        ({"AppliesTo": ["CN=Few,DC=ours,DC=example"]}, "no exported password settings apply"),
    ],
)
def test_settings_of_the_domain_that_are_too_weak(change, reason):
    assert status(PASSWORD, passwords(ENTRA, POLICY | change)) == "fail"
    assert reason in why(PASSWORD, passwords(ENTRA, POLICY | change))


def test_locked_until_an_administrator_unlocks_is_stricter():
    assert status(PASSWORD, passwords(ENTRA, POLICY | {"LockoutDuration": "00:00:00"})) == "pass"


def test_a_weaker_policy_of_lower_precedence_decides():
    weak = POLICY | {"Name": "Weak", "Precedence": 5, "MinPasswordLength": 7}
    assert "Weak" in why(PASSWORD, passwords(ENTRA, POLICY, weak))
    assert status(PASSWORD, passwords(ENTRA, POLICY, weak | {"Precedence": 99})) == "pass"
    # for some, whom it comes first for; for nobody it is no matter
    interns = weak | {"AppliesTo": ["CN=Interns,OU=AADDC Users,DC=ours,DC=example"]}
    assert "Weak: length" in why(PASSWORD, passwords(ENTRA, POLICY, interns))
    assert status(PASSWORD, passwords(ENTRA, POLICY, interns | {"Precedence": 99})) == "pass"
    assert status(PASSWORD, passwords(ENTRA, POLICY, weak | {"AppliesTo": []})) == "pass"


def test_a_domain_without_an_export_is_not_known():
    assert status(PASSWORD, passwords()) == "could-not-look"
    assert "--domain-settings" in why(PASSWORD, passwords())
    denied = ten("graph.GroupSettings", error=refused("GroupSettings.Read.All"))
    assert status(PASSWORD, [denied, sub("arg.DomainServices")]) == "could-not-look"


STORE = {
    "allowSharedKeyAccess": True, "keyCreationTime": {"key1": "2026-02-01T00:00:00.1234567Z", "key2": "2026-02-01T00:00:00Z"},
    "keyPolicy": {"keyExpirationPeriodInDays": 60}, "sasPolicy": {"sasExpirationPeriod": "1.00:00:00", "expirationAction": "Block"},
}  # fmt: skip
SECRET = {"keyId": "k", "startDateTime": "2026-02-01T00:00:00Z", "endDateTime": "2026-05-01T00:00:00Z"}


def keys(change=None, secret=SECRET):
    made = resource("Microsoft.Storage/storageAccounts", "data", STORE | (change or {}))
    application = {"id": "a", "displayName": "app", "passwordCredentials": [secret] if secret else []}
    return [
        sub("arg.StorageAccounts", [made]),
        ten("graph.Applications", [application]),
        ten("graph.ServicePrincipals"),
    ]


def results(documents):
    return [c.status.value for c in look(ROTATION, documents)]


def reasons(documents):
    return "; ".join(w for c in look(ROTATION, documents) for w in c.why)


def test_young_keys_with_policies_and_young_secrets_pass():
    assert results(keys()) == ["pass", "pass"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"keyCreationTime": {"key1": "2026-02-01T00:00:00Z", "key2": "2025-01-01T00:00:00Z"}}, "key2 is"),
        ({"keyCreationTime": {"key1": None, "key2": "2026-02-01T00:00:00Z"}}, "key1 was made"),
        ({"keyCreationTime": None}, "key1 was made"),
        ({"keyPolicy": None}, "reminder"),
        ({"keyPolicy": {"keyExpirationPeriodInDays": 400}}, "after 400 days"),
        ({"keyPolicy": {"keyExpirationPeriodInDays": 0}}, "reminder"),
        ({"sasPolicy": None}, "SAS"),
        ({"sasPolicy": {"sasExpirationPeriod": "365.00:00:00"}}, "365 days"),
        ({"sasPolicy": {"sasExpirationPeriod": "soon"}}, "SAS"),
    ],
)
def test_storage_keys_that_live_long(change, reason):
    assert results(keys(change))[0] == "fail"
    assert reason in reasons(keys(change))
    # keys that give no access need no rotation
    assert results(keys(change | {"allowSharedKeyAccess": False}))[0] == "pass"


def test_a_sas_policy_that_only_logs_limits_nothing():
    log = {"sasPolicy": {"sasExpirationPeriod": "1.00:00:00", "expirationAction": "Log"}}
    assert results(keys(log))[0] == "partial"
    assert "logged, not refused" in reasons(keys(log))


def test_secrets_of_applications():
    assert "118 days old" in reasons(keys(secret=SECRET | {"startDateTime": "2025-11-04T00:00:00Z"}))
    assert (
        results(
            keys(
                secret=SECRET
                | {"startDateTime": "2020-01-01T00:00:00Z", "endDateTime": "2021-01-01T00:00:00Z"}
            )
        )[1]
        == "pass"
    )
    assert "young but lasts until 2099-01-01" in reasons(
        keys(secret=SECRET | {"endDateTime": "2099-01-01T00:00:00Z"})
    )
    assert "young but never ends" in reasons(keys(secret=SECRET | {"endDateTime": None}))
    assert results(keys(secret={"keyId": "k"}))[1] == "could-not-look"
    assert results(keys(secret=None))[1] == "pass"
    denied = [
        keys()[0],
        ten("graph.Applications", error=refused("Application.Read.All")),
        ten("graph.ServicePrincipals"),
    ]
    assert results(denied)[1] == "could-not-look"
    assert RG
