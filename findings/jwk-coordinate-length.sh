#!/usr/bin/env bash
# Authlib 1.9.6 drops the leading zero octets of the coordinates of an EC key that it writes as a JWK, and cryptojwt 1.11.0 does
# so for P-521. RFC 7518 section 6.2.1.2: the octet string MUST have the full size of a coordinate. One P-256 key in 128 has
# such a coordinate; its thumbprint (RFC 7638) is another than everyone else's.
# Guess: 32 and 66 octets, as jwcrypto 1.6.1 writes. Seen: 31 and 65 of Authlib, 32 and 65 of cryptojwt; another thumbprint.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" authlib==1.9.6 cryptojwt==1.11.0 jwcrypto==1.6.1
PYTHONPATH=$folder python3 -W ignore - <<'PY'
import base64
import itertools

from authlib.jose import JsonWebKey
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptojwt.jwk.ec import ECKey
from jwcrypto import jwk


def key(curve):
    """The first public key of the curve with one zero octet in front of x."""
    size = (curve.key_size + 7) // 8
    for secret in itertools.count(2):
        public = ec.derive_private_key(secret, curve).public_key()
        x = public.public_numbers().x.to_bytes(size, "big")
        if x[0] == 0 and x[1]:
            return public


def cryptojwt(public):
    made = ECKey()
    made.load_key(public)
    made.serialize()
    return made.to_dict()


seen = {}
for curve in (ec.SECP256R1(), ec.SECP521R1()):
    public = key(curve)
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    right, authlib = jwk.JWK.from_pem(pem), JsonWebKey.import_key(pem)
    written = (right.export(as_dict=True), authlib.as_dict(), cryptojwt(public))
    sizes = [len(base64.urlsafe_b64decode(each["x"] + "==")) for each in written]
    seen[curve.name] = (sizes, right.thumbprint() == authlib.thumbprint())
print(seen)
assert seen == {"secp256r1": ([32, 31, 32], False), "secp521r1": ([66, 65, 65], False)}
PY
