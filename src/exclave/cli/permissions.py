"""`exclave permissions`."""

from __future__ import annotations

import click

from exclave.cli.writing import put, tell

# Characters, white space not counted: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
MANAGED, INLINE = 6144, 10_240
SHORTER = {"collect": "--control or --no-exposures", "harden": "--control", "revoke": "--method"}
CONFIG = ["config:SelectAggregateResourceConfig", "sts:GetCallerIdentity"]

TAKES = {
    "hunt": (), "perimeter": (), "collect": ("--control", "--no-exposures", "--from-config", "--role-name"),
    "harden": ("--control", "--role-name"), "revoke": ("--method", "--role-name"),
}  # fmt: skip
ROLES = {  # statement id, name of the role, what it does
    "hunt": ("Logs", "exclave hunter", "Reads the logs that exclave hunts."),
    "perimeter": ("Organization", "exclave perimeter", "Lists the accounts of the organisation."),
    "collect": ("Read", "exclave reader", "Reads what exclave audits."),
    "harden": ("Harden", "exclave hardener", "Puts in place the safeguards that exclave finds missing."),
    "revoke": ("TakeBack", "exclave revoker", "Takes back what exclave finds shared."),
}


@click.command()
@click.argument(
    "for_",
    type=click.Choice(list(ROLES)),
    default="collect",
    metavar="[hunt|perimeter|collect|harden|revoke]",
)
@click.option("--method", "methods", multiple=True, help="revoke: only what these methods need: aws.ebs.*")
@click.option("--cloud", type=click.Choice(["aws", "azure", "gcp"]), default="aws", show_default=True)
@click.option(
    "--control", "control_ids", multiple=True, help="Only what these controls need: an id or a pattern."
)
@click.option("--no-exposures", is_flag=True, help="Without what only exposures need.")
@click.option("--from-config", is_flag=True, help="What `collect aws --from-config` needs, and no more.")
@click.option("--role-name", default="", help="With the right to take on this role in every account.")
@click.option(
    "--format", "format_", type=click.Choice(["policy", "text"]), default="policy", show_default=True
)
def command(
    for_: str,
    methods: tuple[str, ...],
    cloud: str,
    control_ids: tuple[str, ...],
    no_exposures: bool,
    from_config: bool,
    role_name: str,
    format_: str,
) -> None:
    """Print the smallest policy that a command needs.

    `hunt`: reading logs in an object store (those on disk need nothing); fill in its bucket and key. `perimeter`:
    `perimeter init --from-org`. `collect`, and so `audit CLOUD`: the calls it makes, all reading. `harden` and `revoke`:
    what they read, and what their --apply and --undo change.
    """
    from exclave.audit.loader import BadControlError

    given = {
        "--method": methods, "--control": control_ids, "--no-exposures": no_exposures, "--from-config": from_config,
        "--role-name": role_name,
    }  # fmt: skip
    for option, value in given.items():
        if value and option not in TAKES[for_]:
            raise click.UsageError(f"{for_} takes no {option}")
    if for_ == "perimeter" and cloud != "aws":
        raise click.UsageError("perimeter init --from-org asks AWS alone")
    if from_config and (cloud != "aws" or control_ids):
        raise click.UsageError("--from-config is of AWS, and asks for all that Config holds")
    try:
        wanted = methods if for_ == "revoke" else control_ids
        needed = CONFIG if from_config else _needed(for_, cloud, wanted, exposures=not no_exposures)
    except BadControlError as error:
        raise click.BadParameter(str(error), param_hint="--control") from error
    _print(needed, for_, cloud, role_name, format_)


def _needed(for_: str, cloud: str, patterns: tuple[str, ...], *, exposures: bool) -> list[str]:
    from exclave.audit import needs as audit
    from exclave.harden import needs as harden
    from exclave.model import Cloud
    from exclave.perimeter.propose import ORGANIZATION
    from exclave.revoke import needs as revoke
    from exclave.sources.needs import PERMISSIONS

    match for_:
        case "hunt":
            return list(PERMISSIONS[Cloud(cloud)])
        case "perimeter":
            return list(ORGANIZATION)
        case "revoke":
            return revoke.permissions(Cloud(cloud), patterns)
        case "harden":
            return harden.permissions(Cloud(cloud), patterns)
        case _:
            return audit.permissions(Cloud(cloud), patterns, exposures=exposures)


def _print(needed: list[str], for_: str, cloud: str, role_name: str, format_: str) -> None:
    import json

    if format_ == "text":
        put("\n".join([*needed, *(["sts:AssumeRole"] if role_name else [])]))
        return
    _, name, does = ROLES[for_]
    document: object
    if cloud == "aws":
        document = {"Version": "2012-10-17", "Statement": _statements(needed, for_, role_name)}
    elif cloud == "azure":
        actions = [n for n in needed if "/" in n]
        document = {
            "properties": {
                "roleName": name,
                "description": does,
                "assignableScopes": ["/subscriptions/SUBSCRIPTION"],
                "permissions": [
                    {
                        "actions": [] if for_ == "hunt" else actions,
                        "notActions": [],
                        "dataActions": actions if for_ == "hunt" else [],
                        "notDataActions": [],
                    }
                ],
            },
            "graphPermissions": [n for n in needed if "/" not in n],
        }
    else:
        document = {
            "title": name,
            "description": does,
            "stage": "GA",
            "includedPermissions": needed,
        }
    put(json.dumps(document, indent=2))
    size = len(json.dumps(document, separators=(",", ":")))
    if cloud == "aws" and size > MANAGED:
        where = "a role's inline policy" if size <= INLINE else "several managed policies"
        tell(
            f"{size:,} characters: more than a managed policy holds ({MANAGED:,}), so put it in {where}, or ask for less by "
            f"{SHORTER[for_]}",
        )


def _statements(needed: list[str], for_: str, role_name: str) -> list[dict[str, object]]:
    from exclave.sources.needs import RESOURCES

    if for_ == "hunt":
        return [{"Effect": "Allow", "Action": n, "Resource": RESOURCES[n]} for n in needed]
    sid = ROLES[for_][0]
    statements: list[dict[str, object]] = [{"Sid": sid, "Effect": "Allow", "Action": needed, "Resource": "*"}]
    if role_name:
        arn = f"arn:*:iam::*:role/{role_name}"
        statements.append({"Sid": "Enter", "Effect": "Allow", "Action": "sts:AssumeRole", "Resource": arn})
    return statements
