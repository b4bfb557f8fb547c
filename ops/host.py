"""The broker host over SSH, as the stack's steps reach it: its key, its pinned host key, its login user.

Owns one call, a script as root. The private key is a secret output of the stack; it lies in a file of this process's
own while the call lasts, since that is what ``ssh`` reads. Leaves out what the script does.
"""

import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import click

from ops import exits
from ops.stack import Stack, ask

#: Seconds to connect, and for the whole call.
CONNECT_SECONDS = 15
CALL_SECONDS = 120

#: ssh's own exit code for everything that is not the remote command's.
_SSH_FAILED = 255


class HostError(click.ClickException):
    """The host could not be asked; the message says what was tried, what was seen and the way out."""

    exit_code = exits.NOT_RUN


def as_root(stack: Stack, script: str) -> str:
    """What a bash script printed that ran as root on the stack's host. Raises HostError, and StackError."""
    key = ask(stack.name, "stack", "output", "sshPrivateKey", "--show-secrets", "--json")
    address, user = stack.output("elasticIp"), stack.settings.login_user
    with tempfile.TemporaryDirectory(prefix="agentkeys-") as folder:
        private, known = Path(folder) / "key", Path(folder) / "known_hosts"
        private.touch(mode=0o600)
        private.write_text(key if key.endswith("\n") else key + "\n")
        known.write_text(f"{address} {stack.output('sshHostKey').strip()}\n")
        return _run(_ssh(f"{user}@{address}", private, known), script, address)


def _ssh(where: str, private: Path, known: Path) -> list[str]:
    options = {
        "BatchMode": "yes",
        "ConnectTimeout": str(CONNECT_SECONDS),
        "GlobalKnownHostsFile": "/dev/null",
        "HostKeyAlgorithms": "ssh-ed25519",
        "IdentitiesOnly": "yes",
        "IdentityAgent": "none",
        "LogLevel": "ERROR",
        "StrictHostKeyChecking": "yes",
        "UserKnownHostsFile": str(known),
    }
    # Without a file of the operator's, whose jump hosts and agents are for other machines.
    return ["ssh", "-F", "none", "-i", str(private), *(f"-o{name}={value}" for name, value in options.items()), where]


def _run(ssh: Sequence[str], script: str, address: str) -> str:
    try:
        done = subprocess.run(
            [*ssh, "sudo -n bash -s"],
            input=script,
            capture_output=True,
            text=True,
            check=False,
            timeout=CALL_SECONDS,
        )
    except FileNotFoundError:
        raise HostError("there is no `ssh` on PATH, and the host is asked over it. Install OpenSSH's client.") from None
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
