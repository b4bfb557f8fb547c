#!/usr/bin/env bash
# dkimpy 1.1.8 takes the service types of a DKIM key record (s=, a list with colons, RFC 6376 section 3.6.1) as one word: a
# key for "email" and "tlsrpt" (RFC 8460 section 3) does not verify mail, though email is in the list.
# Guess: True for each. Seen: True for s=email and s=*, False for s=email:tlsrpt.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" dkimpy==1.1.8 cryptography==45.0.7
PYTHONPATH=$folder python3 - <<'PY'
import base64

import dkim
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

key = rsa.generate_private_key(65537, 2048)
private = key.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
)
public = base64.b64encode(
    key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
)
message = b"From: a@example.org\r\nTo: b@example.net\r\nSubject: hi\r\n\r\nbody\r\n"
signed = dkim.sign(message, b"k", b"example.org", private) + message
seen = {
    types: dkim.verify(signed, dnsfunc=lambda name, timeout=5: b"v=DKIM1; k=rsa; s=%s; p=%s" % (types.encode(), public))
    for types in ("email", "*", "email:tlsrpt")
}
print(seen)
assert seen == {"email": True, "*": True, "email:tlsrpt": False}
PY
