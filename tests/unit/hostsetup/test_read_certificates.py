"""What the host reads of certificates, whatever their form; the sandbox's hosts run it with their own library."""

import datetime
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import AuthorityInformationAccessOID

from tests.support.sites import SCRIPTS

NAME = "broker.example.org"
BEGINS = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)
ENDS = datetime.datetime(2052, 6, 7, 8, 9, 10, tzinfo=datetime.UTC)


def lay(live, name=NAME, *, names=(NAME,), common_name="", ocsp="", key=None, key_beside=None, issuer="CA"):
    """Puts a certificate and a key where certbot keeps them; returns their folder."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    attributes = [x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)] if common_name else []
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name(attributes))
        .issuer_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(BEGINS)
        .not_valid_after(ENDS)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(map(x509.DNSName, names)), critical=not attributes)
    if ocsp:
        description = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(ocsp))
        builder = builder.add_extension(x509.AuthorityInformationAccess([description]), critical=False)
    folder = live / name
    folder.mkdir()
    pem = serialization.Encoding.PEM
    (folder / "fullchain.pem").write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(pem))
    (folder / "privkey.pem").write_bytes(
        (key_beside or key).private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder


def read(live, *names):
    """Facts by name, and what standard error says."""
    done = subprocess.run(
        [sys.executable, "-I", SCRIPTS / "read_certificates.py", live, *(names or (NAME,))],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    found: dict[str, dict[str, str]] = {}
    for line in done.stdout.splitlines():
        name, fact, value = line.split(" ", 2)
        found.setdefault(name, {})[fact] = value
    return found, done.stderr


def test_a_certificate_without_a_common_name_is_read(tmp_path: Path) -> None:
    """Let's Encrypt's short-lived ones have none."""
    lay(tmp_path)
    assert read(tmp_path) == (
        {
            NAME: {
                "begins": str(int(BEGINS.timestamp())),
                "ends": str(int(ENDS.timestamp())),
                "issuer": "CN=CA",
                "for-name": "yes",
                "of-key": "yes",
            }
        },
        "",
    )


@pytest.mark.parametrize(
    ("names", "common_name", "answer"),
    [
        (("*.example.org",), "", "yes"),
        (("BROKER.example.ORG",), "", "yes"),
        (("other.example.org", NAME), "", "yes"),
        (("other.example.org",), NAME, "no"),
        (("*.broker.example.org",), "", "no"),
        (("*.org",), "", "no"),
        ((), NAME, "no"),
    ],
)
def test_only_a_name_of_the_certificates_alternative_names_counts(
    tmp_path: Path, names: tuple[str, ...], common_name: str, answer: str
) -> None:
    lay(tmp_path, names=names, common_name=common_name)
    assert read(tmp_path)[0][NAME]["for-name"] == answer


def test_the_responder_and_the_issuer_are_on_one_line(tmp_path: Path) -> None:
    lay(tmp_path, ocsp="http://ocsp.example.org", issuer="(STAGING) Two\nLines")
    facts = read(tmp_path)[0][NAME]
    assert (facts["ocsp"], facts["issuer"]) == ("http://ocsp.example.org", "CN=(STAGING) Two Lines")


def test_another_key_and_a_missing_key_are_told_apart(tmp_path: Path) -> None:
    lay(tmp_path, key_beside=ec.generate_private_key(ec.SECP384R1()))
    facts, said = read(tmp_path)
    assert (facts[NAME]["of-key"], said) == (
        "no",
        f"{tmp_path}/{NAME}/privkey.pem is not the key of the certificate beside it\n",
    )
    (tmp_path / NAME / "privkey.pem").unlink()
    facts, said = read(tmp_path)
    assert facts[NAME]["of-key"] == "no"
    assert "FileNotFoundError" in said


def test_one_damaged_certificate_keeps_no_other_from_being_read(tmp_path: Path) -> None:
    lay(tmp_path, "a.example.org", names=("a.example.org",))
    damaged = lay(tmp_path, "b.example.org") / "fullchain.pem"
    pem = damaged.read_text()
    for text in (
        "",
        pem[:200],
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        pem.replace("M", "A"),
    ):
        damaged.write_text(text)
        found, said = read(tmp_path, "b.example.org", "a.example.org", "none.example.org")
        assert list(found) == ["b.example.org", "a.example.org"]
        assert list(found["b.example.org"]) == ["unreadable"]
        assert said.startswith(f"{damaged} cannot be read: ")
        assert found["a.example.org"]["for-name"] == "yes"


def test_without_the_library_it_fails_with_the_way_out(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-S", SCRIPTS / "read_certificates.py", tmp_path, NAME],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "Install the package python3-cryptography" in done.stderr
    assert "Traceback" not in done.stderr
