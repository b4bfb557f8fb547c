"""The operator's commands around an `up`: `python -m ops --help`.

Owns the list of commands. Each is a module of this folder with a click command named ``command``, loaded when it is
called. Leaves out ``ops.recover``, which runs before the state can be read.
"""

import importlib

import click

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
    "retire": "Tell what a destroy would refuse, delete and leave, and why.",
    "sender": "Verify the address that the broker sends from, out of the stack's inbox.",
    "ssh": "Open an SSH session on a stack's host, by EC2 Instance Connect or with the stack's key.",
}


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        found: click.Command = importlib.import_module(f"ops.{cmd_name}").command
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(cls=_Commands)
def main() -> None:
    """What an operator of an AgentKeys account does beside `pulumi up`, for a stack of this project.

    Commands read the stack through `pulumi` and ask AWS with the credentials of the environment. They end with 0 when
    all is well, 1 when something is wrong, 2 for a wrong argument, 3 when a part could not be looked at, 7 on drift.
    """


if __name__ == "__main__":
    main(prog_name="python -m ops")
