"""A command plugin, only where the official one cannot be downloaded: the same resources with the semantics of 1.2.1.

Owns the provider protocol for ``command:remote:Command``, ``command:remote:CopyToRemote`` and
``command:local:Command``. Leaves out how commands run (``transport``), and what this program does not use, which is
refused by name: ``assetPaths``, ``archivePaths``, a remote ``environment``, a connection's ``proxy``, ``local.run``.
"""

import asyncio
import contextlib
import json
import os
import secrets
import signal
import stat
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import grpc  # type: ignore[import-untyped]
from google.protobuf import empty_pb2
from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Struct, Value
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, plugin_pb2, provider_pb2, provider_pb2_grpc

from sandbox.engine import transport, wire
from sandbox.engine.versions import PLUGINS

LOCAL = "command:local:Command"
REMOTE = "command:remote:Command"
COPY = "command:remote:CopyToRemote"

_COMMON = {"create", "update", "delete", "triggers", "stdin", "logging", "addPreviousOutputInEnv"}
_INPUTS = {
    LOCAL: _COMMON | {"dir", "interpreter", "environment"},
    REMOTE: _COMMON | {"connection"},
    COPY: {"connection", "remotePath", "source", "triggers"},
}

#: Official inputs that this plugin rejects, with what to use instead.
_UNSUPPORTED = {
    "assetPaths": "read the files in the program instead",
    "archivePaths": "read the files in the program instead",
    "environment": "sshd refuses variables it does not accept: pass values by stdin, or write `NAME=value command`",
    "proxy": "connect to the host itself",
}

_CONNECTION = {
    *("host", "port", "user", "password", "privateKey", "privateKeyPassword"),
    *("agentSocketPath", "dialErrorLimit", "perDialTimeout", "hostKey"),
}
_CONNECTION_DEFAULTS: Mapping[str, str | float] = {
    "user": "root",
    "port": 22,
    "dialErrorLimit": 10,
    "perDialTimeout": 15,
}
_LOGGING = ("stdout", "stderr", "stdoutAndStderr", "none")

_Failure = provider_pb2.CheckFailure

#: grpc has no types.
_Context = Any


def check(kind: str, inputs: Struct) -> list[provider_pb2.CheckFailure]:
    """Fill in the official defaults, mark the connection as a secret, and report invalid inputs."""
    failures = [
        _Failure(property=name, reason=_refusal(name, kind))
        for name in inputs.fields
        if name not in _INPUTS[kind] and not name.startswith("__")
    ]
    logging = wire.inner(inputs.fields["logging"]) if "logging" in inputs.fields else None
    if logging is not None and not wire.is_unknown(logging) and logging.string_value not in _LOGGING:
        failures.append(_Failure(property="logging", reason=f"is {logging.string_value!r}, not one of {_LOGGING}"))
    if kind != LOCAL:
        failures += _check_connection(inputs)
    if kind == COPY:
        failures += _check_copy(inputs)
    return failures


def _refusal(name: str, kind: str) -> str:
    if name in _UNSUPPORTED:
        return f"{name} of {kind} is unsupported by the sandbox's command plugin: {_UNSUPPORTED[name]}"
    return f"{name} is no input of {kind}"


def _check_connection(inputs: Struct) -> Iterator[provider_pb2.CheckFailure]:
    if "connection" not in inputs.fields:
        yield _Failure(property="connection", reason="is missing: give at least its host")
        return
    connection = inputs.fields["connection"]
    fields = wire.inner(connection)
    if not wire.is_unknown(connection):
        for name in fields.struct_value.fields:
            if name not in _CONNECTION and not name.startswith("__"):
                yield _Failure(property=f"connection.{name}", reason=_refusal(name, "a connection"))
        if "host" not in fields.struct_value.fields:
            yield _Failure(property="connection.host", reason="is missing: give the address of the host")
        for name, default in _CONNECTION_DEFAULTS.items():
            if name not in fields.struct_value.fields:
                fields.struct_value.update({name: default})
    connection.CopyFrom(wire.secret(Value.FromString(connection.SerializeToString())))


def _check_copy(inputs: Struct) -> Iterator[provider_pb2.CheckFailure]:
    if "remotePath" not in inputs.fields:
        yield _Failure(property="remotePath", reason="is missing: give the path on the host")
    source = wire.inner(inputs.fields["source"]) if "source" in inputs.fields else Value()
    fields = source.struct_value.fields
    kind = wire.mark(source)
    if kind not in (wire.ASSET, wire.ARCHIVE):
        yield _Failure(property="source", reason="either asset or archive must be set, to a value known at preview")
    elif kind == wire.ASSET and "path" not in fields and "text" not in fields:
        yield _Failure(property="source", reason="asset must be a path-based file asset or a text asset")
    elif kind == wire.ARCHIVE and "path" not in fields:
        yield _Failure(property="source", reason="archive must be a path to a file or directory")


def diff(old: Struct, new: Struct) -> provider_pb2.DiffResponse:
    """A changed input updates; changed triggers replace."""
    names = {name for name in (*old.fields, *new.fields) if not name.startswith("__")}
    changed = sorted(name for name in names if _plain(old, name) != _plain(new, name) or _has_unknown(new, name))
    replaces = [name for name in changed if name == "triggers"]
    kinds = provider_pb2.PropertyDiff
    detailed = {}
    for name in changed:
        kind = kinds.ADD if name not in old.fields else kinds.DELETE if name not in new.fields else kinds.UPDATE
        # Each replacing kind follows its plain one in the protocol's enumeration.
        detailed[name] = kinds(kind=kinds.Kind.ValueType(kind + (name in replaces)), inputDiff=True)
    return provider_pb2.DiffResponse(
        changes=provider_pb2.DiffResponse.DIFF_SOME if changed else provider_pb2.DiffResponse.DIFF_NONE,
        diffs=changed,
        replaces=replaces,
        detailedDiff=detailed,
        hasDetailedDiff=True,
    )


def _plain(struct: Struct, name: str) -> Any:
    return reveal(struct.fields[name]) if name in struct.fields else None


def _has_unknown(struct: Struct, name: str) -> bool:
    return name in struct.fields and any(wire.is_unknown(value) for value in wire.below(struct.fields[name]))


def reveal(value: Value) -> Any:
    """A value as plain JSON without marks. An asset becomes what identifies its content."""
    value = wire.inner(value)
    kind = value.WhichOneof("kind")
    if wire.mark(value) in (wire.ASSET, wire.ARCHIVE) and "hash" in value.struct_value.fields:
        return value.struct_value.fields["hash"].string_value
    if kind == "struct_value":
        fields = value.struct_value.fields
        return {name: reveal(fields[name]) for name in fields if not name.startswith("__")}
    if kind == "list_value":
        return [reveal(item) for item in value.list_value.values]
    return MessageToDict(value)


def outputs(kind: str, inputs: Struct, results: Mapping[str, str] | None) -> Struct:
    """A resource's state: its inputs and results. ``None`` means that the results are known only after the update."""
    state = Struct()
    state.CopyFrom(inputs)
    if kind == COPY:
        return state
    hidden = any(wire.mark(value) == wire.SECRET for field in inputs.fields.values() for value in wire.below(field))
    for name in ("stdout", "stderr"):
        value = Value(string_value=wire.UNKNOWN if results is None else results[name])
        state.fields[name].CopyFrom(wire.secret(value) if hidden else value)
    return state


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """The plugin's calls; see https://github.com/pulumi/pulumi/blob/master/proto/pulumi/provider.proto."""

    def __init__(self, engine_address: str) -> None:
        self._engine = engine_pb2_grpc.EngineStub(grpc.aio.insecure_channel(engine_address))
        self._running: set[asyncio.Task[Any]] = set()

    async def Handshake(  # noqa: N802 - the protocol's names
        self, _request: provider_pb2.ProviderHandshakeRequest, _context: _Context
    ) -> provider_pb2.ProviderHandshakeResponse:
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True, accept_resources=False, accept_outputs=False)

    async def GetPluginInfo(self, _request: empty_pb2.Empty, _context: _Context) -> plugin_pb2.PluginInfo:  # noqa: N802
        return plugin_pb2.PluginInfo(version=PLUGINS["command"])

    async def GetSchema(  # noqa: N802
        self, _request: provider_pb2.GetSchemaRequest, _context: _Context
    ) -> provider_pb2.GetSchemaResponse:
        return provider_pb2.GetSchemaResponse(schema=json.dumps({"name": "command", "version": PLUGINS["command"]}))

    async def CheckConfig(  # noqa: N802
        self, request: provider_pb2.CheckRequest, _context: _Context
    ) -> provider_pb2.CheckResponse:
        return provider_pb2.CheckResponse(inputs=request.news)

    async def DiffConfig(  # noqa: N802
        self, _request: provider_pb2.DiffRequest, _context: _Context
    ) -> provider_pb2.DiffResponse:
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)

    async def Configure(  # noqa: N802
        self, _request: provider_pb2.ConfigureRequest, _context: _Context
    ) -> provider_pb2.ConfigureResponse:
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    async def Invoke(self, request: provider_pb2.InvokeRequest, context: _Context) -> None:  # noqa: N802
        await context.abort(
            grpc.StatusCode.UNIMPLEMENTED,
            f"{request.tok} is unsupported by the sandbox's command plugin: use a local.Command resource",
        )

    async def Check(self, request: provider_pb2.CheckRequest, context: _Context) -> provider_pb2.CheckResponse:  # noqa: N802
        kind = await self._kind(request.urn, context)
        failures = check(kind, request.news)
        return provider_pb2.CheckResponse(inputs=request.news, failures=failures)

    async def Diff(self, request: provider_pb2.DiffRequest, _context: _Context) -> provider_pb2.DiffResponse:  # noqa: N802
        return diff(request.old_inputs, request.news)

    async def Create(self, request: provider_pb2.CreateRequest, context: _Context) -> provider_pb2.CreateResponse:  # noqa: N802
        kind = await self._kind(request.urn, context)
        results = None
        if not request.preview:
            results = await self._apply(
                kind, request.urn, request.properties, ("create",), {}, request.timeout, context
            )
        # CopyToRemote has no identifier in a preview; a command has a new one each time.
        identifier = "" if request.preview else _identifier("" if kind == COPY else request.urn.rpartition("::")[2])
        return provider_pb2.CreateResponse(id=identifier, properties=outputs(kind, request.properties, results))

    async def Update(self, request: provider_pb2.UpdateRequest, context: _Context) -> provider_pb2.UpdateResponse:  # noqa: N802
        kind = await self._kind(request.urn, context)
        results: Mapping[str, str] | None = None
        if not request.preview:
            before = {name: str(_plain(request.olds, name) or "") for name in ("stdout", "stderr")}
            unchanged = all(
                _plain(request.olds, name) == _plain(request.news, name) for name in ("source", "remotePath")
            )
            results = before
            if kind != COPY or not unchanged:
                results = await self._apply(
                    kind, request.urn, request.news, ("update", "create"), before, request.timeout, context
                )
        return provider_pb2.UpdateResponse(properties=outputs(kind, request.news, results))

    async def Delete(self, request: provider_pb2.DeleteRequest, context: _Context) -> empty_pb2.Empty:  # noqa: N802
        kind = await self._kind(request.urn, context)
        if kind != COPY:
            before = {name: str(_plain(request.properties, name) or "") for name in ("stdout", "stderr")}
            await self._apply(kind, request.urn, request.properties, ("delete",), before, request.timeout, context)
        return empty_pb2.Empty()

    async def Read(self, request: provider_pb2.ReadRequest, _context: _Context) -> provider_pb2.ReadResponse:  # noqa: N802
        return provider_pb2.ReadResponse(id=request.id, properties=request.properties, inputs=request.inputs)

    async def Cancel(self, _request: empty_pb2.Empty, _context: _Context) -> empty_pb2.Empty:  # noqa: N802
        for task in self._running:
            task.cancel()
        return empty_pb2.Empty()

    async def _kind(self, urn: str, context: _Context) -> str:
        kind = urn.split("::", 3)[2].rpartition("$")[2]
        if kind not in _INPUTS:
            await context.abort(
                grpc.StatusCode.UNIMPLEMENTED,
                f"{kind} is unsupported by the sandbox's command plugin: {sorted(_INPUTS)}",
            )
        return kind

    async def _apply(
        self,
        kind: str,
        urn: str,
        inputs: Struct,
        actions: tuple[str, ...],
        before: Mapping[str, str],
        timeout: float,
        context: _Context,
    ) -> Mapping[str, str]:
        """Run the first action that the inputs have. Without one, keep the results."""
        given = {name: reveal(value) for name, value in inputs.fields.items() if name != "source"}

        async def say(line: str) -> None:
            with contextlib.suppress(grpc.RpcError):
                await self._engine.Log(
                    engine_pb2.LogRequest(severity=engine_pb2.INFO, message=line, urn=urn, ephemeral=True)
                )

        command = next((given[action] for action in actions if given.get(action)), None)
        if kind == COPY:
            work = _copy(inputs, given, say)
        elif command is None:
            return {"stdout": "", "stderr": "", **before}
        else:
            work = _command(kind, command, given, before, say)
        task = asyncio.ensure_future(asyncio.wait_for(work, timeout or None))
        self._running.add(task)
        try:
            return await task
        except transport.CommandError as error:
            await context.abort(grpc.StatusCode.UNKNOWN, str(error))
        except TimeoutError:
            await context.abort(grpc.StatusCode.DEADLINE_EXCEEDED, f"not done within its timeout of {timeout:.0f} s")
        except asyncio.CancelledError:
            await context.abort(grpc.StatusCode.CANCELLED, "cancelled; the command was killed")
        finally:
            self._running.discard(task)
        raise AssertionError("abort always raises")


async def _command(
    kind: str, command: str, given: Mapping[str, Any], before: Mapping[str, str], say: transport.Say
) -> Mapping[str, str]:
    output = transport.Output(given.get("logging"), say)
    environment = dict(given.get("environment") or {})
    if given.get("addPreviousOutputInEnv", True):
        environment |= {f"PULUMI_COMMAND_{name.upper()}": text for name, text in before.items() if text}
    if kind == LOCAL:
        await transport.run_local(command, given, environment, output)
    else:
        await transport.run_remote(command, given, environment, output, say)
    return {"stdout": output.stdout, "stderr": output.stderr}


async def _copy(inputs: Struct, given: Mapping[str, Any], say: transport.Say) -> Mapping[str, str]:
    fields = wire.inner(inputs.fields["source"]).struct_value.fields
    if fields["path"].string_value:
        await transport.copy_path(given["connection"], fields["path"].string_value, given["remotePath"], say)
    else:
        await transport.copy_text(given["connection"], fields["text"].string_value, given["remotePath"], say)
    return {}


def _identifier(name: str) -> str:
    return name + secrets.token_hex(4)


async def _serve(engine_address: str) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    # The engine holds the other end of standard input, so it closes when the engine ends, even by kill -9.
    if stat.S_ISFIFO(os.fstat(0).st_mode):
        asyncio.get_running_loop().add_reader(0, lambda: None if os.read(0, 4096) else stopped.set())
    server = grpc.aio.server(
        options=[("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)],
        maximum_concurrent_rpcs=None,
    )
    provider = Provider(engine_address)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(provider, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    await stopped.wait()
    await provider.Cancel(empty_pb2.Empty(), None)
    await server.stop(1)


def main(_plugin: str, _pulumi_home: str, _bin_dir: str) -> None:
    """The executable that the engine starts."""
    addresses = [argument for argument in sys.argv[5:] if not argument.startswith("-")]
    asyncio.run(_serve(addresses[-1]))
    os._exit(0)
