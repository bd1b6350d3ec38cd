"""`exclave permissions`."""

from __future__ import annotations

import click

# Characters, white space not counted: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
MANAGED = 6144
CONFIG = ["config:SelectAggregateResourceConfig", "sts:GetCallerIdentity"]


@click.command()
@click.argument(
    "for_", type=click.Choice(["collect", "revoke"]), default="collect", metavar="[collect|revoke]"
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

    `collect`, and so `audit CLOUD`: the calls it makes, all reading. `revoke`: what it reads, and what its --apply and
    --undo change.
    """
    from exclave.audit.loader import BadControlError
    from exclave.audit.needs import permissions
    from exclave.model import Cloud

    if from_config and (cloud != "aws" or control_ids):
        raise click.UsageError("--from-config is of AWS, and asks for all that Config holds")
    if for_ == "revoke" and (from_config or control_ids or no_exposures):
        raise click.UsageError("revoke takes --method, not controls")
    if for_ == "revoke":
        from exclave.revoke.needs import permissions as of_revoke

        _print(of_revoke(Cloud(cloud), methods), cloud, role_name, format_, changes=True)
        return
    if methods:
        raise click.UsageError("--method is of revoke")
    try:
        needed = CONFIG if from_config else permissions(Cloud(cloud), control_ids, exposures=not no_exposures)
    except BadControlError as error:
        raise click.BadParameter(str(error), param_hint="--control") from error
    _print(needed, cloud, role_name, format_)


def _print(needed: list[str], cloud: str, role_name: str, format_: str, *, changes: bool = False) -> None:
    import json

    sid, name, does = (
        ("TakeBack", "exclave revoker", "Takes back what exclave finds shared.")
        if changes
        else ("Read", "exclave reader", "Reads what exclave audits.")
    )
    if format_ == "text":
        click.echo("\n".join([*needed, *(["sts:AssumeRole"] if role_name else [])]))
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
    click.echo(json.dumps(document, indent=2))
    size = len(json.dumps(document, separators=(",", ":")))
    if cloud == "aws" and size > MANAGED:
        click.echo(
            f"{size:,} characters: more than a managed policy holds ({MANAGED:,}), so put it in a role's inline policy, or ask "
            "for less by --control or --no-exposures",
            err=True,
        )
