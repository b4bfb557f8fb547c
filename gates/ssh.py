"""SSH to a broker host: its host key, whether it accepts a private key, and how `ssh` is called.

Owns the options, which pin the host key and ignore the caller's own files, and the agent that holds the key. The
private key is never written to a file. Leaves out whose key it is and what runs on the host.
"""

import contextlib
import os
import re
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from gates.wait import LOOK_TIMEOUT, NotYet
from hostsetup.services import SSH_PORT

#: Seconds to connect.
CONNECT_SECONDS = 15
#: Seconds until an agent listens.
AGENT_SECONDS = 5
#: Bytes of a folder's path below which `/agentkeys-xxxxxxxx/agent.xxxxxxxxxxxx` still is a socket's path.
SOCKET_FOLDER_LIMIT = 60


class LoginError(Exception):
    """The key cannot be used, or OpenSSH is not there; the message says which, without a word of the key."""


@contextlib.contextmanager
def session(target: str, private_key: str, host_key: str, options: Sequence[str] = ()) -> Iterator[list[str]]:
    """The beginning of an `ssh` command to ``target``, ``<user>@<address>``; a remote command may follow. It works
    inside of the block. ``host_key`` is as a known_hosts line has it behind the name, ``options`` are ssh's own.

    Raises LoginError.
    """
    with tempfile.TemporaryDirectory(prefix="agentkeys-", dir=_socket_folder()) as folder:
        known = Path(folder) / "known_hosts"
        known.write_text(f"{target.partition('@')[2]} {host_key.strip()}\n")
        with _agent(Path(folder) / "agent", private_key) as agent:
            settings = {
                "ConnectTimeout": str(CONNECT_SECONDS),
                "GlobalKnownHostsFile": "/dev/null",
                "HostKeyAlgorithms": "ssh-ed25519",
                "IdentityAgent": str(agent),
                "IdentityFile": "none",
                # Only the key logs in: nothing asks a person, by a window of SSH_ASKPASS either.
                "KbdInteractiveAuthentication": "no",
                "LogLevel": "ERROR",
                "PasswordAuthentication": "no",
                "StrictHostKeyChecking": "yes",
                "UserKnownHostsFile": str(known),
            }
            # Without a file of the operator's, whose jump hosts and agents are for other machines.
            named = [f"-o{name}={value}" for name, value in settings.items()]
            yield ["ssh", "-F", "none", *named, *options, target]


def _socket_folder() -> str:
    """Where the agent's socket fits: its path has 108 bytes (unix(7)), and TMPDIR may take most of them."""
    folder = tempfile.gettempdir()
    return folder if len(os.fsencode(folder)) <= SOCKET_FOLDER_LIMIT else "/tmp"  # noqa: S108 - a private folder in it


@contextlib.contextmanager
def openssh() -> Iterator[None]:
    """Around a call of one of OpenSSH's programs. Raises LoginError when it is not there."""
    try:
        yield
    except FileNotFoundError as error:
        raise LoginError(f"there is no `{error.filename}` on PATH. Install OpenSSH's client.") from None


@contextlib.contextmanager
def _agent(path: Path, private_key: str) -> Iterator[Path]:
    """An ssh-agent that holds one key, in memory, for as long as the block lasts."""
    with openssh():
        running = subprocess.Popen(
            ["ssh-agent", "-D", "-a", str(path)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
    try:
        until = time.monotonic() + AGENT_SECONDS
        while not _listens(path) and running.poll() is None and time.monotonic() < until:
            time.sleep(0.01)
        added = subprocess.run(
            ["ssh-add", "-q", "-"],
            # Without its line end the agent takes it for broken.
            input=private_key if private_key.endswith("\n") else f"{private_key}\n",
            # A key that turns out to need a passphrase is an error here, and no window on the operator's desktop.
            env={**os.environ, "SSH_AUTH_SOCK": str(path), "SSH_ASKPASS_REQUIRE": "never"},
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
        if added.returncode:
            raise LoginError(f"ssh-agent does not take the key: {added.stderr.strip()}")
        yield path
    finally:
        running.terminate()
        running.wait()


def host_key(address: str) -> str:
    """The host's ed25519 key as ``ssh-ed25519 <base64>``. Raises NotYet while nothing answers on port 22, and when what
    answers has no such key.
    """
    keys, banner = _scanned(address, "-t", "ed25519")
    if found := keys.get("ssh-ed25519"):
        return f"ssh-ed25519 {found}"
    if not banner:
        raise NotYet(f"nothing answers as SSH at {address} port {SSH_PORT}")
    others, _ = _scanned(address)
    raise NotYet(
        f"{banner} at {address} port {SSH_PORT} has no ed25519 host key; it has {', '.join(sorted(others)) or 'none'}",
        fix="The steps pin that type of key. Create it on the host (`sudo ssh-keygen -A`), let /etc/ssh/sshd_config "
        "offer it (HostKey, HostKeyAlgorithms) and restart sshd. A host in FIPS mode rejects ed25519: use another.",
    )


def _listens(path: Path) -> bool:
    """Whether a server accepts connections. Its socket is there a moment before it does."""
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


def _scanned(address: str, *options: str) -> tuple[dict[str, str], str]:
    """Host keys by type, and the server's own name and version; empty while no SSH server answers."""
    scan = subprocess.run(
        ["ssh-keyscan", "-T", str(int(LOOK_TIMEOUT)), "-p", str(SSH_PORT), *options, address],
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    fields = [line.split() for line in scan.stdout.splitlines() if not line.startswith("#")]
    banner = re.search(r"^# \S+ (SSH-\S+.*)$", scan.stderr, re.MULTILINE)
    return {line[1]: line[2] for line in fields if len(line) == 3}, banner[1].strip() if banner else ""


def logged_in(target: str, private_key: str, host_key: str) -> str:
    """``target``, ``<user>@<address>``, lets the key in. Raises NotYet with ssh's own reason, SystemExit without a key
    that could be tried.
    """
    try:
        with session(target, private_key, host_key, ("-oBatchMode=yes",)) as ssh:
            done = subprocess.run(
                [*ssh, "true"],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                check=False,
            )
    except LoginError as error:
        raise SystemExit(f"SSH to {target}: {error} Then run `pulumi up` again.") from None
    if done.returncode:
        raise NotYet(" ".join(done.stderr.split()) or f"ssh ended with {done.returncode}")
    return f"{target} lets the key in"
