"""The options that the operator's commands share: the stack, and JSON output.

Owns their form and their shell completion. Leaves out reading a stack (``ops/stack.py``): completion of a name must not
wait for Pulumi's packages.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

PROJECT = Path(__file__).resolve().parent.parent
AWS = "aws"

#: Adds an option to a command.
Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def stacks(folder: Path = PROJECT) -> list[str]:
    """The stacks that the project in ``folder`` has a file of settings for."""
    # The name of a stack may have dots.
    return sorted(path.name.removeprefix("Pulumi.").removesuffix(".yaml") for path in folder.glob("Pulumi.*.yaml"))


class StackName(click.ParamType[str]):
    """The name of a stack of this project. As for the engine, an organisation may precede it (``org/stack``)."""

    name = "stack"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        # A command with an eager option ``folder`` is for stacks of another project too.
        folder: Path = (ctx.params.get("folder") if ctx else None) or PROJECT
        known = stacks(folder)
        if value.rpartition("/")[2] not in known:
            there = f"the stacks are {', '.join(known)}" if known else "that folder has no stack's file"
            self.fail(f"there is no Pulumi.{value}.yaml in {folder}; {there}.", param, ctx)
        return value

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG002
        folder: Path = ctx.params.get("folder") or PROJECT
        return [CompletionItem(name) for name in stacks(folder) if name.startswith(incomplete)]


class CloudFolder(click.ParamType[Path]):
    """The name of a cloud, as the folder of its project. AWS's is ``PROJECT``."""

    name = "cloud"

    def convert(self, value: str | Path, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        if isinstance(value, Path):
            return value
        if value not in clouds():
            self.fail(f"there is no cloud {value!r}; the clouds are {', '.join(clouds())}.", param, ctx)
        return PROJECT if value == AWS else PROJECT / "clouds" / value

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG002
        return [CompletionItem(name) for name in clouds() if name.startswith(incomplete)]


def clouds() -> list[str]:
    """AWS, and the clouds whose projects are in `clouds/`."""
    return [AWS, *sorted(path.parent.name for path in PROJECT.glob("clouds/*/Pulumi.yaml"))]


def cloud() -> Decorator:
    """The option ``--cloud``, for the argument ``folder``: the folder of the stack's project."""
    return click.option(
        "--cloud", "folder", type=CloudFolder(), default=AWS, is_eager=True, help="Cloud of the stack (default: aws)."
    )


def folder() -> Decorator:
    """The option ``--folder``, for the argument of that name: the folder of the stack's project."""
    return click.option(
        "--folder",
        is_eager=True,
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        default=PROJECT,
        help="The stack's project (default: this one; `account` for the account's, `clouds/gcp` for another cloud's).",
    )


def stack(meaning: str) -> Decorator:
    """The option ``-s``/``--stack``, for the argument ``name``."""
    return click.option("-s", "--stack", "name", type=StackName(), required=True, help=meaning)


def other_stack(flag: str, meaning: str) -> Decorator:
    return click.option(flag, type=StackName(), help=meaning)


def session_tokens() -> Decorator:
    """The options of a proof for a real broker, for the arguments ``files`` and ``against_file``."""
    existing = click.Path(exists=True, dir_okay=False, path_type=Path)
    own = click.option(
        "--session-token-file",
        "files",
        type=existing,
        multiple=True,
        help="File with an actor's session token for the broker. Give it twice, for two actors; in the sandbox, omit "
        "it.",
    )
    other = click.option(
        "--against-session-token-file",
        "against_file",
        type=existing,
        help="File with one actor's session token for the broker of --against.",
    )
    return lambda command: own(other(command))


def as_json() -> Decorator:
    """The option ``--json``, for the argument ``as_json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON. Tables go to standard error.")


#: Options whose value is a stack.
TAKE_A_STACK = ("-s", "--stack", "--against")
