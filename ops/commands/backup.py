"""`agentkeys backup`: writes the secrets of a stack's host to a file that only the holder of a key can read.

Owns reading them from the host and the file's place. Leaves out the format (``ops/backups.py``). The secrets are in the
memory of this process and in the SSH connection, and in clear on no disk but the host's.
"""

import base64
import contextlib
import datetime
import os
from pathlib import Path
from typing import Any

import click

from hostsetup.secret_files import SECRETS
from ops import backups, host, options
from ops.backups import BackupError, Kept, Origin
from ops.stack import Stack, read
from settings import VERSION

_SCRIPT = Path(__file__).with_name("read-secrets")


class PublicKey(click.ParamType[Any]):
    """An age or SSH public key."""

    name = "key"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            return backups.recipient(str(value).strip())
        except ValueError as error:
            self.fail(f"{error}.", param, ctx)


def collected(stack: Stack) -> list[Kept]:
    """The secret files of the stack's host. Raises HostError, StackError and BackupError."""
    rows = "".join(f"file {row.path}\n" for row in SECRETS)
    printed = host.as_root(stack, f"{_SCRIPT.read_text()}{rows}end\n", private=True, refusal=BackupError).splitlines()
    if printed[-1:] != ["end"] or len(printed) != len(SECRETS) + 1:
        raise BackupError("the host's secrets did not arrive whole. Nothing was written. Run the backup again.")
    files = []
    for line in printed[:-1]:
        _, path, owner, _, content = line.split(" ")
        files.append(Kept(path=path, owner=owner, content=base64.b64decode(content)))
    backups.require_sound(
        files,
        lambda wrong: BackupError(f"{wrong} on the host. Nothing was written. See `agentkeys drift -s {stack.name}`."),
    )
    return files


def write(path: Path, content: bytes) -> None:
    """A new file of mode 0600, whole or not at all. Raises BackupError if there is one."""
    partial = path.with_name(f".{path.name}.partial")
    with contextlib.suppress(FileNotFoundError):
        partial.unlink()
    try:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        # A link fails if the file exists, so that no backup is overwritten.
        os.link(partial, path)
    except FileExistsError:
        raise _taken(path) from None
    finally:
        partial.unlink(missing_ok=True)


def _taken(path: Path) -> BackupError:
    return BackupError(f"{path} exists already, and no backup is overwritten. Nothing was written. Name another file.")


@click.command()
@options.stack("Stack whose host's secrets to back up. It must be up.")
@click.option(
    "--recipient",
    "recipients",
    type=PublicKey(),
    multiple=True,
    required=True,
    help="Public key of who may read the backup: age1..., or an SSH public key. Can be repeated.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="File to write. It must not exist.",
)
def command(name: str, recipients: tuple[Any, ...], out: Path) -> None:
    """Write the secrets of a stack's host to a file that only the holder of a key can read.

    These are the keys that encrypt the stored data, the master secret of derived wallets and the broker's key pairs.
    The file is encrypted with age for the given public keys. Keep it, and the secret key, in two places that are not
    this account. Nothing on the host changes.

    Exit codes: 0, 1 if the host's secrets are not whole or the file exists, 3 if the host cannot be reached.
    """
    if out.exists():
        raise _taken(out)
    if not out.parent.is_dir():
        raise BackupError(f"there is no folder {out.parent}. Nothing was written. Create it or name another file.")
    stack = read(name)
    files = collected(stack)
    origin = Origin(
        stack=stack.name.rpartition("/")[2],
        host=stack.names.host,
        account_id=stack.names.account_id,
        instance_id=stack.output("instanceId"),
        taken=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        version=VERSION,
    )
    write(out, backups.sealed(origin, files, recipients))
    click.echo(f"wrote {out}: {len(files)} secret files of {origin.host}, encrypted for {len(recipients)} keys")
    for file in files:
        click.echo(f"  {file.path}")
