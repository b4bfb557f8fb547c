"""pulumi-aws and pulumi-tls as plugins, served by Pulumi's bridge to the Terraform providers.

Owns: one process of the warm pool, that is the bridge below it, and the calls in both directions between engine and
bridge. Leaves out what is rewritten in them (``translate``) and who may use the process when (``warm``).

Every message is handled by its descriptor, so a call that the engine learns later is forwarded as well.
"""

import contextlib
import hashlib
import json
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc  # type: ignore[import-untyped]
from google.protobuf import empty_pb2
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2

from sandbox.engine import provider, supplied, translate, warm, wire
from sandbox.engine.versions import CLOUD_PLUGINS, PLUGINS

_UNLIMITED = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
#: Version of every plugin that the bridge serves.
_VERSIONS = {**PLUGINS, **{name: version for more in CLOUD_PLUGINS.values() for name, version in more.items()}}

_STATUS_TRAILER = "grpc-status-details-bin"

#: How long calls may take to end by themselves after a real cancellation.
_CANCEL_SECONDS = 30

#: The engine's own default for parallel operations is below this; a Route 53 change holds a thread for a minute.
_THREADS = 96


class Bridge:
    """The bridge's process with one Terraform provider in it."""

    def __init__(self, plugin: str, bin_dir: Path, engine_port: int) -> None:
        self._command = [str(bin_dir / "pulumi-resource-terraform-provider"), f"127.0.0.1:{engine_port}"]
        self._provider = str(bin_dir / f"terraform-provider-{plugin}")
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
        if self._process.stdout is None:
            raise AssertionError("the bridge's output is a pipe")
        port = self._process.stdout.readline().strip()
        if not port.isdigit():
            raise RuntimeError(f"the bridge {self._command[0]} said {port!r} where its port should be")
        self.channel = grpc.insecure_channel(f"127.0.0.1:{port}", options=_UNLIMITED)
        parameters = provider_pb2.ParameterizeRequest.ParametersArgs(args=[self._provider])
        provider_pb2_grpc.ResourceProviderStub(self.channel).Parameterize(
            provider_pb2.ParameterizeRequest(args=parameters)
        )

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        """End the bridge and the Terraform provider it started."""
        if self._process is None:
            return
        tasks = Path(f"/proc/{self._process.pid}/task")
        pids = [int(pid) for children in tasks.glob("*/children") for pid in children.read_text().split()]
        self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self.channel.close()
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


class Proxy(grpc.GenericRpcHandler):  # type: ignore[misc] # grpc has no types
    """The provider towards the engine, and the engine's log towards the bridge."""

    def __init__(self, plugin: str, bin_dir: Path) -> None:
        self._plugin = plugin
        self._server = grpc.server(ThreadPoolExecutor(_THREADS), handlers=[self], options=_UNLIMITED)
        self.port = int(self._server.add_insecure_port("127.0.0.1:0"))
        self._bridge = Bridge(plugin, bin_dir, self.port)
        self._lock = threading.Lock()
        self._calls = 0
        self._cancelled = False
        self._configured: tuple[bytes, Message] | None = None
        self._region = ""
        # pulumi-aws 7 and Terraform's provider 6 have a region for each resource, provider 5 has one for all.
        self._one_region = plugin == "aws" and provider.linked(bin_dir).generation == "5"
        self._handshake: provider_pb2.ProviderHandshakeResponse | None = None
        self._engine: engine_pb2_grpc.EngineStub | None = None
        self._urns: dict[str, str] = {}

    def start(self) -> None:
        self._server.start()
        self._bridge.start()

    @property
    def fit(self) -> bool:
        """Whether the next holder may have this process: nothing runs in it, and nothing was cancelled."""
        with self._lock:
            return self._calls == 0 and not self._cancelled and self._bridge.running

    def release(self) -> None:
        """Forget the holder's engine."""
        self._engine = None
        self._urns.clear()

    def service(self, handler_call_details: Any) -> Any:
        service, _, name = handler_call_details.method.removeprefix("/").partition("/")
        if service == "pulumirpc.Engine" and name == "Log":
            return grpc.unary_unary_rpc_method_handler(
                self._log,
                request_deserializer=engine_pb2.LogRequest.FromString,
                response_serializer=empty_pb2.Empty.SerializeToString,
            )
        method = provider_pb2.DESCRIPTOR.services_by_name["ResourceProvider"].methods_by_name.get(name)
        if service != "pulumirpc.ResourceProvider" or method is None or method.server_streaming:
            return None
        request, response = GetMessageClass(method.input_type), GetMessageClass(method.output_type)
        answer = getattr(self, f"_answer_{name}", None) or self._forward

        def handle(message: Any, context: grpc.ServicerContext) -> Any:
            return answer(name, message, response, context)

        return grpc.unary_unary_rpc_method_handler(
            handle, request_deserializer=request.FromString, response_serializer=response.SerializeToString
        )

    def _log(self, request: engine_pb2.LogRequest, _context: grpc.ServicerContext) -> empty_pb2.Empty:
        """Forward a log line of the bridge to the engine that holds this process."""
        engine = self._engine
        request.urn = self._urns.get(request.urn, request.urn)
        if engine is not None:
            with contextlib.suppress(grpc.RpcError):
                engine.Log(request, timeout=10)
        return empty_pb2.Empty()

    def _answer_Handshake(  # noqa: N802 - the protocol's names
        self,
        name: str,
        request: Any,
        response: type[Message],
        context: grpc.ServicerContext,
    ) -> Any:
        self._engine = engine_pb2_grpc.EngineStub(grpc.insecure_channel(request.engine_address))
        if self._handshake is None:
            request.engine_address = f"127.0.0.1:{self.port}"
            self._handshake = self._forward(name, request, response, context)
        return self._handshake

    def _answer_GetPluginInfo(self, *_: Any) -> plugin_pb2.PluginInfo:  # noqa: N802
        return plugin_pb2.PluginInfo(version=_VERSIONS[self._plugin])

    def _answer_GetSchema(self, *_: Any) -> provider_pb2.GetSchemaResponse:  # noqa: N802
        # The engine asks for it to render types, never to run; the real one is 50 MB under other names.
        schema = {"name": self._plugin, "version": _VERSIONS[self._plugin]}
        return provider_pb2.GetSchemaResponse(schema=json.dumps(schema))

    def _answer_Cancel(  # noqa: N802
        self,
        name: str,
        request: Any,
        response: type[Message],
        context: grpc.ServicerContext,
    ) -> Any:
        with self._lock:
            # Engines cancel at each end; the bridge would refuse every call after it, so it hears of real ones only.
            idle = self._calls == 0
            self._cancelled = self._cancelled or not idle
        if idle:
            return empty_pb2.Empty()
        # A provider that retries against a dead endpoint does not listen, and the engine would wait for it.
        end = threading.Timer(_CANCEL_SECONDS, self._bridge.stop)
        end.daemon = True
        end.start()
        return self._forward(name, request, response, context)

    def _answer_Configure(  # noqa: N802
        self,
        name: str,
        request: Any,
        response: type[Message],
        context: grpc.ServicerContext,
    ) -> Any:
        for variable in list(request.variables):
            short = Struct()
            short.fields[variable.rpartition(":")[2]].string_value = request.variables[variable]
            translate.inward(f"pulumi:providers:{self._plugin}", short)
            del request.variables[variable]
            for key, value in short.fields.items():
                request.variables[f"{self._plugin}:config:{key}"] = value.string_value
        translate.inward(f"pulumi:providers:{self._plugin}", request.args)
        region = wire.inner(request.args.fields["region"]).string_value if "region" in request.args.fields else ""
        self._region = region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or ""
        given = hashlib.sha256(request.args.SerializeToString(deterministic=True)).digest()
        # Terraform's providers keep clients of the settings they were first given, and with AWS_CA_BUNDLE the aws one
        # refuses a second configuration, so one process is configured once.
        if self._configured is not None and self._configured[0] != given:
            self._bridge.stop()
            self._bridge.start()
            self._configured = None
        if self._configured is None:
            self._configured = given, self._call(name, request, response, context, "")
        return self._configured[1]

    def _forward(
        self,
        name: str,
        request: Any,
        response: type[Message],
        context: grpc.ServicerContext,
    ) -> Any:
        try:
            made = supplied.answer(name, translate.urn_type(request.urn), request) if _has_urn(request) else None
        except (OSError, ValueError) as error:
            context.abort(grpc.StatusCode.UNKNOWN, str(error))
        if made is not None:
            return made
        ours = self._inward(name, request)
        if isinstance(ours, Message):
            return ours
        answer = self._call(name, request, response, context, ours)
        self._outward(name, ours, answer)
        return answer

    def _inward(self, name: str, request: Any) -> str | Message:
        """Rewrite a request. Return pulumi-aws's token of its resource or function, or an answer that rejects it."""
        names = request.DESCRIPTOR.fields_by_name
        ours = str(request.tok) if "tok" in names else ""
        if "urn" in names and request.urn:
            ours = translate.urn_type(request.urn)
            urn = translate.urn(request.urn)
            self._urns[urn] = request.urn
            request.urn = urn
            if "type" in names and request.type:
                request.type = translate.token(request.type)
        elif ours:
            request.tok = translate.token(ours)
        if self._one_region and name in ("Check", "Invoke"):
            refusal = self._refuse_region(request.news if name == "Check" else request.args)
            if refusal is not None:
                answer = provider_pb2.CheckResponse if name == "Check" else provider_pb2.InvokeResponse
                return answer(failures=[refusal])
        for field, value in request.ListFields():
            if isinstance(value, Struct):
                if self._one_region:
                    translate.drop_region_output(ours, value)
                translate.inward(ours, value)
            elif field.name == "ignoreChanges":
                value[:] = [translate.path_inward(ours, path) for path in value]
        return ours

    def _refuse_region(self, given: Struct) -> provider_pb2.CheckFailure | None:
        """Drop pulumi-aws 7's ``region`` if it is the provider's. Return a failure for any other region."""
        if "region" not in given.fields:
            return None
        region = given.fields["region"]
        if not wire.is_unknown(region) and wire.inner(region).string_value not in ("", self._region):
            reason = (
                f"region {wire.inner(region).string_value!r} is not the provider's {self._region!r}, and Terraform's "
                "aws provider 5 has one region per provider: use an explicit provider for the other region"
            )
            return provider_pb2.CheckFailure(property="region", reason=reason)
        del given.fields["region"]
        return None

    def _outward(self, name: str, ours: str, answer: Any) -> None:
        for field, value in answer.ListFields():
            if isinstance(value, Struct):
                translate.outward(ours, value)
            elif field.name in ("replaces", "stables", "diffs"):
                value[:] = [translate.path_outward(ours, path) for path in value]
            elif field.name == "failures":
                for failure in value:
                    failure.property = translate.path_outward(ours, failure.property)
        if name in ("Diff", "DiffConfig"):
            detailed = {translate.path_outward(ours, path): entry for path, entry in answer.detailedDiff.items()}
            entries = {path: entry.SerializeToString() for path, entry in detailed.items()}
            answer.detailedDiff.clear()
            for path, entry in entries.items():
                answer.detailedDiff[path].ParseFromString(entry)
        if not self._one_region:
            return
        added = translate.region_output(ours)
        if added and name in ("Create", "Read", "Update") and answer.properties.fields and self._region:
            answer.properties.fields[added].string_value = self._region
        if ours == "aws:index/getRegion:getRegion" and "name" in getattr(answer, "return").fields:
            result = getattr(answer, "return")
            result.fields["region"].CopyFrom(result.fields["name"])

    def _call(
        self,
        name: str,
        request: Message,
        response: type[Message],
        context: grpc.ServicerContext,
        ours: str,
    ) -> Any:
        method: Callable[..., Any] = self._bridge.channel.unary_unary(
            f"/pulumirpc.ResourceProvider/{name}",
            request_serializer=type(request).SerializeToString,
            response_deserializer=response.FromString,
        )
        counted = name != "Cancel"
        with self._lock:
            self._calls += counted
        try:
            return method(request)
        except grpc.RpcError as error:
            self._fail(error, request, context, ours)
        finally:
            with self._lock:
                self._calls -= counted

    def _fail(self, error: Any, request: Any, context: grpc.ServicerContext, ours: str) -> None:
        """Return the bridge's error to the engine, with the state of a partly created resource in its details."""
        trailers = dict(error.trailing_metadata() or ())
        if _STATUS_TRAILER in trailers:
            status = status_pb2.Status.FromString(trailers[_STATUS_TRAILER])
            for detail in status.details:
                failed = provider_pb2.ErrorResourceInitFailed()
                if detail.Unpack(failed):
                    translate.outward(ours, failed.properties)
                    translate.outward(ours, failed.inputs)
                    detail.Pack(failed)
            context.set_trailing_metadata(((_STATUS_TRAILER, status.SerializeToString()),))
        theirs = getattr(request, "urn", "")
        text = f"cancelled: {error.details()}" if self._cancelled else str(error.details())
        context.abort(error.code(), text.replace(theirs, self._urns.get(theirs, theirs)) if theirs else text)


def _has_urn(request: Any) -> bool:
    return "urn" in request.DESCRIPTOR.fields_by_name and bool(request.urn)


def serve(plugin: str, name: str, bin_dir: str, first: int) -> None:
    """One process of the pool, from its start to its end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    leases = warm.Leases(name, socket.socket(fileno=first))
    proxy = Proxy(plugin, Path(bin_dir))

    def leave(*_: object) -> None:
        # The process leads a group that holds the bridge and the Terraform provider.
        os.killpg(os.getpid(), signal.SIGKILL)

    signal.signal(signal.SIGTERM, leave)
    proxy.start()
    for holder in leases.holders(proxy.port):
        # A holder never sends anything, so this is its end.
        with contextlib.suppress(OSError):
            holder.recv(1)
        if not proxy.fit:
            break
        proxy.release()
    leave()
