"""The account's certificate authority: Debian's pebble, answering ACME on loopback.

Contains pebble's process, the certificate of its endpoint, and the bundle of roots that the sandbox's clients trust.
Pebble creates a new root at each start. The bundle keeps the earlier ones, because hosts have certificates from them.
"""

import datetime
import ipaddress
import json
import logging
import os
import signal
import ssl
import subprocess
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from sandbox import tools
from sandbox.aws import ports
from sandbox.layout import ACME_HOST, LOOPBACK, PORTS

log = logging.getLogger(__name__)

# Pebble first creates RSA keys, which is slow on a busy machine.
_START_SECONDS = 30.0
_STOP_SECONDS = 5.0
_VALID = datetime.timedelta(days=3650)

#: Lifetimes that Let's Encrypt issues, by profile: https://letsencrypt.org/docs/profiles/ (``tlsserver`` since 13 May
#: 2026: https://letsencrypt.org/2025/12/02/from-90-to-45). Pebble 2.4.0 issues for five years by default.
LIFETIMES = {
    "classic": datetime.timedelta(days=90),
    "tlsserver": datetime.timedelta(days=45),
    "shortlived": datetime.timedelta(hours=160),
}


class AcmeError(RuntimeError):
    """Pebble does not answer."""


class AcmeServer:
    """Pebble, from start() to stop() or until this process ends."""

    def __init__(
        self,
        home: Path,
        *,
        port: int = PORTS["acme"],
        management_port: int = PORTS["acme-management"],
        dns_port: int = PORTS["dns"],
        http_port: int = 80,
        tls_port: int = 443,
        lifetime: datetime.timedelta = LIFETIMES["classic"],
        bindings: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """`http_port` and `tls_port` are the ports where pebble sends challenges, at the address of the name.

        ``lifetime`` applies to every certificate that pebble issues. ``bindings`` are the MAC keys (base64url) of
        external accounts by key id. With any, pebble registers only accounts that are bound to one (RFC 8555 section
        7.3.4).
        """
        self.port = port
        self.management_port = management_port
        self._dns_port = dns_port
        self._http_port = http_port
        self._tls_port = tls_port
        self._lifetime = lifetime
        self._bindings = bindings
        self._folder = home / "ca"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def directory(self) -> str:
        """The URL of the ACME directory, with the host name that hosts use."""
        return f"https://{ACME_HOST}:{self.port}/dir"

    @property
    def own_ca(self) -> Path:
        """The CA of the directory's own certificate. Hosts trust it."""
        return self._folder / "acme-ca.pem"

    @property
    def trust(self) -> Path:
        """Every root that this sandbox ever had, and own_ca. Clients trust them."""
        return self._folder / "trust.pem"

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start pebble and add its root to the bundle. Returns when pebble answers.

        Call this from a long-lived thread: the kernel ends pebble when the thread that started it ends.
        """
        tools.require(tools.ACME, log.info)
        pebble = str(tools.find("pebble"))
        ports.require_free(self.port, "the ACME directory (pebble)")
        ports.require_free(self.management_port, "pebble's management")
        self._folder.mkdir(parents=True, exist_ok=True)
        self._make_certificates()
        with (self._folder / "pebble.log").open("ab") as output:
            self._process = subprocess.Popen(
                [
                    # After a SIGKILL of this process, pebble must not keep the ports.
                    *("setpriv", "--pdeathsig", "TERM", pebble),
                    *("-config", str(self._configure())),
                    *("-dnsserver", f"{LOOPBACK}:{self._dns_port}"),
                ],
                env={
                    **os.environ,
                    "PEBBLE_VA_NOSLEEP": "1",
                    "PEBBLE_WFE_NONCEREJECT": "0",
                    "PEBBLE_AUTHZREUSE": "100",
                },
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            self._remember_root()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End pebble. Does nothing if pebble is not running."""
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _configure(self) -> Path:
        path = self._folder / "pebble.json"
        document = {
            "pebble": {
                "listenAddress": f"{LOOPBACK}:{self.port}",
                "managementListenAddress": f"{LOOPBACK}:{self.management_port}",
                "certificate": str(self._folder / "acme.pem"),
                "privateKey": str(self._folder / "acme.key"),
                "httpPort": self._http_port,
                "tlsPort": self._tls_port,
                "ocspResponderURL": "",
                "certificateValidityPeriod": int(self._lifetime.total_seconds()),
                "externalAccountBindingRequired": bool(self._bindings),
                "externalAccountMACKeys": dict(self._bindings),
            }
        }
        path.write_text(json.dumps(document, indent=2))
        return path

    def _remember_root(self) -> None:
        root = self._fetch_root()
        known = self.trust.read_text() if self.trust.exists() else self.own_ca.read_text()
        partial = self.trust.with_suffix(".partial")
        partial.write_text(known if root in known else known + root)
        partial.replace(self.trust)

    def _fetch_root(self) -> str:
        context = ssl.create_default_context(cafile=str(self.own_ca))
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
        )
        deadline = time.monotonic() + _START_SECONDS
        while True:
            try:
                with opener.open(f"https://{LOOPBACK}:{self.management_port}/roots/0", timeout=2) as answer:
                    return str(answer.read().decode())
            except OSError as error:
                ended = self._process is None or self._process.poll() is not None
                if ended or time.monotonic() > deadline:
                    raise AcmeError(
                        f"pebble {'ended' if ended else 'does not answer'} at start ({error}); "
                        f"its output is in {self._folder / 'pebble.log'}"
                    ) from error
                time.sleep(0.05)

    def _make_certificates(self) -> None:
        # Created once and together, because hosts keep own_ca in their trust store.
        if (self._folder / "acme.pem").exists():
            return
        authority_key, server_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        authority = _authority(authority_key)
        server = _server_certificate(server_key, authority_key)
        _write_private(
            self._folder / "acme.key",
            server_key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.TraditionalOpenSSL,
                serialization.NoEncryption(),
            ),
        )
        self.own_ca.write_bytes(authority.public_bytes(serialization.Encoding.PEM))
        # Written last: if it exists, all three exist.
        (self._folder / "acme.pem").write_bytes(server.public_bytes(serialization.Encoding.PEM))


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _builder(subject: str, issuer: str, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(_name(issuer))
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + _VALID)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


_AUTHORITY = "AgentKeys sandbox, ACME endpoint"


def _authority(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    return (
        _builder(_AUTHORITY, _AUTHORITY, key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )


def _server_certificate(key: ec.EllipticCurvePrivateKey, authority_key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    names = x509.SubjectAlternativeName(
        [x509.DNSName(ACME_HOST), x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address(LOOPBACK))]
    )
    return (
        _builder(ACME_HOST, _AUTHORITY, key.public_key())
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False)
        .sign(authority_key, hashes.SHA256())
    )


def _write_private(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
