"""A real nginx on loopback, with the rendered configuration of either phase and services that echo requests."""

import http.client
import json
import re
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from hostsetup.services import PUBLIC_HOSTS, SERVICES, Site
from hostsetup.vhosts import FRAGMENTS, WEBROOT, vhost_files
from tests.support.sites import a_site, require_tool

SITE = a_site("test")


class Upstream(BaseHTTPRequestHandler):
    """Answers with what it received; its server says which service's port it stands for."""

    def do_GET(self) -> None:
        server = self.server
        assert isinstance(server, Service)
        server.seen += 1
        body = json.dumps({"port": server.stands_for, "path": self.path, "headers": dict(self.headers)}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        """Quiet."""


class Service(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, stands_for: int) -> None:
        super().__init__(("127.0.0.1", 0), Upstream)
        self.stands_for = stands_for
        self.seen = 0
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        self.shutdown()
        self.server_close()


class Front:
    """nginx with the services behind it."""

    def __init__(self, folder: Path, services: dict[int, Service], https_keys: tuple[str, ...]) -> None:
        self.folder = folder
        self.services = services
        self.http, self.https = free_port(), free_port()
        (folder / "www/.well-known/acme-challenge").mkdir(parents=True)
        (folder / "www/.well-known/acme-challenge/token").write_text("answer")
        self._configure(https_keys)

    def _configure(self, https_keys: tuple[str, ...]) -> None:
        fragments = {file.path: file.content for file in vhost_files(SITE)}
        parts = [fragments[FRAGMENTS + "http.conf"]]
        for key in PUBLIC_HOSTS:
            parts.append(fragments[f"{FRAGMENTS}{key}.{'https' if key in https_keys else 'http'}.conf"])
        if https_keys:
            parts.append(fragments[FRAGMENTS + "https.conf"])
        text = "".join(parts)
        for name in SITE.public_names.values():
            certificate(self.folder / "live" / name, name)
        certificate(self.folder / "unknown", "unknown.invalid")
        both = [(self.folder / "unknown" / name).read_text() for name in ("privkey.pem", "fullchain.pem")]
        (self.folder / "unknown-name.pem").write_text("".join(both))
        for here, there in (
            ("listen 80", f"listen 127.0.0.1:{self.http}"),
            ("listen 443", f"listen 127.0.0.1:{self.https}"),
            ("/etc/letsencrypt/live", f"{self.folder}/live"),
            ("/etc/nginx/agentkeys-unknown-name.pem", f"{self.folder}/unknown-name.pem"),
            ("proxy_cache_valid 200 5m", "proxy_cache_valid 200 1s"),
            ("/var/lib/nginx", str(self.folder)),
            (WEBROOT, f"{self.folder}/www"),
            *((f"127.0.0.1:{port};", f"127.0.0.1:{server.server_port};") for port, server in self.services.items()),
        ):
            text = text.replace(here, there)
        (self.folder / "nginx.conf").write_text(
            f"user root;\ndaemon off;\npid {self.folder}/pid;\nerror_log {self.folder}/error.log;\n"
            f"events {{}}\nhttp {{\naccess_log off;\n{text}}}\n"
        )

    @contextmanager
    def connected(self, name: str, *, tls: bool = True) -> Iterator[http.client.HTTPConnection]:
        with socket.create_connection(("127.0.0.1", self.https if tls else self.http), timeout=5) as raw:
            connection = http.client.HTTPConnection(name)
            connection.sock = _any_certificate().wrap_socket(raw, server_hostname=name) if tls else raw
            with closing(connection):
                yield connection

    def request(
        self, name: str, path: str, *, tls: bool = True, headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], str]:
        with self.connected(name, tls=tls) as connection:
            connection.request("GET", path, headers=headers or {})
            answer = connection.getresponse()
            return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read().decode()


def _any_certificate() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def certificate(folder: Path, name: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}", "-days", "1"),
            *("-keyout", folder / "privkey.pem", "-out", folder / "fullchain.pem"),
        ],
        check=True,
        capture_output=True,
    )


@contextmanager
def running(folder: Path, *https_keys: str) -> Iterator[Front]:
    nginx = require_tool("nginx")
    services = {service.port: Service(service.port) for service in SERVICES if service.public}
    front = Front(folder, services, https_keys)
    checked = subprocess.run([nginx, "-t", "-c", folder / "nginx.conf"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    assert "[warn]" not in checked.stderr, checked.stderr
    process = subprocess.Popen([nginx, "-c", folder / "nginx.conf"], stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 5
        while not listens(front.http):
            assert time.monotonic() < deadline, (folder / "error.log").read_text()
            time.sleep(0.02)
        yield front
    finally:
        process.terminate()
        process.wait()
        for server in services.values():
            server.stop()


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """No name has a certificate."""
    with running(tmp_path_factory.mktemp("before")) as front:
        yield front


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """Every name has its certificate."""
    with running(tmp_path_factory.mktemp("after"), *PUBLIC_HOSTS) as served:
        yield served


def name_of(key: str, site: Site = SITE) -> str:
    return site.public_names[key]


@pytest.mark.parametrize("key", PUBLIC_HOSTS)
def test_without_a_certificate_only_the_challenge_is_answered(before: Front, key: str) -> None:
    assert before.request(name_of(key), "/.well-known/acme-challenge/token", tls=False)[2] == "answer"
    status, _, body = before.request(name_of(key), "/healthz", tls=False)
    assert (status, name_of(key) in body) == (503, True)
    assert not listens(before.https)


def test_one_missing_certificate_keeps_no_other_name_from_https(tmp_path: Path) -> None:
    with running(tmp_path, "broker") as front:
        assert front.request(name_of("broker"), "/healthz")[0] == 200
        assert front.request(name_of("cred"), "/healthz", tls=False)[0] == 503


@pytest.mark.parametrize("service", [s for s in SERVICES if s.public], ids=lambda s: s.unit)
def test_every_name_reaches_its_own_service(front: Front, service: object) -> None:
    key, port = service.public, service.port  # type: ignore[attr-defined]
    status, headers, body = front.request(
        name_of(key), "/healthz", headers={"Authorization": "Bearer x", "X-Forwarded-For": "6.6.6.6"}
    )
    seen = json.loads(body)
    assert (status, seen["port"]) == (200, port)
    assert seen["headers"]["Host"] == name_of(key)
    assert seen["headers"]["Authorization"] == "Bearer x"
    assert seen["headers"]["X-Forwarded-For"] == "127.0.0.1"
    assert seen["headers"]["X-Forwarded-Proto"] == "https"
    assert headers["strict-transport-security"] == "max-age=63072000"
    assert headers["server"] == "nginx"


@pytest.mark.parametrize("key", PUBLIC_HOSTS)
def test_plain_http_redirects_but_still_answers_the_challenge(front: Front, key: str) -> None:
    status, headers, _ = front.request(name_of(key), "/a?b=c", tls=False)
    assert (status, headers["location"]) == (301, f"https://{name_of(key)}/a?b=c")
    assert front.request(name_of(key), "/.well-known/acme-challenge/token", tls=False)[2] == "answer"


@pytest.mark.parametrize(
    ("path", "status"),
    [("/dev/sign-message", 200), ("/healthz", 200), ("/", 404), ("/v1/anything", 404), ("/healthz/x", 404)],
)
def test_the_signer_shows_its_own_paths_only(front: Front, path: str, status: int) -> None:
    assert front.request(name_of("signer"), path)[0] == status


@pytest.mark.parametrize("tls", [False, True])
def test_an_unknown_name_gets_no_answer(front: Front, tls: bool) -> None:
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        front.request("unknown.example.org", "/", tls=tls)


@pytest.mark.parametrize(("version", "accepted"), [("TLSv1_1", False), ("TLSv1_2", True), ("TLSv1_3", True)])
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_only_current_tls_is_spoken(front: Front, version: str, accepted: bool) -> None:
    context = _any_certificate()
    # Else this side's own security level refuses the old version first.
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = getattr(ssl.TLSVersion, version)
    with socket.create_connection(("127.0.0.1", front.https), timeout=5) as raw:
        try:
            context.wrap_socket(raw, server_hostname=name_of("broker")).close()
        except ssl.SSLError:
            assert not accepted
        else:
            assert accepted


def test_a_cipher_without_forward_secrecy_or_aead_is_refused(front: Front) -> None:
    context = _any_certificate()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("ECDHE+AES+SHA256:!AESGCM:!AESCCM:AES256-SHA")
    with socket.create_connection(("127.0.0.1", front.https), timeout=5) as raw, pytest.raises(ssl.SSLError):
        context.wrap_socket(raw, server_hostname=name_of("broker"))


def test_discovery_and_keys_are_served_stale_while_the_broker_is_down(tmp_path: Path) -> None:
    broker_port = next(service.port for service in SERVICES if service.public == "broker")
    with running(tmp_path, *PUBLIC_HOSTS) as front:
        first = front.request(name_of("broker"), "/.well-known/jwks.json")[2]
        assert front.request(name_of("broker"), "/.well-known/jwks.json")[2] == first
        assert front.services[broker_port].seen == 1
        front.services[broker_port].stop()
        time.sleep(1.1)
        status, _, stale = front.request(name_of("broker"), "/.well-known/jwks.json")
        assert (status, stale) == (200, first)
        assert front.request(name_of("broker"), "/healthz")[0] == 502


def test_one_client_cannot_flood_the_broker(tmp_path: Path) -> None:
    name = name_of("broker")
    with running(tmp_path, *PUBLIC_HOSTS) as front, front.connected(name) as connection:
        # Pipelined, and refused by nginx itself, so that a slow computer does not make the client slow.
        front.services[next(service.port for service in SERVICES if service.public == "broker")].stop()
        one = f"GET /v1/anything HTTP/1.1\r\nHost: {name}\r\n"
        connection.sock.sendall(f"{one}\r\n".encode() * 199 + f"{one}Connection: close\r\n\r\n".encode())
        with connection.sock.makefile("rb") as answers:
            statuses = re.findall(rb"^HTTP/1.1 (\d+)", answers.read(), re.MULTILINE)
        assert len(statuses) == 200
        assert (statuses[0], statuses[-1]) == (b"502", b"429")
        assert front.request(name, "/healthz")[0] == 502
