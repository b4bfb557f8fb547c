"""Runs commands and copies files, here or over SSH, as pulumi-command 1.2.1 does.

Owns dialling with retries, processes and their output, SFTP. Leaves out what a resource is and when it runs
(``command``). Messages are Go's, as ``conformance/cases.py`` has them, and contain only host and port of a connection.
"""

import asyncio
import contextlib
import errno
import json
import os
import shutil
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncssh

#: Takes one line of output, or of progress, for the engine's display.
Say = Callable[[str], Awaitable[None]]

_DIAL_PAUSE = 0.1
_DIAL_PAUSE_FACTOR = 1.5
_DIAL_PAUSE_LIMIT = 5.0

_CHUNK = 65536

#: Which streams each value of a command's ``logging`` shows. Another value shows none.
_SHOWN = {
    None: ("stdout", "stderr"),
    "stdoutAndStderr": ("stdout", "stderr"),
    "stdout": ("stdout",),
    "stderr": ("stderr",),
}

#: Connections stay open behind their commands, as the official plugin leaves them.
_left_open: list["asyncssh.SSHClientConnection"] = []


class CommandError(Exception):
    """A command, connection or copy failed. The engine shows the message."""


class Until:
    """When a call ends early: after its time limit in seconds, if that is not 0, or when the run is cancelled."""

    def __init__(self, seconds: float = 0) -> None:
        self._ended = asyncio.Event()
        #: Why it has ended; empty while it has not.
        self.reason = ""
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(seconds, self.end, "context deadline exceeded") if seconds else None

    def end(self, reason: str) -> None:
        self.reason = self.reason or reason
        self._ended.set()

    async def wait(self) -> None:
        await self._ended.wait()

    def close(self) -> None:
        if self._timer:
            self._timer.cancel()


class Output:
    """A command's output: each stream, and both in the order of arrival."""

    def __init__(self, logging: str | None, say: Say) -> None:
        self._say = say
        self._shown = _SHOWN.get(logging, ())
        self._streams = {"stdout": b"", "stderr": b""}
        self._both = b""
        # One for both streams, as the official plugin has it.
        self._line = b""

    @property
    def stdout(self) -> str:
        return self._text("stdout")

    @property
    def stderr(self) -> str:
        return self._text("stderr")

    def _text(self, name: str) -> str:
        try:
            return self._streams[name].decode().removesuffix("\n")
        except UnicodeDecodeError as error:
            raise CommandError("grpc: error while marshaling: string field contains invalid UTF-8") from error

    async def take(self, name: str, read: Callable[[int], Awaitable[bytes]]) -> None:
        """Read one stream to its end."""
        while data := await read(_CHUNK):
            self._streams[name] += data
            self._both += data
            if name in self._shown:
                *lines, self._line = (self._line + data).split(b"\n")
                for line in lines:
                    await self._say(line.decode(errors="replace"))

    async def end(self) -> None:
        """Show the last line, which may have no end."""
        if self._line:
            await self._say(self._line.decode(errors="replace"))

    def failure(self, status: str, command: str) -> CommandError:
        quoted = json.dumps(command, ensure_ascii=False)
        return CommandError(f"{status}: running {quoted}:\n{self._both.decode(errors='replace')}")


async def run_local(
    command: str, inputs: Mapping[str, Any], environment: Mapping[str, str], output: Output, until: Until
) -> None:
    """Run a command here. ``until`` kills the shell; the call then waits for what still holds the shell's output."""
    arguments = [*(inputs.get("interpreter") or ("/bin/sh", "-c")), command]
    stdin = inputs.get("stdin")
    if until.reason:
        raise output.failure(until.reason, command)
    try:
        process = await asyncio.create_subprocess_exec(
            *arguments,
            stdin=asyncio.subprocess.PIPE if stdin else asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=inputs.get("dir"),
            env={**os.environ, **environment},
        )
    except OSError as error:
        raise output.failure(_start_failure(arguments[0], inputs.get("dir"), error), command) from error
    if process.stdout is None or process.stderr is None:
        raise AssertionError("both outputs are pipes")
    killer = asyncio.ensure_future(_kill(process, until))
    try:
        await asyncio.gather(
            output.take("stdout", process.stdout.read),
            output.take("stderr", process.stderr.read),
            _feed(process.stdin, stdin),
        )
        status = await process.wait()
    finally:
        killer.cancel()
    await output.end()
    if status:
        name = (signal.strsignal(-status) or "").lower() if status < 0 else ""
        raise output.failure(f"signal: {name}" if name else f"exit status {status}", command)


async def _kill(process: asyncio.subprocess.Process, until: Until) -> None:
    await until.wait()
    with contextlib.suppress(ProcessLookupError):
        process.kill()


def _start_failure(program: str, folder: str | None, error: OSError) -> str:
    reason = os.strerror(error.errno or 0).lower()
    if folder and not Path(folder).is_dir():
        return f"chdir {folder}: {reason}"
    if "/" not in program and not shutil.which(program):
        return f'exec: "{program}": executable file not found in $PATH'
    return f"fork/exec {program}: {reason}"


async def run_remote(
    command: str, inputs: Mapping[str, Any], environment: Mapping[str, str], output: Output, say: Say, until: Until
) -> None:
    """Run a command on the connection's host. ``until`` ends only dialling."""
    import asyncssh

    connection = await _dial(inputs["connection"], say, until)
    _left_open.append(connection)
    try:
        async with connection.create_process(command, env=environment, encoding=None) as process:
            # So that input counts as sent only when it is.
            process.stdin.channel.set_write_buffer_limits(0)
            _, _, sent = await asyncio.gather(
                output.take("stdout", process.stdout.read),
                output.take("stderr", process.stderr.read),
                _feed(process.stdin, inputs.get("stdin") or ""),
            )
            await process.wait_closed()
    except (asyncssh.Error, OSError) as error:
        raise output.failure(str(error), command) from error
    await output.end()
    if process.exit_signal:
        name = process.exit_signal[0]
        number = getattr(signal, f"SIG{name}", 0)
        raise output.failure(f"Process exited with status {128 + number} from signal {name}", command)
    if process.exit_status is None:
        raise output.failure("wait: remote command exited without exit status or exit signal", command)
    if process.exit_status:
        raise output.failure(f"Process exited with status {process.exit_status}", command)
    if not sent:
        raise output.failure("EOF", command)


async def _feed(stdin: Any, text: str | None) -> bool:
    """Send all input. False: the command exited before."""
    if stdin is None:
        return True
    data = (text or "").encode()
    try:
        for start in range(0, len(data), _CHUNK):
            stdin.write(data[start : start + _CHUNK])
            await stdin.drain()
        stdin.write_eof()
    except (BrokenPipeError, ConnectionResetError):
        return False
    return True


async def _dial(given: Mapping[str, Any], say: Say, until: Until) -> "asyncssh.SSHClientConnection":
    import asyncssh

    try:
        options = _options(given)
    except (asyncssh.Error, ValueError) as error:
        raise CommandError("ssh: no key found") from error
    dialling = asyncio.ensure_future(_dial_repeatedly(given, options, say))
    ended = asyncio.ensure_future(until.wait())
    await asyncio.wait({dialling, ended}, return_when=asyncio.FIRST_COMPLETED)
    ended.cancel()
    if not dialling.done():
        dialling.cancel()
        raise CommandError(until.reason)
    return await dialling


async def _dial_repeatedly(
    given: Mapping[str, Any], options: Mapping[str, Any], say: Say
) -> "asyncssh.SSHClientConnection":
    import asyncssh

    limit = int(given["dialErrorLimit"])
    pause, dials = _DIAL_PAUSE, 0
    while True:
        try:
            return await asyncssh.connect(given["host"], int(given["port"]), username=given["user"], **options)
        except (asyncssh.Error, OSError, TimeoutError) as error:
            dials += 1
            if -1 < limit < dials:
                raise CommandError(f"after {dials - 1} failed attempts: {_dial_failure(given, error)}") from error
        await say(f"Dial {dials}/{'inf' if limit == -1 else limit} failed: retrying")
        await asyncio.sleep(pause)
        pause = min(pause * _DIAL_PAUSE_FACTOR, _DIAL_PAUSE_LIMIT)


def _dial_failure(given: Mapping[str, Any], error: Exception) -> str:
    """The message of Go's ssh or net package for a failure of asyncssh."""
    import asyncssh

    host, port = given["host"], int(given["port"])
    if isinstance(error, asyncssh.HostKeyNotVerifiable):
        return "ssh: handshake failed: ssh: host key mismatch"
    if isinstance(error, asyncssh.PermissionDenied):
        methods = ["none", *(["publickey"] if given.get("privateKey") else [])]
        return (
            "ssh: handshake failed: ssh: unable to authenticate, "
            f"attempted methods [{' '.join(methods)}], no supported methods remain"
        )
    if isinstance(error, asyncssh.Error):
        return f"ssh: handshake failed: {error}"
    if isinstance(error, socket.gaierror):
        return f"dial tcp: lookup {host}: no such host"
    if isinstance(error, OSError) and error.errno in errno.errorcode:
        return f"dial tcp {host}:{port}: connect: {os.strerror(error.errno or 0).lower()}"
    return f"dial tcp {host}:{port}: i/o timeout"


def _options(given: Mapping[str, Any]) -> dict[str, Any]:
    import asyncssh

    options: dict[str, Any] = {
        "config": None,
        "known_hosts": None,
        "client_keys": [],
        "agent_path": given.get("agentSocketPath") or os.environ.get("SSH_AUTH_SOCK"),
        "password": given.get("password"),
    }
    if given.get("privateKey"):
        options["client_keys"] = [asyncssh.import_private_key(given["privateKey"], given.get("privateKeyPassword"))]
    if given.get("hostKey"):
        options["known_hosts"] = ([asyncssh.import_public_key(given["hostKey"])], [], [])
    if int(given["perDialTimeout"]):
        options["connect_timeout"] = int(given["perDialTimeout"])
    return options


class Files:
    """The files of a host, over SFTP."""

    def __init__(self, sftp: "asyncssh.SFTPClient") -> None:
        self._sftp = sftp

    async def copy_text(self, text: str, remote_path: str) -> None:
        """Write text to exactly this path."""
        if await self._sftp.isdir(remote_path):
            raise CommandError(
                f"remote path {remote_path} is a directory; when using a text asset, remotePath must be a file path"
            )
        await self._make_parents(remote_path)
        async with self._sftp.open(remote_path, "wb") as file:
            await file.write(text.encode())

    async def copy_path(self, source: str, remote_path: str) -> None:
        """Copy a file or a folder; a folder lands inside the remote path, unless its own path ends in a slash."""
        if not Path(source).exists():
            raise CommandError(f"open {source}: no such file or directory")
        await self._make_parents(remote_path)
        target = PurePosixPath(remote_path)
        if Path(source).is_dir():
            await self._make_folder(str(target))
            if not source.endswith("/"):
                target /= Path(source).name
                await self._make_folder(str(target))
            for path in sorted(Path(source).rglob("*")):
                remote = str(target / path.relative_to(source).as_posix())
                if path.is_dir():
                    await self._make_folder(remote)
                else:
                    await self._sftp.put(str(path), remote)
        else:
            # Into a folder under its own name, which is how the library takes it.
            await self._sftp.put(source, str(target))

    async def _make_parents(self, remote_path: str) -> None:
        parent = PurePosixPath(remote_path).parent
        if str(parent) not in ("", ".", "/"):
            await self._sftp.makedirs(str(parent), exist_ok=True)

    async def _make_folder(self, path: str) -> None:
        if await self._sftp.isdir(path):
            return
        if await self._sftp.exists(path):
            raise CommandError(f"remote path {path} exists but is not a directory")
        await self._sftp.mkdir(path)


@contextlib.asynccontextmanager
async def files(given: Mapping[str, Any], say: Say, until: Until) -> AsyncIterator[Files]:
    """The files of the connection's host. ``until`` ends only dialling."""
    import asyncssh

    connection = await _dial(given, say, until)
    try:
        async with connection.start_sftp_client() as sftp:
            yield Files(sftp)
    except (asyncssh.Error, OSError) as error:
        raise CommandError(f"copying to {given['host']}: {error}") from error
    finally:
        connection.abort()
