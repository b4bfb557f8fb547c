"""What EC2 Instance Connect puts before an instance: signed blocks of keys, the signer's chain and its OCSP answers.

Owns the form, as aws-ec2-instance-connect-config reads it. Each part can be made wrong on its own.
"""

import base64
import datetime
import time
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import NameOID

INSTANCE = "i-0123456789abcdef0"
REGION = "us-east-1"
SIGNER = f"managed-ssh-signer.{REGION}.amazonaws.com"
_NOW = datetime.datetime.now(datetime.UTC)
_DAY = datetime.timedelta(days=1)


@dataclass
class Authority:
    """A certificate and its key, signed by another one or by itself."""

    name: str
    issuer: "Authority | None" = None
    is_authority: bool = True
    key: rsa.RSAPrivateKey = field(init=False)
    certificate: x509.Certificate = field(init=False)

    def __post_init__(self) -> None:
        self.key = rsa.generate_private_key(65537, 2048)
        signer = self.issuer or self
        usage = {"digital_signature": True, "key_cert_sign": self.is_authority, "crl_sign": self.is_authority}
        others = ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
        builder = (
            x509.CertificateBuilder()
            .subject_name(_name(self.name))
            .issuer_name(_name(signer.name))
            .public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(_NOW - _DAY)
            .not_valid_after(_NOW + _DAY)
            .add_extension(x509.BasicConstraints(ca=self.is_authority, path_length=None), critical=True)
            .add_extension(
                x509.KeyUsage(**usage, **dict.fromkeys(others, False), encipher_only=False, decipher_only=False),
                critical=True,
            )
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.key.public_key()), critical=False)
        )
        self.certificate = builder.sign(signer.key, hashes.SHA256())

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def staple(self, by: "Authority", *, status: ocsp.OCSPCertStatus, age: datetime.timedelta) -> bytes:
        """An OCSP answer about this certificate, in base64; the issuer's own where ``by`` is the issuer."""
        assert self.issuer is not None
        revoked = status is ocsp.OCSPCertStatus.REVOKED
        answer = (
            ocsp.OCSPResponseBuilder()
            .add_response(
                cert=self.certificate,
                issuer=self.issuer.certificate,
                algorithm=hashes.SHA1(),  # noqa: S303 - the form's
                cert_status=status,
                this_update=_NOW - _DAY - age,
                next_update=_NOW + _DAY - age,
                revocation_time=_NOW if revoked else None,
                revocation_reason=x509.ReasonFlags.key_compromise if revoked else None,
            )
            .responder_id(ocsp.OCSPResponderEncoding.HASH, by.certificate)
            .sign(by.key, hashes.SHA256())
        )
        return base64.encodebytes(answer.public_bytes(serialization.Encoding.DER))

    @property
    def fingerprint(self) -> str:
        return self.certificate.fingerprint(hashes.SHA1()).hex().upper()  # noqa: S303 - the form's


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def block(
    signer: Authority, public_key: str, *, instance: str = INSTANCE, expires: int | None = None, forged: bool = False
) -> str:
    """One key as pushed by AWS."""
    said = (
        f"#Timestamp={int(time.time()) + 60 if expires is None else expires}\n#Instance={instance}\n"
        f"#Caller=arn:aws:iam::123456789012:user/somebody\n#Request=0f\n{public_key.strip()}\n"
    )
    pss = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=32)
    signature = signer.key.sign((said + ("x" if forged else "")).encode(), pss, hashes.SHA256())
    return said + base64.encodebytes(signature).decode() + "\n"


@dataclass
class Push:
    """The folder that the metadata service serves after a key was pushed, and the file of the authority to trust."""

    folder: Path
    public_key: str
    signer_name: str = SIGNER

    def __post_init__(self) -> None:
        self.root = Authority("Root")
        self.middle = Authority("Intermediate", self.root)
        self.signer = Authority(self.signer_name, self.middle, is_authority=False)
        self.authorities = self.folder / "root.pem"
        self.put("latest/meta-data/instance-id", INSTANCE)
        self.put("latest/meta-data/placement/region", REGION)
        self.put("latest/meta-data/services/domain", "amazonaws.com")
        self.put("root.pem", self.root.pem.decode())
        self.put("asset-tag", INSTANCE + "\n")
        chain = (self.signer, self.middle, self.root)
        self.put("latest/meta-data/managed-ssh-keys/signer-cert", b"".join(one.pem for one in chain).decode())
        for certificate in (self.signer, self.middle):
            self.staple(certificate)
        self.blocks(block(self.signer, self.public_key))

    def put(self, path: str, content: str) -> None:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)

    def blocks(self, *blocks: str, user: str = "agentkey") -> None:
        self.put(f"latest/meta-data/managed-ssh-keys/active-keys/{user}", "".join(blocks))

    def staple(
        self,
        certificate: Authority,
        *,
        good: bool = True,
        by: Authority | None = None,
        age: datetime.timedelta = datetime.timedelta(),
    ) -> None:
        signer = by or certificate.issuer
        assert signer is not None
        status = ocsp.OCSPCertStatus.GOOD if good else ocsp.OCSPCertStatus.REVOKED
        path = f"latest/meta-data/managed-ssh-keys/signer-ocsp/{certificate.fingerprint}"
        self.put(path, certificate.staple(signer, status=status, age=age).decode())
