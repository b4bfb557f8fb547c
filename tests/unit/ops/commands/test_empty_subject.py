"""Certificates without a common name: every reader goes by subjectAltName (RFC 9525 section 6.3).

Let's Encrypt's profiles ``tlsserver`` and ``shortlived`` and pebble 2.10.3 leave the subject empty:
https://letsencrypt.org/docs/profiles/. ``tests/unit/hostsetup/test_read_certificates.py`` has the host's own reader.
"""

import datetime
import hashlib
import http.server
import json
import ssl
import subprocess
import sys
import threading
from types import SimpleNamespace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from gates import issuer
from ops.commands import doctor, drift
from ops.verdicts import Verdict

NAME = "broker.example.org"


def pem(*certificates):
    return b"".join(each.public_bytes(serialization.Encoding.PEM) for each in certificates)


@pytest.fixture(scope="module")
def chain():
    """A leaf with an empty subject, its key and its authority."""
    now = datetime.datetime.now(datetime.UTC)
    authority_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    name, nobody = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "CA")]), x509.Name([])

    def made(subject, public_key, *, ca):
        return (
            x509.CertificateBuilder(name, subject, public_key, x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=44))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        )

    authority = made(name, authority_key.public_key(), ca=True).sign(authority_key, hashes.SHA256())
    # RFC 5280 section 4.2.1.6: critical, since the subject is empty.
    names = x509.SubjectAlternativeName([x509.DNSName(NAME)])
    leaf = made(nobody, key.public_key(), ca=False).add_extension(names, critical=True)
    return leaf.sign(authority_key, hashes.SHA256()), key, authority


@pytest.fixture(scope="module")
def files(tmp_path_factory, chain):
    """The folder of the name as certbot has it, with the authority beside it."""
    leaf, key, authority = chain
    folder = tmp_path_factory.mktemp("letsencrypt")
    live = folder / "live" / NAME
    live.mkdir(parents=True)
    (live / "fullchain.pem").write_bytes(pem(leaf, authority))
    (live / "privkey.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    (folder / "ca.pem").write_bytes(pem(authority))
    return folder


@pytest.fixture
def served(files, monkeypatch):
    """An issuer with that certificate, on the port that the gate and doctor ask."""
    documents = {
        "/.well-known/openid-configuration": {"issuer": f"https://{NAME}", "jwks_uri": f"https://{NAME}/keys"},
        "/keys": {"keys": [{"kty": "EC", "crv": "P-256"}]},
        "/healthz": {},
    }

    class Handler(http.server.BaseHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def do_GET(self):
            body = json.dumps(documents[self.path]).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files / "live" / NAME / "fullchain.pem", files / "live" / NAME / "privkey.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr(issuer, "PORT", server.server_port)
    monkeypatch.setattr(issuer, "resolve", lambda *_: ["127.0.0.1"])
    yield server
    server.shutdown()
    server.server_close()


def test_the_gate_of_the_issuer_passes(served, files, chain):
    thumbprint = issuer.issuer(NAME, ["https://doh.example.org"], str(files / "ca.pem"))
    authority = ssl.PEM_cert_to_DER_cert(pem(chain[2]).decode())
    assert thumbprint == hashlib.sha1(authority, usedforsecurity=False).hexdigest()


def test_the_row_of_doctor_is_well(served, files):
    stack = SimpleNamespace(settings=SimpleNamespace(ca_bundle=str(files / "ca.pem")))
    row = doctor.Doctor.certificate(SimpleNamespace(stack=stack), NAME, "127.0.0.1")
    assert (row.verdict, row.seen) == (Verdict.OK, "44 days left")


def test_the_observer_of_drift_sees_name_and_key(files):
    program = drift.script([f"certificates {NAME}", "end"]).replace("/etc/letsencrypt", str(files))
    # The host's own Python has the cryptography package; this computer's may not.
    program = program.replace("/usr/bin/python3", sys.executable)
    done = subprocess.run(["bash", "-s"], input=program, capture_output=True, text=True, check=True)
    ((_, begins, ends, for_name, of_key, *_),) = drift.answers(done.stdout)["certificate"]
    assert (for_name, of_key) == ("yes", "yes")
    assert int(ends) - int(begins) == 45 * 86400
