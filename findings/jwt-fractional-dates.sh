#!/usr/bin/env bash
# jwt 1.4.0 (PyPI, not PyJWT) refuses a token whose exp or nbf has a fraction, which RFC 7519 section 2 allows for every
# NumericDate. It signs such a token itself, without an error.
# Guess: the token is accepted until it expires. Seen: "Invalid Expired value", and the same for nbf.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" jwt==1.4.0
PYTHONPATH=$folder python3 - <<'PY'
import time

import jwt
from jwt.exceptions import JWTDecodeError

KEY, NOW = jwt.jwk_from_dict({"kty": "oct", "k": "c2VjcmV0" * 8}), int(time.time())


def read(claims):
    tokens = jwt.JWT()
    try:
        return tokens.decode(tokens.encode(claims, KEY), KEY) == claims
    except JWTDecodeError as error:
        return str(error)


seen = [read(claims) for claims in ({"exp": NOW + 600}, {"exp": NOW + 600.5}, {"nbf": NOW - 600.5})]
print(seen)
assert seen == [True, "Invalid Expired value", 'Invalid "Not valid yet" value']
PY
