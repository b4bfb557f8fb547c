"""The servers of an emulated cloud: a proxy that ends TLS for its hosts, and doors for the hosts of the sandbox.

Clients use a proxy unchanged, with ``HTTPS_PROXY`` and its certificate authority. It connects to nothing: a host that
is not the cloud's is refused. Hosts reach all clouds through one TLS port and one metadata server of their gateway.
"""

import contextlib
import datetime
import logging
import ssl
import threading
from abc import ABC, abstractmethod
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from sandbox.fronts.calls import Answer, Call, RefusedError
from sandbox.fronts.tables import Tables
from sandbox.layout import LOOPBACK

log = logging.getLogger(__name__)

#: How soon a server sees that it is to end.
_POLL_SECONDS = 0.05
_DAY = datetime.timedelta(days=1)


class Front(ABC):
    """One emulated cloud, from start() to stop(). ``folder`` keeps its certificate authority."""

    #: What messages call the cloud.
    cloud: ClassVar[str]
    #: How lines of the log begin.
    label: ClassVar[str]
    #: Name of the metadata server on the cloud's hosts.
    metadata_name: ClassVar[str]

    def __init__(self, tables: Tables, folder: Path, names: Sequence[str], *, proxy_port: int) -> None:
        """``names`` are the hosts that it stands for, for example ``*.example.com``."""
        self._tables, self._names = tables, tuple(names)
        folder.mkdir(parents=True, exist_ok=True)
        self.authority, pair = folder / "ca.pem", folder / "server.pem"
        if not pair.exists():
            _make_certificates(self.authority, pair, self.cloud, self._names)
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(pair)
        self._server = _Server((LOOPBACK, proxy_port), [self], _Handler)
        self.proxy = f"http://{LOOPBACK}:{self._server.server_port}"

    @abstractmethod
    def answered(self, call: Call) -> Answer:
        """The answer to a call. Raises RefusedError."""

    @abstractmethod
    def metadata(self, call: Call, source: str) -> Answer:
        """The metadata server's answer to the host at ``source``. Raises RefusedError."""

    @abstractmethod
    def failed(self, call: Call, message: str) -> RefusedError:
        """The emulator's own failure, in the form of the cloud's API."""

    def knows(self, host: str) -> bool:
        """Whether a host is one of the cloud's."""
        return any(host.endswith(name[1:]) if name.startswith("*") else host == name for name in self._names)

    def start(self) -> None:
        _serve(self._server, self.label)

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, call: Call, source: str | None = None) -> Answer:
        """The answer to a call of one of the cloud's APIs, or of the metadata server by the host at ``source``."""
        with self._tables.lock:
            try:
                answer = self.answered(call) if source is None else self.metadata(call, source)
            except RefusedError as error:
                answer = error.answer
            except Exception as error:
                log.exception("%s: %s %s%s", self.label, call.method, call.host, call.path)
                answer = self.failed(call, f"the sandbox's emulator of {self.cloud} failed: {error!r}").answer
        log.info("%s: %s %s%s %s", self.label, call.method, call.host, call.path, answer.status)
        return answer


class HostDoors:
    """What hosts of the sandbox find behind their gateway: a TLS port and a metadata server for every cloud."""

    def __init__(self, fronts: Sequence[Front], *, tls_port: int, metadata_port: int) -> None:
        self._servers = [
            _TlsServer((LOOPBACK, tls_port), fronts, _Handler),
            _Server((LOOPBACK, metadata_port), fronts, _Metadata),
        ]
        self.metadata_port = self._servers[1].server_port

    def start(self) -> None:
        for server in self._servers:
            _serve(server, "host-doors")

    def stop(self) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(
        self, address: tuple[str, int], fronts: Sequence[Front], handler: type[BaseHTTPRequestHandler]
    ) -> None:
        self.fronts = fronts
        super().__init__(address, handler)

    def front(self, host: str) -> Front:
        """The cloud of a host; the first one, which refuses the call, if no cloud has it."""
        found = (front for front in self.fronts if front.knows(host) or front.metadata_name == host)
        return next(found, self.fronts[0])

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002
        # A client that ends its connection is no fault of the emulator.
        log.debug("a connection ended", exc_info=True)


class _TlsServer(_Server):
    """The certificate is that of the cloud whose host the client names."""

    def finish_request(self, request: Any, client_address: Any) -> None:
        context = self.fronts[0].tls if len(self.fronts) == 1 else self._by_name()
        with context.wrap_socket(request, server_side=True) as secured:
            super().finish_request(secured, client_address)

    def _by_name(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)

        def choose(secured: ssl.SSLObject, name: str | None, _context: ssl.SSLContext) -> None:
            secured.context = self.front(name or "").tls

        context.sni_callback = choose
        return context


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_CONNECT(self) -> None:
        host = self.path.partition(":")[0]
        front = self.server.front(host)
        if not front.knows(host):
            self.send_error(403, f"{host} is not emulated by the sandbox's {front.cloud}")
            return
        self.send_response(200, "Connection established")
        self.end_headers()
        with (
            contextlib.suppress(OSError),
            front.tls.wrap_socket(self.connection, server_side=True) as secured,
        ):
            _Handler(secured, self.client_address, self.server)
        self.close_connection = True

    def do_GET(self) -> None:
        call = self._call()
        self._send(self.server.front(call.host).answer(call))

    do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_GET  # noqa: N815

    def _call(self) -> Call:
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        return Call(
            host=headers.get("host", "").partition(":")[0],
            method=self.command,
            path=parts.path,
            query=dict(parse_qsl(parts.query)),
            raw_query=parts.query,
            headers=headers,
            body=self._body(),
        )

    def _body(self) -> bytes:
        if self.headers.get("expect", "").lower() == "100-continue":
            self.send_response_only(100)
            self.end_headers()
        if self.headers.get("transfer-encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("content-length") or 0))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _send(self, answer: Answer) -> None:
        content = answer.content
        self.send_response(answer.status)
        for name, value in {"Content-Type": "application/json", **answer.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """The front logs its answers."""


class _Metadata(_Handler):
    def do_GET(self) -> None:
        call = self._call()
        self._send(self.server.front(call.host).answer(call, self.client_address[0]))


def _serve(server: _Server, name: str) -> None:
    threading.Thread(target=server.serve_forever, args=(_POLL_SECONDS,), name=name, daemon=True).start()


def _make_certificates(authority: Path, pair: Path, cloud: str, names: Sequence[str]) -> None:
    """An authority whose key is not kept, and a server's certificate of it."""
    ca_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"AgentKeys sandbox, emulated {cloud}")])
    now = datetime.datetime.now(datetime.UTC)
    begun = (
        x509.CertificateBuilder().issuer_name(issuer).not_valid_before(now - _DAY).not_valid_after(now + 3650 * _DAY)
    )
    ca = (
        begun.subject_name(issuer)
        .public_key(ca_key.public_key())
        .serial_number(x509.random_serial_number())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key()), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    server = (
        begun.subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    pair.touch(mode=0o600)
    authority.write_bytes(ca.public_bytes(pem))
    pair.write_bytes(private + server.public_bytes(pem))
