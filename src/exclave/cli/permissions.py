"""`exclave permissions`."""

from __future__ import annotations

import click

from exclave.cli.writing import put, tell

# Characters, white space not counted: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
MANAGED, INLINE = 6144, 10_240
SHORTER = {"collect": "--control or --no-exposures", "harden": "--control", "revoke": "--method"}
CONFIG = ["config:SelectAggregateResourceConfig", "sts:GetCallerIdentity"]

ROLES = {  # statement id, name of the role, what it does
    "collect": ("Read", "exclave reader", "Reads what exclave audits."),
    "harden": ("Harden", "exclave hardener", "Puts in place the safeguards that exclave finds missing."),
    "revoke": ("TakeBack", "exclave revoker", "Takes back what exclave finds shared."),
}


@click.command()
@click.argument(
    "for_",
    type=click.Choice(["collect", "harden", "revoke"]),
    default="collect",
    metavar="[collect|harden|revoke]",
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

    `collect`, and so `audit CLOUD`: the calls it makes, all reading. `harden` and `revoke`: what they read, and what
    their --apply and --undo change.
    """
    from exclave.audit.loader import BadControlError
    from exclave.audit.needs import permissions
    from exclave.model import Cloud

    if from_config and (cloud != "aws" or control_ids):
        raise click.UsageError("--from-config is of AWS, and asks for all that Config holds")
    if for_ == "revoke" and (from_config or control_ids or no_exposures):
        raise click.UsageError("revoke takes --method, not controls")
    if for_ == "harden" and (from_config or no_exposures):
        raise click.UsageError("harden looks at controls alone")
    if methods and for_ != "revoke":
        raise click.UsageError("--method is of revoke")
    try:
        if for_ == "revoke":
            from exclave.revoke.needs import permissions as of_revoke

            needed = of_revoke(Cloud(cloud), methods)
        elif for_ == "harden":
            from exclave.harden.needs import permissions as of_harden

            needed = of_harden(Cloud(cloud), control_ids)
        elif from_config:
            needed = CONFIG
        else:
            needed = permissions(Cloud(cloud), control_ids, exposures=not no_exposures)
    except BadControlError as error:
        raise click.BadParameter(str(error), param_hint="--control") from error
    _print(needed, for_, cloud, role_name, format_)


def _print(needed: list[str], for_: str, cloud: str, role_name: str, format_: str) -> None:
    import json

    sid, name, does = ROLES[for_]
    if format_ == "text":
        put("\n".join([*needed, *(["sts:AssumeRole"] if role_name else [])]))
        return
    if cloud == "aws":
        statements = [{"Sid": sid, "Effect": "Allow", "Action": needed, "Resource": "*"}]
        if role_name:
            statements.append(
                {
                    "Sid": "Enter",
                    "Effect": "Allow",
                    "Action": "sts:AssumeRole",
                    "Resource": f"arn:*:iam::*:role/{role_name}",
                }
            )
        document: object = {"Version": "2012-10-17", "Statement": statements}
    elif cloud == "azure":
        graph = [n for n in needed if "/" not in n]
        document = {
            "properties": {
                "roleName": name,
                "description": does,
                "assignableScopes": ["/subscriptions/SUBSCRIPTION"],
                "permissions": [
                    {
                        "actions": [n for n in needed if "/" in n],
                        "notActions": [],
                        "dataActions": [],
                        "notDataActions": [],
                    }
                ],
            },
            "graphPermissions": graph,
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
