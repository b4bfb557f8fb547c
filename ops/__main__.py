"""The operator's commands around an `up`: `agentkeys --help`, or `python -m ops` without the installed command.

Owns the list of commands and how they end: a signal, an AWS error and an unreadable file are one line each. A command
is a module of ``ops/commands`` with a click command named ``command``. It is imported only when it is called, so that
shell completion is fast.
"""

import errno
import importlib
import os
import signal
import sys
from types import FrameType
from typing import Any, NoReturn

import click
from click.shell_completion import CompletionItem

from ops import exits, options

#: The line in `agentkeys --help`, by command. The module in ``ops/commands`` has the command's name.
COMMANDS = {
    "adopt": "Find a running account's resources and write the file that imports them into a stack.",
    "audit": "Compare a stack's identities, buckets and host with what the program allows.",
    "backup": "Write the secrets of a stack's host to a file that only the holder of a key can read.",
    "credentials": "Write a stack's access keys into the AWS credentials file.",
    "doctor": "Check whether `pulumi up` can succeed and whether a running stack is healthy.",
    "drift": "Compare a stack's host with what the program would install.",
    "enrol": "Give an actor its folders in a stack on Google Cloud.",
    "env": "Write a stack's environment files for scripts, the host and GitHub's runner.",
    "proof": "Prove with real sessions that no actor can reach another actor's data.",
    "records": "Print a stack's DNS records for another DNS provider: table, zone file or JSON.",
    "recover": "Add to a stack's state what a failed or killed run created.",
    "report": "Write an HTML page about a stack: state, differences, isolation, last up, cost.",
    "restore": "Put the secrets of a backup on a host that has none.",
    "retire": "List what `pulumi destroy` would refuse, delete and keep, and why.",
    "sender": "Verify the address that the broker sends from, using the stack's own inbox.",
    "snapshots": "List the snapshots of a stack's disk, or take one.",
    "ssh": "Open an SSH session on a stack's host.",
}

#: Signals that end a command cleanly. Closing the terminal sends SIGHUP.
ENDED_BY = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class RefusedError(click.ClickException):
    """AWS or the operating system refused a call while a command ran."""

    exit_code = exits.NOT_RUN


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        found: click.Command = importlib.import_module(f"ops.commands.{cmd_name}").command
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if ctx.resilient_parsing and args[0] in COMMANDS and args[-1] in options.TAKE_A_STACK:
            # Completion of a stack's name must not wait for the command's imports.
            project = options.folder() if "--folder" in args else options.cloud()
            asked = click.option(*options.TAKE_A_STACK, "name", type=options.StackName())
            return args[0], click.command(args[0])(project(asked(lambda: None))), args[1:]
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        # The base class would import every command.
        offered = [CompletionItem(name, help=line) for name, line in COMMANDS.items() if name.startswith(incomplete)]
        return [*offered, *click.Command.shell_complete(self, ctx, incomplete)]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except OSError as error:
            if error.errno == errno.EPIPE:
                raise
            raise RefusedError(f"{error.filename or 'this computer'}: {error.strerror or error}") from None
        except Exception as error:
            raise (_by_aws(error) or error) from None


def _by_aws(error: Exception) -> RefusedError | None:
    # Imported here, so that shell completion does not wait for it.
    from botocore.exceptions import BotoCoreError, ClientError

    if isinstance(error, ClientError):
        return RefusedError(f"AWS refuses: {error}. Use credentials with this permission (AWS_PROFILE).")
    if isinstance(error, BotoCoreError):
        return RefusedError(f"AWS does not answer: {error}. Run the command again.")
    return None


@click.command(cls=_Commands)
def main() -> None:
    """Operate a stack of this project: what `pulumi up` does not do.

    Commands read the stack through `pulumi` and call AWS with the credentials of the environment.

    Exit codes: 0 success, 1 a check failed, 2 usage error, 3 the stack or a part of it could not be checked, 7 drift,
    130 after Ctrl-C.
    """


def run(name: str) -> None:
    """Run the command line. ``name`` is how usage messages call the program."""
    for number in ENDED_BY:
        # `nohup` and background jobs of a shell ignore some of these; they stay ignored.
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _end)
    try:
        main(prog_name=name)
    except OSError as error:
        # Of a command, `_Commands.invoke` reports it; this is the help.
        click.echo(f"Error: the output cannot be written: {error.strerror}.", err=True)
        raise SystemExit(exits.NOT_RUN) from None
    finally:
        _drop_unwritten()


def _drop_unwritten() -> None:
    """Python would try again at its end, and fail with a traceback and an exit code of its own."""
    if sys.stdout is not None:
        try:
            sys.stdout.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _end(number: int, _frame: FrameType | None) -> NoReturn:
    """Raises, so that cleanup code runs before the process ends."""
    click.echo(f"ended by {signal.Signals(number).name}", err=True)
    raise SystemExit(exits.ENDED + number)


if __name__ == "__main__":
    run("python -m ops")
