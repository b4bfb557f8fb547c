"""What pulumi-command 1.2.1 answers: one row for each behaviour that the product or the sandbox relies on.

Owns the cases and the official answers. Leaves out how a plugin is started and asked (``plugin``), and inputs that the
stand-in refuses by name (``sandbox/engine/command.py``). Every answer was seen from a plugin built from the public
sources: docs/sandbox-command.md says how.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.engine import wire
from sandbox.engine.conformance.host import Host
from sandbox.engine.conformance.plugin import UNKNOWN, Failed, Plugin, Secret

LOCAL = "command:local:Command"
REMOTE = "command:remote:Command"
COPY = "command:remote:CopyToRemote"

#: More than OpenSSH's window of 2 MiB (``CHAN_SES_WINDOW_DEFAULT``) and grpc's default limit of a message.
LARGE = "x" * 5_000_000
#: Less than that window.
UNREAD = "x" * 1_000_000

_DEFAULTS = {"user": "root", "port": 22, "dialErrorLimit": 10, "perDialTimeout": 15}


@dataclass(frozen=True)
class World:
    """What a case asks."""

    plugin: Plugin
    host: Host

    def remote(self, **inputs: Any) -> dict[str, Any]:
        """Inputs with a connection to the host, changed by ``connection``."""
        return {**inputs, "connection": {**self.host.connection, **inputs.get("connection", {})}}

    def results(self, kind: str, inputs: Mapping[str, Any], *names: str, **how: Any) -> Any:
        """These results of a creation, by default stdout and stderr, or its failure."""
        return results(self.plugin.create(kind, inputs, **how), *names)

    def updated(self, inputs: Mapping[str, Any], *, old: Mapping[str, Any], kind: str = LOCAL, **how: Any) -> Any:
        """Stdout and stderr after an update of a resource that has printed "one" and "two"."""
        state = {**self.plugin.check(kind, old), "stdout": "one", "stderr": "two"}
        return results(self.plugin.update(kind, state, inputs, **how))

    def file(self, name: str, content: str = "content", mode: int = 0o755) -> Path:
        """A new file to copy, below the folder ``source``."""
        path = self.host.folder / "source" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        path.chmod(mode)
        return path

    def copy(self, to: str, source: Any) -> dict[str, Any]:
        """Inputs that copy ``source`` to a path below the host's folder."""
        return self.remote(source=source, remotePath=str(self.host.folder / to))

    def copied(self, to: str, source: Any) -> Any:
        """The files below that path after the copy, with their content, or the failure."""
        failed = self.plugin.create(COPY, self.copy(to, source))
        if isinstance(failed, Failed):
            return Failed(failed.message.replace(str(self.host.folder), ""))
        return self.files(to)

    def files(self, name: str) -> Any:
        """A file's content, or each file's below a folder, or None."""
        path = self.host.folder / name
        if path.is_dir():
            return {str(file.relative_to(path)): file.read_text() for file in sorted(path.rglob("*")) if file.is_file()}
        return path.read_text() if path.exists() else None

    def took(self, least: float, most: float = 30) -> bool:
        """Whether the last call took that many seconds."""
        return least <= self.plugin.seconds < most


@dataclass(frozen=True)
class Case:
    """One behaviour."""

    #: What is so, in the words of a person who relies on it.
    name: str
    #: File and function of pulumi-command v1.2.1 below ``provider/pkg/provider``; what starts with ``infer`` or
    #: ``middleware`` is of pulumi-go-provider, which decides what is generic.
    source: str
    ask: Callable[[World], Any]
    #: The official answer.
    answer: Any
    #: Asks a plugin of its own, because the plugin refuses every call after a cancellation.
    own_plugin: bool = False


def results(state: Any, *names: str) -> Any:
    """These properties of a state, by default stdout and stderr, or its failure."""
    return state if isinstance(state, Failed) else tuple(state.get(name) for name in names or ("stdout", "stderr"))


def asset(path: object, digest: str = "1") -> dict[str, Any]:
    return {wire.MARK: wire.ASSET, "hash": digest, "path": str(path)}


def text(content: str) -> dict[str, Any]:
    return {wire.MARK: wire.ASSET, "hash": content, "text": content}


def archive(path: object) -> dict[str, Any]:
    return {wire.MARK: wire.ARCHIVE, "hash": "1", "path": str(path)}


def _logged(kind: str, **inputs: Any) -> Callable[[World], Any]:
    def ask(at: World) -> Any:
        with at.plugin.lines() as lines:
            at.plugin.create(kind, {"create": "echo out; sleep 0.3; echo err >&2; sleep 0.3; printf last", **inputs})
        return lines

    return ask


def _dialled(limit: int, **how: Any) -> Callable[[World], Any]:
    def ask(at: World) -> Any:
        with at.plugin.lines() as lines:
            failed = at.plugin.create(
                REMOTE, at.remote(create="true", connection={"port": 1, "dialErrorLimit": limit}), **how
            )
        return failed, lines[:2]

    return ask


def _large(command: str, stdin: str = LARGE) -> Callable[[World], Any]:
    return lambda at: at.results(REMOTE, at.remote(create=command, stdin=stdin))


def _refused(**connection: Any) -> Callable[[World], Any]:
    return lambda at: at.results(REMOTE, at.remote(create="true", connection=connection))


def _previewed(new: Mapping[str, Any], old: Mapping[str, Any]) -> Callable[[World], Any]:
    return lambda at: at.updated(new, old=old, preview=True)


def _diff(kind: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Callable[[World], Any]:
    return lambda at: at.plugin.diff(kind, old, new)


def _cancelled(kind: str, command: str, least: float, **connection: Any) -> Callable[[World], Any]:
    """The answer to a call that is cancelled once its command runs, whether it took ``least`` seconds, and the answer
    to the next call. Without a command it is cancelled while it dials.
    """

    def ask(at: World) -> Any:
        begun = at.host.folder / "begun"
        inputs = {"create": f"touch {begun}; {command}"}
        if kind == REMOTE:
            inputs = at.remote(**inputs, connection=connection)
        at.plugin.cancel(begun.exists if command else lambda: at.plugin.logged("Dial 1"))
        answer = at.results(kind, inputs)
        shown = Failed(answer.message.replace(f"touch {begun}; ", "")) if isinstance(answer, Failed) else answer
        return shown, at.took(least), at.results(LOCAL, {"create": "true"})

    return ask


def _open_connections(at: World) -> Any:
    before = at.host.connections()
    at.results(REMOTE, at.remote(create="true"))
    return len(at.host.connections() - before)


def _recopied(**changed: Any) -> Callable[[World], Any]:
    """The files after an update with these inputs, when the copy had disappeared from the host."""

    def ask(at: World) -> Any:
        inputs = at.copy("again/file", asset(at.file("file")))
        state = at.plugin.create(COPY, inputs)
        (at.host.folder / "again/file").unlink()
        if "remotePath" in changed:
            changed["remotePath"] = str(at.host.folder / changed["remotePath"])
        if "source" in changed:
            changed["source"] = asset(at.file("file"), changed["source"])
        at.plugin.update(COPY, state, {**inputs, **changed})
        found = at.files("again")
        for path in (at.host.folder / "again").iterdir():
            path.unlink()
        return found

    return ask


def _copy_preview(digest: str) -> Callable[[World], Any]:
    """The source in the preview of a new copy, or of an update to content with this digest; the old one's is 1."""

    def ask(at: World) -> Any:
        inputs = at.copy("previewed", asset(at.file("file")))
        if not digest:
            return results(at.plugin.create(COPY, inputs, preview=True), "id", "source")
        state = {**at.plugin.check(COPY, inputs)}
        found = at.plugin.update(COPY, state, {**inputs, "source": asset(at.file("file"), digest)}, preview=True)
        return found["source"] if found["source"] == UNKNOWN else found["source"]["hash"]

    return ask


def _mode(at: World) -> Any:
    at.copied("mode", asset(at.file("executable", mode=0o700)))
    return f"{(at.host.folder / 'mode').stat().st_mode & 0o700:o}"


def _onto_a_folder(at: World) -> Any:
    (at.host.folder / "folder").mkdir(exist_ok=True)
    return at.copied("folder", asset(at.file("file")))


def _text_onto_a_folder(at: World) -> Any:
    (at.host.folder / "folder").mkdir(exist_ok=True)
    return at.copied("folder", text("content"))


def _folder(slash: str) -> Callable[[World], Any]:
    def ask(at: World) -> Any:
        folder = at.file("tree/deep/file").parent.parent
        return at.copied(f"to{len(slash)}", archive(f"{folder}{slash}"))

    return ask


def _deleted(at: World) -> Any:
    found = at.host.folder / "deleted"
    state = {"create": "true", "delete": f"echo $PULUMI_COMMAND_STDOUT >{found}", "stdout": "one", "stderr": ""}
    return at.plugin.delete(LOCAL, state), found.read_text()


def _identifier(at: World) -> Any:
    return bool(re.fullmatch(r"it[0-9a-f]{8}", at.plugin.create(LOCAL, {"create": "true"})["id"]))


def _read(at: World) -> Any:
    state = {"create": "exit 1", "stdout": "one", "stderr": ""}
    return at.plugin.read(LOCAL, state) == state


ONE = {"create": "echo one"}
KILLED = 'signal: killed: running "{}":\n'

CASES = (
    # What a program may say
    Case(
        "a connection gets its defaults and is secret",
        "remote/connection.go Annotate; remote/command.go CommandInputs",
        lambda at: at.plugin.check(REMOTE, {"connection": {"host": "h"}}),
        {"addPreviousOutputInEnv": True, "connection": Secret({"host": "h", **_DEFAULTS})},
    ),
    Case(
        "an unknown connection is secret too",
        "infer/apply_secrets.go",
        lambda at: at.plugin.check(REMOTE, {"connection": UNKNOWN})["connection"],
        Secret(UNKNOWN),
    ),
    Case(
        "any value of logging passes the check",
        "infer/resource.go Check",
        lambda at: at.plugin.check(LOCAL, {"logging": "loud"})["logging"],
        "loud",
    ),
    Case(
        "an unknown input is refused",
        "infer/resource.go decodeCheckingMapErrors",
        lambda at: at.plugin.check(LOCAL, {"craete": "x"}),
        {"craete": Failed("Unrecognized field 'craete' on 'local.CommandInputs'")},
    ),
    Case(
        "a number is no command",
        "infer/resource.go decodeCheckingMapErrors",
        lambda at: at.plugin.check(LOCAL, {"create": 5}),
        {"create": Failed("Field 'create' on 'local.CommandInputs' must be a 'string'; got 'float64' instead")},
    ),
    Case(
        "a connection is required",
        "remote/command.go CommandInputs",
        lambda at: at.plugin.check(REMOTE, {"create": "x"}),
        {"connection": Failed("Missing required field 'connection' on 'remote.CommandInputs'")},
    ),
    Case(
        "a connection needs a host",
        "remote/connection.go connectionBase",
        lambda at: at.plugin.check(REMOTE, {"connection": {"user": "u"}}),
        {
            "connection": Failed(
                "An error occurred decoding 'CommandInputs.connection': 1 failures decoding:\n"
                "\thost: Missing required field 'host' on 'remote.Connection'"
            )
        },
    ),
    Case(
        "an unknown field of a connection is refused, without its value",
        "remote/connection.go connectionBase",
        lambda at: at.plugin.check(REMOTE, {"connection": {"host": "h", "keyFile": "KEYMATERIAL"}}),
        {
            "connection": Failed(
                "An error occurred decoding 'CommandInputs.connection': 1 failures decoding:\n"
                "\tkeyFile: Unrecognized field 'keyFile' on 'remote.Connection'"
            )
        },
    ),
    Case(
        "a copy needs a source",
        "remote/copyController.go Check",
        lambda at: at.plugin.check(COPY, {"connection": {"host": "h"}, "remotePath": "/x"}),
        {
            "source": Failed("Missing required field 'source' on 'remote.CopyToRemoteInputs'"),
            "asset": Failed("either asset or archive must be set"),
        },
    ),
    Case(
        "a copy needs a path on the host",
        "remote/copy.go CopyToRemoteInputs",
        lambda at: at.plugin.check(COPY, {"connection": {"host": "h"}, "source": asset("/a")}),
        {"remotePath": Failed("Missing required field 'remotePath' on 'remote.CopyToRemoteInputs'")},
    ),
    # What is a change
    Case("the same inputs are no change", "infer/resource.go diff", _diff(LOCAL, ONE, ONE), {}),
    Case(
        "a changed command is an update",
        "infer/resource.go diff",
        _diff(LOCAL, ONE, {"create": "b"}),
        {"create": "update"},
    ),
    Case(
        "a command that is not known yet is an update",
        "infer/resource.go diff",
        _diff(LOCAL, ONE, {"create": UNKNOWN}),
        {"create": "update"},
    ),
    Case(
        "a new delete command is an update",
        "infer/resource.go diff",
        _diff(LOCAL, ONE, {**ONE, "delete": "x"}),
        {"delete": "add"},
    ),
    Case(
        "a removed delete command is an update",
        "infer/resource.go diff",
        _diff(LOCAL, {**ONE, "delete": "x"}, ONE),
        {"delete": "delete"},
    ),
    Case(
        "inside a map and a list, each changed member counts",
        "infer/resource.go diff",
        _diff(
            LOCAL,
            {"environment": {"A": "1", "B": "2"}, "interpreter": ["a", "b"]},
            {"environment": {"A": "2", "C": "3"}, "interpreter": ["a", "c", "d"]},
        ),
        {
            "environment.A": "update",
            "environment.B": "delete",
            "environment.C": "add",
            "interpreter[1]": "update",
            "interpreter[2]": "add",
        },
    ),
    Case(
        "the plugin itself only updates for a changed trigger; replaceOnChanges of the SDK makes the engine replace",
        "infer/resource.go diff; sdk/python/pulumi_command/local/command.py replace_on_changes",
        _diff(LOCAL, {"triggers": [1]}, {"triggers": [2]}),
        {"triggers[0]": "update"},
    ),
    Case(
        "a trigger that is not known yet is an update too",
        "infer/resource.go diff",
        _diff(LOCAL, {"triggers": [1]}, {"triggers": [UNKNOWN]}),
        {"triggers[0]": "update"},
    ),
    Case(
        "one more trigger is an addition",
        "infer/resource.go diff",
        _diff(LOCAL, {"triggers": [1]}, {"triggers": [1, 2]}),
        {"triggers[1]": "add"},
    ),
    Case(
        "the first triggers replace",
        "common/inputs.go ResourceInputs",
        _diff(LOCAL, ONE, {**ONE, "triggers": [1]}),
        {"triggers": "add_replace"},
    ),
    Case(
        "triggers that disappear replace",
        "common/inputs.go ResourceInputs",
        _diff(LOCAL, {**ONE, "triggers": [1]}, ONE),
        {"triggers": "delete_replace"},
    ),
    Case(
        "a change of only the secretness is an update",
        "infer/resource.go diff",
        lambda at: [
            at.plugin.diff(LOCAL, {"stdin": old}, {"stdin": new})
            for old, new in (("x", Secret("x")), (Secret("x"), "x"))
        ],
        [{"stdin": "update"}, {"stdin": "update"}],
    ),
    Case(
        "the same secret is no change, another one is",
        "infer/resource.go diff",
        lambda at: [at.plugin.diff(LOCAL, {"stdin": Secret("x")}, {"stdin": Secret(new)}) for new in ("x", "y")],
        [{}, {"stdin": "update"}],
    ),
    Case(
        "a connection changes as a whole",
        "infer/resource.go diff",
        _diff(REMOTE, {"connection": {"host": "a"}}, {"connection": {"host": "b"}}),
        {"connection": "update"},
    ),
    Case(
        "a host key that is not known yet is an update",
        "infer/resource.go diff",
        _diff(REMOTE, {"connection": {"host": "a", "hostKey": "k"}}, {"connection": {"host": "a", "hostKey": UNKNOWN}}),
        {"connection": "update"},
    ),
    Case(
        "an asset changes with its content and not with its path",
        "sdk/v3/go/common/resource/asset Equals",
        lambda at: [
            at.plugin.diff(COPY, at.copy("x", asset("/a")), at.copy("x", other))
            for other in (asset("/b"), asset("/a", "2"))
        ],
        [{}, {"source": "update"}],
    ),
    # What a preview knows
    Case(
        "the results of a new command are not known in a preview, and the id is there",
        "local/commandController.go Create; infer/resource.go markComputed",
        lambda at: at.results(LOCAL, ONE, preview=True),
        (UNKNOWN, UNKNOWN),
    ),
    Case(
        "an update's preview without a changed input keeps the results",
        "infer/resource.go markComputed",
        _previewed(ONE, ONE),
        ("one", "two"),
    ),
    Case(
        "only a new input keeps them too",
        "infer/resource.go markComputed",
        _previewed({**ONE, "delete": "x"}, ONE),
        ("one", "two"),
    ),
    Case(
        "a removed input does not",
        "infer/resource.go markComputed",
        _previewed(ONE, {**ONE, "delete": "x"}),
        (UNKNOWN, UNKNOWN),
    ),
    Case(
        "with a changed input the results are not known",
        "infer/resource.go markComputed",
        _previewed({"create": "b"}, ONE),
        (UNKNOWN, UNKNOWN),
    ),
    Case(
        "with an input that is not known the results are not known",
        "infer/resource.go markComputed",
        _previewed({"create": UNKNOWN}, ONE),
        (UNKNOWN, UNKNOWN),
    ),
    Case(
        "with an input that became secret the results are not known",
        "infer/resource.go markComputed",
        _previewed({"create": Secret("echo one")}, ONE),
        (UNKNOWN, UNKNOWN),
    ),
    Case(
        "the source of a new copy is not known in a preview, and there is no id",
        "remote/copyController.go Create; infer/resource.go markComputed",
        _copy_preview(""),
        ("", UNKNOWN),
    ),
    Case(
        "an update's preview knows the source of a copy if nothing changed",
        "infer/resource.go markComputed",
        lambda at: [_copy_preview("1")(at), _copy_preview("2")(at)],
        ["1", UNKNOWN],
    ),
    # What a command prints
    Case(
        "an output loses one line end, and no stream is secret because another input is",
        "local/commandOutputs.go run; infer/resource.go ensureDefaultSecrets",
        lambda at: at.results(LOCAL, {"create": "cat; echo; echo; echo bad >&2", "stdin": Secret("in")}),
        ("in\n", "bad"),
    ),
    Case(
        "a remote command's output is plain although its connection and input are secret",
        "remote/commandOutputs.go run; infer/resource.go ensureDefaultSecrets",
        lambda at: at.results(
            REMOTE,
            at.remote(
                create="cat; echo bad >&2",
                stdin=Secret("in"),
                connection={"privateKey": Secret(at.host.connection["privateKey"])},
            ),
        ),
        ("in", "bad"),
    ),
    Case(
        "each line is logged as it comes",
        "util/util.go LogOutput",
        _logged(LOCAL),
        [("info", "out"), ("info", "err"), ("info", "last")],
    ),
    Case(
        "logging can show standard output only",
        "local/logging.go",
        _logged(LOCAL, logging="stdout"),
        [("info", "out"), ("info", "last")],
    ),
    Case(
        "logging can show standard error only", "local/logging.go", _logged(LOCAL, logging="stderr"), [("info", "err")]
    ),
    Case("logging can show nothing", "local/logging.go", _logged(LOCAL, logging="none"), []),
    Case("another value of logging shows nothing", "local/logging.go", _logged(LOCAL, logging="loud"), []),
    Case(
        "output that is not UTF-8 fails the call after the command has run",
        "google.golang.org/protobuf proto.Marshal",
        lambda at: at.results(LOCAL, {"create": "printf 'a\\377b'", "logging": "none"}),
        Failed("grpc: error while marshaling: string field contains invalid UTF-8"),
    ),
    # Where a command runs
    Case(
        "a command has its environment, its folder and its interpreter",
        "local/commandOutputs.go run",
        lambda at: at.results(
            LOCAL,
            {
                "create": "echo $GREETING; pwd",
                "environment": {"GREETING": "hi"},
                "dir": "/",
                "interpreter": ["bash", "-ec"],
            },
        ),
        ("hi\n/", ""),
    ),
    Case("an id is the name with eight digits", "local/commandController.go Create", _identifier, True),
    Case(
        "a resource without a create command is created all the same",
        "local/commandController.go Create",
        lambda at: at.results(LOCAL, {"delete": "true"}),
        ("", ""),
    ),
    Case(
        "large input passes, and unread input is no failure",
        "local/commandOutputs.go run",
        lambda at: [at.results(LOCAL, {"create": command, "stdin": LARGE}) for command in ("wc -c", "true")],
        [("5000000", ""), ("", "")],
    ),
    Case("a remote command takes large input", "remote/commandOutputs.go run", _large("wc -c"), ("5000000", "")),
    Case(
        "a remote command may leave unread what sshd's window holds",
        "golang.org/x/crypto/ssh session.go Wait",
        _large("true", UNREAD),
        ("", ""),
    ),
    Case(
        "a remote command that leaves more unread fails, although it succeeded",
        "golang.org/x/crypto/ssh session.go Wait",
        _large("true"),
        Failed('EOF: running "true":\n'),
    ),
    Case(
        "and if it failed itself, it says that",
        "golang.org/x/crypto/ssh session.go Wait",
        _large("exit 5"),
        Failed('Process exited with status 5: running "exit 5":\n'),
    ),
    Case(
        "a connection stays open behind its command",
        "remote/commandOutputs.go run (no client.Close)",
        _open_connections,
        1,
    ),
    # How it fails
    Case(
        "a failed command tells its status, its text and both streams",
        "local/commandOutputs.go run",
        lambda at: at.results(LOCAL, {"create": 'echo out; sleep 0.3; echo "oops" >&2; exit 3'}),
        Failed('exit status 3: running "echo out; sleep 0.3; echo \\"oops\\" >&2; exit 3":\nout\noops\n'),
    ),
    Case(
        "a killed command tells the signal",
        "local/commandOutputs.go run",
        lambda at: at.results(LOCAL, {"create": "kill -9 $$"}),
        Failed(KILLED.format("kill -9 $$")),
    ),
    Case(
        "a missing folder fails",
        "local/commandOutputs.go run",
        lambda at: at.results(LOCAL, {"create": "true", "dir": "/nonexistent"}),
        Failed('chdir /nonexistent: no such file or directory: running "true":\n'),
    ),
    Case(
        "a missing interpreter fails",
        "local/commandOutputs.go run",
        lambda at: [
            at.results(LOCAL, {"create": "x", "interpreter": [name]})
            for name in ("/nonexistent", "nonexistent-program")
        ],
        [
            Failed('fork/exec /nonexistent: no such file or directory: running "x":\n'),
            Failed('exec: "nonexistent-program": executable file not found in $PATH: running "x":\n'),
        ],
    ),
    Case(
        "a failed remote command tells its status, its text and both streams",
        "remote/commandOutputs.go run",
        lambda at: at.results(REMOTE, at.remote(create='echo "oops"; sleep 0.3; echo é >&2; exit 4')),
        Failed('Process exited with status 4: running "echo \\"oops\\"; sleep 0.3; echo é >&2; exit 4":\noops\né\n'),
    ),
    Case(
        "a killed remote command tells the signal",
        "remote/commandOutputs.go run",
        lambda at: at.results(REMOTE, at.remote(create="kill -9 $$")),
        Failed('Process exited with status 137 from signal KILL: running "kill -9 $$":\n'),
    ),
    Case(
        "another host key is refused",
        "remote/connection.go SShConfig",
        lambda at: _refused(hostKey=at.host.other_key)(at),
        Failed("after 0 failed attempts: ssh: handshake failed: ssh: host key mismatch"),
    ),
    Case(
        "a user who is not let in is refused",
        "remote/connection.go Dial",
        _refused(user="nobody"),
        Failed(
            "after 0 failed attempts: ssh: handshake failed: ssh: unable to authenticate, attempted methods"
            " [none publickey], no supported methods remain"
        ),
    ),
    Case(
        "an unusable key is not shown",
        "remote/connection.go SShConfig",
        _refused(privateKey="KEYMATERIAL"),
        Failed("ssh: no key found"),
    ),
    Case(
        "dialling is repeated up to its limit, and the failure tells neither user nor connection",
        "remote/connection.go dialWithRetry",
        _dialled(2),
        (
            Failed("after 2 failed attempts: dial tcp 127.0.0.1:1: connect: connection refused"),
            [("info", "Dial 1/2 failed: retrying"), ("info", "Dial 2/2 failed: retrying")],
        ),
    ),
    # Time limits and cancellation
    Case(
        "a time limit ends the shell, and the call waits for the shell's child",
        "local/commandOutputs.go run (exec.CommandContext)",
        lambda at: (at.results(LOCAL, {"create": "sleep 2; echo done"}, timeout=1), at.took(2)),
        (Failed(KILLED.format("sleep 2; echo done")), True),
    ),
    Case(
        "a time limit ends a command that runs by exec",
        "local/commandOutputs.go run (exec.CommandContext)",
        lambda at: (at.results(LOCAL, {"create": "exec sleep 20"}, timeout=1), at.took(1, 19)),
        (Failed(KILLED.format("exec sleep 20")), True),
    ),
    Case(
        "a time limit ends an update alike",
        "local/commandController.go Update",
        lambda at: (at.updated({"create": "exec sleep 20"}, old=ONE, timeout=1), at.took(1, 19)),
        (Failed(KILLED.format("exec sleep 20")), True),
    ),
    Case(
        "a time limit does not end a remote command",
        "remote/commandOutputs.go run (session.Run has no context)",
        lambda at: (at.results(REMOTE, at.remote(create="sleep 2; echo done"), timeout=1), at.took(2)),
        (("done", ""), True),
    ),
    Case(
        "a time limit ends dialling",
        "remote/connection.go dialWithRetry",
        _dialled(-1, timeout=2),
        (
            Failed("context deadline exceeded"),
            [("info", "Dial 1/inf failed: retrying"), ("info", "Dial 2/inf failed: retrying")],
        ),
    ),
    Case(
        "a cancelled run ends a command that runs by exec, and every later call fails",
        "middleware/cancel/cancel.go",
        _cancelled(LOCAL, "exec sleep 20", 19),
        (Failed(KILLED.format("exec sleep 20")), False, Failed('context canceled: running "true":\n')),
        own_plugin=True,
    ),
    Case(
        "a cancelled run waits for the shell's child",
        "middleware/cancel/cancel.go",
        _cancelled(LOCAL, "sleep 1.5; true", 1.5),
        (Failed(KILLED.format("sleep 1.5; true")), True, Failed('context canceled: running "true":\n')),
        own_plugin=True,
    ),
    Case(
        "a cancelled run waits for a remote command",
        "middleware/cancel/cancel.go",
        _cancelled(REMOTE, "sleep 1.5; echo done", 1.5),
        (("done", ""), True, Failed('context canceled: running "true":\n')),
        own_plugin=True,
    ),
    Case(
        "a cancelled run ends dialling",
        "middleware/cancel/cancel.go",
        _cancelled(REMOTE, "", 20, port=1, dialErrorLimit=-1),
        (Failed("context canceled"), False, Failed('context canceled: running "true":\n')),
        own_plugin=True,
    ),
    # Updates, deletion, refresh
    Case(
        "the update command comes before the create command",
        "local/commandController.go Update",
        lambda at: at.updated({"create": "echo create", "update": "echo update"}, old=ONE),
        ("update", ""),
    ),
    Case(
        "an update without a command keeps the results",
        "local/commandController.go Update",
        lambda at: at.updated({"delete": "true"}, old=ONE),
        ("one", "two"),
    ),
    Case(
        "an update has the previous output in its environment",
        "local/commandOutputs.go run",
        lambda at: at.updated({"create": "echo $PULUMI_COMMAND_STDOUT $PULUMI_COMMAND_STDERR"}, old=ONE),
        ("one two", ""),
    ),
    Case(
        "unless it is told not to",
        "local/commandOutputs.go run",
        lambda at: at.updated({"create": "echo $PULUMI_COMMAND_STDOUT", "addPreviousOutputInEnv": False}, old=ONE),
        ("", ""),
    ),
    Case(
        "on a host it has what sshd accepts",
        "remote/commandOutputs.go run",
        lambda at: at.updated(
            at.remote(create="echo $PULUMI_COMMAND_STDOUT"), old=at.remote(create="true"), kind=REMOTE
        ),
        ("one", ""),
    ),
    Case(
        "a deletion runs its command, which has the output",
        "local/commandController.go Delete",
        _deleted,
        (None, "one\n"),
    ),
    Case(
        "a failed deletion fails",
        "local/commandController.go Delete",
        lambda at: at.plugin.delete(LOCAL, {"delete": "exit 3", "stdout": "", "stderr": ""}),
        Failed('exit status 3: running "exit 3":\n'),
    ),
    Case(
        "a resource without a delete command disappears only from the state",
        "local/commandController.go Delete",
        lambda at: at.plugin.delete(LOCAL, {**ONE, "stdout": "", "stderr": ""}),
        None,
    ),
    Case("a refresh finds what is in the state and runs nothing", "infer/resource.go Read", _read, True),
    # Copies
    Case(
        "a file lands at its path, and missing folders are made",
        "remote/copyController.go sftpCopy",
        lambda at: at.copied("new/deep", asset(at.file("file"))),
        "content",
    ),
    Case(
        "a file lands below a folder that is there",
        "remote/copyController.go sftpCopy",
        _onto_a_folder,
        {"file": "content"},
    ),
    Case(
        "a folder lands below the path", "remote/copyController.go sftpCopy", _folder(""), {"tree/deep/file": "content"}
    ),
    Case(
        "a folder with a slash behind it lands at the path",
        "remote/copyController.go sftpCopy",
        _folder("/"),
        {"deep/file": "content"},
    ),
    Case("a copy does not keep the mode of the file", "remote/copyController.go copyFile", _mode, "600"),
    Case(
        "text lands at its path",
        "remote/copyController.go copyTextContent",
        lambda at: at.copied("text/file", text("content")),
        "content",
    ),
    Case(
        "text needs the path of a file",
        "remote/copyController.go copyTextContent",
        _text_onto_a_folder,
        Failed("remote path /folder is a directory; when using a text asset, remotePath must be a file path"),
    ),
    Case(
        "a missing source fails",
        "remote/copyController.go sftpCopy",
        lambda at: at.copied("x", asset("/nonexistent")),
        Failed("open /nonexistent: no such file or directory"),
    ),
    Case(
        "an update copies again only if content or path changed, even if the copy is gone",
        "remote/copyController.go Update",
        lambda at: [
            _recopied(triggers=[1])(at),
            _recopied(source="2")(at),
            _recopied(remotePath="again/other")(at),
        ],
        [{}, {"file": "content"}, {"other": "content"}],
    ),
    Case(
        "a deletion leaves the copy on the host",
        "remote/copyController.go (no Delete)",
        lambda at: (
            at.copied("left", asset(at.file("file"))),
            at.plugin.delete(COPY, at.copy("left", asset("/x"))),
            at.files("left"),
        ),
        ("content", None, "content"),
    ),
)
