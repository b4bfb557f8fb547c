"""Access to the broker host over SSH, with the stack's private key, pinned host key and login user.

Owns running a script as root and the error when that fails. The private key is a secret output of the stack. Leaves out
how `ssh` is called (``gates/ssh.py``).
"""

import contextlib
import subprocess
from collections.abc import Callable, Iterator, Sequence

import click

from gates.ssh import LoginError
from gates.ssh import openssh as calling_openssh
from gates.ssh import session as ssh_session
from ops import exits
from ops.stack import AnyStack, ask

#: Time limit for a script, in seconds.
CALL_SECONDS = 120

#: Exit code of `ssh` when the connection fails, as opposed to the remote command.
_SSH_FAILED = 255


class HostError(click.ClickException):
    """The host cannot be reached or gives no answer. The message says what was tried, what was seen and what to do."""

    exit_code = exits.NOT_RUN


def as_root(
    stack: AnyStack, script: str, *, private: bool = False, refusal: Callable[[str], click.ClickException] | None = None
) -> str:
    """Run a bash script as root on the stack's host and return its output. Raises HostError and StackError.

    ``private`` keeps the output out of every message. ``refusal`` makes the error of a script that itself exits with 1.
    """
    with session(stack, stack.settings.logs_in_as, stack_key(stack), ("-oBatchMode=yes",)) as ssh:
        return _run([*ssh, "sudo -n bash -s"], script, stack.address, private=private, refusal=refusal)


def stack_key(stack: AnyStack) -> str:
    """The private key of the login user. Raises StackError."""
    return str(ask(stack.name, "stack", "output", "sshPrivateKey", "--show-secrets", "--json", folder=stack.folder))


@contextlib.contextmanager
def session(stack: AnyStack, user: str, private_key: str, options: Sequence[str] = ()) -> Iterator[list[str]]:
    """The `ssh` command to the stack's host, to which a remote command can be appended. Valid inside the block.

    ``options`` are passed to `ssh`. Raises HostError and StackError.
    """
    target, host_key = f"{user}@{stack.address}", stack.output("sshHostKey")
    with contextlib.ExitStack() as opened:
        with openssh():
            ssh = opened.enter_context(ssh_session(target, private_key, host_key, options))
        yield ssh


@contextlib.contextmanager
def openssh() -> Iterator[None]:
    """Wraps a call of an OpenSSH program. Raises HostError if the program is not installed."""
    try:
        with calling_openssh():
            yield
    except LoginError as error:
        raise HostError(str(error)) from None


def _run(
    ssh: Sequence[str],
    script: str,
    address: str,
    *,
    private: bool = False,
    refusal: Callable[[str], click.ClickException] | None = None,
) -> str:
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
            f"the host at {address} did not finish within {CALL_SECONDS} s. Check its load (run `uptime` there), then "
            "run the command again."
        ) from None
    said = " ".join((done.stderr.strip() or ("" if private else done.stdout.strip()[-500:])).split())
    if done.returncode == _SSH_FAILED and "Host key verification failed" in said:
        raise HostError(
            f"the host at {address} shows another host key than the one that this stack pinned (`pulumi stack output "
            "sshHostKey`). Nothing was sent: it may be another host, or somebody who impersonates it. Find out why. If "
            "the host was reinstalled on purpose, replace it (docs/runbook.md)."
        )
    if done.returncode == _SSH_FAILED:
        raise HostError(
            f"the host at {address} cannot be reached over SSH: {said or 'no reason given'}. Check that the instance "
            "runs, that sshCidrs allows this computer's address, and that the login user still has the stack's key "
            "(docs/runbook.md, Lost SSH)."
        )
    if done.returncode == exits.WRONG and refusal is not None and said:
        raise refusal(f"the host at {address} refuses: {said}.")
    if done.returncode:
        raise HostError(f"the command failed on the host at {address} (exit code {done.returncode}): {said}")
    return done.stdout
