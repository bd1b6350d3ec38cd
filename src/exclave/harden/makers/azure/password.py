"""Entra's lockout and banned passwords by Graph; a managed domain's settings by a script for its own tools.

https://learn.microsoft.com/graph/api/group-post-settings,
https://learn.microsoft.com/powershell/module/activedirectory/new-adfinegrainedpasswordpolicy
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exclave.audit.checks.azure.ids import listed
from exclave.audit.checks.azure.password import (
    DOMAINS,
    GROUP_SETTINGS,
    LEAST_LOCKOUT,
    MOST_ATTEMPTS,
    TEMPLATE,
)
from exclave.audit.model import Status
from exclave.change.model import Request, has
from exclave.harden.makers.azure import changes
from exclave.harden.model import Artefact, Made
from exclave.harden.results import by_account
from exclave.model import Cloud

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from exclave.audit.model import Result, Settings
    from exclave.change.model import Step
    from exclave.harden.model import Options
    from exclave.inventory import Inventory
    from exclave.perimeter import Perimeter

CONTROL = "azure.credentials.password-policy"
ATTEMPTS, MINUTES = 5, 30
BANNED = "the list of banned passwords has what the tenant is called: give more by --set banned-passwords=ONE,TWO (products, places, names)"
JOINED = (
    "run the script on a machine that is joined to the managed domain, as a member of AAD DC Administrators"
)
MOST_BANNED, LONG = 1000, (4, 16)  # words of the list, and their length
DEFAULTS = {
    "BannedPasswordCheckOnPremisesMode": "Enforce", "EnableBannedPasswordCheckOnPremises": "True", "EnableBannedPasswordCheck": "True",
    "LockoutDurationInSeconds": str(LEAST_LOCKOUT), "LockoutThreshold": str(MOST_ATTEMPTS), "BannedPasswordList": "",
}  # fmt: skip


def make(results: Sequence[Result], inventory: Inventory, _perimeter: Perimeter, options: Options) -> Made:
    """One setting of Entra for the tenant, and the script where there is a managed domain."""
    artefacts: list[Artefact] = []
    steps: list[Step] = []
    notes: list[str] = []
    for tenant, mine in by_account(results).items():
        bad = [i.resource for r in mine for i in r.check.items if i.status in (Status.FAIL, Status.PARTIAL)]
        answer = inventory.one(GROUP_SETTINGS, tenant, mine[0].check.scope.region)
        if any(b.startswith("Entra") for b in bad) and answer.error is None:
            words = _words(inventory, options)
            notes.append(BANNED)
            if words:
                steps.append(_setting(answer.answer, words, tenant, mine))
        if any(True for _ in inventory.items(DOMAINS)) or any(not b.startswith("Entra") for b in bad):
            notes.append(JOINED)
            if options.wants("powershell"):
                artefacts.append(_script(tenant, options))
    return Made(artefacts=tuple(artefacts), steps=tuple(steps), notes=tuple(dict.fromkeys(notes)))


def wanted(current: Mapping[str, str], words: Sequence[str]) -> dict[str, str]:
    """Entra's values: as strict as asked, and nothing weaker than now."""
    values = DEFAULTS | {k: v for k, v in current.items() if k in DEFAULTS and v}
    values |= {
        k: DEFAULTS[k]
        for k in (
            "BannedPasswordCheckOnPremisesMode",
            "EnableBannedPasswordCheckOnPremises",
            "EnableBannedPasswordCheck",
        )
    }
    attempts, seconds = values["LockoutThreshold"], values["LockoutDurationInSeconds"]
    if not attempts.isdigit() or not 0 < int(attempts) <= MOST_ATTEMPTS:
        values["LockoutThreshold"] = str(MOST_ATTEMPTS)
    if not seconds.isdigit() or int(seconds) < LEAST_LOCKOUT:
        values["LockoutDurationInSeconds"] = str(LEAST_LOCKOUT)
    have = [w for w in current.get("BannedPasswordList", "").split("\t") if w.strip()]
    values["BannedPasswordList"] = "\t".join(dict.fromkeys([*have, *words]))
    return values


def _setting(answer: Any, words: Sequence[str], tenant: str, results: Sequence[Result]) -> Step:
    found = next((s for s in listed(answer, "value") if s.get("templateId") == TEMPLATE), None)
    current = {str(v.get("name")): str(v.get("value") or "") for v in listed(found, "values")}
    values = [{"name": k, "value": v} for k, v in sorted(wanted(current, words).items())]
    undo: list[Request] = []
    breaks = ["people who choose one of the banned words as password are refused"]
    if found is None:
        change = _graph("POST", "groupSettings", tenant, {"templateId": TEMPLATE, "values": values})
        breaks.append(
            "it can't be undone by a plan, for its id is not known before: DELETE /groupSettings/ID takes it away"
        )
    else:
        change = _graph("PATCH", f"groupSettings/{found.get('id')}", tenant, {"values": values})
        undo = [
            _graph("PATCH", f"groupSettings/{found.get('id')}", tenant, {"values": listed(found, "values")})
        ]
    read = Request(
        cloud=Cloud.AZURE, account=tenant, call=f"GET {changes.GRAPH}/groupSettings", keep=("value[].templateId", "value[].values"),
        where={"value[]": {"templateId": TEMPLATE}},
    )  # fmt: skip
    return changes.step(
        "set Entra's lockout and banned passwords", f"password rule settings of {tenant}", tenant, [change], read=read,
        before={"value": listed(answer, "value")}, undo=undo, after=[has("value[].values[]", v) for v in values], breaks=breaks,
        results=results, why=changes.why(results),
    )  # fmt: skip


def _graph(verb: str, path: str, tenant: str, body: dict[str, Any]) -> Request:
    return Request(cloud=Cloud.AZURE, account=tenant, call=f"{verb} {changes.GRAPH}/{path}", args=body)


def _words(inventory: Inventory, options: Options) -> list[str]:
    """Words that nobody's password may hold: those given, and what the tenant and its domains are called."""
    found = [w.strip().lower() for w in options.value("banned-passwords").split(",")]
    for _, tenant in inventory.items("graph.Organization"):
        if isinstance(tenant, dict):
            found += str(tenant.get("displayName") or "").lower().split()
            found += [
                str(d.get("name", "")).partition(".")[0].lower() for d in listed(tenant, "verifiedDomains")
            ]
    fit = [w for w in dict.fromkeys(found) if LONG[0] <= len(w) <= LONG[1] and w.isprintable()]
    return fit[:MOST_BANNED]


def _script(tenant: str, options: Options) -> Artefact:
    name = f"{options.prefix}-strict"
    settings = options.settings
    text = f"""# Password settings of a managed domain (Entra Domain Services). {JOINED}.
#Requires -Modules ActiveDirectory
$ErrorActionPreference = 'Stop'
$name = '{name}'
$settings = @{{
{_hashtable(settings)}
}}
if (Get-ADFineGrainedPasswordPolicy -Filter "Name -eq '$name'") {{
    Set-ADFineGrainedPasswordPolicy -Identity $name @settings
}} else {{
    New-ADFineGrainedPasswordPolicy -Name $name -ProtectedFromAccidentalDeletion $true @settings
}}
$subjects = (Get-ADFineGrainedPasswordPolicySubject -Identity $name).Name
if ('AADDC Users' -notin $subjects) {{
    Add-ADFineGrainedPasswordPolicySubject -Identity $name -Subjects 'AADDC Users'
}}
# What exclave audits: give the file to `exclave collect azure --domain-settings`
Get-ADFineGrainedPasswordPolicy -Filter * -Properties * | ConvertTo-Json -Depth 4 | Set-Content -Encoding utf8 password-settings.json
"""
    undo = f"""Set-ADFineGrainedPasswordPolicy -Identity '{name}' -ProtectedFromAccidentalDeletion $false
Remove-ADFineGrainedPasswordPolicy -Identity '{name}' -Confirm:$false
"""
    return Artefact(
        control=CONTROL, name=changes.file_name(CONTROL, tenant, "powershell"), format="powershell", text=text, undo=undo,
        about="the managed domain's password settings", deploy=f"powershell -File {changes.file_name(CONTROL, tenant, 'powershell')}",
        notes=(JOINED, "a policy of lower precedence for the same people decides before it"),
    )  # fmt: skip


def _hashtable(settings: Settings) -> str:
    values = {
        "Precedence": "10",
        "LockoutThreshold": str(ATTEMPTS),
        "LockoutDuration": f"'00:{MINUTES}:00'",
        "LockoutObservationWindow": f"'00:{MINUTES}:00'",
        "MinPasswordLength": str(settings.password_length),
        "ComplexityEnabled": "$true",
        "ReversibleEncryptionEnabled": "$false",
        "MaxPasswordAge": f"'{settings.password_days}.00:00:00'",
        "MinPasswordAge": "'1.00:00:00'",
        "PasswordHistoryCount": str(settings.password_reuse),
    }
    width = max(map(len, values))
    return "\n".join(f"    {k:{width}} = {v}" for k, v in values.items())
