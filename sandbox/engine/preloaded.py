"""Runs a Python program in a fork of an interpreter that has imported the program's packages already.

Importing packages takes most of a short run. Owns the interpreter that forks, and the process that stands for the fork
where the engine starts the program. It runs in any virtual environment, so it needs the standard library only.

An interpreter waits at ``<name>-<digest>.fork`` in the pool of the warm plugins (``warm``). The digest covers what a
fork cannot change: the virtual environment, its packages, and the variables that Python and packages read at their
start. Before a fork the interpreter imports the packages that it was started with and those that earlier runs imported.
Every run imports the project's own modules itself. A run therefore differs from one in a new interpreter only in that
packages are imported before the program asks for them.

Without a pool, or if no interpreter answers, the program runs in the process itself.
"""

import atexit
import contextlib
import fcntl
import gc
import hashlib
import importlib
import json
import os
import runpy
import select
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import NoReturn

#: What an interpreter may wait for the next run before it ends itself.
IDLE_SECONDS = 5 * 60

#: Imports make a hundred thousand objects that stay, so collecting cycles after each 700 finds nothing.
_COLLECT_AFTER = 100_000

_PASSED_ON = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_READ_AT_START = ("PYTHON", "LANG", "LC_", "TZ", "LD_", "GRPC_", "OTEL_")

#: The arguments of ``python``: ``-m <module> ...``, ``-c <code> ...`` or ``<script> ...``.
Program = Sequence[str]


def run(name: str, program: Program, pool: Path | None, packages: Sequence[str] = ()) -> None:
    """Run the program as ``python <program>`` does, and end as it ends.

    ``pool`` is the folder of the interpreters. ``packages`` are imported before the first run. What a program that ends
    by itself has imported need not be named.
    """
    connection = _connect(name, pool, packages) if pool else None
    if connection:
        # A signal waits until there is a program to pass it on to.
        signal.pthread_sigmask(signal.SIG_BLOCK, _PASSED_ON)
        _send(connection, program)
        answers = connection.makefile()
        process = answers.readline().strip()
        if process:
            _stand_for(int(process))
            code = answers.readline().strip()
            os._exit(int(code) if code else 1)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _PASSED_ON)
    gc.set_threshold(_COLLECT_AFTER)
    _execute(program)


def _stand_for(process: int) -> None:
    """Pass this process's signals on. Its end is seen by the connection."""

    def pass_on(number: int, _frame: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, number)

    for number in _PASSED_ON:
        signal.signal(number, pass_on)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _PASSED_ON)


def _execute(program: Program) -> None:
    if program[0] == "-c":
        sys.path.insert(0, "")
        sys.argv = ["-c", *program[2:]]
        exec(compile(program[1], "<string>", "exec"), {"__name__": "__main__"})  # noqa: S102 - as python -c does
    elif program[0] == "-m":
        sys.path.insert(0, str(Path.cwd()))
        sys.argv = list(program[1:])
        runpy.run_module(program[1], run_name="__main__", alter_sys=True)
    else:
        sys.path.insert(0, str(Path(program[0]).resolve().parent))
        sys.argv = list(program)
        runpy.run_path(program[0], run_name="__main__")


def _execute_and_end(program: Program) -> NoReturn:
    """Run the program and do what Python does at its end, but take no module apart: that takes 0.1 s in a fork."""
    code = 0
    try:
        _execute(program)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
    except BaseException as error:
        sys.excepthook(type(error), error, error.__traceback__)
        code = 128 + signal.SIGINT if isinstance(error, KeyboardInterrupt) else 1
    # As multiprocessing ends its forks.
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code & 0xFF)


def _connect(name: str, pool: Path, packages: Sequence[str]) -> socket.socket | None:
    """A connection to the interpreter of this name, which is started if none waits. None if that fails."""
    connection = socket.socket(socket.AF_UNIX)
    with contextlib.suppress(OSError):
        pool.mkdir(parents=True, exist_ok=True)
        # The address of a socket holds 107 bytes, and homes may be longer.
        folder = os.open(pool, os.O_RDONLY)
        path = Path(f"/proc/self/fd/{folder}/{name}-{_digest(packages)}.fork")
        with contextlib.suppress(FileNotFoundError, ConnectionRefusedError):
            connection.connect(str(path))
            return connection
        with path.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            with contextlib.suppress(FileNotFoundError, ConnectionRefusedError):
                connection.connect(str(path))
                return connection
            # An interpreter that was killed leaves its socket.
            path.unlink(missing_ok=True)
            with socket.socket(socket.AF_UNIX) as listener:
                listener.bind(str(path))
                listener.listen(64)
                _start(listener, pool.resolve(), path.name, packages)
            connection.connect(str(path))
            return connection
    return None


def _digest(packages: Sequence[str]) -> str:
    installed = [(folder, Path(folder).stat().st_mtime_ns) for folder in _installed()]
    variables = sorted(pair for pair in os.environ.items() if pair[0].startswith(_READ_AT_START))
    code = Path(__file__).stat().st_mtime_ns
    fixed = (sys.version, sys.executable, installed, variables, code, tuple(packages))
    return hashlib.sha256(repr(fixed).encode()).hexdigest()[:24]


def _installed() -> list[str]:
    return [folder for folder in sys.path if Path(folder).name == "site-packages"]


def _start(listener: socket.socket, pool: Path, address: str, packages: Sequence[str]) -> None:
    # It outlives the run, so the run's own settings (and the passphrase among them) do not go with it.
    environment = {
        name: value for name, value in os.environ.items() if name in ("PATH", "HOME") or name.startswith(_READ_AT_START)
    }
    listener.set_inheritable(True)
    log = str((pool / address).with_suffix(".log"))
    os.posix_spawn(
        sys.executable,
        [
            *(sys.executable, str(Path(__file__).resolve()), "serve"),
            *(str(listener.fileno()), str(pool), address, *packages),
        ],
        environment,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
    )


def _send(connection: socket.socket, program: Program) -> None:
    """Give the interpreter the program, this process's folder, variables, and standard input, output and error."""
    given = json.dumps([list(program), str(Path.cwd()), dict(os.environ)]).encode()
    with contextlib.suppress(OSError):
        socket.send_fds(connection, [len(given).to_bytes(4, "big")], [0, 1, 2])
        connection.sendall(given)


class Interpreter:
    """The process that imports packages and forks for each run."""

    def __init__(self, listener: socket.socket, pool: Path, address: str, packages: Sequence[str]) -> None:
        os.chdir(pool)
        gc.set_threshold(_COLLECT_AFTER)
        # The kernel reaps the forks.
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        self._listener = listener
        self._listener.settimeout(IDLE_SECONDS)
        self._pool = pool
        self._address = Path(address)
        self._packages = set(packages)
        self._listed = self._address.with_suffix(".modules")
        self._imported: set[str] = set()

    def serve(self) -> None:
        """Fork for each connection, until none has come for long."""
        while connection := self._next():
            self._import()
            # A fork would lack the threads that a package started.
            if len(list(Path("/proc/self/task").iterdir())) > 1:
                break
            if not os.fork():
                self._listener.close()
                self._run(connection)
            connection.close()
        self._address.unlink(missing_ok=True)

    def _next(self) -> socket.socket | None:
        try:
            return self._listener.accept()[0]
        except TimeoutError:
            return None

    def _import(self) -> None:
        """Import the packages, and what runs have listed since the last import."""
        listed = self._packages | (set(self._listed.read_text().split()) if self._listed.exists() else set())
        if listed == self._imported:
            return
        for name in sorted(listed - self._imported):
            try:
                # Asking for an attribute loads a lazy module of Pulumi's.
                getattr(importlib.import_module(name), "", None)
            except Exception:
                # The program imports it itself and reports the error.
                traceback.print_exc()
        self._imported = listed
        # Forks share memory until a process writes to it, and the collector writes to every object that it visits.
        gc.collect()
        gc.freeze()

    def _run(self, connection: socket.socket) -> NoReturn:
        """Run the program in a fork of this fork, and report its process id and exit code."""
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        length, streams, _, _ = socket.recv_fds(connection, 4, 3)
        given = b""
        while len(given) < int.from_bytes(length, "big"):
            received = connection.recv(1 << 20)
            if not received:
                # The process that stands for the program was killed before it had sent everything.
                os._exit(1)
            given += received
        program, folder, variables = json.loads(given)
        process = os.fork()
        if not process:
            connection.close()
            for number, stream in enumerate(streams):
                os.dup2(stream, number)
                os.close(stream)
            os.environ.clear()
            os.environ.update(variables)
            os.chdir(folder)
            importlib.invalidate_caches()
            atexit.register(self._list)
            _execute_and_end(program)
        for number in (*streams, 0, 1, 2):
            os.close(number)
        ended = os.pidfd_open(process)
        connection.sendall(f"{process}\n".encode())
        readable, _, _ = select.select([connection.fileno(), ended], [], [])
        if ended not in readable:
            # Whoever stood for the program was killed.
            os.kill(process, signal.SIGKILL)
        code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
        with contextlib.suppress(OSError):
            connection.sendall(f"{code if code >= 0 else 128 - code}\n".encode())
        os._exit(0)

    def _list(self) -> None:
        """Write down the installed packages that this process has imported, beside those of earlier runs."""
        folders = tuple(_installed())
        found = set(self._imported)
        for name, module in list(sys.modules.items()):
            # Pulumi's lazy modules are of another type until they are used.
            spec = vars(module).get("__spec__") if type(module) is ModuleType else None
            if spec and spec.origin and spec.name == name and spec.origin.startswith(folders):
                found.add(name)
        if found != self._imported:
            listed = self._pool / self._listed
            temporary = listed.with_suffix(f".{os.getpid()}")
            temporary.write_text("\n".join(sorted(found)))
            temporary.replace(listed)


def main(verb: str, *arguments: str) -> None:
    """``run <name> <pool> <packages, separated by commas> <program>``, or ``serve`` for an interpreter's process."""
    # The folder of this script holds no package of a program.
    sys.path.pop(0)
    if verb == "serve":
        descriptor, pool, address, *names = arguments
        Interpreter(socket.socket(fileno=int(descriptor)), Path(pool), address, names).serve()
    else:
        name, pool, packages, *program = arguments
        run(name, program, Path(pool), list(filter(None, packages.split(","))))


if __name__ == "__main__":
    main(*sys.argv[1:])
