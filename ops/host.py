"""The broker host over SSH, as the stack's steps reach it: its key, its pinned host key, its login user.

Owns one call, a script as root, and what is said when it fails. The private key is a secret output of the stack. Leaves
out how `ssh` is called (``gates/ssh.py``) and what is run there.
"""

import contextlib
import subprocess
from collections.abc import Iterator, Sequence

import click

from gates.ssh import LoginError
from gates.ssh import openssh as calling_openssh
from gates.ssh import session as ssh_session
from ops import exits
from ops.stack import Stack, ask

#: Seconds for the whole call.
CALL_SECONDS = 120

#: ssh's own exit code for everything that is not the remote command's.
_SSH_FAILED = 255


class HostError(click.ClickException):
    """The host could not be asked; the message says what was tried, what was seen and the way out."""

    exit_code = exits.NOT_RUN


def as_root(stack: Stack, script: str) -> str:
    """What a bash script printed that ran as root on the stack's host. Raises HostError, and StackError."""
    with session(stack, stack.settings.login_user, stack_key(stack), ("-oBatchMode=yes",)) as ssh:
        return _run([*ssh, "sudo -n bash -s"], script, stack.output("elasticIp"))


def stack_key(stack: Stack) -> str:
    """The private key of the login user. Raises StackError."""
    return str(ask(stack.name, "stack", "output", "sshPrivateKey", "--show-secrets", "--json"))


@contextlib.contextmanager
def session(stack: Stack, user: str, private_key: str, options: Sequence[str] = ()) -> Iterator[list[str]]:
    """The beginning of an `ssh` command to the stack's host; a remote command may follow. It works inside of the block.

    ``options`` are ssh's own. Raises HostError, and StackError.
    """
    target, host_key = f"{user}@{stack.output('elasticIp')}", stack.output("sshHostKey")
    with contextlib.ExitStack() as opened:
        with openssh():
            ssh = opened.enter_context(ssh_session(target, private_key, host_key, options))
        yield ssh


@contextlib.contextmanager
def openssh() -> Iterator[None]:
    """Around a call of one of OpenSSH's programs. Raises HostError when it is not there."""
    try:
        with calling_openssh():
            yield
    except LoginError as error:
        raise HostError(str(error)) from None


def _run(ssh: Sequence[str], script: str, address: str) -> str:
    try:
        with openssh():
            done = subprocess.run(
                list(ssh),
                input=script,
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                check=False,
                timeout=CALL_SECONDS,
            )
    except subprocess.TimeoutExpired:
        raise HostError(
            f"the host at {address} has not answered everything within {CALL_SECONDS} s. Look at its load "
            "(`uptime` on it), then run the command again."
        ) from None
    said = " ".join((done.stderr.strip() or done.stdout.strip()[-500:]).split())
    if done.returncode == _SSH_FAILED and "Host key verification failed" in said:
        raise HostError(
            f"the machine at {address} shows another host key than the one that this stack pinned (`pulumi stack "
            "output sshHostKey`). It is another machine, or somebody plays it: nothing was sent. Find out first; if it "
            "was set up anew on purpose, replace the host (docs/runbook.md)."
        )
    if done.returncode == _SSH_FAILED:
        raise HostError(
            f"the host at {address} cannot be reached over SSH: {said or 'no reason given'}. See that the instance "
            "runs, that its security group lets this machine reach port 22 (sshCidrs), and that the login user still "
            "has the stack's key (docs/runbook.md, Lost SSH)."
        )
    if done.returncode:
        raise HostError(f"the host at {address} could not answer (exit code {done.returncode}): {said}")
    return done.stdout
