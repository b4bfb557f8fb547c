"""Stacks as the operator's commands see them, without an engine."""

from pathlib import Path

import pulumi

from dev.recorder import ADDRESS, INSTANCE_ID, PROJECT
from ops.stack import Stack
from policypack.facts import configuration
from settings import Settings, load

#: Of the stack, as its output says it.
PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"


def a_stack(name: str, release: dict[str, str], *, up: bool = True, folder: Path = PROJECT, **changed: str) -> Stack:
    """The stack of this repository with that name, after an `up` or before the first."""
    values = configuration(folder, name) | {
        f"agentkeys-cloud:{key}": value for key, value in (release | changed).items()
    }
    pulumi.runtime.settings.configure(pulumi.runtime.Settings(project="agentkeys-cloud", stack=name))
    pulumi.runtime.set_all_config(values)
    outputs = {"instanceId": INSTANCE_ID, "elasticIp": ADDRESS, "sshPublicKeys": [PUBLIC_KEY]} if up else {}
    return Stack(name=name, settings=load(Settings), outputs=outputs)
