"""The SMTP receiver and its delivery as processes, on a socket of loopback as systemd would pass it."""

import datetime
import json
import os
import smtplib
import socket
import ssl
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.support import emulation
from tests.support.sites import SCRIPTS

ELSEWHERE = SCRIPTS.parent / "elsewhere"
DOMAIN, NAME = "bots.example.org", "email.example.org"
BUCKET = "agentkeys-mail"


def certificate(folder: Path) -> None:
    """A self-signed one for ``NAME``, in certbot's two files."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder.mkdir(exist_ok=True)
    (folder / "fullchain.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    pem = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "privkey.pem").write_bytes(key.private_bytes(*pem))


class Receiver:
    """The receiver; ``delivery`` is started on its own."""

    def __init__(self, folder: Path, **changed: Any) -> None:
        self.folder, self.spool = folder, folder / "spool"
        self.spool.mkdir(parents=True, exist_ok=True)
        self.credentials = folder / "credentials"
        certificate(self.credentials)
        self.configuration = folder / "mail.json"
        values = {
            "domain": DOMAIN, "name": NAME, "limit_bytes": 100_000, "requires_tls": False, "at_once": 4,
            "least_free_bytes": 0, "spool": str(self.spool), "bucket": BUCKET, "prefix": "inbound/", "expire_days": 30,
            "endpoint": "http://127.0.0.1:9", "region": "us-east-1", "path_style": True, "api": "s3",
        }  # fmt: skip
        self.configuration.write_text(json.dumps({**values, **changed}))
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.running: list[subprocess.Popen[str]] = []
        self.start()

    def start(self, **environment: str) -> "subprocess.Popen[str]":
        def pass_socket() -> None:
            os.dup2(self.listener.fileno(), 3)

        self.process = self._spawn("mail_receiver.py", preexec_fn=pass_socket, pass_fds=(3,))
        assert self.process.stdout is not None
        assert "receiving mail" in self.process.stdout.readline()
        return self.process

    def deliver(self, *arguments: str, **environment: str) -> "subprocess.Popen[str]":
        return self._spawn("mail_delivery.py", *arguments, environment=environment)

    def _spawn(
        self, program: str, *arguments: str, environment: Mapping[str, str] | None = None, **how: Any
    ) -> "subprocess.Popen[str]":
        made = subprocess.Popen(
            [sys.executable, "-I", ELSEWHERE / program, self.configuration, *arguments],
            env={
                "PATH": os.environ["PATH"], "CREDENTIALS_DIRECTORY": str(self.credentials),
                "AWS_EC2_METADATA_DISABLED": "true", **(environment or {}),
            },
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **how,
        )  # fmt: skip
        self.running.append(made)
        return made

    def kept(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in self.spool.iterdir()}

    def smtp(self, *, tls: bool = False) -> smtplib.SMTP:
        client = smtplib.SMTP("127.0.0.1", self.port, timeout=20)
        if tls:
            context = ssl.create_default_context(cafile=str(self.credentials / "fullchain.pem"))
            client._host = NAME  # type: ignore[attr-defined] - the name that the certificate is checked against
            client.starttls(context=context)
        return client

    def eventually_empty(self) -> bool:
        return emulation.eventually(lambda: not self.kept(), 30)

    def end(self) -> None:
        for process in self.running:
            process.kill()
            process.wait()
        self.listener.close()
