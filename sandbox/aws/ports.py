"""Checks that a port is free before a server listens on it, and names the process that holds it.

The servers used here exit or share the port silently if it is taken.
"""

import contextlib
import errno
import socket
from pathlib import Path

from sandbox.layout import LOOPBACK


class PortTakenError(RuntimeError):
    """Another process listens on a port that the account needs."""


def require_free(port: int, service: str, *, udp: bool = False, address: str = LOOPBACK) -> None:
    """Raise PortTakenError unless `service` can listen on `port` of `address`. Port 0 is always free."""
    if port == 0:
        return
    kind = socket.SOCK_DGRAM if udp else socket.SOCK_STREAM
    with socket.socket(socket.AF_INET, kind) as probe:
        if not udp:
            # Connections in TIME_WAIT do not block a listener.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise
            protocol = "UDP" if udp else "TCP"
            reason = "no permission to bind it" if error.errno == errno.EACCES else _held_by(port, udp=udp)
            raise PortTakenError(
                f"{protocol} port {port} on {address} is needed by {service}, but {reason}; "
                "end that process (or run `make sandbox-stop` if it is another sandbox) and start again"
            ) from error


def _held_by(port: int, *, udp: bool) -> str:
    inodes = {inode for table in _tables(udp=udp) for inode in _inodes(table, port, listening_only=not udp)}
    for process in Path("/proc").glob("[0-9]*"):
        links = _links(process / "fd")
        if any(f"socket:[{inode}]" in links for inode in inodes):
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
            return f"process {process.name} holds it ({command or 'no command line'})"
    return "a process that /proc does not show holds it"


def _links(folder: Path) -> set[str]:
    # Processes and descriptors may disappear while they are read.
    links = set()
    with contextlib.suppress(OSError):
        for descriptor in folder.iterdir():
            with contextlib.suppress(OSError):
                links.add(str(descriptor.readlink()))
    return links


def _tables(*, udp: bool) -> list[Path]:
    names = ("udp", "udp6") if udp else ("tcp", "tcp6")
    return [Path("/proc/net") / name for name in names]


def _inodes(table: Path, port: int, *, listening_only: bool) -> list[str]:
    if not table.exists():
        return []
    rows = (line.split() for line in table.read_text().splitlines()[1:])
    return [
        row[9] for row in rows if int(row[1].rpartition(":")[2], 16) == port and (row[3] == "0A" or not listening_only)
    ]
