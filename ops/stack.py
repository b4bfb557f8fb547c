"""A stack as the operator's commands see it: its settings, names and outputs, read through the `pulumi` command.

Owns the two questions to the engine and the message when it does not answer. Leaves out secret outputs: a command that
needs one asks for it by itself.
"""

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import pulumi
import yaml

from components.naming import Names
from settings import MASKED, Settings, load

PROJECT = Path(__file__).resolve().parent.parent


class StackError(click.ClickException):
    """The stack cannot be read; the message says what was asked, what was seen and the way out."""


@dataclass(frozen=True, kw_only=True)
class Stack:
    """``outputs`` are those of ``__main__.py``, secrets masked; empty before the first `up`."""

    name: str
    settings: Settings
    outputs: Mapping[str, Any]

    @property
    def names(self) -> Names:
        return self.settings.names

    def output(self, key: str) -> Any:
        """One output. Raises StackError when the stack does not have it yet."""
        if key not in self.outputs:
            raise StackError(f"stack {self.name!r} has no output {key!r}: run `pulumi up -s {self.name}` first")
        return self.outputs[key]


def read(name: str) -> Stack:
    """The stack ``name`` of this project. Raises StackError."""
    configured = ask(name, "config", "--json")
    project = yaml.safe_load((PROJECT / "Pulumi.yaml").read_text())["name"]
    pulumi.runtime.settings.configure(pulumi.runtime.Settings(project=project, stack=name))
    secret = [key for key, item in configured.items() if item.get("secret")]
    values = {key: item["value"] for key, item in configured.items() if "value" in item}
    pulumi.runtime.set_all_config({**values, **dict.fromkeys(secret, MASKED)}, secret)
    try:
        settings = load(Settings)
    except pulumi.RunError as error:
        raise StackError(str(error)) from None
    return Stack(name=name, settings=settings, outputs=ask(name, "stack", "output", "--json"))


def ask(stack: str, *arguments: str) -> Any:
    """The engine's answer in JSON. Raises StackError."""
    command = ["pulumi", *arguments, "--stack", stack]
    try:
        done = subprocess.run(
            command, cwd=PROJECT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        raise StackError(
            'there is no `pulumi` on PATH. Install it, or use the sandbox\'s: eval "$(make -s env)"'
        ) from None
    if done.returncode:
        raise StackError(f"`{' '.join(command)}` failed: {done.stderr.strip() or done.stdout.strip()}")
    return json.loads(done.stdout)
