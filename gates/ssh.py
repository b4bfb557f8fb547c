"""SSH to a broker host: its host key, whether it accepts a private key, and how `ssh` is called.

Owns the options, which pin the host key and ignore the caller's own files, and the agent that holds the key. The
private key is never written to a file. Leaves out whose key it is and what runs on the host.
"""

import contextlib
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from gates.wait import LOOK_TIMEOUT, NotYet

#: Seconds to connect.
CONNECT_SECONDS = 15
#: Seconds until an agent listens.
AGENT_SECONDS = 5


class LoginError(Exception):
    """The key cannot be used, or OpenSSH is not there; the message says which, without a word of the key."""


@contextlib.contextmanager
def session(target: str, private_key: str, host_key: str, options: Sequence[str] = ()) -> Iterator[list[str]]:
    """The beginning of an `ssh` command to ``target``, ``<user>@<address>``; a remote command may follow. It works
    inside of the block. ``host_key`` is as a known_hosts line has it behind the name, ``options`` are ssh's own.

    Raises LoginError.
    """
    with tempfile.TemporaryDirectory(prefix="agentkeys-") as folder:
        known = Path(folder) / "known_hosts"
        known.write_text(f"{target.partition('@')[2]} {host_key.strip()}\n")
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
            yield ["ssh", "-F", "none", *named, *options, target]


@contextlib.contextmanager
def openssh() -> Iterator[None]:
    """Around a call of one of OpenSSH's programs. Raises LoginError when it is not there."""
    try:
        yield
    except FileNotFoundError as error:
        raise LoginError(f"there is no `{error.filename}` on PATH. Install OpenSSH's client.") from None


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
            # Without its line end the agent takes it for broken.
            input=private_key if private_key.endswith("\n") else f"{private_key}\n",
            env={**os.environ, "SSH_AUTH_SOCK": str(socket)},
            capture_output=True,
            text=True,
            check=False,
        )
        if added.returncode:
            raise LoginError(f"ssh-agent does not take the key: {added.stderr.strip()}")
        yield socket
    finally:
        running.terminate()
        running.wait()


def host_key(address: str) -> str:
    """The host's ed25519 key as ``ssh-ed25519 <base64>``. Raises NotYet while nothing answers on port 22."""
    scan = subprocess.run(
        ["ssh-keyscan", "-T", str(int(LOOK_TIMEOUT)), "-t", "ed25519", address],
        capture_output=True,
        text=True,
        check=False,
    )
    for line in scan.stdout.splitlines():
        if line.startswith(f"{address} ssh-ed25519 "):
            return line.removeprefix(f"{address} ")
    raise NotYet(f"{address} port 22 gives no ed25519 host key")


def logged_in(target: str, private_key: str, host_key: str) -> str:
    """``target``, ``<user>@<address>``, lets the key in. Raises NotYet with ssh's own reason, SystemExit without a key
    that could be tried.
    """
    try:
        with session(target, private_key, host_key, ("-oBatchMode=yes",)) as ssh:
            done = subprocess.run([*ssh, "true"], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    except LoginError as error:
        raise SystemExit(f"SSH to {target}: {error} Then run `pulumi up` again.") from None
    if done.returncode:
        raise NotYet(" ".join(done.stderr.split()) or f"ssh ended with {done.returncode}")
    return f"{target} lets the key in"
