"""`agentkeys restore`: puts the secrets of a backup on a host that has none.

Owns the checks of the backup against the stack, and sending it to the host. Leaves out the format (``ops/backups.py``)
and a restore of the whole disk (setting ``restoreFrom``).
"""

import base64
from collections.abc import Sequence
from pathlib import Path

import click

from hostsetup.secret_files import SECRETS
from ops import backups, host, options
from ops.backups import BackupError, Kept, Origin
from ops.stack import Stack, read

_SCRIPT = Path(__file__).with_name("write-secrets")

_EXISTING = click.Path(exists=True, dir_okay=False, path_type=Path)


def require_own(stack: Stack, origin: Origin) -> None:
    """The backup is of this stack's host. Raises BackupError."""
    names = stack.names
    if (origin.host, origin.account_id) != (names.host, names.account_id):
        raise BackupError(
            f"the backup is of {origin.host} in account {origin.account_id}, and stack {stack.name!r} is "
            f"{names.host} in account {names.account_id}. Nothing was sent. Give the stack's own backup."
        )


def put(stack: Stack, files: Sequence[Kept]) -> list[str]:
    """Put the files on the stack's host. Returns a line for each. Raises HostError and StackError."""
    rows = "".join(
        f"file {file.path} {file.owner} {file.sha256} {base64.b64encode(file.content).decode()}\n" for file in files
    )
    return host.as_root(stack, f"{_SCRIPT.read_text()}{rows}end\n", private=True, refusal=BackupError).splitlines()


@click.command()
@options.stack("Stack whose host gets the secrets.")
@click.argument("file", type=_EXISTING)
@click.option(
    "--identity",
    type=_EXISTING,
    required=True,
    help="File with the secret key that the backup is encrypted for: of `age-keygen`, or an SSH key.",
)
def command(name: str, file: Path, identity: Path) -> None:
    """Put the secrets of a backup on a host that has none.

    FILE is what `agentkeys backup` wrote. A host that has other secrets is refused, and nothing on it changes. A run
    that is interrupted leaves nothing; run it again. docs/runbook.md, Put the secrets on a new host, says how to
    get a host without secrets and what to run afterwards.

    Exit codes: 0, 1 if the backup cannot be used or the host is refused, 3 if the host cannot be reached.
    """
    stack = read(name)
    origin, files = backups.opened(file, backups.identity(identity))
    require_own(stack, origin)
    backups.require_sound(
        files, lambda wrong: BackupError(f"{wrong} in the backup. Nothing was sent. Give another copy of the file.")
    )
    for line in put(stack, files):
        click.echo(line)
    absent = [str(row.path) for row in SECRETS if str(row.path) not in {kept.path for kept in files}]
    if absent:
        click.echo(f"not in the backup, so the next `up` makes them: {', '.join(absent)}")
    click.echo(f"{origin.host} has its secrets of {origin.taken}. Run `pulumi up -s {name}`.")
