"""Starts a command plugin as the engine does, and asks it over gRPC.

Owns the process, the calls and the log lines that the plugin sends. Values are plain Python data: a secret is
``Secret(value)``, a value that is not known yet is ``UNKNOWN``, an asset or archive is a dictionary with its mark.
"""

import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent import futures
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc  # type: ignore[import-untyped]
from google.protobuf import empty_pb2
from google.protobuf.struct_pb2 import Struct, Value
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, provider_pb2, provider_pb2_grpc

from sandbox import layout
from sandbox.engine import wire

#: A value that is known only after an update.
UNKNOWN = wire.UNKNOWN

#: Seconds in which a plugin must answer a call. No case waits longer.
_CALL_SECONDS = 30
_START_SECONDS = 30

_SEVERITIES = {engine_pb2.DEBUG: "debug", engine_pb2.INFO: "info", engine_pb2.WARNING: "warning"}

_NAME = "it"


@dataclass(frozen=True)
class Secret:
    """A secret value."""

    value: Any


@dataclass(frozen=True)
class Failed:
    """The error that a call ended with."""

    message: str


class Plugin:
    """A running plugin."""

    def __init__(self, port: int, lines: list[tuple[str, str]]) -> None:
        options = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
        self._calls = provider_pb2_grpc.ResourceProviderStub(grpc.insecure_channel(f"127.0.0.1:{port}", options))
        self._lines = lines
        #: Seconds that the last call took.
        self.seconds = 0.0
        self._ask(
            "Configure",
            provider_pb2.ConfigureRequest(
                acceptSecrets=True, acceptResources=True, sends_old_inputs=True, sends_old_inputs_to_delete=True
            ),
        )

    def check(self, kind: str, inputs: Mapping[str, Any]) -> Any:
        """The checked inputs, or what is wrong with each property, by the property's name."""
        answer = self._ask("Check", provider_pb2.CheckRequest(urn=_urn(kind), news=_struct(inputs)))
        if isinstance(answer, Failed):
            return answer
        if answer.failures:
            return {failure.property: Failed(failure.reason) for failure in answer.failures}
        return _plain(answer.inputs)

    def diff(self, kind: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Any:
        """The kind of change of each changed property path; "replace" is part of a kind that replaces."""
        checked = [self.check(kind, inputs) for inputs in (old, new)]
        answer = self._ask(
            "Diff",
            provider_pb2.DiffRequest(
                id="id", urn=_urn(kind), old_inputs=_struct(checked[0]), news=_struct(checked[1]),
                olds=_struct({"stdout": "", "stderr": "", **checked[0]}),
            ),
        )  # fmt: skip
        if isinstance(answer, Failed):
            return answer
        kinds = provider_pb2.PropertyDiff.Kind
        found = {path: kinds.Name(change.kind).lower() for path, change in answer.detailedDiff.items()}
        some = answer.changes == provider_pb2.DiffResponse.DIFF_SOME
        return found if some == bool(found) else {"changes": some, **found}

    def create(
        self,
        kind: str,
        inputs: Mapping[str, Any],
        *,
        preview: bool = False,
        timeout: float = 0,
    ) -> Any:
        """The state of a new resource, with its id as ``id``. ``timeout`` is the plugin's in seconds, 0 is none."""
        checked = self.check(kind, inputs)
        request = provider_pb2.CreateRequest(
            urn=_urn(kind), name=_NAME, type=kind, properties=_struct(checked), preview=preview, timeout=timeout
        )
        answer = self._ask("Create", request)
        return answer if isinstance(answer, Failed) else {"id": answer.id, **_plain(answer.properties)}

    def update(
        self, kind: str, old: Mapping[str, Any], new: Mapping[str, Any], *, preview: bool = False, timeout: float = 0
    ) -> Any:
        """The state after an update of a resource whose state is ``old``."""
        checked = self.check(kind, new)
        request = provider_pb2.UpdateRequest(
            id="id", urn=_urn(kind), name=_NAME, type=kind, preview=preview, timeout=timeout,
            olds=_struct(_properties(old)), old_inputs=_struct(_inputs(old)), news=_struct(checked),
        )  # fmt: skip
        answer = self._ask("Update", request)
        return answer if isinstance(answer, Failed) else _plain(answer.properties)

    def delete(self, kind: str, state: Mapping[str, Any]) -> Any:
        """None, or the failure."""
        request = provider_pb2.DeleteRequest(
            id="id",
            urn=_urn(kind),
            name=_NAME,
            type=kind,
            properties=_struct(_properties(state)),
            old_inputs=_struct(_inputs(state)),
        )
        answer = self._ask("Delete", request)
        return answer if isinstance(answer, Failed) else None

    def read(self, kind: str, state: Mapping[str, Any]) -> Any:
        """The state that a refresh finds."""
        request = provider_pb2.ReadRequest(
            id="id",
            urn=_urn(kind),
            name=_NAME,
            type=kind,
            properties=_struct(_properties(state)),
            inputs=_struct(_inputs(state)),
        )
        answer = self._ask("Read", request)
        return answer if isinstance(answer, Failed) else _plain(answer.properties)

    def cancel(self, when: Callable[[], bool]) -> None:
        """Cancel every call that runs once ``when`` is true. Returns at once."""

        def wait() -> None:
            deadline = time.monotonic() + _CALL_SECONDS
            while not when() and time.monotonic() < deadline:
                time.sleep(0.05)
            self._calls.Cancel(empty_pb2.Empty(), timeout=_CALL_SECONDS)

        threading.Thread(target=wait, daemon=True).start()

    def logged(self, opening: str) -> bool:
        """Whether the plugin has logged a line that starts so."""
        return any(line.startswith(opening) for _severity, line in self._lines)

    @contextmanager
    def lines(self) -> Iterator[list[tuple[str, str]]]:
        """The severity and text of each line that the plugin logs meanwhile."""
        self._lines.clear()
        kept: list[tuple[str, str]] = []
        yield kept
        # Log calls come on their own connection, just behind the answer.
        time.sleep(0.2)
        kept += self._lines

    def _ask(self, call: str, request: Any) -> Any:
        began = time.monotonic()
        try:
            return getattr(self._calls, call)(request, timeout=_CALL_SECONDS)
        except grpc.RpcError as error:
            return Failed(error.details())
        finally:
            self.seconds = time.monotonic() - began


@contextmanager
def started(executable: Path | None) -> Iterator[Plugin]:
    """A running plugin: the executable, or the sandbox's stand-in."""
    lines: list[tuple[str, str]] = []

    class Engine(engine_pb2_grpc.EngineServicer):
        def Log(self, request: engine_pb2.LogRequest, _context: Any) -> empty_pb2.Empty:  # noqa: N802 - the protocol's name
            lines.append((_SEVERITIES.get(request.severity, "error"), request.message))
            return empty_pb2.Empty()

    engine = grpc.server(futures.ThreadPoolExecutor(4))
    engine_pb2_grpc.add_EngineServicer_to_server(Engine(), engine)
    address = f"127.0.0.1:{engine.add_insecure_port('127.0.0.1:0')}"
    engine.start()
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            [*_command(executable), address], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors
        )
        try:
            yield Plugin(_port(process, errors), lines)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            engine.stop(None)


def _command(executable: Path | None) -> Sequence[str]:
    if executable:
        return [str(executable)]
    code = "import sys; sys.path[0] = sys.argv[1]; from sandbox.engine.command import main; main(*sys.argv[2:5])"
    return [sys.executable, "-c", code, str(layout.CHECKOUT), "command", "", ""]


def _port(process: "subprocess.Popen[bytes]", errors: Any) -> int:
    timer = threading.Timer(_START_SECONDS, process.kill)
    timer.start()
    if process.stdout is None:
        raise AssertionError("standard output is a pipe")
    line = process.stdout.readline()
    timer.cancel()
    if not line.strip().isdigit():
        errors.seek(0)
        raise RuntimeError(f"{process.args!r} printed no port: {line!r} {errors.read().decode(errors='replace')}")
    return int(line)


def _urn(kind: str) -> str:
    return f"urn:pulumi:test::conformance::{kind}::{_NAME}"


def _properties(state: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in state.items() if name != "id"}


def _inputs(state: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in state.items() if name not in ("id", "stdout", "stderr")}


def _struct(content: Mapping[str, Any]) -> Struct:
    made = Struct()
    made.update(_marked(content))
    return made


def _marked(value: Any) -> Any:
    if isinstance(value, Secret):
        return {wire.MARK: wire.SECRET, "value": _marked(value.value)}
    if isinstance(value, Mapping):
        return {name: _marked(item) for name, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_marked(item) for item in value]
    return value


def _plain(value: Any) -> Any:
    if isinstance(value, Struct):
        return {name: _plain(item) for name, item in value.fields.items()}
    mark = wire.mark(value)
    if mark == wire.SECRET:
        return Secret(_plain(value.struct_value.fields["value"]))
    if mark == wire.OUTPUT:
        fields = value.struct_value.fields
        inner = _plain(fields["value"]) if "value" in fields else UNKNOWN
        return Secret(inner) if "secret" in fields and fields["secret"].bool_value else inner
    return _scalar(value)


def _scalar(value: Value) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        return _plain(value.struct_value)
    if kind == "list_value":
        return [_plain(item) for item in value.list_value.values]
    return None if kind in (None, "null_value") else getattr(value, str(kind))
