#!/usr/bin/python3 -I
"""read_certificates.py FOLDER NAME...: print what certbot's certificates below FOLDER say, one process for all names.

One line per fact, ``NAME FACT VALUE``:

    begins, ends   first and last second of validity, in seconds since the epoch
    issuer         distinguished name (RFC 4514)
    for-name       yes if a DNS name of subjectAltName matches NAME (RFC 9525 section 6.3), else no
    of-key         yes if privkey.pem is the private key of the certificate, else no
    ocsp           URL of an OCSP responder, absent if the certificate names none
    unreadable     why the certificate cannot be read; it is then the only fact

A name without a certificate file has no line. The reason for every ``unreadable`` and ``of-key no`` goes to standard
error. Exits with 1 if python3-cryptography is missing.

Runs on the host's own Python (3.9 and later) and python3-cryptography (3.3 and later). It reads certificates with a
library because the options and the output of ``openssl x509`` differ between versions: ``-dateopt`` fails in 3.0.2
(https://github.com/openssl/openssl/issues/18553) and does not exist in 1.1.1.
"""

import calendar
import sys
from collections.abc import Iterator
from pathlib import Path

try:
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
    from cryptography.x509.oid import AuthorityInformationAccessOID
except ImportError as error:
    sys.exit(f"{sys.argv[0]}: {error}. Install the package python3-cryptography (the step 'packages' does).")


def facts(folder: Path, name: str) -> Iterator[tuple[str, str]]:
    """Yield each fact of the certificate in ``folder`` with its value."""
    chain = folder / "fullchain.pem"
    try:
        certificate = x509.load_pem_x509_certificate(chain.read_bytes())
        found = {
            "begins": str(_second(certificate, "not_valid_before")),
            "ends": str(_second(certificate, "not_valid_after")),
            "issuer": _one_line(certificate.issuer.rfc4514_string()) or "-",
            "for-name": "yes" if any(_matches(pattern, name) for pattern in _dns_names(certificate)) else "no",
        }
        responders = _ocsp_responders(certificate)
    except FileNotFoundError:
        return
    except Exception as error:
        # A damaged file raises errors of many kinds, and the other names must still be read.
        reason = _one_line(f"{type(error).__name__}: {error}")
        _complain(chain, f"cannot be read: {reason}")
        yield "unreadable", reason
        return
    yield from found.items()
    yield "of-key", _of_key(certificate, folder / "privkey.pem")
    for url in responders[:1]:
        yield "ocsp", _one_line(url)


def _second(certificate: x509.Certificate, attribute: str) -> int:
    # cryptography 42 added the attributes with a time zone and deprecated those without, which are UTC too.
    moment = getattr(certificate, f"{attribute}_utc", None) or getattr(certificate, attribute)
    return calendar.timegm(moment.utctimetuple())


def _dns_names(certificate: x509.Certificate) -> list[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return names.get_values_for_type(x509.DNSName)


def _matches(pattern: str, name: str) -> bool:
    pattern, name = pattern.lower(), name.lower()
    if pattern.startswith("*."):
        return name.partition(".")[2] == pattern[2:]
    return name == pattern


def _ocsp_responders(certificate: x509.Certificate) -> list[str]:
    try:
        access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    except x509.ExtensionNotFound:
        return []
    return [
        description.access_location.value
        for description in access
        if description.access_method == AuthorityInformationAccessOID.OCSP
        and isinstance(description.access_location, x509.UniformResourceIdentifier)
    ]


def _of_key(certificate: x509.Certificate, path: Path) -> str:
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
        if key.public_key().public_bytes(*form) == certificate.public_key().public_bytes(*form):
            return "yes"
    except Exception as error:
        # As above. The text of these errors never contains the key.
        _complain(path, f"cannot be read: {_one_line(f'{type(error).__name__}: {error}')}")
    else:
        _complain(path, "is not the key of the certificate beside it")
    return "no"


def _one_line(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text)


def _complain(path: Path, reason: str) -> None:
    print(f"{path} {reason}", file=sys.stderr)


def main() -> None:
    live, *names = sys.argv[1:]
    for name in names:
        for fact, value in facts(Path(live) / name, name):
            print(name, fact, value)


if __name__ == "__main__":
    main()
