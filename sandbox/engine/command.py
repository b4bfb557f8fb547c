"""A command plugin, only where the official one cannot be downloaded: the same resources with the semantics of 1.2.1.

Owns the provider protocol for ``command:remote:Command``, ``command:remote:CopyToRemote`` and
``command:local:Command``. Leaves out how commands run (``transport``), and what this program does not use, which is
refused by name: ``assetPaths``, ``archivePaths``, a remote ``environment``, a connection's ``proxy``, ``local.run``.
``conformance/cases.py`` has what the official plugin answers, with sources, and this one answers the same.
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

#: The inputs of each resource with the type that Go has for a scalar, or None.
_COMMON = {
    **dict.fromkeys(("create", "update", "delete", "stdin", "logging"), "string"),
    "triggers": None,
    "addPreviousOutputInEnv": "bool",
}
_INPUTS: Mapping[str, Mapping[str, str | None]] = {
    LOCAL: {**_COMMON, "dir": "string", "interpreter": None, "environment": None},
    REMOTE: {**_COMMON, "connection": None},
    COPY: {"connection": None, "remotePath": "string", "source": None, "triggers": None},
}
_REQUIRED = {LOCAL: (), REMOTE: ("connection",), COPY: ("connection", "source", "remotePath")}
_GO_NAMES = {
    LOCAL: "local.CommandInputs",
    REMOTE: "remote.CommandInputs",
    COPY: "remote.CopyToRemoteInputs",
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
_OUTPUTS = ("stdout", "stderr")

_Failure = provider_pb2.CheckFailure

#: grpc has no types.
_Context = Any


def check(kind: str, inputs: Struct) -> list[provider_pb2.CheckFailure]:
    """Fill in the official defaults, mark the connection as a secret, and report invalid inputs."""
    failures = [_Failure(property=name, reason=reason) for name, reason in _wrong(kind, inputs)]
    if kind == COPY and not failures:
        failures += _check_source(inputs)
    if "connection" in inputs.fields:
        connection = inputs.fields["connection"]
        if not failures and not wire.is_unknown(connection):
            fields = wire.inner(connection).struct_value
            for name, default in _CONNECTION_DEFAULTS.items():
                if name not in fields.fields:
                    fields.update({name: default})
        connection.CopyFrom(wire.secret(Value.FromString(connection.SerializeToString())))
    if not failures and kind != COPY and "addPreviousOutputInEnv" not in inputs.fields:
        inputs.update({"addPreviousOutputInEnv": True})
    return failures


def _wrong(kind: str, inputs: Struct) -> Iterator[tuple[str, str]]:
    """The names of invalid inputs, each with the reason."""
    known, go_name = _INPUTS[kind], _GO_NAMES[kind]
    for name, value in inputs.fields.items():
        if name not in known and not name.startswith("__"):
            yield name, _refusal(name, kind, f"Unrecognized field '{name}' on '{go_name}'")
            continue
        wanted, given = known.get(name), _go_type(wire.inner(value))
        if wanted and not wire.is_unknown(value) and given != wanted:
            yield name, f"Field '{name}' on '{go_name}' must be a '{wanted}'; got '{given}' instead"
    for name in _REQUIRED[kind]:
        if name not in inputs.fields:
            yield name, f"Missing required field '{name}' on '{go_name}'"
            if name == "source":
                yield "asset", "either asset or archive must be set"
    if "connection" in inputs.fields and not wire.is_unknown(inputs.fields["connection"]):
        yield from _wrong_connection(kind, wire.inner(inputs.fields["connection"]).struct_value)


def _wrong_connection(kind: str, connection: Struct) -> Iterator[tuple[str, str]]:
    unknown = "Unrecognized field '{}' on 'remote.Connection'"
    wrong = [
        f"\t{name}: {_refusal(name, kind, unknown.format(name))}"
        for name in connection.fields
        if name not in _CONNECTION and not name.startswith("__")
    ]
    if "host" not in connection.fields:
        wrong.append("\thost: Missing required field 'host' on 'remote.Connection'")
    if wrong:
        place = f"{_GO_NAMES[kind].removeprefix('remote.')}.connection"
        lines = "\n".join(wrong)
        yield "connection", f"An error occurred decoding '{place}': {len(wrong)} failures decoding:\n{lines}"


def _refusal(name: str, kind: str, official: str) -> str:
    if name in _UNSUPPORTED:
        return f"{name} of {kind} is unsupported by the sandbox's command plugin: {_UNSUPPORTED[name]}"
    return official


def _go_type(value: Value) -> str:
    names = {"string_value": "string", "number_value": "float64", "bool_value": "bool"}
    return names.get(value.WhichOneof("kind") or "", "other")


def _check_source(inputs: Struct) -> Iterator[provider_pb2.CheckFailure]:
    source = wire.inner(inputs.fields["source"])
    fields = source.struct_value.fields
    kind = wire.mark(source)
    if kind not in (wire.ASSET, wire.ARCHIVE):
        yield _Failure(property="asset", reason="either asset or archive must be set")
    elif not any(fields[name].string_value for name in ("path", "text") if name in fields):
        yield _Failure(property="source", reason="the sandbox's command plugin copies files, folders and text only")


def diff(old: Struct, new: Struct) -> provider_pb2.DiffResponse:
    """Each changed path. Only triggers that appear or disappear as a whole replace."""
    kinds = provider_pb2.PropertyDiff
    changed = dict(_changes(_members(old), _members(new), ""))
    # Each replacing kind follows its plain one in the protocol's enumeration.
    detailed = {
        path: kinds(kind=kinds.Kind.ValueType(kind + (path == "triggers")), inputDiff=True)
        for path, kind in changed.items()
    }
    return provider_pb2.DiffResponse(
        changes=provider_pb2.DiffResponse.DIFF_SOME if changed else provider_pb2.DiffResponse.DIFF_NONE,
        diffs=sorted(changed),
        replaces=[path for path in changed if path == "triggers"],
        detailedDiff=detailed,
        hasDetailedDiff=True,
    )


def _members(struct: Struct) -> dict[str, Value]:
    return {f".{name}": value for name, value in struct.fields.items() if not name.startswith("__")}


def _changes(old: Mapping[str, Value], new: Mapping[str, Value], place: str) -> Iterator[tuple[str, Any]]:
    """The changed paths below a place, each with its kind."""
    kinds = provider_pb2.PropertyDiff
    for name in sorted({*old, *new}):
        path = f"{place}{name}".removeprefix(".")
        if name not in old or name not in new:
            yield path, kinds.DELETE if name in old else kinds.ADD
        elif _identity(old[name]) != _identity(new[name]):
            inside = _inside(old[name]), _inside(new[name])
            if inside[0] is None or inside[1] is None:
                yield path, kinds.UPDATE
            else:
                yield from _changes(inside[0], inside[1], path)


def _inside(value: Value) -> dict[str, Value] | None:
    """The members of an object or list; None of everything else, secrets and assets included."""
    kind = value.WhichOneof("kind")
    if kind == "list_value":
        return {f"[{index}]": item for index, item in enumerate(value.list_value.values)}
    return _members(value.struct_value) if kind == "struct_value" and not wire.mark(value) else None


def _identity(value: Value) -> Any:
    """What two equal values have in common: secretness counts, and of an asset its content."""
    mark, kind = wire.mark(value), value.WhichOneof("kind")
    if mark in (wire.SECRET, wire.OUTPUT):
        # An output differs from a plain value only if it is secret or not known.
        fields = value.struct_value.fields
        hidden = mark == wire.SECRET or ("secret" in fields and fields["secret"].bool_value)
        inner = _identity(fields["value"]) if "value" in fields else wire.UNKNOWN
        return ("secret", inner) if hidden else inner
    if kind == "struct_value" and not mark:
        return {name: _identity(item) for name, item in value.struct_value.fields.items() if not name.startswith("__")}
    if kind == "list_value":
        return [_identity(item) for item in value.list_value.values]
    return reveal(value)


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
    """A resource's state: its inputs and results, which are plain. ``None``: they are known only after the update."""
    state = Struct()
    state.CopyFrom(inputs)
    if kind != COPY:
        for name in _OUTPUTS:
            state.fields[name].string_value = wire.UNKNOWN if results is None else results[name]
    elif results is None:
        state.fields["source"].CopyFrom(Value(string_value=wire.UNKNOWN))
    return state


def _previews_change(kind: str, before: Struct, inputs: Struct) -> bool:
    """Whether an update's preview must count results as unknown: an input is, or differs from the state or is gone.

    An input that the state does not have changes nothing.
    """
    for name in _INPUTS[kind]:
        if name in inputs.fields and any(wire.is_unknown(value) for value in wire.below(inputs.fields[name])):
            return True
        if name in before.fields and (
            name not in inputs.fields or _identity(before.fields[name]) != _identity(inputs.fields[name])
        ):
            return True
    return False


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """The plugin's calls; see https://github.com/pulumi/pulumi/blob/master/proto/pulumi/provider.proto."""

    def __init__(self, engine_address: str) -> None:
        self._engine = engine_pb2_grpc.EngineStub(grpc.aio.insecure_channel(engine_address))
        self._running: set[transport.Until] = set()
        self._cancelled = False

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
        # A copy has no identifier in a preview; a command has a new one each time.
        name = request.urn.rpartition("::")[2]
        identifier = _identifier(name) if kind != COPY else "" if request.preview else _identifier("")
        return provider_pb2.CreateResponse(id=identifier, properties=outputs(kind, request.properties, results))

    async def Update(self, request: provider_pb2.UpdateRequest, context: _Context) -> provider_pb2.UpdateResponse:  # noqa: N802
        kind = await self._kind(request.urn, context)
        before = _results(request.olds)
        results: Mapping[str, str] | None = before
        if request.preview:
            results = None if _previews_change(kind, request.olds, request.news) else before
        elif kind != COPY or any(
            reveal(request.olds.fields[name]) != reveal(request.news.fields[name]) for name in ("source", "remotePath")
        ):
            results = await self._apply(
                kind, request.urn, request.news, ("update", "create"), before, request.timeout, context
            )
        return provider_pb2.UpdateResponse(properties=outputs(kind, request.news, results))

    async def Delete(self, request: provider_pb2.DeleteRequest, context: _Context) -> empty_pb2.Empty:  # noqa: N802
        kind = await self._kind(request.urn, context)
        if kind != COPY:
            before = _results(request.properties)
            await self._apply(kind, request.urn, request.properties, ("delete",), before, request.timeout, context)
        return empty_pb2.Empty()

    async def Read(self, request: provider_pb2.ReadRequest, _context: _Context) -> provider_pb2.ReadResponse:  # noqa: N802
        return provider_pb2.ReadResponse(id=request.id, properties=request.properties, inputs=request.inputs)

    async def Cancel(self, _request: empty_pb2.Empty, _context: _Context) -> empty_pb2.Empty:  # noqa: N802
        self._cancelled = True
        for until in self._running:
            until.end("context canceled")
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
        if kind != COPY and command is None:
            return {"stdout": "", "stderr": "", **before}
        until = transport.Until(timeout)
        if self._cancelled:
            until.end("context canceled")
        self._running.add(until)
        try:
            if kind == COPY:
                return await _copy(inputs, given, say, until)
            return await _command(kind, str(command), given, before, say, until)
        except transport.CommandError as error:
            await context.abort(grpc.StatusCode.UNKNOWN, str(error))
        finally:
            self._running.discard(until)
            until.close()
        raise AssertionError("abort always raises")


def _results(state: Struct) -> dict[str, str]:
    return {name: str(reveal(state.fields[name])) if name in state.fields else "" for name in _OUTPUTS}


async def _command(
    kind: str,
    command: str,
    given: Mapping[str, Any],
    before: Mapping[str, str],
    say: transport.Say,
    until: transport.Until,
) -> Mapping[str, str]:
    output = transport.Output(given.get("logging"), say)
    environment = dict(given.get("environment") or {})
    if given.get("addPreviousOutputInEnv", True):
        environment |= {f"PULUMI_COMMAND_{name.upper()}": text for name, text in before.items() if text}
    if kind == LOCAL:
        await transport.run_local(command, given, environment, output, until)
    else:
        await transport.run_remote(command, given, environment, output, say, until)
    return {"stdout": output.stdout, "stderr": output.stderr}


async def _copy(
    inputs: Struct, given: Mapping[str, Any], say: transport.Say, until: transport.Until
) -> Mapping[str, str]:
    fields = wire.inner(inputs.fields["source"]).struct_value.fields
    path = fields["path"].string_value if "path" in fields else ""
    async with transport.files(given["connection"], say, until) as files:
        if path:
            await files.copy_path(path, given["remotePath"])
        else:
            await files.copy_text(fields["text"].string_value, given["remotePath"])
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
