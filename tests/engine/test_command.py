"""The command plugin: what changes, what is refused, what is secret, and how commands run."""

import asyncio
import time
from typing import Any

import asyncssh
import pytest
from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Struct

from sandbox.engine import command, transport, wire


def struct(content: dict[str, Any]) -> Struct:
    made = Struct()
    made.update(content)
    return made


def hidden(value: Any) -> dict[str, Any]:
    return {wire.MARK: wire.SECRET, "value": value}


def asset(digest: str, path: str) -> dict[str, Any]:
    return {wire.MARK: wire.ASSET, "hash": digest, "path": path}


def changes(old: dict[str, Any], new: dict[str, Any]) -> tuple[list[str], list[str]]:
    found = command.diff(struct(old), struct(new))
    return list(found.diffs), list(found.replaces)


def test_triggers_replace_and_other_inputs_update() -> None:
    old = {"create": "a", "triggers": [1]}
    assert changes(old, old) == ([], [])
    assert changes(old, {"create": "b", "triggers": [1]}) == (["create"], [])
    assert changes(old, {"create": "a", "triggers": [2]}) == (["triggers"], ["triggers"])
    assert changes(old, {"create": "a", "triggers": [wire.UNKNOWN]}) == (["triggers"], ["triggers"])
    assert changes(old, {"create": "a", "triggers": [1], "delete": "x"}) == (["delete"], [])


def test_secretness_alone_is_no_change_but_a_changed_secret_is() -> None:
    assert changes({"stdin": "x"}, {"stdin": hidden("x")}) == ([], [])
    assert changes({"stdin": hidden("x")}, {"stdin": hidden("y")}) == (["stdin"], [])


def test_assets_differ_by_content() -> None:
    assert changes({"source": asset("1", "/a")}, {"source": asset("1", "/b")}) == ([], [])
    assert changes({"source": asset("1", "/a")}, {"source": asset("2", "/a")}) == (["source"], [])


def test_check_fills_in_defaults_and_hides_the_connection() -> None:
    inputs = struct({"connection": {"host": "h", "privateKey": hidden("key")}, "create": "true"})
    assert command.check(command.REMOTE, inputs) == []
    connection = MessageToDict(inputs)["connection"]
    assert connection[wire.MARK] == wire.SECRET
    assert {name: connection["value"][name] for name in ("user", "port", "dialErrorLimit", "perDialTimeout")} == {
        "user": "root",
        "port": 22,
        "dialErrorLimit": 10,
        "perDialTimeout": 15,
    }


@pytest.mark.parametrize(
    ("kind", "inputs", "property_", "word"),
    [
        (command.LOCAL, {"assetPaths": ["x"]}, "assetPaths", "unsupported"),
        (command.LOCAL, {"craete": "x"}, "craete", "no input"),
        (command.LOCAL, {"logging": "loud"}, "logging", "loud"),
        (command.REMOTE, {"create": "x"}, "connection", "missing"),
        (command.REMOTE, {"connection": {"host": "h"}, "environment": {"A": "b"}}, "environment", "stdin"),
        (command.REMOTE, {"connection": {"user": "u"}}, "connection.host", "missing"),
        (command.COPY, {"connection": {"host": "h"}, "remotePath": "/x"}, "source", "asset or archive"),
    ],
)
def test_check_refuses(kind: str, inputs: dict[str, Any], property_: str, word: str) -> None:
    failures = command.check(kind, struct(inputs))
    assert [failure.property for failure in failures] == [property_]
    assert word in failures[0].reason


def test_a_malformed_connection_is_refused_without_its_key() -> None:
    given = {"connection": hidden({"host": "h", "privateKey": "KEYMATERIAL", "keyFile": "KEYMATERIAL"})}
    failures = command.check(command.REMOTE, struct(given))
    assert [failure.property for failure in failures] == ["connection.keyFile"]
    assert "KEYMATERIAL" not in str(failures)


def test_outputs_are_secret_when_an_input_is_and_unknown_in_previews() -> None:
    results = {"stdout": "out", "stderr": "err"}
    assert MessageToDict(command.outputs(command.LOCAL, struct({"create": "x"}), results))["stdout"] == "out"
    state = MessageToDict(command.outputs(command.REMOTE, struct({"connection": hidden({"host": "h"})}), results))
    assert state["stdout"] == hidden("out")
    assert state["stderr"] == hidden("err")
    assert MessageToDict(command.outputs(command.LOCAL, struct({}), None))["stdout"] == wire.UNKNOWN
    assert "stdout" not in MessageToDict(command.outputs(command.COPY, struct({}), {}))


class Lines:
    def __init__(self) -> None:
        self.said: list[str] = []

    async def __call__(self, line: str) -> None:
        self.said.append(line)


def local(text: str, **inputs: Any) -> tuple[transport.Output, list[str]]:
    lines = Lines()
    output = transport.Output(inputs.pop("logging", None), lines)
    asyncio.run(transport.run_local(text, inputs, inputs.pop("environment", {}), output))
    return output, lines.said


def test_a_local_command_has_its_streams_and_environment() -> None:
    output, said = local("printf '%s\\nlast' \"$A\"; echo bad >&2", environment={"A": "b"}, logging="stdout")
    assert (output.stdout, output.stderr) == ("b\nlast", "bad")
    assert said == ["b", "last"]


def test_large_input_passes_and_unread_input_is_no_error() -> None:
    text = "x" * 3_000_000
    assert local("wc -c", stdin=text)[0].stdout.strip() == "3000000"
    assert local("true", stdin=text)[0].stdout == ""


def test_a_failed_local_command_says_status_command_and_output() -> None:
    with pytest.raises(transport.CommandError) as caught:
        local('echo "oops" >&2; exit 3')
    assert str(caught.value) == 'exit status 3: running "echo \\"oops\\" >&2; exit 3":\noops\n'


def test_cancelling_kills_what_the_command_started() -> None:
    async def cancelled() -> float:
        output = transport.Output(None, Lines())
        task = asyncio.ensure_future(transport.run_local("sleep 30 & sleep 30", {}, {}, output))
        await asyncio.sleep(0.2)
        task.cancel()
        started = time.monotonic()
        with pytest.raises(asyncio.CancelledError):
            await task
        return time.monotonic() - started

    assert asyncio.run(cancelled()) < 5


class Server(asyncssh.SSHServer):
    """Lets one key in."""

    allowed: asyncssh.SSHKey

    def begin_auth(self, _username: str) -> bool:
        return True

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        return username == "admin" and key.public_data == self.allowed.public_data


async def _shell(process: "asyncssh.SSHServerProcess[bytes]") -> None:
    child = await asyncio.create_subprocess_shell(
        process.command or "",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await child.communicate(await process.stdin.read())
    process.stdout.write(out)
    process.stderr.write(err)
    process.exit(child.returncode or 0)


class Host:
    """An SSH server on loopback for the length of a test."""

    def __init__(self, folder: Any) -> None:
        self._folder = folder
        self.host_key = asyncssh.generate_private_key("ssh-ed25519")
        self.key = asyncssh.generate_private_key("ssh-ed25519")
        Server.allowed = self.key.convert_to_public()

    async def __aenter__(self) -> dict[str, Any]:
        folder = self._folder

        class Rooted(asyncssh.SFTPServer):
            def __init__(self, channel: Any) -> None:
                super().__init__(channel, chroot=str(folder).encode())

        self._server = await asyncssh.listen(
            "127.0.0.1",
            0,
            server_factory=Server,
            server_host_keys=[self.host_key],
            process_factory=_shell,
            sftp_factory=Rooted,
            encoding=None,
        )
        return {
            "host": "127.0.0.1",
            "port": self._server.get_port(),
            "user": "admin",
            "privateKey": self.key.export_private_key().decode(),
            "hostKey": self.host_key.export_public_key().decode(),
            "dialErrorLimit": 0,
            "perDialTimeout": 5,
        }

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self._server.wait_closed()


async def remote(connection: dict[str, Any], text: str, **inputs: Any) -> transport.Output:
    output = transport.Output(None, Lines())
    await transport.run_remote(text, {"connection": connection, **inputs}, {}, output, Lines())
    return output


def test_a_remote_command(tmp_path: Any) -> None:
    async def run() -> None:
        async with Host(tmp_path) as connection:
            text = "y" * 1_000_000
            output = await remote(connection, "wc -c; echo bad >&2", stdin=text)
            assert (output.stdout.strip(), output.stderr) == ("1000000", "bad")
            with pytest.raises(transport.CommandError) as caught:
                await remote(connection, "echo oops; exit 4")
            assert str(caught.value) == 'Process exited with status 4: running "echo oops; exit 4":\noops\n'

    asyncio.run(run())


def test_another_host_key_and_another_user_are_refused_without_showing_the_key(tmp_path: Any) -> None:
    async def run() -> None:
        async with Host(tmp_path) as connection:
            other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
            for change in ({"hostKey": other}, {"user": "root"}, {"privateKey": "not a key"}):
                given = {**connection, **change}
                with pytest.raises(transport.CommandError) as caught:
                    await remote(given, "true")
                assert not any(line in str(caught.value) for line in given["privateKey"].splitlines())

    asyncio.run(run())


def test_dialling_is_retried_up_to_its_limit() -> None:
    async def run() -> None:
        lines = Lines()
        given = {"host": "127.0.0.1", "port": 1, "user": "u", "dialErrorLimit": 2, "perDialTimeout": 5}
        with pytest.raises(transport.CommandError, match=r"^after 2 failed attempts: dialling u@127.0.0.1:1"):
            await transport.run_remote("true", {"connection": given}, {}, transport.Output(None, lines), lines)
        assert lines.said == ["Dial 1/2 failed: retrying", "Dial 2/2 failed: retrying"]

    asyncio.run(run())


def test_copies(tmp_path: Any) -> None:
    source = tmp_path / "source"
    (source / "deep").mkdir(parents=True)
    (source / "deep" / "file").write_text("content")
    served = tmp_path / "served"
    served.mkdir()

    async def run() -> None:
        async with Host(served) as connection:
            await transport.copy_text(connection, "text", "/new/folder/file", Lines())
            await transport.copy_path(connection, str(source), "/into", Lines())
            await transport.copy_path(connection, f"{source}/", "/plain", Lines())
            await transport.copy_path(connection, str(source / "deep" / "file"), "/into", Lines())
            with pytest.raises(transport.CommandError, match="is a directory"):
                await transport.copy_text(connection, "text", "/into", Lines())

    asyncio.run(run())
    assert (served / "new/folder/file").read_text() == "text"
    assert (served / "into/source/deep/file").read_text() == "content"
    assert (served / "plain/deep/file").read_text() == "content"
    assert (served / "into/file").read_text() == "content"
