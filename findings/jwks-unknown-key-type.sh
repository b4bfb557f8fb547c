#!/usr/bin/env bash
# A JWK Set with one P-256 key and one key of a type that the library does not know (kty AKP, of ML-DSA). RFC 7517
# section 5: implementations SHOULD ignore such keys. PyJWT 2.10.1 does; jwcrypto 1.5.6 raises InvalidJWKType and Authlib
# 1.3.2 a KeyError, so an issuer that adds a key for new clients ends the verification by these.
# Guess: all three skip the key. Seen: PyJWT 1 key, jwcrypto InvalidJWKType, Authlib KeyError.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" \
  'PyJWT[crypto]==2.10.1' jwcrypto==1.5.6 Authlib==1.3.2
PYTHONPATH=$folder python3 - <<'PY'
import json

import jwt
from authlib.jose import JsonWebKey
from jwcrypto import jwk

known = json.loads(jwk.JWK.generate(kty="EC", crv="P-256", kid="known").export_public())
keys = {"keys": [known, {"kty": "AKP", "alg": "ML-DSA-44", "kid": "new", "pub": "AA"}]}
libraries = {
    "PyJWT": lambda: [key.key_id for key in jwt.PyJWKSet.from_dict(keys).keys],
    "jwcrypto": lambda: len(jwk.JWKSet.from_json(json.dumps(keys))["keys"]),
    "Authlib": lambda: len(JsonWebKey.import_key_set(keys).keys),
}
seen = {}
for name, load in libraries.items():
    try:
        seen[name] = load()
    except Exception as error:
        seen[name] = type(error).__name__
print(seen)
assert seen == {"PyJWT": ["known"], "jwcrypto": "InvalidJWKType", "Authlib": "KeyError"}
PY
