"""TCP relays: the open ports of elastic addresses, from this machine's 127/8 into the host network.

Owns the listeners on the exposed addresses and ports, a security group's check of the source, and the copying of bytes.
Leaves out which ports are open, which the emulated account decides. The relays use one asyncio loop in one thread,
because a rehearsal needs few connections and the rest of the sandbox uses threads.
"""

import asyncio
import ipaddress
import os
import socket
import struct
import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import partial

from sandbox.hosts.machine import HostError, Progress
from sandbox.hosts.network import RELAY_MARK

_LOOPBACK = ipaddress.ip_network("127.0.0.0/8")
_CHUNK = 1 << 16
_CONNECT_SECONDS = 10
_APPLY_SECONDS = 30
_RESET = struct.pack("ii", 1, 0)


@dataclass(frozen=True, kw_only=True)
class Exposure:
    """One open port of one elastic address. ``cidrs`` are the allowed sources."""

    address: str
    port: int
    instance_id: str
    cidrs: tuple[str, ...]

    def __post_init__(self) -> None:
        if ipaddress.ip_address(self.address) not in _LOOPBACK:
            raise ValueError(f"{self.address} is not in {_LOOPBACK}, where the sandbox's elastic addresses are")

    def admits(self, source: str) -> bool:
        """Whether the security group allows a client at this address."""
        return any(ipaddress.ip_address(source) in ipaddress.ip_network(cidr) for cidr in self.cidrs)


@dataclass
class _Listener:
    exposure: Exposure
    target: str
    server: asyncio.Server | None = None
    connections: set["asyncio.Task[None]"] = field(default_factory=set)

    def serves_same_host(self, other: "_Listener") -> bool:
        # A new instance may get the address of one that is gone.
        return (self.target, self.exposure.instance_id) == (other.target, other.exposure.instance_id)


class Relays:
    """The open relays. apply() opens and closes relays until they match the exposures."""

    def __init__(self, log: Progress) -> None:
        self._log = log
        self._listeners: dict[tuple[str, int], _Listener] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="host-relays", daemon=True)
        self._thread.start()

    def apply(self, exposures: Collection[Exposure], targets: Mapping[str, str]) -> None:
        """Open and close relays. An instance without a target, for example a stopped one, gets no relay."""
        wanted: dict[tuple[str, int], _Listener] = {}
        for exposure in exposures:
            if exposure.instance_id not in targets:
                continue
            key = (exposure.address, exposure.port)
            if key in wanted and wanted[key].exposure != exposure:
                raise ValueError(f"{exposure.address}:{exposure.port} is exposed twice; merge the sources into one")
            wanted[key] = _Listener(exposure, targets[exposure.instance_id])
        asyncio.run_coroutine_threadsafe(self._apply(wanted), self._loop).result(_APPLY_SECONDS)

    def close(self) -> None:
        """Close every relay and end the thread."""
        self.apply((), {})
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _apply(self, wanted: Mapping[tuple[str, int], _Listener]) -> None:
        for key, listener in list(self._listeners.items()):
            if key not in wanted or not wanted[key].serves_same_host(listener):
                del self._listeners[key]
                await _close(listener)
            else:
                # As with a security group, existing connections stay open even if the new sources exclude them.
                listener.exposure = wanted[key].exposure
        failures = []
        for key in wanted.keys() - self._listeners.keys():
            listener = wanted[key]
            try:
                listener.server = await asyncio.start_server(partial(self._accept, listener), *key)
            except OSError as error:
                failures.append(f"{key[0]}:{key[1]}: {os.strerror(error.errno)}" if error.errno else str(error))
            else:
                self._listeners[key] = listener
        if failures:
            raise HostError(f"cannot listen for hosts on {'; '.join(failures)}; end what holds the port")

    def _accept(self, listener: _Listener, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        source = writer.get_extra_info("peername")[0]
        if not listener.exposure.admits(source):
            self._log(f"{listener.exposure.address}:{listener.exposure.port} is not open to {source}")
            _reset(writer)
            return
        serving = self._loop.create_task(_serve(listener, reader, writer))
        listener.connections.add(serving)
        serving.add_done_callback(listener.connections.discard)


async def _close(listener: _Listener) -> None:
    if listener.server is not None:
        listener.server.close()
    connections = list(listener.connections)
    for connection in connections:
        connection.cancel()
    await asyncio.gather(*connections, return_exceptions=True)


async def _serve(listener: _Listener, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        await _relay(reader, writer, listener.target, listener.exposure.port)
    except* (OSError, asyncio.CancelledError):
        # The client sees a reset, as from a closed port. Only _close cancels.
        _reset(writer)


async def _relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, target: str, port: int) -> None:
    connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    connection.setblocking(False)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, RELAY_MARK)
    try:
        await asyncio.wait_for(asyncio.get_running_loop().sock_connect(connection, (target, port)), _CONNECT_SECONDS)
        host_reader, host_writer = await asyncio.open_connection(sock=connection)
    except BaseException:
        connection.close()
        raise
    try:
        async with asyncio.TaskGroup() as pumps:
            pumps.create_task(_pump(reader, host_writer))
            pumps.create_task(_pump(host_reader, writer))
    except BaseException:
        _reset(host_writer)
        raise
    host_writer.close()
    writer.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(_CHUNK):
        writer.write(chunk)
        await writer.drain()
    # Half-close: the other direction may still have data.
    writer.write_eof()


def _reset(writer: asyncio.StreamWriter) -> None:
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    writer.transport.abort()
