"""The server of the emulated Google Cloud: a proxy that ends TLS for Google's hosts, and a metadata server for hosts.

Clients use it unchanged, with ``HTTPS_PROXY`` and its certificate authority. It connects to nothing: a host that is not
Google's is refused. Hosts of the sandbox reach its TLS port and metadata server through their gateway.
"""

import contextlib
import datetime
import json
import logging
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from sandbox.gcp import tokens
from sandbox.gcp.calls import Answer, ApiError, Call
from sandbox.gcp.compute import Compute
from sandbox.gcp.management import Management
from sandbox.gcp.project import Project
from sandbox.gcp.storage import Storage
from sandbox.layout import LOOPBACK

log = logging.getLogger(__name__)

#: Names that the certificate is for.
_NAMES = ("*.googleapis.com", "googleapis.com")
#: How soon a server sees that it is to end.
_POLL_SECONDS = 0.05
_DAY = datetime.timedelta(days=1)


class Front:
    """The emulator, from start() to stop(). ``folder`` keeps its certificate authority and the objects."""

    def __init__(self, project: Project, folder: Path, *, proxy_port: int, tls_port: int, metadata_port: int) -> None:
        self._project, self._folder = project, folder
        management, storage, compute = Management(project), Storage(project, folder / "objects"), Compute(project)
        self._apis: dict[str, Management | Storage | Compute] = {
            "storage.googleapis.com": storage,
            "compute.googleapis.com": compute,
            "cloudresourcemanager.googleapis.com": management,
            "cloudbilling.googleapis.com": management,
            "iam.googleapis.com": management,
            "dns.googleapis.com": management,
        }
        folder.mkdir(parents=True, exist_ok=True)
        self.authority, pair = folder / "ca.pem", folder / "server.pem"
        if not pair.exists():
            _make_certificates(self.authority, pair)
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(pair)
        self._servers = [
            _Server((LOOPBACK, proxy_port), self, _Handler),
            _TlsServer((LOOPBACK, tls_port), self, _Handler),
            _Server((LOOPBACK, metadata_port), self, _Metadata),
        ]
        self.proxy = f"http://{LOOPBACK}:{self._servers[0].server_port}"
        self.metadata_port = self._servers[2].server_port

    @property
    def tls(self) -> ssl.SSLContext:
        return self._tls

    def start(self) -> None:
        for server in self._servers:
            threading.Thread(target=server.serve_forever, args=(_POLL_SECONDS,), name="gcp", daemon=True).start()

    def stop(self) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()

    def answer(self, call: Call) -> Answer:
        """The answer to a call of one of Google's APIs."""
        with self._project.lock:
            try:
                answer = self._answered(call)
            except ApiError as error:
                answer = error.answer
            except Exception as error:
                log.exception("gcp: %s %s%s", call.method, call.host, call.path)
                answer = ApiError(500, f"the sandbox's emulator of Google failed: {error!r}").answer
        log.info("gcp: %s %s%s %s", call.method, call.host, call.path, answer.status)
        return answer

    def _answered(self, call: Call) -> Answer:
        if (call.host, call.method, call.path) == ("oauth2.googleapis.com", "POST", "/token"):
            return tokens.refresh(self._project, call)
        if (call.host, call.method, call.path) == ("sts.googleapis.com", "POST", "/v1/token"):
            return tokens.exchange(self._project, call)
        host = call.host
        if host == "www.googleapis.com":
            host = "compute.googleapis.com" if call.path.startswith("/compute/") else "storage.googleapis.com"
        api = self._apis.get(host)
        found = api.answer(call, tokens.caller(self._project, call)) if api else None
        if found is None:
            raise ApiError(501, f"the sandbox's emulator of Google does not know {call.method} {call.host}{call.path}")
        return found

    def metadata(self, path: str, source: str) -> Answer:
        """The metadata server's answer to the host at ``source``."""
        account = "/computeMetadata/v1/instance/service-accounts/default/token"
        with self._project.lock:
            if path != account:
                return ApiError(404, f"the sandbox's metadata server does not know {path}").answer
            try:
                return tokens.of_host(self._project, source)
            except ApiError as error:
                return error.answer


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], front: Front, handler: type[BaseHTTPRequestHandler]) -> None:
        self.front = front
        super().__init__(address, handler)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002
        # A client that ends its connection is no fault of the emulator.
        log.debug("gcp: a connection ended", exc_info=True)


class _TlsServer(_Server):
    def finish_request(self, request: Any, client_address: Any) -> None:
        with self.front.tls.wrap_socket(request, server_side=True) as secured:
            super().finish_request(secured, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_CONNECT(self) -> None:
        host = self.path.partition(":")[0]
        if not host.endswith(".googleapis.com"):
            self.send_error(403, f"{host} is not Google's")
            return
        self.send_response(200, "Connection established")
        self.end_headers()
        with (
            contextlib.suppress(OSError),
            self.server.front.tls.wrap_socket(self.connection, server_side=True) as secured,
        ):
            _Handler(secured, self.client_address, self.server)
        self.close_connection = True

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.server.front.answer(
            Call(
                host=headers.get("host", "").partition(":")[0],
                method=self.command,
                # The provider's snapshot doubles this part in the calls of Compute Engine (docs/clouds/gcp.md).
                path=parts.path.replace("/projects/projects/", "/projects/"),
                query=dict(parse_qsl(parts.query)),
                headers=headers,
                body=self._body(),
            )
        )
        _send(self, answer)

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815

    def _body(self) -> bytes:
        if self.headers.get("transfer-encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("content-length") or 0))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def log_message(self, *_: Any) -> None:
        """The front logs its answers."""


class _Metadata(_Handler):
    def do_GET(self) -> None:
        if self.headers.get("metadata-flavor") != "Google":
            self.send_error(403, "Missing Metadata-Flavor:Google header")
            return
        _send(self, self.server.front.metadata(urlsplit(self.path).path, self.client_address[0]))


def _send(handler: BaseHTTPRequestHandler, answer: Answer) -> None:
    content = answer.content
    handler.send_response(answer.status)
    for name, value in {"Content-Type": "application/json", **answer.headers}.items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content)


def credentials_file(project: Project, path: Path) -> Path:
    """Write the operator's application default credentials, and return where they are."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(json.dumps(tokens.operator_credentials(project)))
    return path


def _make_certificates(authority: Path, pair: Path) -> None:
    """An authority whose key is not kept, and a server's certificate of it."""
    ca_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "AgentKeys sandbox, emulated Google Cloud")])
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
        begun.subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, _NAMES[0])]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in _NAMES]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    pair.touch(mode=0o600)
    authority.write_bytes(ca.public_bytes(pem))
    pair.write_bytes(private + server.public_bytes(pem))
