"""A real sshd on loopback, for the user who runs it, with keys and folders of its own."""

import contextlib
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_START_SECONDS = 10

_CONFIG = """\
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host
AuthorizedKeysFile {folder}/login.pub
StrictModes no
UsePAM no
PidFile none
PrintMotd no
AcceptEnv PULUMI_COMMAND_STDOUT GREETING
Subsystem sftp internal-sftp
"""


@dataclass(frozen=True)
class Host:
    """Where it is and how to get in."""

    #: A folder, the same here and on the host. Each case finds it empty.
    folder: Path
    #: Inputs of a connection that gets in.
    connection: dict[str, Any]
    #: A public key that is not this host's.
    other_key: str
    #: Process id of the listening sshd.
    pid: int

    def connections(self) -> set[str]:
        """The process of each connection that is open now."""
        return set(Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split())


@contextmanager
def serving(folder: Path) -> Iterator[Host]:
    """A host whose keys, configuration and files are below ``folder``."""
    for name in ("host", "login", "other"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(folder / name)], check=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (folder / "sshd_config").write_text(_CONFIG.format(port=port, folder=folder))
    if os.geteuid() == 0:
        # Debian's unit of sshd makes it: https://sources.debian.org/src/openssh/latest/debian/systemd/ssh.service
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    log = folder / "sshd.log"
    # sshd starts itself again for each connection, by its absolute path.
    process = subprocess.Popen(["/usr/sbin/sshd", "-D", "-e", "-f", str(folder / "sshd_config")], stderr=log.open("w"))
    files = folder / "files"
    files.mkdir()
    try:
        _wait(process, port, log)
        yield Host(
            folder=files,
            connection={
                "host": "127.0.0.1",
                "port": port,
                "user": _user(),
                "privateKey": (folder / "login").read_text(),
                "hostKey": (folder / "host.pub").read_text(),
                "dialErrorLimit": 0,
                "perDialTimeout": 5,
            },
            other_key=(folder / "other.pub").read_text(),
            pid=process.pid,
        )
    finally:
        process.terminate()
        process.wait()


def _user() -> str:
    import pwd

    return pwd.getpwuid(os.geteuid()).pw_name


def _wait(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise RuntimeError(f"sshd does not listen on port {port}: {log.read_text()}")
