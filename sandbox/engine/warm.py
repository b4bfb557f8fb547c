"""Keeps plugin processes warm: the executable that the engine starts leases one, which has Terraform's schema loaded.

Owns the pool below ``$PULUMI_HOME/warm``, starting, leasing and ending its processes. Leaves out what a process serves
(``bridge``), so that the executable imports nothing but the standard library and starts at once.

A process listens on a socket ``<key>-<pid>.sock`` only while it is idle; a lease is the open connection, so the kernel
ends it however its holder dies. The key is a digest of all that a process cannot change later: the AWS settings in its
environment, its programs and this code. Processes are their own process groups, which hold the Terraform provider too.
"""

import contextlib
import hashlib
import json
import os
import select
import signal
import socket
import stat
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

#: How long a process waits for the next engine before it ends itself. A run without it takes about 3 s more.
IDLE_SECONDS = 5 * 60

#: Idle processes of one key beyond this number end themselves. One serves a run; a second one is needed only while two
#: runs overlap, and each holds about 250 MB.
IDLE_PROCESSES = 1

#: The collector of the Go programs below a process. With 40, a preview takes 0.3 CPU seconds (7 percent) more and the
#: AWS provider with its bridge 110 MB less (docs/bench.md).
_COLLECTOR = {"GOGC": "200"}

_START_SECONDS = 90

_ENVIRONMENT = ("AWS_", "GOOGLE_", "TENCENTCLOUD_", "TF_", "SSL_CERT_")
_ENVIRONMENT_NAMES = {"HOME", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"}

_CHECKOUT = Path(__file__).resolve().parent.parent.parent


#: Where a Pulumi home's pool has its sockets and logs, also those of interpreters (``preloaded``).
FOLDER = "warm"


def folder(pulumi_home: Path) -> Path:
    """The folder of a Pulumi home's pool."""
    return pulumi_home / FOLDER


def key(plugin: str, bin_dir: Path) -> str:
    """The key of processes with this plugin, environment and code."""
    kept = {
        name: value for name, value in os.environ.items() if name.startswith(_ENVIRONMENT) or name in _ENVIRONMENT_NAMES
    }
    code = [(path.name, path.stat().st_mtime_ns) for path in sorted(Path(__file__).parent.glob("*.py"))]
    provider = (bin_dir / f"terraform-provider-{plugin}").resolve()
    digest = hashlib.sha256(json.dumps([plugin, str(provider), str(bin_dir), kept, code], sort_keys=True).encode())
    return f"{plugin}-{digest.hexdigest()[:24]}"


def lease(plugin: str, pulumi_home: Path, bin_dir: Path) -> tuple[socket.socket, int]:
    """An exclusive connection to a process, and its port. Starts a process if none is idle."""
    pool = folder(pulumi_home)
    pool.mkdir(parents=True, exist_ok=True)
    before = Path.cwd()
    # Socket addresses hold 107 bytes, homes may be longer.
    os.chdir(pool)
    try:
        return _lease(plugin, bin_dir)
    finally:
        os.chdir(before)


def _lease(plugin: str, bin_dir: Path) -> tuple[socket.socket, int]:
    wanted = key(plugin, bin_dir)
    for path in sorted(Path().glob(f"{wanted}-*.sock")):
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(str(path))
            return connection, _port(connection)
        except ConnectionRefusedError:
            # The process died and left its socket.
            connection.close()
            path.unlink(missing_ok=True)
        except (OSError, ValueError):
            # Another engine leased it first.
            connection.close()
    return _start(plugin, wanted, bin_dir)


def _start(plugin: str, wanted: str, bin_dir: Path) -> tuple[socket.socket, int]:
    ours, theirs = socket.socketpair()
    # A process outlives the run, so the run's own settings (and the passphrase among them) do not go with it.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PULUMI_")} | _COLLECTOR
    endpoint = environment.get("AWS_ENDPOINT_URL", "")
    if endpoint.startswith("http://127."):
        # S3 Control's host name is the account id before the endpoint's, and no resolver knows one before an address.
        # Go asks a proxy about every name but loopback's own, so the endpoint is that proxy.
        environment |= {"HTTP_PROXY": endpoint, "NO_PROXY": ""}
    code = (
        "import sys; sys.path[0] = sys.argv[1]; from sandbox.engine import protocol; protocol.import_alone(); "
        "from sandbox.engine.bridge import serve; serve(sys.argv[2], sys.argv[3], sys.argv[4], int(sys.argv[5]))"
    )
    log = Path(f"{wanted}.log")
    arguments = [sys.executable, "-c", code, str(_CHECKOUT), plugin, wanted, str(bin_dir), str(theirs.fileno())]
    theirs.set_inheritable(True)
    with theirs:
        # Its own session, so that neither the engine's end nor Ctrl-C reaches it; nobody waits for it.
        os.posix_spawn(
            sys.executable,
            arguments,
            environment,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, str(log), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600),
                (os.POSIX_SPAWN_DUP2, 1, 2),
            ],
            setsid=True,
        )
    ours.settimeout(_START_SECONDS)
    try:
        port = _port(ours)
    except (OSError, ValueError) as error:
        raise SystemExit(
            f"plugin {plugin}: its process did not come up within {_START_SECONDS} s ({error}); see {log.resolve()}"
        ) from error
    ours.settimeout(None)
    return ours, port


def _port(connection: socket.socket) -> int:
    line = b""
    while not line.endswith(b"\n"):
        received = connection.recv(64)
        if not received:
            raise ValueError("it ended the connection")
        line += received
    return int(line)


def main(plugin: str, pulumi_home: str, bin_dir: str) -> None:
    """The executable that the engine starts: lease a process, print its port, and run until the engine ends."""

    def leave(_signal: int, _frame: FrameType | None) -> None:
        os._exit(0)

    signal.signal(signal.SIGINT, leave)
    signal.signal(signal.SIGTERM, leave)
    connection, port = lease(plugin, Path(pulumi_home), Path(bin_dir))
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    watched: list[int] = [connection.fileno()]
    # The engine holds the other end of standard input, so it closes when the engine ends, even by kill -9.
    if stat.S_ISFIFO(os.fstat(0).st_mode):
        watched.append(0)
    while True:
        readable, _, _ = select.select(watched, [], [])
        if connection.fileno() in readable:
            raise SystemExit(f"plugin {plugin}: its process ended; see the logs in {folder(Path(pulumi_home))}")
        if not os.read(0, 4096):
            return


class Leases:
    """The process's side: hands the process to one holder after the other."""

    def __init__(self, name: str, first: socket.socket) -> None:
        self._name = name
        self._path = Path(f"{name}-{os.getpid()}.sock")
        self._first = first

    def holders(self, port: int) -> Iterator[socket.socket]:
        """Connections of one holder at a time; ends when none has come for long, or enough others wait."""
        yield from self._hold(self._first, port)
        while True:
            idle = list(Path().glob(f"{self._name}-*.sock"))
            if len(idle) >= IDLE_PROCESSES:
                return
            listener = socket.socket(socket.AF_UNIX)
            with listener:
                # Under its name only once it listens, since a name that refuses counts as a dead process's.
                unready = self._path.with_suffix(".new")
                listener.bind(str(unready))
                listener.listen(8)
                unready.rename(self._path)
                listener.settimeout(IDLE_SECONDS)
                try:
                    holder, _ = listener.accept()
                except TimeoutError:
                    return
                finally:
                    self._path.unlink(missing_ok=True)
            yield from self._hold(holder, port)

    @staticmethod
    def _hold(holder: socket.socket, port: int) -> Iterator[socket.socket]:
        with holder, contextlib.suppress(OSError):
            holder.sendall(f"{port}\n".encode())
            yield holder


def processes(pulumi_home: Path) -> list[int]:
    """The process groups of this home's pool, leased ones too; found by the pool's folder being where they work."""
    pool = folder(pulumi_home).resolve()
    found = set()
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (entry / "cwd").readlink() == pool and os.getpgid(int(entry.name)) != os.getpgrp():
                found.add(os.getpgid(int(entry.name)))
    return sorted(found)


def stop(pulumi_home: Path) -> int:
    """Stop all processes of this home's pool, and return the number of process groups."""
    groups = processes(pulumi_home)
    for group in groups:
        _signal(group, signal.SIGTERM)
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and processes(pulumi_home):
        time.sleep(0.05)
    for group in processes(pulumi_home):
        _signal(group, signal.SIGKILL)
    for path in folder(pulumi_home).glob("*.sock"):
        path.unlink(missing_ok=True)
    return len(groups)


def _signal(group: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, number)
