"""Judges a command of the AWS CLI by botocore, from which the CLI derives its services, operations and options.

Besides: the services that it calls otherwise, the commands that it has of its own and the options that all have.
Source: https://github.com/aws/aws-cli (awscli/handlers.py, awscli/customizations/cloudformation/deploy.py)
"""

from __future__ import annotations

import functools
import json

import botocore.session
from botocore import xform_name

SERVICES = {"s3api": "s3", "configservice": "config", "deploy": "codedeploy"}
EVERYWHERE = {"--region", "--profile", "--output", "--query", "--cli-input-json"}
OWN = {
    ("cloudformation", "deploy"): {"!--template-file", "!--stack-name", "--parameter-overrides", "--capabilities", "--role-arn", "--tags"},
}  # fmt: skip


@functools.cache
def model(service):
    if service in SERVICES.values():
        return None
    session = botocore.session.get_session()
    name = SERVICES.get(service, service)
    return session.get_service_model(name) if name in session.get_available_services() else None


@functools.cache
def operation(service, command):
    """The operation that a command is, or None."""
    held = model(service)
    found = [n for n in held.operation_names if xform_name(n, "-") == command] if held else []
    return held.operation_model(found[0]) if found else None


def options(service, command):
    """The options, `!` where one must be given; and the member that each sets."""
    shape = operation(service, command).input_shape
    return {
        f"{'!' * (name in shape.required_members)}--{xform_name(name, '-')}": member
        for name, member in (shape.members.items() if shape else ())
    }


def waits(service, words):
    """`aws cloudformation wait stack-delete-complete …`: whether there is such a waiter, then the operation that it asks."""
    if words[0] != "wait":
        return words
    waiters = botocore.session.get_session().get_waiter_model(service)
    found = [n for n in waiters.waiter_names if xform_name(n, "-") == words[1]]
    return [xform_name(waiters.get_waiter(found[0]).operation, "-"), *words[2:]] if found else words


def problems(words, *, whole=True):
    """What the CLI would not take. `whole`: what must be given is looked for, too."""
    service, (command, *rest) = words[1], waits(words[1], words[2:])
    own = OWN.get((service, command))
    if own is None and operation(service, command) is None:
        yield f"no command: {' '.join(words[:3])}"
        return
    held = dict.fromkeys(own) if own else options(service, command)
    known = {o.removeprefix("!"): (o, member) for o, member in held.items()}
    given = [w for w in rest if w.startswith("--")]
    read = [w if w in known or w in EVERYWHERE else w.replace("--no-", "--", 1) for w in given]
    for option in sorted(set(read) - known.keys() - EVERYWHERE):
        yield f"{service} {command}: no {option}"
    if "--cli-input-json" in read:
        members = json.loads(rest[rest.index("--cli-input-json") + 1])
        read += [f"--{xform_name(m, '-')}" for m in members]
        for member in members.keys() - operation(service, command).input_shape.members.keys():
            yield f"{service} {command}: no {member}"
    for option in held if whole else ():
        if option.startswith("!") and option.removeprefix("!") not in read:
            yield f"{service} {command}: lacks {option.removeprefix('!')}"
    for word, option in zip(given, read, strict=False):
        member = known.get(option, ("", None))[1]
        if member is not None and member.type_name != "list":
            bare = (rest[rest.index(word) + 1 :] or ["--"])[0].startswith("--")
            if bare != (member.type_name == "boolean"):
                yield f"{service} {command}: {option} is a {member.type_name}"
