"""`agentkeys ssh`: connects an operator to a stack's host, through EC2 Instance Connect or with the stack's own key.

Owns the ephemeral key and its delivery. Leaves out how `ssh` is called (``gates/ssh.py``) and what accepts the key on
the host (``hostsetup/scripts/instance-connect``).
"""

import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

import boto3
import click
from botocore.exceptions import BotoCoreError, ClientError, ProfileNotFound

from components.policies.identities import LOGIN_USER
from ops import clients, host, options
from ops.options import PROJECT
from ops.stack import AnyStack, Stack, read_any


def ephemeral_key() -> tuple[str, str]:
    """A new key pair for one connection: the private key, and the public key as an authorized_keys line."""
    with tempfile.TemporaryDirectory(prefix="agentkeys-") as folder:
        path = Path(folder) / "key"
        with host.openssh():
            subprocess.run(
                ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "agentkeys-operator", "-f", str(path)], check=True
            )
        return path.read_text(), path.with_suffix(".pub").read_text().strip()


def deliver(stack: Stack, profile: str | None, public_key: str) -> None:
    """Ask EC2 to offer the key to the host for 60 seconds. Raises HostError.

    https://docs.aws.amazon.com/ec2-instance-connect/latest/APIReference/API_SendSSHPublicKey.html
    """
    wanted = profile or stack.names.broker_user
    try:
        session = boto3.Session(profile_name=wanted, region_name=stack.settings.region)
    except ProfileNotFound:
        raise host.HostError(
            f"there is no AWS profile {wanted!r}. Write it with `agentkeys credentials -s {stack.name}`, use another "
            "one with --profile, or connect with the stack's own key: --fallback."
        ) from None
    try:
        clients.of(session, "ec2-instance-connect").send_ssh_public_key(
            InstanceId=stack.output("instanceId"), InstanceOSUser=LOGIN_USER, SSHPublicKey=public_key
        )
    except (ClientError, BotoCoreError) as error:
        raise host.HostError(
            f"EC2 Instance Connect rejected the key: {error}. The profile {wanted!r} must be allowed to send keys to "
            f"{stack.output('instanceId')} for the user {LOGIN_USER}. To connect with the stack's own key, use "
            "--fallback."
        ) from None


def aliases(stack: AnyStack) -> str:
    """Shell functions by the runbook's names: ``ssh-agentkeys<suffix>`` and ``ssh-agentkeys<suffix>-fallback``."""
    call = f"cd {shlex.quote(str(PROJECT))} && {shlex.quote(sys.executable)} -m ops ssh {stack.chosen}"
    return "\n".join(
        f'ssh-agentkeys{stack.settings.suffix}{ending}() {{ ({call}{option} -- "$@"); }}'
        for ending, option in (("", ""), ("-fallback", " --fallback"))
    )


@click.command(context_settings={"ignore_unknown_options": True})
@options.cloud()
@options.stack("Stack whose host to connect to.")
@click.option("--fallback", is_flag=True, help="Log in with the stack's own key, as the image's login user.")
@click.option("--profile", help="AWS profile that may send keys. Default: the stack's SSH user.")
@click.option(
    "--aliases",
    "print_aliases",
    is_flag=True,
    help="Print shell functions that call this command, and do not connect.",
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def command(
    name: str, folder: Path, fallback: bool, profile: str | None, print_aliases: bool, arguments: tuple[str, ...]
) -> None:
    """Open an SSH session on a stack's host, or run a command there.

    By default, EC2 Instance Connect accepts a new key that is valid for this connection only. With --fallback, and in
    other clouds, the stack's own key is used. The private key stays in an SSH agent, and the host must show the host
    key that the stack pinned.

    ARGUMENTS are the remote command. If the first one begins with a dash, they are options of ssh instead:
    `agentkeys ssh -s test -- -L 8091:127.0.0.1:8091`.

    Exit codes: that of the remote command, 255 if ssh cannot connect, 3 if it fails before that.
    """
    stack = read_any(name, folder)
    if print_aliases:
        click.echo(aliases(stack))
        return
    options = [*arguments] if arguments and arguments[0].startswith("-") else []
    remote = [] if options else [*arguments]
    if fallback or not isinstance(stack, Stack):
        user, key = stack.settings.logs_in_as, host.stack_key(stack)
    else:
        user = LOGIN_USER
        key, public = ephemeral_key()
        deliver(stack, profile, public)
    with host.session(stack, user, key, options) as ssh, host.openssh():
        raise SystemExit(subprocess.run([*ssh, *remote], check=False).returncode)
