"""Runs commands and copies files, here or over SSH, as pulumi-command 1.2.1 does.

Owns dialling with retries, processes and their output, SFTP. Leaves out what a resource is and when it runs
(``command``). Nothing here puts a connection's fields other than host, port and user into a message.
"""

import asyncio
import codecs
import contextlib
import json
import os
import signal
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

#: Which streams each value of a command's ``logging`` shows.
_SHOWN = {
    None: ("stdout", "stderr"),
    "stdoutAndStderr": ("stdout", "stderr"),
    "stdout": ("stdout",),
    "stderr": ("stderr",),
    "none": (),
}


class CommandError(Exception):
    """A command, connection or copy failed. The engine shows the message."""


class Output:
    """A command's output: each stream, and both in the order of arrival."""

    def __init__(self, logging: str | None, say: Say) -> None:
        self._say = say
        self._shown = _SHOWN[logging]
        self._texts = {"stdout": "", "stderr": ""}
        self.both = ""

    @property
    def stdout(self) -> str:
        return self._texts["stdout"].removesuffix("\n")

    @property
    def stderr(self) -> str:
        return self._texts["stderr"].removesuffix("\n")

    async def take(self, name: str, read: Callable[[int], Awaitable[bytes]]) -> None:
        """Read one stream to its end."""
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        line = ""
        while True:
            data = await read(_CHUNK)
            text = decoder.decode(data, final=not data)
            self._texts[name] += text
            self.both += text
            if name in self._shown:
                *lines, line = (line + text).split("\n")
                for whole in lines:
                    await self._say(whole)
            if not data:
                break
        if line:
            await self._say(line)

    def failure(self, status: str, command: str) -> CommandError:
        return CommandError(f"{status}: running {json.dumps(command, ensure_ascii=False)}:\n{self.both}")


async def run_local(command: str, inputs: Mapping[str, Any], environment: Mapping[str, str], output: Output) -> None:
    """Run a command here. Cancelling the task kills it and its child processes."""
    arguments = [*(inputs.get("interpreter") or ("/bin/sh", "-c")), command]
    stdin = inputs.get("stdin")
    try:
        process = await asyncio.create_subprocess_exec(
            *arguments,
            stdin=asyncio.subprocess.PIPE if stdin else asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=inputs.get("dir"),
            env={**os.environ, **environment},
            start_new_session=True,
        )
    except OSError as error:
        raise output.failure(str(error), command) from error
    if process.stdout is None or process.stderr is None:
        raise AssertionError("both outputs are pipes")
    try:
        await asyncio.gather(
            output.take("stdout", process.stdout.read),
            output.take("stderr", process.stderr.read),
            _feed(process.stdin, stdin),
        )
        status = await process.wait()
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    if status:
        name = signal.Signals(-status).name if status < 0 else ""
        raise output.failure(f"signal: {name}" if name else f"exit status {status}", command)


async def run_remote(
    command: str, inputs: Mapping[str, Any], environment: Mapping[str, str], output: Output, say: Say
) -> None:
    """Run a command on the connection's host. Cancelling the task kills it there."""
    import asyncssh

    async with _connection(inputs["connection"], say) as connection:
        try:
            async with connection.create_process(command, env=environment, encoding=None) as process:
                try:
                    await asyncio.gather(
                        output.take("stdout", process.stdout.read),
                        output.take("stderr", process.stderr.read),
                        _feed(process.stdin, inputs.get("stdin") or ""),
                    )
                    await process.wait_closed()
                except asyncio.CancelledError:
                    with contextlib.suppress(OSError):
                        process.kill()
                    raise
        except (asyncssh.Error, OSError) as error:
            raise output.failure(str(error), command) from error
    if process.exit_signal:
        raise output.failure(f"Process exited with signal {process.exit_signal[0]}", command)
    if process.exit_status is None:
        raise output.failure("wait: remote command exited without exit status or exit signal", command)
    if process.exit_status:
        raise output.failure(f"Process exited with status {process.exit_status}", command)


async def _feed(stdin: Any, text: str | None) -> None:
    if stdin is None:
        return
    data = (text or "").encode()
    # A command may exit without reading all of its input.
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        for start in range(0, len(data), _CHUNK):
            stdin.write(data[start : start + _CHUNK])
            await stdin.drain()
        stdin.write_eof()


@contextlib.asynccontextmanager
async def _connection(given: Mapping[str, Any], say: Say) -> AsyncIterator["asyncssh.SSHClientConnection"]:
    connection = await _dial(given, say)
    try:
        yield connection
    finally:
        connection.abort()


async def _dial(given: Mapping[str, Any], say: Say) -> "asyncssh.SSHClientConnection":
    import asyncssh

    host, port, user = given["host"], int(given["port"]), given["user"]
    try:
        options = _options(given)
    except (asyncssh.Error, ValueError) as error:
        raise CommandError(f"connection to {user}@{host}:{port}: {error}") from error
    limit = int(given["dialErrorLimit"])
    pause, dials = _DIAL_PAUSE, 0
    while True:
        try:
            return await asyncssh.connect(host, port, username=user, **options)
        except (asyncssh.Error, OSError, TimeoutError) as error:
            dials += 1
            reason = str(error) or type(error).__name__
            if -1 < limit < dials:
                raise CommandError(
                    f"after {dials - 1} failed attempts: dialling {user}@{host}:{port}: {reason}"
                ) from error
        await say(f"Dial {dials}/{'inf' if limit == -1 else limit} failed: retrying")
        await asyncio.sleep(pause)
        pause = min(pause * _DIAL_PAUSE_FACTOR, _DIAL_PAUSE_LIMIT)


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


async def copy_text(given: Mapping[str, Any], text: str, remote_path: str, say: Say) -> None:
    """Write text to exactly this path."""
    async with _sftp(given, say) as sftp:
        if await sftp.isdir(remote_path):
            raise CommandError(
                f"remote path {remote_path} is a directory; when using a text asset, remotePath must be a file path"
            )
        await _make_parents(sftp, remote_path)
        async with sftp.open(remote_path, "wb") as file:
            await file.write(text.encode())


async def copy_path(given: Mapping[str, Any], source: str, remote_path: str, say: Say) -> None:
    """Copy a file or a folder; a folder lands inside the remote path, unless its own path ends in a slash."""
    async with _sftp(given, say) as sftp:
        await _make_parents(sftp, remote_path)
        target = PurePosixPath(remote_path)
        if Path(source).is_dir():
            await _make_folder(sftp, str(target))
            if not source.endswith("/"):
                target /= Path(source).name
                await _make_folder(sftp, str(target))
            for path in sorted(Path(source).rglob("*")):
                remote = str(target / path.relative_to(source).as_posix())
                if path.is_dir():
                    await _make_folder(sftp, remote)
                else:
                    await sftp.put(str(path), remote)
        else:
            # Into a folder under its own name, which is how the library takes it.
            await sftp.put(source, str(target))


@contextlib.asynccontextmanager
async def _sftp(given: Mapping[str, Any], say: Say) -> AsyncIterator["asyncssh.SFTPClient"]:
    import asyncssh

    async with _connection(given, say) as connection:
        try:
            async with connection.start_sftp_client() as sftp:
                yield sftp
        except (asyncssh.Error, OSError) as error:
            raise CommandError(f"copying to {given['user']}@{given['host']}: {error}") from error


async def _make_parents(sftp: "asyncssh.SFTPClient", remote_path: str) -> None:
    parent = PurePosixPath(remote_path).parent
    if str(parent) not in ("", ".", "/"):
        await sftp.makedirs(str(parent), exist_ok=True)


async def _make_folder(sftp: "asyncssh.SFTPClient", path: str) -> None:
    if await sftp.isdir(path):
        return
    if await sftp.exists(path):
        raise CommandError(f"remote path {path} exists but is not a directory")
    await sftp.mkdir(path)
