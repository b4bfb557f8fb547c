"""The operator's commands around an `up`: `agentkeys --help`, or `python -m ops` without the installed command.

Owns the list of commands and how each of them ends: a signal, a refusal of AWS and a file that cannot be read are one
line each. A command is a module of ``ops/commands`` with a click command named ``command``. It is loaded when it is
called, so that a shell completes the list at once.
"""

import errno
import importlib
import signal
from types import FrameType
from typing import Any, NoReturn

import click
from click.shell_completion import CompletionItem

from ops import exits, options

#: Command by the line that `--help` shows; the module has the command's name.
COMMANDS = {
    "adopt": "Match a running account with a stack: import file, settings, what an up would change.",
    "audit": "Compare a stack's identities, buckets and host with what they may be.",
    "credentials": "Write a stack's access keys into the AWS credentials file.",
    "doctor": "Look whether an up can go through and whether what is up is well.",
    "drift": "Compare a stack's host with what the program would install.",
    "env": "Write a stack's environment files for scripts, host and GitHub's runner.",
    "proof": "Prove with real sessions that no actor reaches what is not its own.",
    "records": "Print a stack's DNS records for another provider: table, zone file, JSON.",
    "recover": "Take in what a failed or killed run of a stack made and its state does not know.",
    "report": "Write one HTML page about a stack: state, differences, isolation, last up, cost.",
    "retire": "Tell what a destroy would refuse, delete and leave, and why.",
    "sender": "Verify the address that the broker sends from, out of the stack's inbox.",
    "ssh": "Open an SSH session on a stack's host, by EC2 Instance Connect or with the stack's key.",
}

#: Signals that end a command in order; a terminal that is closed is one of them.
ENDED_BY = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class RefusedError(click.ClickException):
    """AWS or this machine said no in the middle of a command."""

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
            # A shell asks for a stack's name; the command itself may take a second to load.
            asked = click.Option(options.TAKE_A_STACK, type=options.StackName())
            return args[0], click.Command(args[0], params=[asked]), args[1:]
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        # A group's own way loads every command that it offers.
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
            raise RefusedError(f"{error.filename or 'this machine'}: {error.strerror or error}") from None
        except Exception as error:
            raise (_by_aws(error) or error) from None


def _by_aws(error: Exception) -> RefusedError | None:
    # Loaded by now if it can have been raised, and not to be waited for by those who only complete.
    from botocore.exceptions import BotoCoreError, ClientError

    if isinstance(error, ClientError):
        return RefusedError(f"AWS refuses: {error}. Use credentials that may ask it (AWS_PROFILE).")
    return RefusedError(f"AWS does not answer: {error}. Run it again.") if isinstance(error, BotoCoreError) else None


@click.command(cls=_Commands)
def main() -> None:
    """What an operator of an AgentKeys account does beside `pulumi up`, for a stack of this project.

    Commands read the stack through `pulumi` and ask AWS with the credentials of the environment. They end with 0 when
    all is well, 1 when something is wrong, 2 for a wrong argument, 3 when the stack or a part of it could not be looked
    at, 7 on drift, 130 after Ctrl-C.
    """


def run(name: str) -> None:
    """Be the command that is called ``name``."""
    for number in ENDED_BY:
        # `nohup` and a shell's background ignore some of them.
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _end)
    main(prog_name=name)


def _end(number: int, _frame: FrameType | None) -> NoReturn:
    """Ends what runs as an error does: whatever was begun is taken back on the way out."""
    click.echo(f"ended by {signal.Signals(number).name}", err=True)
    raise SystemExit(exits.ENDED + number)


if __name__ == "__main__":
    run("python -m ops")
