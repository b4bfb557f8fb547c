"""The broker host over SSH, as the stack's steps reach it: its key, its pinned host key, its login user.

Owns how `ssh` is called: an agent of this process's own that holds the key, the pinned host key, nothing of the
operator's files; and one call, a script as root. The private key is a secret output of the stack and never lies in a
file. Leaves out what is run there.
"""

import contextlib
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from ops import exits
from ops.stack import Stack, ask

#: Seconds to connect, and for the whole call.
CONNECT_SECONDS = 15
CALL_SECONDS = 120
#: Seconds until an agent listens.
AGENT_SECONDS = 5

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
    key = str(ask(stack.name, "stack", "output", "sshPrivateKey", "--show-secrets", "--json"))
    return key if key.endswith("\n") else f"{key}\n"


@contextlib.contextmanager
def session(stack: Stack, user: str, private_key: str, options: Sequence[str] = ()) -> Iterator[list[str]]:
    """The beginning of an `ssh` command to the stack's host; a remote command may follow. It works inside of the block.

    ``options`` are ssh's own. Raises HostError, and StackError.
    """
    address = stack.output("elasticIp")
    with tempfile.TemporaryDirectory(prefix="agentkeys-") as folder:
        known = Path(folder) / "known_hosts"
        known.write_text(f"{address} {stack.output('sshHostKey').strip()}\n")
        with _agent(Path(folder) / "agent", private_key) as agent:
            settings = {
                "ConnectTimeout": str(CONNECT_SECONDS),
                "GlobalKnownHostsFile": "/dev/null",
                "HostKeyAlgorithms": "ssh-ed25519",
                "IdentityAgent": str(agent),
                "IdentityFile": "none",
                "LogLevel": "ERROR",
                "PasswordAuthentication": "no",
                "StrictHostKeyChecking": "yes",
                "UserKnownHostsFile": str(known),
            }
            # Without a file of the operator's, whose jump hosts and agents are for other machines.
            named = [f"-o{name}={value}" for name, value in settings.items()]
            yield ["ssh", "-F", "none", *named, *options, f"{user}@{address}"]


@contextlib.contextmanager
def openssh() -> Iterator[None]:
    """Around a call of one of OpenSSH's programs. Raises HostError when it is not there."""
    try:
        yield
    except FileNotFoundError as error:
        raise HostError(f"there is no `{error.filename}` on PATH. Install OpenSSH's client.") from None


@contextlib.contextmanager
def _agent(socket: Path, private_key: str) -> Iterator[Path]:
    """An ssh-agent that holds one key, in memory, for as long as the block lasts."""
    with openssh():
        running = subprocess.Popen(
            ["ssh-agent", "-D", "-a", str(socket)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
    try:
        until = time.monotonic() + AGENT_SECONDS
        while not socket.exists() and running.poll() is None and time.monotonic() < until:
            time.sleep(0.01)
        added = subprocess.run(
            ["ssh-add", "-q", "-"],
            input=private_key,
            env={**os.environ, "SSH_AUTH_SOCK": str(socket)},
            capture_output=True,
            text=True,
            check=False,
        )
        if added.returncode:
            raise HostError(f"ssh-agent does not take the key: {added.stderr.strip()}")
        yield socket
    finally:
        running.terminate()
        running.wait()


def _run(ssh: Sequence[str], script: str, address: str) -> str:
    try:
        with openssh():
            done = subprocess.run(
                list(ssh),
                input=script,
                capture_output=True,
                text=True,
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
            "has the stack's key."
        )
    if done.returncode:
        raise HostError(f"the host at {address} could not answer (exit code {done.returncode}): {said}")
    return done.stdout
