"""A stack's settings, names and outputs, read through the `pulumi` command.

Owns the calls of the engine and the errors when they fail. Leaves out secret outputs: a command that needs one reads it
itself.
"""

import contextlib
import importlib
import json
import os
import shlex
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click
import pulumi
import yaml

from components.naming import Names, PublicNames
from ops import exits
from ops.options import PROJECT
from settings import MASKED, Settings, SiteSettings, load

#: Time that the engine gets to stop its plugins, in seconds.
END_SECONDS = 10


class StackError(click.ClickException):
    """The stack cannot be read. The message says what was called, what was seen and what to do."""

    exit_code = exits.NOT_RUN


@dataclass(frozen=True, kw_only=True)
class AnyStack:
    """A stack of any cloud."""

    #: Name as the engine takes it, with or without an organisation.
    name: str
    #: The stack's settings, with secret values masked.
    settings: SiteSettings
    #: The outputs of ``__main__.py``, with secret values masked; empty before the first `up`.
    outputs: Mapping[str, Any]
    #: Folder of the project.
    folder: Path = PROJECT

    @property
    def names(self) -> PublicNames:
        return self.settings.names

    @property
    def address(self) -> str:
        """Public IPv4 address of the host. Raises StackError before the first `up`."""
        return str(self.output("elasticIp" if self.folder == PROJECT else "address"))

    @property
    def chosen(self) -> str:
        """The options that choose this stack, as an operator types them after a command."""
        cloud = "" if self.folder == PROJECT else f"--cloud {self.folder.name} "
        return f"{cloud}-s {shlex.quote(self.name)}"

    def output(self, key: str) -> Any:
        """One output. Raises StackError if the stack does not have it yet."""
        if key not in self.outputs:
            raise StackError(
                f"stack {self.name!r} has no output {key!r}. Run `pulumi {_in(self.folder)}up -s {self.name}` first."
            )
        return self.outputs[key]


@dataclass(frozen=True, kw_only=True)
class Stack(AnyStack):
    """A stack of the program for AWS."""

    #: The stack's settings, with secret values masked.
    settings: Settings

    @property
    def names(self) -> Names:
        return self.settings.names


def read(name: str) -> Stack:
    """Read the stack ``name`` of the program for AWS. Raises StackError."""
    settings, outputs = _read(name, PROJECT, Settings)
    return Stack(name=name, settings=settings, outputs=outputs)


def read_any(name: str, folder: Path) -> AnyStack:
    """Read the stack ``name`` of the project in ``folder``. Raises StackError."""
    if folder == PROJECT:
        return read(name)
    model: type[SiteSettings] = importlib.import_module(f"clouds.{folder.name}.settings").STACK
    settings, outputs = _read(name, folder, model)
    return AnyStack(name=name, settings=settings, outputs=outputs, folder=folder)


T = TypeVar("T", bound=SiteSettings)


def _read(name: str, folder: Path, model: type[T]) -> tuple[T, Mapping[str, Any]]:
    configured = ask(name, "config", "--json", folder=folder)
    project = yaml.safe_load((folder / "Pulumi.yaml").read_text())["name"]
    pulumi.runtime.settings.configure(pulumi.runtime.Settings(project=project, stack=name))
    secret = [key for key, item in configured.items() if item.get("secret")]
    values = {key: item["value"] for key, item in configured.items() if "value" in item}
    pulumi.runtime.set_all_config({**values, **dict.fromkeys(secret, MASKED)}, secret)
    try:
        with contextlib.chdir(folder):
            settings = load(model)
    except pulumi.RunError as error:
        raise StackError(str(error)) from None
    return _from_anywhere(settings, folder), ask(name, "stack", "output", "--json", folder=folder)


def _from_anywhere(settings: T, folder: Path) -> T:
    """Resolves relative paths in settings against the project's folder, because a command runs in any folder."""
    given = {key: getattr(settings, key, "") for key in ("ca_bundle", "release", "source_repository", "store_ca")}
    paths = {key: str(folder / value) for key, value in given.items() if value and "://" not in value}
    return settings.model_copy(update=paths)


def ask(stack: str, *arguments: str, folder: Path = PROJECT) -> Any:
    """Call `pulumi` for a stack and return its JSON output. Raises StackError."""
    command = ["pulumi", *arguments, "--stack", stack]
    done = called(command, folder=folder)
    said = done.stderr.strip() or done.stdout.strip()
    if done.returncode and "no stack named" in said:
        raise missing(stack, folder)
    if done.returncode and "does not have output property" in said:
        raise StackError(
            f"stack {stack!r} has no output {arguments[2]!r}. Run `pulumi {_in(folder)}up -s {stack}` first."
        )
    if done.returncode:
        raise StackError(f"`{' '.join(command)}` failed: {said}")
    return json.loads(done.stdout)


def _in(folder: Path) -> str:
    """The engine's option for a project other than AWS's, as an operator types it in this one's folder."""
    folder = folder.resolve()
    if folder == PROJECT:
        return ""
    return f"-C {folder.relative_to(PROJECT) if folder.is_relative_to(PROJECT) else folder} "


def missing(stack: str, folder: Path) -> StackError:
    """The error for a stack of the project in ``folder`` that the backend does not have."""
    return StackError(
        f"stack {stack!r} does not exist in the backend that `pulumi` is logged in to (`pulumi whoami -v`). Log in to "
        f"the right backend (`pulumi login`), or create the stack: `pulumi {_in(folder)}stack init {stack}`."
    )


def preview(stack: str, event_log: Path) -> None:
    """A preview with a refresh, whose events go to ``event_log``. Changes nothing. Raises StackError."""
    command = ["pulumi", "preview", "--stack", stack, "--refresh", "--non-interactive", "--event-log", str(event_log)]
    # The engine keeps this flag to those who debug it.
    done = called(command, env={**os.environ, "PULUMI_DEBUG_COMMANDS": "1"})
    if done.returncode and not event_log.exists():
        raise StackError(f"`{' '.join(command)}` failed: {done.stderr.strip() or done.stdout.strip()}")


def called(
    command: Sequence[str], *, folder: Path = PROJECT, env: Mapping[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    """Run a command of the engine and capture its output. Raises StackError if the engine is not installed.

    The operator's PULUMI_OPTION_* stay out: they are defaults of flags for commands that a person types, such as
    ``--show-secrets`` or ``--target``, and the callers here give every flag that they mean. The one that names another
    stack file is passed.
    """
    given = {
        name: value
        for name, value in (env or os.environ).items()
        if not name.startswith("PULUMI_OPTION_") or name == "PULUMI_OPTION_CONFIG_FILE"
    }
    try:
        running = subprocess.Popen(
            command,
            cwd=folder,
            env=given,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
        )
    except FileNotFoundError:
        raise StackError(
            'there is no `pulumi` on PATH. Install it, or use the sandbox\'s: eval "$(make -s env)"'
        ) from None
    with running:
        try:
            output, errors = running.communicate()
        except BaseException:
            # SIGKILL would leave its plugins running and a lock on the stack.
            running.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                running.communicate(timeout=END_SECONDS)
            running.kill()
            raise
    return subprocess.CompletedProcess(command, running.returncode, output, errors)
